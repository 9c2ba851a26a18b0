//! What a key opens of an API's routes.

use std::fmt;

use super::method::{Method, Methods};
use super::pattern::Pattern;
use super::reading::{Readings, segments};
use crate::key::{ImportedKeys, KeyId, KeyRecord, KeyValue, Operation, Operations, Timestamp};
use crate::request::PathText;

/// Longer paths, as JSON has them, are refused: a verdict names the path, and must be small enough for the gateway.
const MAX_PATH: usize = 3_300;

/// The first segment of this service's own routes.
const MANAGEMENT: &str = "authentication";

/// A route of an API.
///
/// Its path may hold a key, so it is never shown.
#[derive(Clone, Copy)]
pub struct Route<'a> {
    /// The method, such as `GET`.
    pub method: &'a str,
    /// The path, without the slash that it begins with; `None` where the gateway does not say.
    pub path: Option<&'a str>,
    /// The route as the API declares it.
    pub pattern: Pattern<'a>,
    /// Whether the API is this service's own, where keys are looked up and managed.
    pub is_ours: bool,
}

/// What a key opens of what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// What is asked. The methods are those for which the same path is opened by the same right; none where no route is asked.
    Asked(Methods),
    /// The management of keys. No limit applies: nobody is kept from revoking a key by its limit.
    Management,
    /// The look-up of itself, which its operations do not open.
    Itself,
    /// Nothing.
    Nothing,
}

impl Route<'_> {
    /// What that key opens of it.
    pub(super) fn opened_by(&self, key: &KeyRecord, imported: ImportedKeys, now: Timestamp) -> Opens {
        let operations = &key.metadata.settings.operations;
        let (Some(method), Some(path)) = (Method::parse(self.method), self.path) else { return Opens::Nothing };
        if path.len() + path.matches('"').count() > MAX_PATH {
            return Opens::Nothing;
        }
        if self.is_ours && segments(path).next() == Some(MANAGEMENT) {
            // What stands for `{key}` is for the functions to read: it may be any text of another system.
            return if !self.pattern.can_meet(method, [Some(MANAGEMENT)].into_iter()) {
                Opens::Nothing
            } else if operations.contains(Operation::AUTHENTICATION) {
                Opens::Management
            } else if method == Method::Get && looks_up(path, key, imported, now) {
                Opens::Itself
            } else {
                Opens::Nothing
            };
        }
        let Some(readings) = Readings::of(path) else { return Opens::Nothing };
        self.opened_by_name(method, &readings, operations)
    }

    /// An operation opens the routes of its name, whatever the method.
    fn opened_by_name(&self, method: Method, readings: &Readings<'_>, operations: &Operations) -> Opens {
        let mut names = readings.iter().map(|path| segments(path).next());
        let Some(Some(name)) = names.next() else { return Opens::Nothing };
        let is_opened = operations.open(name)
            && names.all(|other| other == Some(name))
            && self.pattern.can_meet(method, [Some(name)].into_iter());
        if is_opened { Opens::Asked(Methods::ALL) } else { Opens::Nothing }
    }
}

/// Whether a path of this service's is the look-up of that key, or the question of how much it was used: what every key may ask
/// of itself.
fn looks_up(path: &str, key: &KeyRecord, imported: ImportedKeys, now: Timestamp) -> bool {
    let named = path.strip_prefix(MANAGEMENT).and_then(|rest| rest.strip_prefix('/'));
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

impl fmt::Debug for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Route(…)")
    }
}
