//! One line of JSON as the fields of a key. A `Value` has lost what an object names twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

const TWICE: &str = "gives a field twice";

/// Reads a JSON object that names each field once.
///
/// # Errors
/// What is wrong with it. Nothing of the line is quoted, for it may be a value.
pub(super) fn read(line: &[u8]) -> Result<Map<String, Value>, &'static str> {
    match serde_json::from_slice(line) {
        Ok(Fields(fields)) => Ok(fields),
        Err(error) if error.to_string().starts_with(TWICE) => Err(TWICE),
        Err(_) => Err("is not a JSON object"),
    }
}

struct Fields(Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Each)
    }
}

struct Each;

impl<'de> Visitor<'de> for Each {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = entries.next_entry()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Fields(fields))
    }
}
