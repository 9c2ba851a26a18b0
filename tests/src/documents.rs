//! The Markdown documents as data: their fenced blocks, and what a shell's output is compared by.

use std::fs;

use api_keys::key::Timestamp;
use serde_json::Value;

use crate::template::root;

/// Fields that differ from run to run.
const VARYING: [&str; 12] = [
    "accountId",
    "createdAt",
    "createdByKeyId",
    "etag",
    "id",
    "keyId",
    "lastUsedAt",
    "nextCursor",
    "previousValueValidUntil",
    "requestId",
    "value",
    "valueCreatedAt",
];

/// A Markdown file.
#[derive(Debug)]
pub struct Document {
    /// Below the repository's root.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// The word behind the fence; empty for the output of the block before.
    pub language: String,
    /// What is between the fences, less the indentation of a list's item.
    pub text: String,
    /// Why the end-to-end tests leave it out: `<!-- not run: … -->` before it.
    pub not_run: Option<String>,
}

/// `README.md` and the others at the root, then those in `docs/` and its folders.
#[must_use]
pub fn all() -> Vec<Document> {
    let mut paths = below("docs");
    paths.sort();
    let at_the_root = ["README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(str::to_owned);
    let read = |path: String| Document { text: fs::read_to_string(root().join(&path)).unwrap(), path };
    at_the_root.into_iter().chain(paths).map(read).collect()
}

/// The documents in a folder and its folders.
fn below(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap());
    let paths =
        entries.map(|entry| (format!("{folder}/{}", entry.file_name().to_str().unwrap()), entry.path().is_dir()));
    let documents = paths.flat_map(|(path, is_folder)| if is_folder { below(&path) } else { vec![path] });
    documents.filter(|path| path.strip_suffix(".md").is_some()).collect()
}

impl Document {
    /// Its fenced blocks, in order.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut before = "";
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                let indentation = line.len() - line.trim_start().len();
                let inside = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```"));
                let text = inside.map(|line| format!("{}\n", line.get(indentation..).unwrap_or_default())).collect();
                let reason = before.trim().strip_prefix("<!-- not run: ").and_then(|rest| rest.strip_suffix(" -->"));
                blocks.push(Block { language: language.to_owned(), text, not_run: reason.map(str::to_owned) });
            }
            before = line;
        }
        blocks
    }

    /// The text outside of fenced blocks.
    #[must_use]
    pub fn prose(&self) -> String {
        let mut fenced = false;
        let outside = self.text.lines().filter(|line| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            !fence && !fenced
        });
        outside.collect::<Vec<_>>().join("\n")
    }
}

/// Whether each line of `documented` was printed, in this order; more lines may have been.
///
/// JSON is compared by its fields, and by their values where these are the same in each run; ids are all alike.
#[must_use]
pub fn shows(printed: &str, documented: &str) -> bool {
    let mut printed = printed.lines().map(shape);
    documented.lines().map(shape).all(|line| printed.any(|candidate| candidate == line))
}

/// What of a line is the same in each run. It holds no secret.
#[must_use]
pub fn shape(line: &str) -> String {
    let Ok(mut json) = serde_json::from_str(line) else {
        let is_id = |word: &str| word.len() == 22 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_time = |word: &str| word.ends_with('Z') && Timestamp::parse(word).is_some();
        let words = line.trim_end().split_inclusive([' ', '/']).map(|word| {
            let (bare, end) = word.split_at(word.trim_end_matches([' ', '/']).len());
            if is_id(bare.trim_matches('"')) || is_time(bare) { ["…", end] } else { [bare, end] }
        });
        return words.flatten().collect();
    };
    blank(&mut json);
    json.to_string()
}

fn blank(json: &mut Value) {
    match json {
        Value::Array(values) => values.iter_mut().for_each(blank),
        Value::Object(fields) => {
            for (name, value) in fields {
                if VARYING.contains(&name.as_str()) {
                    *value = Value::from("…");
                }
                blank(value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_in_lists_too_with_the_reason_why_they_are_not_run() {
        let text = "text\n```sh\na\n\nb\n```\n\n1. item\n\n   <!-- not run: why -->\n   ```sh\n   c\n     d\n   ```\n```\nout\n```\n";
        let document = Document { path: String::new(), text: text.to_owned() };
        let blocks = document.blocks();
        let found: Vec<_> =
            blocks.iter().map(|block| (&*block.language, &*block.text, block.not_run.as_deref())).collect();
        assert_eq!(found, [("sh", "a\n\nb\n", None), ("sh", "c\n  d\n", Some("why")), ("", "out\n", None)]);
        assert!(!document.prose().contains('c'), "{}", document.prose());
        assert!(document.prose().contains("item"));
    }

    #[test]
    fn what_varies_is_not_compared_and_all_else_is() {
        let documented = r#"{"id":"0353BcNZpNQ41k9Zft1Kjj","status":"ACTIVE"}"#;
        assert!(shows("more\n{\"id\":\"other\",\"status\":\"ACTIVE\"}\n", documented));
        assert!(!shows(r#"{"id":"other","status":"EXPIRED"}"#, documented));
        assert!(!shows(r#"{"id":"other","status":"ACTIVE","new":1}"#, documented));
        assert!(!shows(r#"{"status":"ACTIVE"}"#, documented));

        let location = "location: /v1/authentication/0353BcNZpNQ41k9Zft1Kjj";
        assert!(shows("a: b\r\nlocation: /v1/authentication/0353BcNZpNQ41k9Zft1Kjk\r\n", location));
        assert!(!shows("location: /authentication/0353BcNZpNQ41k9Zft1Kjk", location));
        let etag = "etag: \"0353BcNZpXb50uDq1WcE9s\"";
        assert!(shows("etag: \"0353BcNZpXb50uDq1WcE9t\"\r\n", etag));
        assert!(!shows("etag: \"0\"", etag));
        let row = "ID  TIME\n0353BcNZpNQ41k9Zft1Kjj  2026-11-24T14:21:56.560Z  SMS";
        assert!(shows(&row.replace("Kjj", "Kjk").replace("14:", "15:"), row));
        assert!(!shows(&row.replace("SMS", "RCS"), row));
        assert!(!shows("2\n1", "1\n2"), "in this order");
    }
}
