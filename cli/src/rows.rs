//! The rows of a file to import. Values are hashed here and go no further.

mod jsonl;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use api_keys::key::{ImportedKeys, KeyHash, KeyValue, Limits};
use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// What a key may have, in the order of `FILE.failed.csv`.
pub(crate) const FIELDS: [&str; 10] = [
    "sha256",
    "userId",
    "username",
    "operations",
    "trafficType",
    "name",
    "description",
    "expiresAt",
    "allowedIps",
    LIMITS,
];
const LISTS: [&str; 3] = ["operations", "allowedIps", LIMITS];
const LIMITS: &str = "limits";
const VALUE: &str = "value";
/// What `FILE.failed` adds, so that it can be corrected and imported.
pub(crate) const REMARKS: [&str; 2] = ["line", "reason"];

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Jsonl,
}

impl Format {
    /// By the file's name.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("jsonl") => Ok(Self::Jsonl),
            _ => Err(Failure::input(format!("{}: the file's name must end with .csv or .jsonl", path.display()))),
        }
    }
}

/// A key to import, without its value; or why it cannot be one.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    /// Where it is in the file; the first line is 1.
    pub(crate) line: usize,
    pub(crate) key: Map<String, Value>,
    pub(crate) refused: Option<String>,
}

/// Reads all rows.
///
/// # Errors
/// When the file as a whole makes no sense.
pub(crate) fn read(content: &[u8], format: Format) -> Result<Vec<Row>, Failure> {
    let mut rows = match format {
        Format::Csv => read_csv(content)?,
        Format::Jsonl => read_jsonl(content),
    };
    let mut lines = HashMap::new();
    for row in rows.iter_mut().filter(|row| row.refused.is_none()) {
        let Some(hash) = row.key.get("sha256").and_then(Value::as_str) else { continue };
        let first = *lines.entry(hash.to_owned()).or_insert(row.line);
        if first != row.line {
            row.refused = Some(format!("is the same key as line {first}"));
        }
    }
    Ok(rows)
}

fn read_csv(content: &[u8]) -> Result<Vec<Row>, Failure> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(content);
    let header = reader.headers().map_err(|_| Failure::input("the file's header is not UTF-8"))?.clone();
    let mut seen = HashSet::new();
    for (column, number) in header.iter().zip(1..) {
        // Columns are named by their places: without a header, the first row holds a value.
        if !is_known(column) {
            return Err(Failure::input(format!(
                "column {number} has no name of a field: the first row must name them"
            )));
        }
        if !seen.insert(column) {
            return Err(Failure::input(format!("the column {column} is there twice")));
        }
    }
    let mut rows = Vec::new();
    let mut record = csv::ByteRecord::new();
    loop {
        let line = next_line(content, reader.position());
        match reader.read_byte_record(&mut record) {
            Ok(true) => rows.push(csv_row(line, &header, &record)),
            Ok(false) => return Ok(rows),
            Err(error) => return Err(Failure::input(format!("the file cannot be read: {error}"))),
        }
    }
}

/// The next line that is not blank: a reader's position is before the blank ones.
fn next_line(content: &[u8], position: &csv::Position) -> usize {
    let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let rest = content.get(number(position.byte())..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    number(position.line()) + blank.count()
}

fn csv_row(line: usize, header: &csv::StringRecord, record: &csv::ByteRecord) -> Row {
    let Ok(record) = csv::StringRecord::from_byte_record(record.clone()) else {
        return refused(line, "is not UTF-8".into());
    };
    // A quotation mark without its other half takes the next rows along, and what is in them.
    if record.iter().flat_map(str::chars).any(char::is_control) {
        return refused(line, "has a line break or another control character within a field".into());
    }
    if record.len() != header.len() {
        let reason = format!("has {} fields, and the header has {}", record.len(), header.len());
        return refused(line, reason);
    }
    let filled = header.iter().zip(&record).filter(|(_, text)| !text.is_empty());
    row(line, filled.map(|(name, text)| (name.to_owned(), csv_value(name, text))).collect())
}

fn csv_value(name: &str, text: &str) -> Value {
    if LISTS.contains(&name) {
        let each = text.split([';', '|']).map(str::trim).filter(|each| !each.is_empty());
        each.map(|each| if name == LIMITS { limit(each) } else { each.into() }).collect()
    } else {
        text.into()
    }
}

/// `1000/DAY`. What is no limit goes along as it is: the function names the field.
fn limit(text: &str) -> Value {
    match Limits::parse(text).and_then(|limits| limits.iter().next()) {
        Some(limit) => json!(limit),
        None => text.into(),
    }
}

/// How a CSV file has the value of a field.
pub(crate) fn csv_text(value: &Value) -> String {
    match value {
        Value::Array(all) => all.iter().map(csv_text).collect::<Vec<_>>().join(";"),
        Value::Object(limit) => {
            let part = |name| limit.get(name).map(Value::to_string).unwrap_or_default();
            format!("{}/{}", part("requests"), part("per").trim_matches('"'))
        }
        value => value.as_str().unwrap_or_default().to_owned(),
    }
}

fn read_jsonl(content: &[u8]) -> Vec<Row> {
    let lines = content.split(|byte| *byte == b'\n').zip(1..).filter(|(text, _)| !text.trim_ascii().is_empty());
    let rows = lines.map(|(text, line)| match jsonl::read(text) {
        Ok(fields) => row(line, fields),
        Err(reason) => refused(line, reason.into()),
    });
    rows.collect()
}

fn is_known(name: &str) -> bool {
    name == VALUE || FIELDS.contains(&name) || REMARKS.contains(&name)
}

fn refused(line: usize, reason: String) -> Row {
    Row { line, key: Map::new(), refused: Some(reason) }
}

fn row(line: usize, mut key: Map<String, Value>) -> Row {
    for remark in REMARKS {
        key.remove(remark);
    }
    let (value, given) = (key.remove(VALUE), key.remove("sha256"));
    let unknown = key.keys().any(|name| !is_known(name));
    // What is unknown may be a value by another name: it is neither sent nor written anywhere.
    key.retain(|name, _| is_known(name));
    let hash = match (value, given) {
        (Some(value), None) => hash_of(value.as_str().unwrap_or_default()),
        (None, Some(given)) => given.as_str().and_then(KeyHash::from_hex).ok_or("sha256 must be 64 hexadecimal digits"),
        (None, None) => Err("sha256 or value is required"),
        (Some(_), Some(_)) => Err("has both sha256 and value"),
    };
    let refused = match hash {
        Err(reason) => Some(reason),
        Ok(_) if unknown => Some("has a field that keys do not have"),
        Ok(_) => None,
    };
    if let Ok(hash) = hash {
        key.insert("sha256".into(), hash.to_hex().into());
    }
    Row { line, key, refused: refused.map(str::to_owned) }
}

fn hash_of(value: &str) -> Result<KeyHash, &'static str> {
    if KeyValue::parse(value, ImportedKeys::Refused).is_some() {
        return Err("has the format of this service: it names a place in a table and would never be found");
    }
    let value = KeyValue::parse(value, ImportedKeys::Accepted);
    value.map(|value| value.hash()).ok_or(
        "would never be accepted: a value is 16 to 256 visible ASCII characters without a comma, and not a mistyped \
         key of this service",
    )
}

#[cfg(test)]
mod tests {
    use api_keys::key::{Issuer, KeyId, KeyPrefix, Locator, Random};

    use super::*;

    // Of `0123456789abcdef`: `printf %s 0123456789abcdef | sha256sum`.
    const SHA256: &str = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";

    fn reasons(rows: &[Row]) -> Vec<Option<&str>> {
        rows.iter().map(|row| row.refused.as_deref()).collect()
    }

    #[test]
    fn a_csv_value_is_hashed_and_does_not_stay() {
        let file = "value,userId,username,operations,allowedIps,limits\n\
            0123456789abcdef,u,\"Ada, L\",SMS;OTP,10.0.0.1|::1,1000/DAY;5/MINUTE\n";
        let rows = read(file.as_bytes(), Format::Csv).unwrap();
        let key = json!({"sha256": SHA256, "userId": "u", "username": "Ada, L",
            "operations": ["SMS", "OTP"], "allowedIps": ["10.0.0.1", "::1"],
            "limits": [{"requests": 1000, "per": "DAY"}, {"requests": 5, "per": "MINUTE"}]});
        assert_eq!(csv_text(&key["limits"]), "1000/DAY;5/MINUTE");
        assert_eq!(Value::from(rows[0].key.clone()), key);
        assert_eq!((reasons(&rows), rows[0].line), (vec![None], 2));
    }

    #[test]
    fn jsonl_is_read_line_by_line() {
        let file = format!("{{\"sha256\":\"{SHA256}\",\"userId\":\"u\"}}\n\n[1]\nnonsense\n{{\"userId\":\"u\"}}\n");
        let rows = read(file.as_bytes(), Format::Jsonl).unwrap();
        let no_object = Some("is not a JSON object");
        assert_eq!(reasons(&rows), [None, no_object, no_object, Some("sha256 or value is required")]);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3, 4, 5]);
    }

    #[test]
    fn csv_rows_know_their_line_and_json_lines_name_a_field_once() {
        let file = b"sha256,userId,username\r\n\r\nx,u,\"a\nb\"\nx,u\n\xff,u,n\n";
        let rows = read(file, Format::Csv).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5, 6]);
        let broken = Some("has a line break or another control character within a field");
        assert_eq!(reasons(&rows), [broken, Some("has 2 fields, and the header has 3"), Some("is not UTF-8")]);
        assert!(rows.iter().all(|row| row.key.is_empty()));

        for twice in [r#""userId":"a","userId":"b""#, r#""limits":[{"requests":1,"per":"DAY","requests":9}]"#] {
            let file = format!("\n{{\"sha256\":\"{SHA256}\",{twice}}}\n");
            let rows = read(file.as_bytes(), Format::Jsonl).unwrap();
            assert_eq!((rows[0].line, reasons(&rows)), (2, vec![Some("gives a field twice")]), "{twice}");
        }
    }

    #[test]
    fn the_same_key_again_is_refused_whichever_way_it_is_written() {
        let file = format!(
            "{{\"sha256\":\"{SHA256}\"}}\n{{\"value\":\"0123456789abcdef\"}}\n{{\"sha256\":\"{}\"}}\n",
            SHA256.to_uppercase()
        );
        let rows = read(file.as_bytes(), Format::Jsonl).unwrap();
        let again = Some("is the same key as line 1");
        assert_eq!(reasons(&rows), [None, again, again]);

        let wrong_first = format!("{{\"sha256\":\"{SHA256}\",\"Name\":\"x\"}}\n{{\"sha256\":\"{SHA256}\"}}\n");
        assert_eq!(reasons(&read(wrong_first.as_bytes(), Format::Jsonl).unwrap())[1], None);
    }

    #[test]
    fn a_value_of_this_service_is_refused() {
        let issuer = Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system());
        let id = KeyId::parse("0000000000000000000001").unwrap();
        let value = issuer.value(Locator { account_id: issuer.account_id().unwrap(), id }).unwrap();
        let native = value.expose();
        let rows = read(format!("value,userId\n{native},u\n").as_bytes(), Format::Csv).unwrap();
        assert!(reasons(&rows)[0].unwrap().starts_with("has the format of this service"));
        assert!(!format!("{rows:?}").contains(native));
        let (rest, last) = native.split_at(native.len() - 1);
        let mistyped = format!("{rest}{}", if last == "0" { "1" } else { "0" });
        for wrong in [&*mistyped, "short", "0123456789,abcdef"] {
            assert!(hash_of(wrong).unwrap_err().starts_with("would never be accepted"), "{wrong}");
        }
    }

    #[test]
    fn what_may_be_a_value_is_kept_nowhere() {
        let secret = "a-secret-value-of-someone";
        let lines = format!(
            "{{\"sha256\":\"{secret}\"}}\n{{\"sha256\":\"{SHA256}\",\"Value\":\"{secret}\"}}\n\
             {{\"sha256\":\"{SHA256}\",\"value\":\"{secret}\"}}"
        );
        let rows = read(lines.as_bytes(), Format::Jsonl).unwrap();
        assert!(rows.iter().all(|row| row.refused.is_some()), "{rows:?}");
        assert!(!format!("{rows:?}").contains(secret));
    }

    #[test]
    fn a_csv_file_needs_a_header_of_known_fields() {
        for file in ["sha256,nonsense\n", "sha256,sha256\n", "0123456789abcdef,u\n"] {
            let Err(Failure::Input(reason)) = read(file.as_bytes(), Format::Csv) else { panic!("{file}") };
            assert!(!reason.contains("0123456789abcdef"));
        }
        let rows = read(b"sha256,userId\nx\n", Format::Csv).unwrap();
        assert_eq!(reasons(&rows), [Some("has 1 fields, and the header has 2")]);
    }
}
