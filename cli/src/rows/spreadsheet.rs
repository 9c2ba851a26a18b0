//! A CSV file, as spreadsheets and other systems export it: with a delimiter of theirs, and names of columns in the first row.

use std::io::Read as _;

use csv::{ByteRecord, Position, ReaderBuilder, StringRecord, Trim};
use serde_json::{Map, Value};

use super::{FIELDS, LISTS, REQUIRED, Row, Rows, SHA256, VALUE, column_of, refused, row, shown};
use crate::failure::Failure;

/// What may be between columns, with its name. The first that gives most columns a name of a field is the file's.
const DELIMITERS: [(u8, &str); 4] = [(b',', "a comma"), (b';', "a semicolon"), (b'\t', "a tab"), (b'|', "|")];

/// Reads all rows.
///
/// # Errors
/// When the first row does not name the columns.
pub(super) fn read(content: &[u8]) -> Result<Rows, Failure> {
    let mut best: Option<Header> = None;
    for (delimiter, name) in DELIMITERS {
        let header = Header::of(content, delimiter, name)?;
        if best.as_ref().is_none_or(|best| best.known() < header.known()) {
            best = Some(header);
        }
    }
    let Some(header) = best else { return Err(Failure::input("the file cannot be read")) };
    header.must_name_columns()?;
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    let mut reader = reader(content, header.delimiter);
    reader.byte_headers().map_err(|error| unreadable(&error))?;
    loop {
        let (line, start) = (next_line(content, reader.position()), reader.position().byte());
        match reader.read_byte_record(&mut record) {
            Ok(true) if header.is_open(content, start, reader.position().byte()) => {
                let takes = "opens a quotation mark that nothing closes, so all rows after it are a part of it";
                rows.push(refused(line, takes));
            }
            // As spreadsheets write rows that were emptied.
            Ok(true) if record.iter().all(<[u8]>::is_empty) => {}
            Ok(true) => rows.push(header.row(line, &record)),
            Ok(false) => return Ok(Rows { rows, delimiter: header.delimiter }),
            Err(error) => return Err(unreadable(&error)),
        }
    }
}

/// The parts of a list within a field.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '|', ',']).map(str::trim).filter(|each| !each.is_empty())
}

fn reader(content: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(Trim::All).from_reader(content)
}

fn unreadable(error: &csv::Error) -> Failure {
    Failure::input(format!("the file cannot be read: {error}"))
}

/// The first row, as one delimiter divides it.
struct Header {
    delimiter: u8,
    /// The delimiter's name.
    separator: &'static str,
    names: StringRecord,
}

impl Header {
    fn of(content: &[u8], delimiter: u8, separator: &'static str) -> Result<Self, Failure> {
        let mut reader = reader(content, delimiter);
        let names = reader.headers().map_err(|_| Failure::input("the file's first row is not UTF-8"))?.clone();
        Ok(Self { delimiter, separator, names })
    }

    fn columns(&self) -> impl Iterator<Item = Option<&'static str>> {
        self.names.iter().map(column_of)
    }

    /// How many columns are named as fields are.
    fn known(&self) -> usize {
        self.columns().flatten().count()
    }

    /// How many columns there are, but for those at the end that have no name.
    fn named(&self) -> usize {
        length(&self.names)
    }

    /// Stops a file whose columns are not known, with what was seen and what there is.
    fn must_name_columns(&self) -> Result<(), Failure> {
        let there_are = format!(
            "the columns are {SHA256} or {VALUE}, {}",
            FIELDS.iter().skip(1).copied().collect::<Vec<_>>().join(", ")
        );
        let separated = format!("separated by {}", self.separator);
        if self.known() == 0 {
            // Its cells may be values, so none is shown.
            return Err(Failure::input(format!(
                "the first row names no column: it must name them, separated by a comma, a semicolon, a tab or |; {there_are}"
            )));
        }
        let unknown: Vec<_> = self
            .names
            .iter()
            .zip(1..)
            .filter(|(name, _)| !name.is_empty() && column_of(name).is_none())
            .map(|(name, number)| format!("column {number} is {}", shown(name)))
            .collect();
        if !unknown.is_empty() {
            return Err(Failure::input(format!(
                "{} in the first row, {separated}, and keys have no such field; {there_are}",
                unknown.join(", ")
            )));
        }
        let columns: Vec<_> = self.columns().flatten().collect();
        if let Some(twice) = columns.iter().find(|column| columns.iter().filter(|other| other == column).count() > 1) {
            return Err(Failure::input(format!("the column {twice} is there twice")));
        }
        let has_value = columns.contains(&SHA256) || columns.contains(&VALUE);
        let value = (!has_value).then(|| format!("{SHA256} or {VALUE}"));
        let others = REQUIRED.into_iter().filter(|name| !columns.contains(name)).map(str::to_owned);
        let missing: Vec<_> = value.into_iter().chain(others).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (missing, columns) = (missing.join(", "), columns.join(", "));
        Err(Failure::input(format!("no column is {missing}: the first row, {separated}, has {columns}")))
    }

    /// Whether the record between these places goes to the end of the file within a quoted field: then a row after it is a part
    /// of it.
    fn is_open(&self, content: &[u8], start: u64, end: u64) -> bool {
        let [start, end] = [start, end].map(|place| usize::try_from(place).unwrap_or(usize::MAX));
        let rest = content.get(start..).filter(|_| end >= content.len()).unwrap_or_default();
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(rest.chain(&b"\nx"[..]));
        !rest.is_empty() && rows.byte_records().count() == 1
    }

    fn row(&self, line: usize, record: &ByteRecord) -> Row {
        let Ok(record) = StringRecord::from_byte_record(record.clone()) else {
            return refused(line, "is not UTF-8");
        };
        if record.iter().flat_map(str::chars).any(char::is_control) {
            return refused(line, "has a line break or another control character within a field");
        }
        let (fields, names, separator) = (record.len(), self.names.len(), self.separator);
        let hint = if fields < self.named() {
            Some("add those that are missing, empty ones too".to_owned())
        } else if length(&record) > names {
            Some(format!("put a field with {separator} in it in quotes"))
        } else {
            None
        };
        if let Some(hint) = hint {
            let reason = format!("has {fields} fields separated by {separator}, and the first row has {names}: {hint}");
            return refused(line, &reason);
        }
        let mut fields = Map::new();
        for (at, (column, text)) in self.columns().zip(&record).enumerate().filter(|(_, (_, text))| !text.is_empty()) {
            match column {
                Some(name) => drop(fields.insert(name.to_owned(), value_of(name, text))),
                None => return refused(line, &format!("has something in column {}, which has no name", at + 1)),
            }
        }
        row(line, fields)
    }
}

/// How many cells there are, but for the empty ones at the end.
fn length(record: &StringRecord) -> usize {
    record.iter().zip(1..).filter(|(cell, _)| !cell.is_empty()).map(|(_, number)| number).last().unwrap_or(0)
}

fn value_of(name: &str, text: &str) -> Value {
    if LISTS.contains(&name) { list(text).map(Value::from).collect() } else { text.into() }
}

/// The next line that is not blank: a reader's position is before the blank ones.
fn next_line(content: &[u8], position: &Position) -> usize {
    let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let rest = content.get(number(position.byte())..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    number(position.line()) + blank.count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::csv_text;
    use super::*;

    /// Of `0123456789abcdef`.
    const HASH: &str = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";

    fn reasons(rows: &[Row]) -> Vec<&str> {
        rows.iter().map(|row| row.refused.as_deref().unwrap_or_default()).collect()
    }

    fn wrong(file: &str) -> String {
        match read(file.as_bytes()) {
            Err(failure) => failure.to_string(),
            other => panic!("{file}: {:?}", other.map(|rows| rows.rows)),
        }
    }

    #[test]
    fn a_file_is_read_with_whichever_delimiter_it_has() {
        let key = json!({"sha256": HASH, "userId": "u", "username": "Ada, L", "operations": ["SMS", "OTP"],
            "allowedIps": ["10.0.0.1", "::1"],
            "limits": [{"requests": 5, "per": "MINUTE"}, {"requests": 1000, "per": "DAY"}]});
        for (delimiter, file) in [
            (
                b',',
                "value,userId,username,operations,allowedIps,limits\n0123456789abcdef,u,\"Ada, L\",SMS;OTP,10.0.0.1|::1,1000/DAY;5/MINUTE\n",
            ),
            (
                b';',
                "Value;User ID;USERNAME;operations;allowed_ips;limits\r\n0123456789abcdef;u;Ada, L;SMS|OTP;\"10.0.0.1;::1\";1000/day|5/minute\r\n",
            ),
            (
                b'\t',
                "value\tuser-id\tusername\toperations\tallowedIps\tlimits\n0123456789abcdef\tu\tAda, L\tSMS;OTP\t10.0.0.1,::1\t5/MINUTE;1000/DAY\n",
            ),
            (
                b'|',
                "value|userId|username|operations|allowedIps|limits\n0123456789abcdef|u|Ada, L|SMS;OTP|10.0.0.1;::1|5/MINUTE;1000/DAY\n",
            ),
        ] {
            let Rows { rows, delimiter: seen } = read(file.as_bytes()).unwrap();
            assert_eq!((seen, reasons(&rows), rows[0].line), (delimiter, vec![""], 2), "{file}");
            assert_eq!(Value::from(rows[0].key.clone()), key, "{file}");
            assert_eq!(csv_text(&rows[0].key["limits"]), "5/MINUTE;1000/DAY");
        }
    }

    #[test]
    fn columns_and_rows_that_are_empty_are_passed_over() {
        let columns = "sha256;userId;username;operations;;\n";
        let row = |rest: &str| format!("{HASH};u;U;SMS{rest}\n");
        let rest = [row(""), row(";;x"), row(";;;"), row(";;;;z")].concat();
        let file = format!("{columns}{}\n;;;;;\n{rest}", row(";;").trim_end());
        let rows = read(file.as_bytes()).unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4, 5, 6, 7]);
        let reasons = reasons(&rows);
        assert_eq!([reasons[0], reasons[1], reasons[3]], [""; 3]);
        assert!(
            reasons[2].starts_with("has something in column 6, which has no name; it may hold a value"),
            "{reasons:?}"
        );
        assert!(
            reasons[4].starts_with("has 8 fields separated by a semicolon, and the first row has 6: put a field with")
        );
    }

    #[test]
    fn a_row_with_a_wrong_shape_gets_a_sentence_of_its_own() {
        let file =
            b"sha256,userId,username,operations\r\n\r\nx,u,\"a\nb\",o\nx,u\n\xff,u,n,o\nx,u,5\" pipe,\"o\nx,u,n,o\n";
        let rows = read(file).unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5, 6, 7]);
        for (reason, expected) in reasons(&rows).into_iter().zip([
            "has a line break or another control character within a field; it may hold a value",
            "has 2 fields separated by a comma, and the first row has 4: add those that are missing, empty ones too; it",
            "is not UTF-8; it may hold a value",
            "opens a quotation mark that nothing closes, so all rows after it are a part of it; it may hold a value",
        ]) {
            assert!(reason.starts_with(expected), "{reason}");
        }
        assert!(rows.iter().all(|row| row.key.is_empty()));
        for last in ["x,u,5\" pipe,o", "x,u,\"n\",\"o\"", "x,u,n,\"o\"\n", "x,u,n,\"say \"\"o\"\"\"\r\n"] {
            let rows = read(format!("sha256,userId,username,operations\n{last}").as_bytes()).unwrap().rows;
            assert!(reasons(&rows)[0].starts_with("sha256 must be"), "it is closed: {last}");
        }
        for last in ["x,u,n,\"o", "x,u,n,\"o\n", "x,u,n,\"o\"\"\n"] {
            let rows = read(format!("sha256,userId,username,operations\n{last}").as_bytes()).unwrap().rows;
            assert!(reasons(&rows)[0].starts_with("opens a quotation mark"), "{last}");
        }
    }

    #[test]
    fn the_error_on_other_columns_names_those_seen_and_those_known() {
        let there_are = "the columns are sha256 or value, userId, username, operations, trafficType, name, description, \
            expiresAt, allowedIps, limits, tags";
        let none = format!(
            "the first row names no column: it must name them, separated by a comma, a semicolon, a tab or |; {there_are}"
        );
        for file in ["0123456789abcdef,u\n", "0123456789abcdef;u;Ada\n", "", "a b c\n"] {
            assert_eq!(wrong(file), none);
        }
        assert_eq!(
            wrong("sha256;Benutzer;Name;a-secret-value-of-a-user\n"),
            format!(
                "column 2 is \"Benutzer\", column 4 is something that may be a value in the first row, separated by a \
                 semicolon, and keys have no such field; {there_are}"
            )
        );
        assert_eq!(wrong("sha256,SHA256\n"), "the column sha256 is there twice");
        assert_eq!(
            wrong("userId,username\n"),
            "no column is sha256 or value, operations: the first row, separated by a comma, has userId, username"
        );
    }
}
