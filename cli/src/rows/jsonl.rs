//! One line of JSON as the fields of a key.

use api_keys::request::Json;
use serde_json::{Map, Value};

/// Reads a JSON object that names each field once, at any depth.
///
/// # Errors
/// What is wrong with it. Nothing of the line is quoted, for it may be a value.
pub(super) fn read(line: &[u8]) -> Result<Map<String, Value>, &'static str> {
    match Json::read(line) {
        Ok(Json { value: Value::Object(fields), repeated }) if repeated.is_empty() => Ok(fields),
        Ok(Json { value: Value::Object(_), .. }) => Err("gives a field twice"),
        _ => Err("is not a JSON object"),
    }
}
