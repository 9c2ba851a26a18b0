//! A value that was reported never works again, and no import brings it back: of a value of another system, whichever key had it.
//! One that has ended comes back only where that is wanted, and no value ever has two keys.

use std::collections::BTreeMap;

use crate::history::{History, Import, Seen};
use crate::tables::{Item, KEYS, Tables};

pub fn check(history: &History, tables: &Tables) -> Vec<String> {
    let mut wrong = twice(tables);
    for it in history.imports.iter().filter(|it| it.what == "imported" && !it.revives) {
        let of_value: Vec<_> = history.imports.iter().filter(|other| other.value == it.value).collect();
        // With an account it is erased that values of it were in use.
        let is_erased = of_value.iter().any(|other| history.accounts[other.account].erasing);
        let had = |other: &&Import| other.ended < it.began && other.key.is_some() && other.key != it.key;
        if !is_erased && of_value.into_iter().any(|other| had(&other)) {
            wrong.push(format!("[{}] value {} is imported, and a key had it before", it.action, it.value));
        }
    }
    for exposure in history.exposures.iter().filter(|it| it.ended != u64::MAX) {
        let value = exposure.value;
        // One that no key had is nobody's to report; nor is one that was erased with the account that had it last.
        let of_value = || history.imports.iter().filter(|it| it.value == value && it.key.is_some());
        let is_erased = of_value().any(|it| history.accounts[it.account].erasing);
        let had = !history.values[value].key.is_empty() || !is_erased && of_value().any(|it| it.ended < exposure.began);
        if !had {
            continue;
        }
        for it in history.uses.iter().filter(|it| it.value == value && it.began > exposure.ended) {
            if matches!(it.seen, Seen::Works { .. }) {
                wrong.push(format!("[{}] value {value} works, and was reported in [{}]", it.action, exposure.action));
            }
        }
        for it in history.imports.iter().filter(|it| it.value == value && it.began > exposure.ended) {
            if it.what == "imported" {
                wrong.push(format!(
                    "[{}] value {value} is imported, and was reported in [{}]",
                    it.action, exposure.action
                ));
            }
        }
    }
    wrong
}

/// Values that two keys have at one moment.
fn twice(tables: &Tables) -> Vec<String> {
    let mut owners = BTreeMap::new();
    let mut wrong = Vec::new();
    let is_key = |place: &crate::tables::Place| place.table == KEYS && super::is_of_keys(&place.partition);
    for change in tables.changes.iter().filter(|change| is_key(&change.place)) {
        let hash = |item: &Option<Item>| Some(item.as_ref()?.get("keyHash")?["B"].as_str()?.to_owned());
        if let Some(old) = hash(&change.old) {
            owners.remove(&old);
        }
        if let Some(new) = hash(&change.new)
            && let Some(other) = owners.insert(new, &change.place).filter(|other| **other != change.place)
        {
            wrong.push(format!("[{:?}] keys {} and {} have one value", change.action, other.id, change.place.id));
        }
    }
    wrong
}
