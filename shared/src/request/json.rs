//! JSON as a client wrote it: a [`Value`], and the names that an object in it has twice, which a `Value` alone would drop.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// As many characters of a place are kept at most; answers show fewer.
const LONGEST: usize = 100;

/// What was read.
pub struct Json {
    /// Of a name that was given twice the first value.
    pub value: Value,
    /// Where a name was given once more, such as `limits[0].requests`, in the order of the text.
    pub repeated: Vec<String>,
}

impl Json {
    /// Reads one value.
    ///
    /// # Errors
    /// When the text is no JSON, or goes on behind the value.
    pub fn read(text: &[u8]) -> serde_json::Result<Self> {
        let mut json = serde_json::Deserializer::from_slice(text);
        let (mut place, mut repeated) = (String::new(), Vec::new());
        let value = Place { place: &mut place, repeated: &mut repeated }.deserialize(&mut json)?;
        json.end()?;
        Ok(Self { value, repeated })
    }
}

/// The value in one place of the text.
struct Place<'a> {
    place: &'a mut String,
    repeated: &'a mut Vec<String>,
}

impl Place<'_> {
    /// Reads what is one step further in.
    fn step<T>(&mut self, step: fmt::Arguments<'_>, read: impl FnOnce(Place<'_>) -> T) -> T {
        let length = self.place.len();
        // Writing into a string cannot fail.
        let _ = fmt::Write::write_fmt(self.place, step);
        let done = read(Place { place: self.place, repeated: self.repeated });
        self.place.truncate(length);
        done
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = self.step(format_args!("[{}]", values.len()), |place| seq.next_element_seed(place))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let separator = if self.place.is_empty() { "" } else { "." };
            let is_known = values.contains_key(&name);
            let value = self.step(format_args!("{separator}{name}"), |place| {
                if is_known {
                    place.repeated.push(place.place.chars().take(LONGEST).collect());
                }
                map.next_value_seed(place)
            })?;
            if !is_known {
                values.insert(name, value);
            }
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Option<(Value, Vec<String>)> {
        Json::read(text.as_bytes()).ok().map(|json| (json.value, json.repeated))
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        for text in [
            "null",
            "true",
            "-7",
            "18446744073709551615",
            "1.5",
            "1e400",
            r#""a\u00e9""#,
            "[]",
            "[1,[2,{}]]",
            r#"{"a":{"b":[null]}}"#,
            "",
            "{",
            "[1,]",
            "nul",
            "1 2",
            r#"{"a"}"#,
            "\u{feff}1",
            r#"{"a":1,}"#,
        ] {
            let expected = serde_json::from_str::<Value>(text).ok();
            assert_eq!(read_text(text), expected.map(|value| (value, Vec::new())), "{text}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert_eq!(read_text(&deep), None, "as serde_json refuses it");
    }

    #[test]
    fn names_that_an_object_has_twice_are_known_at_any_depth() {
        let text = r#"{"a":1,"b":[{"c":1,"c":2},{"d":{"e":1,"e":1,"e":1}}],"a":{"f":1,"f":2},"g":{"c":1}}"#;
        let (value, repeated) = read_text(text).unwrap();
        assert_eq!(repeated, ["b[0].c", "b[1].d.e", "b[1].d.e", "a", "a.f"]);
        assert_eq!(value["a"], 1, "the first one");
    }
}
