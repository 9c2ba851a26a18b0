//! Where a new key's value goes: a terminal, or a new file that only its owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use api_keys::key::{ImportedKeys, KeyValue};
use serde_json::Value;

use crate::failure::Failure;
use crate::{output, pages};

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
                let file = create_private(&path).map_err(|error| unfit(&path, &error))?;
                Ok(Self::File { path, file })
            }
            None if io::stdout().is_terminal() => Ok(Self::Terminal),
            None => Err(Failure::input(
                "the new key's value is shown only on a terminal: name a new file for it with --value-to",
            )),
        }
    }

    /// Removes the file that has got no value.
    pub(crate) fn abandon(self) {
        if let Self::File { path, .. } = self {
            let _ = fs::remove_file(path);
        }
    }

    /// Delivers the value and prints the rest of the answer, which comes back.
    pub(crate) fn deliver(self, mut key: Value, json: bool) -> Result<Value, Failure> {
        const COLUMNS: [output::Column; 5] = [
            ("account", "/accountId"),
            ("key", "/id"),
            ("user", "/userId"),
            ("operations", "/operations"),
            ("value", "/value"),
        ];
        let value = key.as_object_mut().and_then(|fields| fields.remove("value"));
        let value = value.as_ref().and_then(Value::as_str);
        let value = value.and_then(|value| KeyValue::parse(value, ImportedKeys::Refused));
        let lost = |why: &dyn std::fmt::Display| {
            let id = key.get("id").and_then(Value::as_str).unwrap_or("unknown");
            Failure::action(format!("{why}; the value of the key {id} is lost: revoke it"))
        };
        let value = value.ok_or_else(|| lost(&"the function's answer has no value"))?;
        match self {
            Self::File { path, mut file } => {
                let written = writeln!(file, "{}", value.expose()).and_then(|()| file.sync_all());
                written.map_err(|error| lost(&format!("{}: {error}", path.display())))?;
                pages::set(&mut key, "valueFile", path.display().to_string().into());
                let columns =
                    COLUMNS.map(|column| if column.0 == "value" { ("value in", "/valueFile") } else { column });
                if json { output::json(&key)? } else { output::record(&columns, &key)? }
            }
            Self::Terminal => {
                pages::set(&mut key, "value", value.expose().into());
                if json {
                    output::json(&key)?;
                } else {
                    output::record(&COLUMNS, &key)?;
                }
                pages::set(&mut key, "value", Value::Null);
            }
        }
        Ok(key)
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
