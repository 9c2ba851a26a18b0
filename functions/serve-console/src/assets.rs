//! The console's files, each under a name that no other content will ever have.

/// The page and what it loads.
#[derive(Debug)]
pub struct Assets {
    page: String,
    files: Vec<File>,
}

/// One file that the page loads.
#[derive(Debug)]
pub(crate) struct File {
    name: String,
    pub(crate) content_type: &'static str,
    pub(crate) text: String,
}

macro_rules! sources {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../assets/", $name)))),*]
    };
}

const MODULE: &str = "text/javascript; charset=utf-8";
const PAGE: &str = include_str!("../assets/index.html");

/// By the names under which they name each other.
const SOURCES: [(&str, &str); 16] = sources! {
    "api.js" "app.js" "console.css" "dialogs.js" "dom.js" "events.js" "fields.js" "icon.svg" "key-form.js" "key.js" "keys.js"
    "parts.js" "scope.js" "usage.js" "value.js" "words.js"
};

impl Assets {
    /// Names the files after what they hold.
    ///
    /// They name each other, so one checksum of them all is in every name: a page never loads the file of another release.
    #[must_use]
    pub fn new() -> Self {
        let checksum = checksum();
        let names = SOURCES.map(|(name, _)| (name, versioned(name, checksum)));
        let linked = |text: &str| {
            names.iter().fold(text.to_owned(), |text, (name, versioned)| {
                text.replace(&format!("/{name}"), &format!("/{versioned}"))
            })
        };
        // What a module imports is asked for at once, not when the module was read.
        let modules = SOURCES.iter().filter(|(name, _)| content_type(name) == MODULE);
        let preloads = modules.map(|(name, _)| format!("<link rel=\"modulepreload\" href=\"console/{name}\">"));
        let page = PAGE.replace("</head>", &(preloads.collect::<String>() + "</head>"));
        let files = names.iter().zip(SOURCES).map(|((_, versioned), (name, text))| File {
            name: versioned.clone(),
            content_type: content_type(name),
            text: linked(text),
        });
        Self { page: linked(&page), files: files.collect() }
    }

    pub(crate) fn page(&self) -> &str {
        &self.page
    }

    pub(crate) fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }
}

impl Default for Assets {
    fn default() -> Self {
        Self::new()
    }
}

/// Distinguishes releases, and protects nothing.
fn checksum() -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for (name, text) in SOURCES {
        hasher.update(name.as_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize()
}

/// `key.js` as `key.1b2c3d4e.js`.
fn versioned(name: &str, checksum: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{checksum:08x}.{extension}"),
        None => format!("{name}.{checksum:08x}"),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => MODULE,
    }
}
