//! No account sees another one: a value finds a key of its own account alone, and no answer names a key of another.

use std::collections::BTreeMap;

use crate::history::{History, Seen};
use crate::tables::{Change, KEYS, Tables};

pub fn check(history: &History, tables: &Tables) -> Vec<String> {
    let mut wrong = Vec::new();
    let is_key = |it: &&Change| it.place.table == KEYS && super::events::is_of_keys(&it.place.partition);
    let changes = tables.changes.iter().filter(is_key);
    let owners: BTreeMap<_, _> = changes.map(|change| (&change.place.id, &change.place.partition)).collect();
    for (account, id) in &history.shown {
        if owners.get(id).is_some_and(|owner| *owner != account) {
            wrong.push(format!("account {account} is shown key {id} of another one"));
        }
    }
    for it in &history.uses {
        if let Seen::Works { key, account, .. } = &it.seen {
            let value = &history.values[it.value];
            let native = !value.key.is_empty();
            if owners.get(key) != Some(&account) || native && value.key != *key {
                wrong.push(format!("[{}] value {} finds key {key} of account {account}", it.action, it.value));
            }
        }
    }
    wrong
}
