//! A value that was reported never works again, and no import brings it back: of a value of another system, whichever key had it.
//! One that has ended comes back only where that is wanted, and no value ever has two keys.

use std::collections::BTreeMap;

use super::written::Written;
use crate::history::{History, Import, Seen};
use crate::model::Effect;
use crate::tables::{Change, Item, KEYS, Place, Tables};

pub fn check(history: &History, tables: &Tables) -> Vec<String> {
    let mut wrong = twice(tables);
    for it in history.imports.iter().filter(|it| it.what == "RETIRED") {
        let value = Some(Written::hash_of(it.value, history));
        let ends = |change: &Change| hash(change.old.as_ref()) == value && hash(change.new.as_ref()) != value;
        let had = |change: &&Change| hash(change.old.as_ref()) == value || hash(change.new.as_ref()) == value;
        let (before, meanwhile) = (&tables.changes[..it.changes.start], &tables.changes[it.changes.clone()]);
        let is_held = before.iter().rev().find(had).is_some_and(|last| !ends(last));
        if is_held && !meanwhile.iter().any(ends) || !before.iter().chain(meanwhile).any(ends) {
            wrong.push(format!("[{}] value {} is refused as ended, and no key has lost it", it.action, it.value));
        }
    }
    for it in history.imports.iter().filter(|it| it.what == "imported" && !it.revives) {
        let had = |other: &Import| other.ended < it.began && other.key.is_some() && other.key != it.key;
        if imports_of(history, it.value).any(|other| had(other) && !is_forgotten(history, other, it.ended)) {
            wrong.push(format!("[{}] value {} is imported, and a key had it before", it.action, it.value));
        }
    }
    for exposure in history.exposures.iter().filter(|it| it.ended != u64::MAX) {
        let value = exposure.value;
        let is_of_no_key = history.values[value].key.is_empty() && imports_of(history, value).next().is_none();
        if is_of_no_key && exposure.is_reported_as_ours {
            wrong.push(format!("[{}] the answer to GitHub takes value {value} for ours", exposure.action));
        }
        let had = |it: &Import| it.key.is_some() && it.ended < exposure.began;
        // A report of one that no key had changes nothing.
        let is_ours = !history.values[value].key.is_empty()
            || imports_of(history, value).any(|it| had(it) && !is_forgotten(history, it, exposure.ended));
        if !is_ours {
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

fn imports_of(history: &History, value: usize) -> impl Iterator<Item = &Import> {
    history.imports.iter().filter(move |it| it.value == value)
}

/// Whether it may be erased until then that a value was imported: with the account, or with another one that it came to later.
fn is_forgotten(history: &History, import: &Import, until: u64) -> bool {
    let of_account = |account: usize| {
        let id = &history.accounts[account].id;
        history.sweeps.iter().any(|it| it.account == *id && it.effect == Effect::Erase && it.began < until)
    };
    let is_later = |it: &Import| it.ended >= import.ended || it.what == "unknown";
    imports_of(history, import.value).any(|later| is_later(later) && of_account(later.account))
}

/// The hash of the value that a key has, in base64.
fn hash(item: Option<&Item>) -> Option<String> {
    Some(item?.get("keyHash")?["B"].as_str()?.to_owned())
}

/// Values that two keys have at one moment.
fn twice(tables: &Tables) -> Vec<String> {
    let mut owners = BTreeMap::new();
    let mut wrong = Vec::new();
    let is_key = |place: &Place| place.table == KEYS && super::is_of_keys(&place.partition);
    for change in tables.changes.iter().filter(|change| is_key(&change.place)) {
        if let Some(old) = hash(change.old.as_ref()) {
            owners.remove(&old);
        }
        if let Some(new) = hash(change.new.as_ref())
            && let Some(other) = owners.insert(new, &change.place).filter(|other| **other != change.place)
        {
            wrong.push(format!("[{:?}] keys {} and {} have one value", change.action, other.id, change.place.id));
        }
    }
    wrong
}
