//! Which part of a list a request asks for, and of which key.

use super::fields::Fields;
use super::path_text::PathText;
use crate::key::{KeyId, KeyValue, Timestamp};

const ID_OF_KEY: &str = "must be the id of a key";

impl Fields {
    /// Takes the parameter `limit`: a whole number from 1 to `max`, or `default` when it is absent.
    pub fn limit(&mut self, default: usize, max: usize) -> usize {
        const FIELD: &str = "limit";
        let Some(limit) = self.take(FIELD) else {
            return default;
        };
        let digits = limit.as_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let limit = digits.and_then(|text| text.parse().ok()).filter(|limit| (1..=max).contains(limit));
        limit.unwrap_or_else(|| {
            self.wrong(FIELD, format!("must be a whole number from 1 to {max}"));
            default
        })
    }

    /// Takes a parameter that is a time.
    pub fn time(&mut self, field: &str) -> Option<Timestamp> {
        self.id(field, Timestamp::parse, "must be a time such as 2030-01-31T00:00:00Z")
    }

    /// Takes a parameter that is the id of a key.
    pub fn key_id(&mut self, field: &str) -> Option<KeyId> {
        self.id(field, KeyId::parse, ID_OF_KEY)
    }

    /// Reads the id of a key out of the path, where `field` is its variable; `None` for what no key can have as its id.
    ///
    /// A value and `self` are wrong: they may name a key that works, so that "no such key" would be taken for its end.
    pub fn key_id_in_path(&mut self, field: &str, path: &PathText<'_>) -> Option<KeyId> {
        if let Some(id) = path.readings().find_map(KeyId::parse) {
            return Some(id);
        }
        if path.readings().any(|text| text == "self" || KeyValue::has_shape(text)) {
            self.wrong(field, format!("{ID_OF_KEY}, neither a value nor self"));
        }
        None
    }

    /// Takes a parameter that is an id, read by `parse`; `message` says what else is wrong.
    pub fn id<T>(&mut self, field: &str, parse: fn(&str) -> Option<T>, message: &str) -> Option<T> {
        let given = self.take(field)?;
        let id = given.as_str().and_then(parse);
        if id.is_none() {
            self.wrong(field, message);
        }
        id
    }
}
