//! What a key opens of an API's routes.

use std::fmt;

use crate::key::{ImportedKeys, KeyId, KeyRecord, KeyValue, Operations, Timestamp};
use crate::request::PathText;

/// A route of an API.
///
/// Its path may hold a key, so it is never shown.
#[derive(Clone, Copy)]
pub struct Route<'a> {
    /// The method, such as `GET`.
    pub method: &'a str,
    /// The path, without the slash that it begins with.
    pub path: &'a str,
    /// Whether the API is this service's own, where keys are looked up and managed.
    pub is_ours: bool,
}

impl Route<'_> {
    /// Whether one of these operations opens it.
    pub(super) fn is_opened_by(&self, operations: &Operations) -> bool {
        self.segments().next().is_some_and(|first| operations.open(first))
    }

    /// Whether it is the look-up of that key, or the question of how much it was used: what every key may ask of itself, if
    /// the API is this service's.
    pub(super) fn looks_up(&self, key: &KeyRecord, imported: ImportedKeys, now: Timestamp) -> bool {
        let is_look_up = self.is_ours && self.method == "GET";
        let named = if is_look_up { self.path.strip_prefix("authentication/") } else { None };
        let Some(named) = named else { return false };
        let has_id = |text: &str| text == "self" || KeyId::parse(text) == Some(key.metadata.id);
        let has_value = |text: &str| {
            // A hash costs more than the comparison with the place that a value names.
            let value = KeyValue::parse(text, imported).filter(|value| {
                value.locator().is_none_or(|place| place.id == key.metadata.id && place.account_id == key.account_id)
            });
            value.is_some_and(|value| key.answers_to(&value.hash(), now))
        };
        let is_it = |text: &str| PathText::of(text).readings().any(|text| has_id(text) || has_value(text));
        // The gateway takes a path with a slash at its end for the same route. A value of another system may have slashes.
        let shorter = named.strip_suffix('/');
        let of_usage = shorter.unwrap_or(named).strip_suffix("/usage");
        is_it(named) || shorter.is_some_and(is_it) || of_usage.is_some_and(|id| PathText::of(id).readings().any(has_id))
    }

    /// Whether keys are managed on it.
    pub(super) fn manages_keys(&self) -> bool {
        self.is_ours && self.segments().next() == Some("authentication")
    }

    fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.split('/')
    }
}

impl fmt::Debug for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Route(…)")
    }
}
