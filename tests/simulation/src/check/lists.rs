//! Lists with filters, page by page: no key is hidden that was there and wanted all the time, and none comes twice.

use std::collections::{BTreeMap, BTreeSet};

use super::events::is_of_keys;
use crate::clients::{Filter, rfc3339};
use crate::gateway::tags;
use crate::history::{History, Walk};
use crate::tables::{Change, Item, KEYS, Tables, text, whole};

pub fn check(history: &History, tables: &Tables) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut keys = BTreeMap::<_, BTreeMap<_, Vec<&Change>>>::new();
    for it in tables.changes.iter().filter(|it| it.place.table == KEYS && is_of_keys(&it.place.partition)) {
        keys.entry(&it.place.partition).or_default().entry(&it.place.id).or_default().push(it);
    }
    for walk in &history.walks {
        let (Walk { action, filter, ids, .. }, account) = (walk, &history.accounts[walk.account].id);
        let different: BTreeSet<_> = ids.iter().collect();
        if different.len() < ids.len() {
            wrong.push(format!("[{action}] the pages of {filter:?} have a key twice: {ids:?}"));
        }
        for (id, changes) in keys.get(account).into_iter().flatten().filter(|_| walk.is_whole) {
            if !different.contains(id) && is_wanted_all_the_time(walk, changes) {
                wrong.push(format!("[{action}] the pages of {filter:?} hide key {id}"));
            }
        }
    }
    wrong
}

fn is_wanted_all_the_time(walk: &Walk, changes: &[&Change]) -> bool {
    // What it was when the first page was asked for, and all that it became since.
    let before = changes.iter().rev().find(|it| it.time < walk.began).map(|it| it.new.as_ref());
    let since = changes.iter().filter(|it| (walk.began..=walk.ended).contains(&it.time)).map(|it| it.new.as_ref());
    let mut all = std::iter::once(before.flatten()).chain(since);
    all.all(|item| item.is_some_and(|item| walk.nows.iter().all(|now| wants(&walk.filter, item, *now))))
}

/// Whether an item is wanted, at that time by the clock of the function.
fn wants(filter: &Filter, item: &Item, now: u64) -> bool {
    let is = |name: &str, wanted: &str| item.get(name).map(text) == Some(wanted);
    let mut operations = item["operations"]["L"].as_array().into_iter().flatten();
    let tags = item.get("tags").map(|it| tags(text(it))).unwrap_or_default();
    filter.status.is_none_or(|wanted| status(item, now) == wanted)
        && filter.operation.is_none_or(|wanted| operations.any(|it| text(it) == wanted))
        && filter.assigned_to.is_none_or(|wanted| is("userId", wanted))
        && filter.tag().is_none_or(|(name, wanted)| tags.get(name).is_some_and(|it| it == wanted))
}

fn status(item: &Item, now: u64) -> &'static str {
    let is = |name: &str| item.get(name).is_some_and(|it| it["BOOL"] == true);
    let now = rfc3339(now);
    if is("held") || item.get("suspension").and_then(whole).is_some_and(|count| count % 2 == 1) {
        "SUSPENDED"
    } else if item.get("exposedHash") == item.get("keyHash") {
        "EXPOSED"
    } else if item.get("expiresAt").is_some_and(|end| Some(text(end)) <= now.as_str()) {
        "EXPIRED"
    } else if is("enabled") {
        "ACTIVE"
    } else {
        "DISABLED"
    }
}
