//! No account has more keys than its quota, at any moment.

use std::collections::BTreeMap;

use crate::tables::{KEYS, Tables, whole};

pub fn check(tables: &Tables, max_keys: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut keys = BTreeMap::<&String, i128>::new();
    for change in &tables.changes {
        let partition = &change.place.partition;
        if change.place.table != KEYS || !super::events::is_of_keys(partition) {
            continue;
        }
        let count = keys.entry(partition).or_default();
        *count += i128::from(change.new.is_some()) - i128::from(change.old.is_some());
        if change.old.is_none()
            && let Some(number) = change.transaction
        {
            let parts = &tables.transactions[number].parts;
            let room = parts.iter().find(|part| part.place.id == "quota").and_then(|part| part.old.as_ref());
            let quota = room.and_then(|room| room.get("maxKeys")).and_then(whole).unwrap_or(i128::from(max_keys));
            if *count > quota {
                let action = tables.transactions[number].action;
                wrong.push(format!("[{action}] account {partition} has {count} keys, and may have {quota}"));
            }
        }
    }
    wrong
}
