//! Which key a request names, and which part of a list it asks for.

use super::caller::Caller;
use super::fields::Fields;
use super::path_text::PathText;
use crate::key::{AccountId, EventId, KeyId, KeyValue};

const ID_OF_KEY: &str = "must be the id of a key";
const CURSOR: &str = "must be the nextCursor of an earlier answer";
/// A page has no more keys, events or accounts.
const MAX_LIMIT: usize = 1000;
const DEFAULT_EVENTS: usize = 100;

/// Which keys of an account, and how many of them.
#[derive(Debug)]
pub struct KeyQuery {
    /// Those created by or assigned to that user; all when `None`.
    pub user_id: Option<String>,
    /// No more than that: 1 to 1000.
    pub limit: usize,
    /// Those behind that key; from the newest on when `None`.
    pub cursor: Option<KeyId>,
}

impl KeyQuery {
    /// Takes `userId`, `limit` and `cursor`.
    pub fn take(fields: &mut Fields) -> Self {
        Self {
            user_id: fields.optional_text("userId", Caller::MAX_TEXT),
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
}
