//! `FILE.failed.csv` or `FILE.failed.jsonl`: the keys that failed, without values, and why. Corrected, it can be imported.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::batch::FailedLines;
use crate::failure::Failure;
use crate::rows::{FIELDS, Format, REMARKS, Row, Rows, csv_text};
use crate::secret::create_private;

/// Where the report of this file will be. It must not be there yet: an operator may be correcting it.
pub(super) fn path(file: &Path, format: Format) -> Result<PathBuf, Failure> {
    let path = file.with_extension(if format == Format::Csv { "failed.csv" } else { "failed.jsonl" });
    if path.symlink_metadata().is_ok() {
        return Err(Failure::input(format!("{} is there from an earlier import: move it away first", path.display())));
    }
    Ok(path)
}

/// Writes it, if a key failed; with the delimiter of the file.
pub(super) fn write(path: &Path, format: Format, rows: &Rows, failed: &FailedLines) -> Result<(), Failure> {
    if failed.is_empty() {
        return Ok(());
    }
    let listed = rows.rows.iter().filter_map(|row| Some((row, failed.get(&row.line)?)));
    let written = create_private(path).and_then(|file| {
        let file = BufWriter::new(file);
        let written = match format {
            Format::Csv => write_csv(file, rows.delimiter, listed),
            Format::Jsonl => write_jsonl(file, listed),
        };
        // Half a report would pass for a whole one.
        written.inspect_err(|_| drop(fs::remove_file(path)))
    });
    written.map_err(|error| {
        let path = path.display();
        Failure::action(format!("{path}: {error}; all keys were sent: run the same command again for the report"))
    })
}

fn write_csv<'a>(file: impl Write, delimiter: u8, rows: impl Iterator<Item = (&'a Row, &'a String)>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(file);
    writer.write_record(FIELDS.iter().chain(&REMARKS))?;
    for (row, reason) in rows {
        let fields = FIELDS.map(|name| row.key.get(name).map(csv_text).unwrap_or_default());
        writer.write_record(fields.into_iter().chain([row.line.to_string(), reason.clone()]))?;
    }
    writer.flush()
}

fn write_jsonl<'a>(mut file: impl Write, rows: impl Iterator<Item = (&'a Row, &'a String)>) -> io::Result<()> {
    for (row, reason) in rows {
        let [line, why] = REMARKS.map(str::to_owned);
        let mut fields = Map::from_iter([(line, row.line.into()), (why, reason.clone().into())]);
        fields.extend(row.key.clone());
        writeln!(file, "{}", Value::from(fields))?;
    }
    file.flush()
}
