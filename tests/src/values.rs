//! What is known of a key's value without the value, and what of it must not be seen.

use api_keys::key::{ImportedKeys, KeyHash, KeyValue};
use dynoxide::types::AttributeValue;
use serde_json::{Value, json};

/// The SHA-256 of a value, of ours or of another system's.
#[must_use]
pub fn sha256(value: &str) -> KeyHash {
    KeyValue::parse(value, ImportedKeys::Accepted).unwrap().hash()
}

/// The same as an operator writes it.
#[must_use]
pub fn sha256_hex(value: &str) -> String {
    sha256(value).to_hex()
}

/// The same as the table's JSON has it.
#[must_use]
pub fn sha256_base64(value: &str) -> String {
    let binary = serde_json::to_value(AttributeValue::B(sha256(value).as_bytes().to_vec())).unwrap();
    binary["B"].as_str().unwrap().to_owned()
}

/// What must not be seen of one of our values: itself, its secret part, and its hash in hex and base64.
#[must_use]
pub fn traces(value: &str) -> [String; 4] {
    [
        value.to_owned(),
        value.rsplit('_').next().unwrap()[..43].to_owned(),
        sha256_hex(value),
        sha256_base64(value).trim_end_matches('=').to_owned(),
    ]
}

/// A key of another system with that value, as `import-keys` takes it.
#[must_use]
pub fn import_of(value: &str) -> Value {
    json!({"sha256": sha256_hex(value), "userId": "linus", "username": "Linus", "operations": ["SMS"]})
}

/// What a program printed, without the values in it: a failing test must not print an issued one.
#[must_use]
pub fn without_values(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let parts = text.split_inclusive(|letter| !is_word(letter));
    parts
        .map(|part| match KeyValue::parse(part.trim_end_matches(|letter| !is_word(letter)), ImportedKeys::Refused) {
            Some(_) => "…",
            None => part,
        })
        .collect()
}
