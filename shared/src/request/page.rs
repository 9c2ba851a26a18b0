//! Which key a request names, and which part of a list it asks for.

use super::fields::Fields;
use super::key_filter::KeyFilter;
use super::path_text::PathText;
use crate::key::{AccountId, EventId, KeyId, KeyValue};

const ID_OF_KEY: &str = "must be the id of a key";
const NO_OTHER_NAME: &str = "must be the id of a key, neither a value nor self";
const CURSOR: &str = "must be the nextCursor of an earlier answer";
/// A page has no more keys, events or accounts.
const MAX_LIMIT: usize = 1000;
const DEFAULT_EVENTS: usize = 100;

/// Which keys of an account, and how many of them.
#[derive(Debug)]
pub struct KeyQuery {
    /// Which of them.
    pub filter: KeyFilter,
    /// No more than that: 1 to 1000.
    pub limit: usize,
    /// Those behind that key; from the newest on when `None`.
    pub cursor: Option<KeyId>,
}

impl KeyQuery {
    /// So many of the newest.
    #[must_use]
    pub fn newest(limit: usize) -> Self {
        Self { filter: KeyFilter::default(), limit, cursor: None }
    }

    /// Takes what a filter has, `limit` and `cursor`.
    pub fn take(fields: &mut Fields) -> Self {
        Self {
            filter: KeyFilter::take(fields),
            limit: fields.limit(MAX_LIMIT, MAX_LIMIT),
            cursor: fields.id("cursor", KeyId::parse, CURSOR),
        }
    }
}

/// Which events of an account, and how many of them.
#[derive(Debug)]
pub struct EventQuery {
    /// Those of that key; of all when `None`.
    pub key_id: Option<KeyId>,
    /// Those by that key; by anyone when `None`.
    pub actor_key_id: Option<KeyId>,
    /// No more than that: 1 to 1000.
    pub limit: usize,
    /// Those behind that event; from the newest on when `None`.
    pub cursor: Option<EventId>,
}

impl EventQuery {
    /// Takes `keyId`, `actorKeyId`, `limit` and `cursor`.
    pub fn take(fields: &mut Fields) -> Self {
        Self {
            key_id: fields.key_id("keyId"),
            actor_key_id: fields.key_id("actorKeyId"),
            limit: fields.limit(DEFAULT_EVENTS, MAX_LIMIT),
            cursor: fields.id("cursor", EventId::parse, CURSOR),
        }
    }
}

/// Which accounts, and how many of them.
#[derive(Debug)]
pub struct AccountQuery {
    /// No more than that: 1 to 1000.
    pub limit: usize,
    /// Those behind that account; from the first on when `None`.
    pub cursor: Option<AccountId>,
}

impl AccountQuery {
    /// Takes `limit` and `cursor`.
    pub fn take(fields: &mut Fields) -> Self {
        Self { limit: fields.limit(MAX_LIMIT, MAX_LIMIT), cursor: fields.id("cursor", AccountId::parse, CURSOR) }
    }
}

impl Fields {
    /// Takes a parameter that is the id of a key.
    pub fn key_id(&mut self, field: &str) -> Option<KeyId> {
        let message = self.text_of(field).map_or(ID_OF_KEY, wrong_id_of_key);
        self.id(field, KeyId::parse, message)
    }

    /// Reads the id of a key out of the path, where `field` is its variable; `None` for what no key can have as its id.
    ///
    /// A value and `self` are wrong: they may name a key that works, so that "no such key" would be taken for its end.
    /// `others` names which of the two the route takes.
    pub fn key_id_in_path(&mut self, field: &str, path: &PathText<'_>, others: &str) -> Option<KeyId> {
        if let Some(id) = path.readings().find_map(KeyId::parse) {
            return Some(id);
        }
        if path.readings().any(|text| wrong_id_of_key(text) == NO_OTHER_NAME) {
            self.wrong(field, format!("{ID_OF_KEY}, {others}"));
        }
        None
    }
}

/// What is wrong with text that is no id of a key.
#[must_use]
pub fn wrong_id_of_key(text: &str) -> &'static str {
    if text == "self" || KeyValue::has_shape(text) { NO_OTHER_NAME } else { ID_OF_KEY }
}
