//! Tables for people, JSON for programs.

mod cell;
mod change;
mod table;

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};

use serde_json::Value;
use terminal_size::terminal_size_of;

use self::cell::disturbs;
use crate::failure::Failure;

pub(crate) use self::cell::clean;
pub(crate) use self::table::Column;

/// Prints rows, aligned, in the width of the terminal; anywhere else they are as wide as they are.
///
/// The first `needed` columns are always shown. Of the others those at the right are left out where there is no room, and
/// standard error names them. If that is not enough, each field has a line of its own.
pub(crate) fn table(columns: &[Column], needed: usize, rows: &[Value]) -> Result<(), Failure> {
    let (text, left_out) = table::fit(columns, needed, rows, width());
    write(&text)?;
    if !left_out.is_empty() {
        let headings = left_out.iter().map(|(heading, _)| *heading).collect::<Vec<_>>().join(", ");
        // The table is written already, so a failure here is ignored.
        let _ = writeln!(io::stderr().lock(), "Too narrow for {headings}: widen the terminal, or use --json.");
    }
    Ok(())
}

/// Prints one object, a line for each column.
pub(crate) fn record(columns: &[Column], object: &Value) -> Result<(), Failure> {
    write(&table::record(columns, object))
}

/// Prints JSON, one document.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    write(&format!("{}\n", escaped(&format!("{value:#}"))))
}

/// JSON in which what a terminal would obey is escaped, which changes nothing of its meaning.
pub(crate) fn escaped(json: &str) -> String {
    let mut text = String::new();
    for character in json.chars() {
        if character != '\n' && disturbs(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a string cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    text
}

/// Prints text as it is.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    write(text)
}

/// Prints a sentence.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write(&format!("{text}\n"))
}

/// How many columns the terminal has, if standard output is one that has a width.
pub(crate) fn width() -> Option<usize> {
    terminal_size_of(io::stdout()).map(|(width, _)| width.0.into())
}

fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // The reader has read enough, as `head` does.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::action(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// `1 key`, `2 keys`.
pub(crate) fn counted(keys: usize) -> String {
    format!("{keys} {}", if keys == 1 { "key" } else { "keys" })
}
