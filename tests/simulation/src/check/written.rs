//! What the events say of requests: which of them wrote to which key, and which version that gave it. The checks take it for what a
//! client was not answered.

use std::collections::{BTreeMap, BTreeSet};

use api_keys::key::KeyHash;
use aws_smithy_types::base64;

use super::events::is_of_keys;
use crate::history::History;
use crate::tables::{EVENTS, Item, KEYS, Tables, text};

/// Events by what they are of.
pub struct Written<'a> {
    /// By request and key.
    events: BTreeMap<(&'a str, &'a str), &'a str>,
    /// The key that a request made.
    made: BTreeMap<&'a str, &'a str>,
    /// The import of a key, and the hash of the value that it brought along, in base64.
    imports: BTreeMap<&'a str, (&'a str, &'a str)>,
    /// Keys that lived their time.
    lapsed: BTreeSet<&'a str>,
}

impl<'a> Written<'a> {
    pub fn of(tables: &'a Tables) -> Self {
        let (mut events, mut made, mut imports) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for transaction in &tables.transactions {
            let new = transaction.parts.iter().filter_map(|part| Some((part, part.new.as_ref()?)));
            let Some((_, event)) = new.clone().find(|(part, _)| part.place.table == EVENTS) else { continue };
            let (request, key, id) = (named(event, "requestId"), named(event, "keyId"), named(event, "id"));
            events.insert((request, key), id);
            match named(event, "type") {
                "key.imported" => {
                    let hash = new.clone().find(|(part, _)| part.place.id == key).and_then(|(_, it)| it.get("keyHash"));
                    imports.insert(key, (id, hash.and_then(|hash| hash["B"].as_str()).unwrap_or_default()));
                }
                kind if super::events::is_creation(kind) => drop(made.insert(request, key)),
                _ => {}
            }
        }
        // Nobody asked for that, so no event says it.
        let keys = tables.changes.iter().filter(|it| it.place.table == KEYS && is_of_keys(&it.place.partition));
        let lapsed = keys.filter(|it| it.action.is_none() && it.new.is_none());
        Self { events, made, imports, lapsed: lapsed.map(|it| &*it.place.id).collect() }
    }

    /// The event of what a request did to a key.
    pub fn event(&self, request: &str, key: &str) -> Option<&'a str> {
        self.events.get(&(request, key)).copied()
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

    /// The value that the import of a key brought along, by its number.
    pub fn imported(&self, key: &str, history: &History) -> Option<usize> {
        let (_, hash) = self.imports.get(key)?;
        let hash = KeyHash::from_bytes(&base64::decode(hash).ok()?)?;
        history.values.iter().position(|value| KeyHash::of(&value.text) == hash)
    }
}

fn named<'a>(event: &'a Item, name: &str) -> &'a str {
    event.get(name).map(text).unwrap_or_default()
}
