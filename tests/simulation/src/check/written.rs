//! What the events record of requests: which of them wrote to which key, and which version that gave it. The checks take it for what a
//! client was not answered.

use std::collections::{BTreeMap, BTreeSet};

use api_keys::key::KeyHash;
use aws_smithy_types::base64;

use super::events::{is_of_keys, kind};
use crate::history::History;
use crate::tables::{EVENTS, Item, KEYS, Part, Tables, text};

/// Events by what they are of.
pub struct Written<'a> {
    /// By request and key.
    events: BTreeMap<(&'a str, &'a str), &'a str>,
    /// Of exposures, by request, key and the value's hash, in base64: one report may end both values that a key has.
    exposures: BTreeMap<(&'a str, &'a str, &'a str), &'a str>,
    /// The key that a request made.
    made: BTreeMap<&'a str, &'a str>,
    /// The import of a key, and the hash of the value that it brought along, in base64.
    imports: BTreeMap<&'a str, (&'a str, &'a str)>,
    /// Keys that lived their time.
    lapsed: BTreeSet<&'a str>,
}

impl<'a> Written<'a> {
    pub fn of(tables: &'a Tables) -> Self {
        let (mut events, mut exposures) = (BTreeMap::new(), BTreeMap::new());
        let (mut made, mut imports) = (BTreeMap::new(), BTreeMap::new());
        for transaction in &tables.transactions {
            let new = transaction.parts.iter().filter_map(|part| Some((part, part.new.as_ref()?)));
            let Some((_, event)) = new.clone().find(|(part, _)| part.place.table == EVENTS) else { continue };
            let (request, key, id) = (named(event, "requestId"), named(event, "keyId"), named(event, "id"));
            events.insert((request, key), id);
            match kind(event) {
                "key.imported" => {
                    let hash = new.clone().find(|(part, _)| part.place.id == key).and_then(|(_, it)| it.get("keyHash"));
                    imports.insert(key, (id, hash.and_then(|hash| hash["B"].as_str()).unwrap_or_default()));
                }
                "key.exposed" => {
                    let of_key = transaction.parts.iter().find(|part| part.place.id == key);
                    exposures.extend(of_key.and_then(exposed).map(|hash| ((request, key, hash), id)));
                }
                kind if super::events::is_creation(kind) => drop(made.insert(request, key)),
                _ => {}
            }
        }
        // No request asked for that, so it has no event.
        let keys = tables.changes.iter().filter(|it| it.place.table == KEYS && is_of_keys(&it.place.partition));
        let lapsed = keys.filter(|it| it.action.is_none() && it.new.is_none());
        Self { events, exposures, made, imports, lapsed: lapsed.map(|it| &*it.place.id).collect() }
    }

    /// The event of what a request did to a key.
    pub fn event(&self, request: &str, key: &str) -> Option<&'a str> {
        self.events.get(&(request, key)).copied()
    }

    /// The event of what a report did to a key that had that value.
    pub fn exposure(&self, request: &str, key: &str, value: &str) -> Option<&'a str> {
        let hash = base64::encode(KeyHash::of(value).as_bytes());
        self.exposures.get(&(request, key, hash.as_str())).copied()
    }

    /// The key that a request made.
    pub fn made(&self, request: &str) -> Option<&'a str> {
        self.made.get(request).copied()
    }

    /// Whether a key has lived its time.
    pub fn is_lapsed(&self, key: &str) -> bool {
        self.lapsed.contains(key)
    }

    /// The event of the import of a key.
    pub fn import(&self, key: &str) -> Option<&'a str> {
        self.imports.get(key).map(|(event, _)| *event)
    }

    /// The keys that imports gave a value, by its number.
    pub fn keys_imported_with(&self, value: usize, history: &History) -> Vec<&'a str> {
        let hash = Self::hash_of(value, history);
        self.imports.iter().filter(|(_, (_, imported))| *imported == hash).map(|(key, _)| *key).collect()
    }

    /// The hash of a value, in base64.
    pub fn hash_of(value: usize, history: &History) -> String {
        base64::encode(KeyHash::of(&history.values[value].text).as_bytes())
    }

    /// The value that the import of a key brought along, by its number.
    pub fn imported(&self, key: &str, history: &History) -> Option<usize> {
        let (_, hash) = self.imports.get(key)?;
        let hash = KeyHash::from_bytes(&base64::decode(hash).ok()?)?;
        history.values.iter().position(|value| KeyHash::of(&value.text) == hash)
    }
}

/// The hash that an exposure wrote to a key.
fn exposed(part: &Part) -> Option<&str> {
    let hash = |item: &'_ Option<Item>, name: &str| item.as_ref()?.get(name)?["B"].as_str().map(str::to_owned);
    let is_new = |name: &&str| hash(&part.new, name) != hash(&part.old, name);
    let name = ["exposedHash", "exposedPreviousHash"].into_iter().find(is_new)?;
    part.new.as_ref()?.get(name)?["B"].as_str()
}

fn named<'a>(event: &'a Item, name: &str) -> &'a str {
    event.get(name).map(text).unwrap_or_default()
}
