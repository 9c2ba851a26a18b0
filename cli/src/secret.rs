//! Where a new key's value goes: a terminal, or a new file that only its owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use api_keys::key::{ImportedKeys, KeyValue};
use serde_json::Value;

use crate::failure::Failure;
use crate::{output, pages};

/// What is shown of an issued key, but for its value.
const COLUMNS: [output::Column; 6] = [
    ("account", "/accountId"),
    ("key", "/id"),
    ("user", "/userId"),
    ("operations", "/operations"),
    ("expires", "/expiresAt"),
    ("old value until", "/previousValueValidUntil"),
];

/// Where a value is to go.
pub(crate) enum Destination {
    Terminal,
    File(PathBuf),
}

/// A place for a value, made sure of before there is one.
pub(crate) enum Place {
    Terminal,
    File(NewFile),
}

/// A file that is removed unless it got a value.
pub(crate) struct NewFile {
    path: PathBuf,
    file: File,
    has_value: bool,
}

impl Destination {
    /// Refuses a file that is there already, or has no folder; without a file, standard output must be a terminal.
    pub(crate) fn check(path: Option<PathBuf>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return if io::stdout().is_terminal() {
                Ok(Self::Terminal)
            } else {
                Err(Failure::input(
                    "the new key's value is shown only on a terminal: name a new file for it with --value-to",
                ))
            };
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if path.symlink_metadata().is_ok() {
            Err(unfit(&path, &ErrorKind::AlreadyExists.into()))
        } else if folder.is_some_and(|folder| !folder.is_dir()) {
            Err(unfit(&path, &ErrorKind::NotFound.into()))
        } else {
            Ok(Self::File(path))
        }
    }

    /// Creates the file.
    pub(crate) fn open(self) -> Result<Place, Failure> {
        match self {
            Self::Terminal => Ok(Place::Terminal),
            Self::File(path) => {
                let file = create_private(&path).map_err(|error| unfit(&path, &error))?;
                Ok(Place::File(NewFile { path, file, has_value: false }))
            }
        }
    }
}

impl Place {
    /// Delivers the value and prints the rest of the answer, which comes back. Where the value is lost, `mend` gives what to do,
    /// for an account and a key.
    pub(crate) fn deliver(
        self,
        mut key: Value,
        json: bool,
        mend: impl Fn(&str, &str) -> String,
    ) -> Result<Value, Failure> {
        let value = key.as_object_mut().and_then(|fields| fields.remove("value"));
        let value = value.as_ref().and_then(Value::as_str);
        let value = value.and_then(|value| KeyValue::parse(value, ImportedKeys::Refused));
        let [account, id] = ["accountId", "id"].map(|field| key.get(field).and_then(Value::as_str));
        let mend = mend(account.unwrap_or("unknown"), id.unwrap_or("unknown"));
        let lost = |why: &dyn std::fmt::Display| {
            Failure::action(format!("{why}; the key is issued and its value is lost, so {mend}"))
        };
        let value = value.ok_or_else(|| lost(&"the function's answer has no value"))?;
        let field = match self {
            Self::File(mut file) => {
                file.write(&value).map_err(|error| lost(&format!("{}: {error}", file.path.display())))?;
                pages::set(&mut key, "valueFile", file.path.display().to_string().into());
                ("value in", "/valueFile")
            }
            Self::Terminal => {
                pages::set(&mut key, "value", value.expose().into());
                ("value", "/value")
            }
        };
        if json {
            output::json(&key)?;
        } else {
            let columns: Vec<_> = COLUMNS.into_iter().chain([field]).collect();
            output::record(&columns, &key)?;
        }
        if field.1 == "/value" {
            pages::set(&mut key, "value", Value::Null);
        }
        Ok(key)
    }
}

impl NewFile {
    fn write(&mut self, value: &KeyValue) -> io::Result<()> {
        writeln!(self.file, "{}", value.expose()).and_then(|()| self.file.sync_all())?;
        self.has_value = true;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.has_value {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Why no value can be written there.
fn unfit(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::input(match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("the file {path} exists already, and a value overwrites nothing: name a new file")
        }
        ErrorKind::NotFound => format!("the folder of {path} does not exist"),
        ErrorKind::PermissionDenied => format!("you may not write {path}"),
        _ => format!("{path}: {error}"),
    })
}

/// Creates a file that did not exist, with mode 600.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
