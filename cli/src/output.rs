//! Tables for people, JSON for programs.

use std::io::{self, ErrorKind, Write};

use serde_json::Value;

use crate::failure::Failure;

/// A column: its heading, and where in a row's JSON its cell is (a JSON pointer).
pub(crate) type Column = (&'static str, &'static str);

/// Prints rows, aligned.
pub(crate) fn table(columns: &[Column], rows: &[Value]) -> Result<(), Failure> {
    write(&table_text(columns, rows))
}

/// Prints one object, a line for each column.
pub(crate) fn record(columns: &[Column], object: &Value) -> Result<(), Failure> {
    let width = columns.iter().map(|(heading, _)| heading.len()).max().unwrap_or_default();
    let lines =
        columns.iter().map(|(heading, pointer)| format!("{heading:width$}  {}\n", cell(object.pointer(pointer))));
    write(&lines.collect::<String>())
}

/// Prints JSON, one document.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    write(&format!("{value:#}\n"))
}

/// Prints a sentence.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write(&format!("{text}\n"))
}

fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever reads has read enough, as `head` does.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::action(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

fn table_text(columns: &[Column], rows: &[Value]) -> String {
    let headings = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let cells = rows.iter().map(|row| columns.iter().map(|(_, pointer)| cell(row.pointer(pointer))).collect());
    let lines: Vec<Vec<String>> = std::iter::once(headings).chain(cells).collect();
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<_> = (0..columns.len()).filter_map(width).collect();
    let text = lines.iter().map(|line| {
        let padded: Vec<_> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    });
    text.collect()
}

/// A value in one cell. Control characters, which a terminal would obey, are replaced.
fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(all)) if all.is_empty() => "-".into(),
        Some(Value::Array(all)) => all.iter().map(|each| cell(Some(each))).collect::<Vec<_>>().join(","),
        Some(Value::Object(limit)) if limit.contains_key("per") => {
            format!("{}/{}", cell(limit.get("requests")), cell(limit.get("per")))
        }
        Some(Value::Object(change)) if change.contains_key("field") => cell(change.get("field")),
        Some(other) => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// `1 key`, `2 keys`.
pub(crate) fn counted(keys: usize) -> String {
    format!("{keys} {}", if keys == 1 { "key" } else { "keys" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_aligned_by_characters() {
        let rows = [json!({"id": "a", "name": "Ünï"}), json!({"id": "long", "name": null})];
        assert_eq!(table_text(&[("ID", "/id"), ("NAME", "/name")], &rows), "ID    NAME\na     Ünï\nlong  -\n");
    }

    #[test]
    fn a_cell_is_one_line_and_commands_no_terminal() {
        assert_eq!(cell(Some(&json!("a\u{1b}[2Jb\nc"))), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(cell(Some(&json!(["SMS", "OTP"]))), "SMS,OTP");
        assert_eq!(cell(Some(&json!([{"requests": 5, "per": "DAY"}]))), "5/DAY");
        assert_eq!(cell(Some(&json!([]))), "-");
    }
}
