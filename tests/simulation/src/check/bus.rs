//! Every event is on the bus, as it is in the table, and nothing else is. Where the bus takes all that is sent, each account's are
//! in the order in which they were written.

use std::collections::BTreeMap;

use serde_json::Value;

use super::events::kind;
use crate::tables::{EVENTS, Tables};

pub fn check(bus: &[Value], tables: &Tables, (is_complete, in_order): (bool, bool)) -> Vec<String> {
    let mut wrong = Vec::new();
    let written = tables.changes.iter().filter(|change| change.place.table == EVENTS);
    let written: Vec<_> = written.filter_map(|change| Some((&change.place, change.new.as_ref()?))).collect();
    let mut places = BTreeMap::new();
    for (at, (place, _)) in written.iter().enumerate() {
        places.insert(&*place.id, at);
    }
    let mut last = BTreeMap::new();
    let mut seen = vec![false; written.len()];
    for detail in bus {
        let id = detail["id"].as_str().unwrap_or_default();
        let Some(at) = places.get(id).copied() else {
            wrong.push(format!("the bus has an event {id} that was never written"));
            continue;
        };
        let (place, event) = written[at];
        if detail["accountId"] != *place.partition || detail["type"] != *kind(event) {
            wrong.push(format!("event {id} is another one on the bus: {detail}"));
        }
        if !std::mem::replace(&mut seen[at], true)
            && in_order
            && last.insert(&place.partition, at).is_some_and(|before| before > at)
        {
            wrong.push(format!("event {id} is on the bus behind a later one of its account"));
        }
    }
    if is_complete && let Some(missing) = seen.iter().position(|seen| !seen) {
        wrong.push(format!("event {} is not on the bus", written[missing].0.id));
    }
    wrong
}
