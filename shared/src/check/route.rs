//! What a key opens of an API's routes.

use std::fmt;

use super::method::{Method, Methods};
use super::pattern::Pattern;
use super::reading::{Readings, segments};
use super::rules::RouteRules;
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
    /// The path, without the slash that it begins with.
    pub path: &'a str,
    /// Whether that is a pattern, and the gateway does not pass the path.
    pub is_unseen: bool,
    /// The route as the API declares it.
    pub pattern: Pattern<'a>,
    /// Which operation which route needs, where the API has rules.
    pub rules: Option<&'a RouteRules>,
    /// Whether the API is this service's own, where keys are looked up and managed.
    pub is_ours: bool,
}

/// What a key opens of what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// What is asked. The methods are those for which the same path is opened by the same right; none where no route is asked.
    Asked(Methods),
    /// The management of keys. No limit applies: a key at its limit can still revoke keys.
    Management,
    /// All that is read there, and nothing that writes. No limit applies either.
    Reading,
    /// The look-up of itself, which its operations do not open.
    Itself,
    /// Nothing.
    Nothing,
}

impl Route<'_> {
    /// What that key opens of it.
    pub(super) fn opened_by(&self, key: &KeyRecord, imported: ImportedKeys, now: Timestamp) -> Opens {
        let operations = &key.metadata.settings.operations;
        if !self.is_ours || segments(self.path).next() != Some(MANAGEMENT) {
            return self.opened_by_operations(operations);
        }
        // What stands for `{key}` is for the functions to read: it may be any text of another system.
        match Method::parse(self.method).filter(|_| is_short(self.path)) {
            Some(method) if !self.pattern.can_meet(method, [Some(MANAGEMENT)].into_iter()) => Opens::Nothing,
            Some(_) if operations.contains(Operation::AUTHENTICATION) => Opens::Management,
            Some(Method::Get) if operations.contains(Operation::AUTHENTICATION_READ) => Opens::Reading,
            Some(Method::Get) if looks_up(self.path, key, imported, now) => Opens::Itself,
            _ => Opens::Nothing,
        }
    }

    /// What those operations open of it, where it is none of this service's own.
    #[must_use]
    pub fn opened_by_operations(&self, operations: &Operations) -> Opens {
        // A verdict names what stands for the path, a pattern as well.
        let readings = Readings::of(self.path).filter(|_| is_short(self.path));
        let methods = match (readings, Method::parse(self.method), self.rules) {
            (Some(_), _, Some(rules)) if self.is_unseen => {
                rules.opened_unseen(self.pattern, operations).then_some(Methods::NONE)
            }
            (Some(readings), Some(method), Some(rules)) => rules.opened(method, &readings, self.pattern, operations),
            (Some(readings), Some(method), None) if !self.is_unseen => {
                self.is_opened_by_name(method, &readings, operations).then_some(Methods::ALL)
            }
            _ => None,
        };
        methods.map_or(Opens::Nothing, Opens::Asked)
    }

    /// An operation opens the routes of its name, by every method.
    fn is_opened_by_name(&self, method: Method, readings: &Readings<'_>, operations: &Operations) -> bool {
        let mut names = readings.iter().map(|path| segments(path).next());
        let Some(Some(name)) = names.next() else { return false };
        operations.open(name)
            && names.all(|other| other == Some(name))
            && self.pattern.can_meet(method, [Some(name)].into_iter())
    }
}

/// Whether a verdict has room for that path.
fn is_short(path: &str) -> bool {
    path.len() + path.matches('"').count() <= MAX_PATH
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
