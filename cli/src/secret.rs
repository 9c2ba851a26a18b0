//! Where a new key's value goes: a terminal, or a new file that only its owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Failure, output};

/// A place for a value, made sure of before there is one.
pub(crate) enum Destination {
    Terminal,
    File { path: PathBuf, file: File },
}

impl Destination {
    /// Creates the file; without one, standard output must be a terminal.
    pub(crate) fn prepare(path: Option<PathBuf>) -> Result<Self, Failure> {
        match path {
            Some(path) => {
                let file = create_private(&path)?;
                Ok(Self::File { path, file })
            }
            None if io::stdout().is_terminal() => Ok(Self::Terminal),
            None => Err(Failure::input(
                "the new key's value is shown only to a terminal: name a new file for it with --value-file",
            )),
        }
    }

    /// Removes the file that has got no value.
    pub(crate) fn abandon(self) {
        if let Self::File { path, .. } = self {
            let _ = fs::remove_file(path);
        }
    }

    /// Delivers the value and prints the rest of the answer.
    pub(crate) fn deliver(self, mut key: Value, json: bool) -> Result<(), Failure> {
        const COLUMNS: [output::Column; 5] = [
            ("account", "/accountId"),
            ("key", "/id"),
            ("user", "/userId"),
            ("operations", "/operations"),
            ("value", "/value"),
        ];
        if let Self::File { path, mut file } = self {
            let value = key.as_object_mut().and_then(|fields| fields.remove("value"));
            let text = value.as_ref().and_then(Value::as_str).unwrap_or_default();
            if let Err(error) = writeln!(file, "{text}") {
                let id = key.get("id").and_then(Value::as_str).unwrap_or_default();
                let path = path.display();
                return Err(Failure::action(format!("{path}: {error}; the value of the key {id} is lost: revoke it")));
            }
            if let Some(fields) = key.as_object_mut() {
                fields.insert("valueFile".into(), path.display().to_string().into());
            }
            let columns =
                COLUMNS.map(|(name, place)| if name == "value" { ("value in", "/valueFile") } else { (name, place) });
            return if json { output::json(&key) } else { output::record(&columns, &key) };
        }
        if json { output::json(&key) } else { output::record(&COLUMNS, &key) }
    }
}

/// Creates a file that did not exist, with mode 600.
pub(crate) fn create_private(path: &Path) -> Result<File, Failure> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    created.map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}
