//! The rows of a file to import. Values are hashed here and go no further.

mod hash;
mod jsonl;
mod limits;
mod spreadsheet;
mod tags;

use std::collections::HashMap;
use std::path::Path;

use api_keys::key::Timestamp;
use serde_json::{Map, Value, json};

use crate::arguments::{constant, time};
use crate::failure::Failure;
use crate::output::clean;

/// What a key may have, in the order of `FILE.failed.csv`.
pub(crate) const FIELDS: [&str; 11] = [
    SHA256,
    "userId",
    "username",
    OPERATIONS,
    TRAFFIC_TYPE,
    "name",
    "description",
    EXPIRES_AT,
    "allowedIps",
    LIMITS,
    TAGS,
];
/// What each key must have beside its hash.
const REQUIRED: [&str; 3] = ["userId", "username", OPERATIONS];
const LISTS: [&str; 3] = [OPERATIONS, "allowedIps", LIMITS];
const OPERATIONS: &str = "operations";
const TRAFFIC_TYPE: &str = "trafficType";
const LIMITS: &str = "limits";
const TAGS: &str = "tags";
const EXPIRES_AT: &str = "expiresAt";
const SHA256: &str = "sha256";
const VALUE: &str = "value";
/// What `FILE.failed` adds, so that it can be corrected and imported.
pub(crate) const REMARKS: [&str; 2] = ["line", "reason"];
/// The end of a reason why a line, or a part of it, is not in `FILE.failed`.
const NOT_REPEATED: &str = "it may hold a value, so it is not repeated here: take it from your file";
/// As much of a word is shown: every value has more.
const MAX_SHOWN: usize = 15;

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

/// What a file has.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    /// What is between the columns of a CSV file.
    pub(crate) delimiter: u8,
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
pub(crate) fn read(content: &[u8], format: Format) -> Result<Rows, Failure> {
    if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
        return Err(Failure::input("the file is in UTF-16: save it in UTF-8"));
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut read = match format {
        Format::Csv => spreadsheet::read(content)?,
        Format::Jsonl => Rows { rows: read_jsonl(content), delimiter: b',' },
    };
    let mut lines = HashMap::new();
    for row in read.rows.iter_mut().filter(|row| row.refused.is_none()) {
        let Some(hash) = row.key.get(SHA256).and_then(Value::as_str) else { continue };
        let first = *lines.entry(hash.to_owned()).or_insert(row.line);
        if first != row.line {
            row.refused = Some(format!("is the same key as line {first}"));
        }
    }
    Ok(read)
}

fn read_jsonl(content: &[u8]) -> Vec<Row> {
    let lines = content.split(|byte| *byte == b'\n').zip(1..).filter(|(text, _)| !text.trim_ascii().is_empty());
    let rows = lines.map(|(text, line)| match jsonl::read(text) {
        Ok(fields) => row(line, fields),
        Err(reason) => refused(line, reason),
    });
    rows.collect()
}

/// The field or remark of that name, in any case, and with anything between its words.
fn column_of(name: &str) -> Option<&'static str> {
    let folded = |name: &str| -> String {
        let between = |character: &char| !matches!(character, ' ' | '_' | '-' | '.');
        name.chars().filter(between).flat_map(char::to_lowercase).collect()
    };
    let name = folded(name);
    FIELDS.into_iter().chain([VALUE]).chain(REMARKS).find(|column| folded(column) == name)
}

/// The text of a cell, where it cannot be a value.
fn shown(text: &str) -> String {
    if text.split_whitespace().all(|word| word.chars().count() <= MAX_SHOWN) && text.chars().count() <= 3 * MAX_SHOWN {
        format!("\"{}\"", clean(text))
    } else {
        "something that may be a value".to_owned()
    }
}

/// How a CSV file has the value of a field.
pub(crate) fn csv_text(value: &Value) -> String {
    match value {
        Value::Array(all) => all.iter().map(csv_part).collect::<Vec<_>>().join(";"),
        Value::Object(tags) => tags::text(tags),
        value => value.as_str().unwrap_or_default().to_owned(),
    }
}

/// A part of a list.
fn csv_part(value: &Value) -> String {
    match value {
        Value::Object(limit) => {
            let part = |name| limit.get(name).map(Value::to_string).unwrap_or_default();
            format!("{}/{}", part("requests"), part("per").trim_matches('"'))
        }
        value => value.as_str().unwrap_or_default().to_owned(),
    }
}

/// A line of which nothing is kept.
fn refused(line: usize, reason: &str) -> Row {
    Row { line, key: Map::new(), refused: Some(format!("{reason}; {NOT_REPEATED}")) }
}

fn row(line: usize, fields: Map<String, Value>) -> Row {
    let (mut key, mut unknown) = (Map::new(), Vec::new());
    for (name, value) in fields {
        match column_of(&name) {
            Some(remark) if REMARKS.contains(&remark) => {}
            Some(column) => {
                if key.insert(column.to_owned(), value).is_some() {
                    return refused(line, "gives a field twice");
                }
            }
            // What is unknown may be a value by another name: it is neither sent nor written anywhere.
            None => unknown.push(shown(&name)),
        }
    }
    let mut reasons = Vec::new();
    match take_hash(&mut key) {
        Ok(hash) => drop(key.insert(SHA256.to_owned(), hash.into())),
        Err(reason) => reasons.push(reason),
    }
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        reasons.push(format!("has fields that keys do not have, which are left out here: {unknown}"));
    }
    for name in [OPERATIONS, TRAFFIC_TYPE] {
        key.get_mut(name).into_iter().for_each(read_constants);
    }
    let read = [
        key.get_mut(LIMITS).map(limits::read),
        key.get_mut(TAGS).map(tags::read),
        key.get_mut(EXPIRES_AT).map(read_time),
    ];
    reasons.extend(read.into_iter().flatten().filter_map(Result::err));
    let refused = (!reasons.is_empty()).then(|| reasons.join("; "));
    Row { line, key, refused }
}

/// Replaces names in any case. Anything else stays as it is: the service names what is wrong with it.
fn read_constants(given: &mut Value) {
    match given {
        Value::String(name) => *name = constant(name),
        Value::Array(all) => all.iter_mut().filter(|each| each.is_string()).for_each(read_constants),
        _ => {}
    }
}

/// Replaces a day by its start. Anything but text stays as it is.
///
/// # Errors
/// When it is no time.
fn read_time(given: &mut Value) -> Result<(), String> {
    let Some(text) = given.as_str() else { return Ok(()) };
    let start = time(text).map_err(|reason| format!("{EXPIRES_AT} has {}: {reason}", shown(text)))?;
    if Timestamp::parse(text).is_none() {
        *given = json!(start);
    }
    Ok(())
}

/// Takes the value, or its hash, out of a row: as hexadecimal digits, or why there is none.
fn take_hash(key: &mut Map<String, Value>) -> Result<String, String> {
    let (value, given) = (key.remove(VALUE), key.remove(SHA256));
    let hash = match (&value, &given) {
        (Some(value), None) => hash::of_value(value.as_str().unwrap_or_default()),
        (None, Some(given)) => hash::parse(given.as_str().unwrap_or_default()),
        (None, None) => return Err("sha256 or value is required".to_owned()),
        (Some(_), Some(_)) => Err("has both sha256 and value".to_owned()),
    };
    hash.map(|hash| hash.to_hex()).map_err(|reason| format!("{reason}; {NOT_REPEATED}"))
}

#[cfg(test)]
mod tests {
    use api_keys::key::{Issuer, KeyId, KeyPrefix, Locator, Random};

    use super::*;

    /// Of `0123456789abcdef`: `printf %s 0123456789abcdef | sha256sum`.
    const HASH: &str = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";

    fn read_all(file: &str, format: Format) -> Vec<Row> {
        read(file.as_bytes(), format).unwrap().rows
    }

    fn reasons(rows: &[Row]) -> Vec<Option<&str>> {
        rows.iter().map(|row| row.refused.as_deref()).collect()
    }

    /// Nothing is kept of such a line.
    fn not_repeated(reason: &str) -> String {
        format!("{reason}; it may hold a value, so it is not repeated here: take it from your file")
    }

    #[test]
    fn jsonl_is_read_line_by_line() {
        let file = format!(
            "\u{feff}{{\"SHA256\":\"{HASH}\",\"userId\":\"u\",\"limits\":\"5/day\"}}\n\n[1]\nnonsense\n{{\"userId\":\"u\"}}\n"
        );
        let rows = read_all(&file, Format::Jsonl);
        let no_object = not_repeated("is not a JSON object");
        let no_object = Some(&*no_object);
        assert_eq!(reasons(&rows), [None, no_object, no_object, Some("sha256 or value is required")]);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3, 4, 5]);
        let key = json!({"sha256": HASH, "userId": "u", "limits": [{"requests": 5, "per": "DAY"}]});
        assert_eq!(Value::from(rows[0].key.clone()), key);
    }

    #[test]
    fn a_day_is_its_start() {
        for (given, sent) in
            [("2030-01-31", "2030-01-31T00:00:00.000Z"), ("2030-01-31T12:00:00+02:00", "2030-01-31T12:00:00+02:00")]
        {
            let row = &read_all(&format!("{{\"sha256\":\"{HASH}\",\"expires at\":\"{given}\"}}\n"), Format::Jsonl)[0];
            assert_eq!((&row.key["expiresAt"], &row.refused), (&json!(sent), &None), "{given}");
        }
        let rows = read_all(
            &format!("sha256,userId,username,operations,expires at\n{HASH},u,U,SMS,31.01.2030\n"),
            Format::Csv,
        );
        let reason =
            "expiresAt has \"31.01.2030\": a time is written as 2030-01-31T00:00:00Z, or as 2030-01-31 for its start";
        assert_eq!((&rows[0].key["expiresAt"], reasons(&rows)), (&json!("31.01.2030"), vec![Some(reason)]));
    }

    #[test]
    fn json_lines_name_a_field_once() {
        for twice in [
            r#""userId":"a","userId":"b""#,
            r#""userId":"a","user_id":"b""#,
            r#""limits":[{"requests":1,"per":"DAY","requests":9}]"#,
        ] {
            let rows = read_all(&format!("\n{{\"sha256\":\"{HASH}\",{twice}}}\n"), Format::Jsonl);
            let reason = not_repeated("gives a field twice");
            assert_eq!((rows[0].line, reasons(&rows)), (2, vec![Some(&*reason)]), "{twice}");
            assert!(rows[0].key.is_empty());
        }
    }

    #[test]
    fn the_same_key_again_is_refused_whichever_way_it_is_written() {
        let file = format!(
            "{{\"sha256\":\"{HASH}\"}}\n{{\"value\":\"0123456789abcdef\"}}\n{{\"sha256\":\"sha256:{}\"}}\n",
            HASH.to_uppercase()
        );
        let again = Some("is the same key as line 1");
        assert_eq!(reasons(&read_all(&file, Format::Jsonl)), [None, again, again]);

        let wrong_first = format!("{{\"sha256\":\"{HASH}\",\"color\":\"x\"}}\n{{\"sha256\":\"{HASH}\"}}\n");
        let rows = read_all(&wrong_first, Format::Jsonl);
        let unknown = "has fields that keys do not have, which are left out here: \"color\"";
        assert_eq!(reasons(&rows), [Some(unknown), None]);
        assert_eq!(rows[0].key["sha256"], HASH, "it can be tried again");
    }

    #[test]
    fn a_value_of_this_service_is_refused() {
        let issuer = Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system());
        let id = KeyId::parse("0000000000000000000001").unwrap();
        let value = issuer.value(Locator { account_id: issuer.account_id().unwrap(), id }).unwrap();
        let native = value.expose();
        let rows = read_all(&format!("value,userId,username,operations\n{native},u,U,SMS\n"), Format::Csv);
        assert!(reasons(&rows)[0].unwrap().starts_with("value has the format of this service"));
        assert!(!format!("{rows:?}").contains(native));
        let (rest, last) = native.split_at(native.len() - 1);
        let mistyped = format!("{rest}{}", if last == "0" { "1" } else { "0" });
        for wrong in [&*mistyped, "short", "0123456789,abcdef"] {
            assert!(hash::of_value(wrong).unwrap_err().starts_with("value would never be accepted"), "{wrong}");
        }
    }

    #[test]
    fn what_may_be_a_value_is_kept_nowhere() {
        let secret = "a-secret-value-of-a-user";
        let lines = format!(
            "{{\"sha256\":\"{secret}\"}}\n{{\"sha256\":\"{HASH}\",\"Password\":\"{secret}\"}}\n\
             {{\"sha256\":\"{HASH}\",\"value\":\"{secret}\"}}\n{{\"sha256\":\"{HASH}\",\"{secret}\":1}}"
        );
        let rows = read_all(&lines, Format::Jsonl);
        assert!(rows.iter().all(|row| row.refused.is_some()), "{rows:?}");
        assert!(!format!("{rows:?}").contains(secret));
    }

    #[test]
    fn utf_16_is_named() {
        let failure = read(b"\xff\xfes\0h\0a\0", Format::Csv).unwrap_err();
        assert_eq!(failure.to_string(), "the file is in UTF-16: save it in UTF-8");
    }
}
