//! Which fields a write replaces: the difference of what is serialized.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// One field that a write replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// The field as the API spells it.
    pub field: String,
    /// Its value before; `null` when there was none.
    #[serde(default)]
    pub from: Value,
    /// Its value since; `null` when there is none.
    #[serde(default)]
    pub to: Value,
}

impl FieldChange {
    /// One field, as it was and as it is since.
    ///
    /// # Errors
    /// When a value cannot be written as JSON.
    pub fn of(field: &str, from: &impl Serialize, to: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self { field: field.to_owned(), from: serde_json::to_value(from)?, to: serde_json::to_value(to)? })
    }

    /// The fields of `since` that are otherwise than `before`, in the order of `since`. A field that only one of them has is
    /// `null` in the other, and what only `before` has stays as it is.
    ///
    /// # Errors
    /// When one of them cannot be written as a JSON object.
    pub fn between(before: &impl Serialize, since: &impl Serialize) -> serde_json::Result<Vec<Self>> {
        let before = serde_json::to_value(before)?;
        let Ordered(since) = serde_json::from_str(&serde_json::to_string(since)?)?;
        let change = |(field, to): (String, Value)| {
            let from = before.get(&field).cloned().unwrap_or_default();
            (from != to).then_some(Self { field, from, to })
        };
        Ok(since.into_iter().filter_map(change).collect())
    }
}

/// The fields of an object in its order, which a `Value` does not keep.
struct Ordered(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Ordered(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    struct Two {
        zebra: Option<u8>,
        apple: &'static str,
    }

    #[test]
    fn what_differs_is_in_the_order_of_what_it_became() {
        let change = |field: &str, from: Value, to: Value| FieldChange { field: field.to_owned(), from, to };
        let before = Two { zebra: Some(1), apple: "a" };
        assert_eq!(FieldChange::between(&before, &before).unwrap(), []);
        let since = Two { zebra: None, apple: "b" };
        let both = [change("zebra", json!(1), Value::Null), change("apple", json!("a"), json!("b"))];
        assert_eq!(FieldChange::between(&before, &since).unwrap(), both);
        let of_new = FieldChange::between(&(), &since).unwrap();
        assert_eq!(of_new, [change("apple", Value::Null, json!("b"))], "null is what nothing was");
        let of_some = FieldChange::between(&before, &json!({"apple": "b"})).unwrap();
        assert_eq!(of_some, [change("apple", json!("a"), json!("b"))], "what is not named stays");
        assert!(FieldChange::between(&before, &7).is_err());
    }
}
