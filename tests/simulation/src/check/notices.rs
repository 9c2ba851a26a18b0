//! Each notice of a key's end is written once, for a key that works but for its end, and changes nothing else of it. When faults have
//! ended, all that are due have come.

use api_keys::key::Timestamp;
use serde_json::Value;

use super::events::{is_of_keys, kind};
use crate::adapter::NOTICE_DAYS;
use crate::tables::{EVENTS, Item, KEYS, Part, Tables, text, whole};

const DAY: u64 = 86_400_000;

pub fn is_notice(event: &Item) -> bool {
    ["key.expiring", "key.expired"].contains(&kind(event))
}

pub fn check(tables: &Tables) -> Vec<String> {
    let mut wrong = Vec::new();
    for transaction in &tables.transactions {
        let event = transaction.parts.iter().find(|part| part.place.table == EVENTS).and_then(|part| part.new.as_ref());
        let Some(event) = event.filter(|event| is_notice(event)) else { continue };
        let mut fail = |what: &str| {
            wrong.push(format!("[{}] {} of key {} {what}", transaction.action, kind(event), text(&event["keyId"])));
        };
        match &transaction.parts[..] {
            [Part { old: Some(old), new: Some(new), .. }, _] => check_notice(old, new, event, &mut fail),
            _ => fail("is not written on its key alone"),
        }
    }
    wrong
}

fn check_notice(old: &Item, new: &Item, event: &Item, fail: &mut impl FnMut(&str)) {
    let without = |item: &Item| item.clone().into_iter().filter(|(name, _)| name != "noticed").collect::<Item>();
    if without(old) != without(new) {
        fail("changes the key, or makes it");
    }
    if event.contains_key("previousEvent") || text(&event["type"]) != "key.changed" {
        fail("is in the chain of changes, or cannot be read by the release before");
    }
    if !works(old) {
        fail("is of a key that does not work");
    }
    let Some((end, days)) = new.get("noticed").map(noticed) else { return fail("is not noted on it") };
    if old.get("expiresAt").map(text) != Some(end) || event.get("expiresAt").map(text) != Some(end) {
        fail("is of another end");
    }
    if (kind(event) == "key.expired") != (days == 0) || event.contains_key("daysLeft") == (days == 0) {
        fail("has the wrong type or days left");
    }
    if days > 0 && !NOTICE_DAYS.contains(&days) {
        fail("comes at no such day");
    }
    if old.get("noticed").map(noticed).is_some_and(|(of, last)| of == end && last <= days) {
        fail("comes again, or after a nearer one");
    }
}

/// Which keys have no notice that they should have at every time within these.
pub fn missing_notices(tables: &Tables, (from, to): (u64, u64)) -> Vec<String> {
    let keys = tables.all(KEYS).filter(|(partition, _, item)| is_of_keys(partition) && works(item));
    let missing = keys.filter(|(_, _, item)| {
        let Some(end) = item.get("expiresAt").map(text) else { return false };
        let (Some(due), Some(later)) = (due(end, from), due(end, to)) else { return false };
        let last = item.get("noticed").map(noticed).filter(|(of, _)| *of == end);
        due == later && last.is_none_or(|(_, days)| days > due)
    });
    missing.map(|(_, id, item)| format!("key {id} has no notice of its end, {:?}", item.get("expiresAt"))).collect()
}

/// How many days before the end the last notice comes that is due.
fn due(end: &str, now: u64) -> Option<u64> {
    let end = Timestamp::parse(end).expect("a time").unix_millis();
    if end <= now {
        return Some(0);
    }
    NOTICE_DAYS.into_iter().rev().find(|days| end / DAY - now / DAY <= *days)
}

/// The end and the days of the last notice.
fn noticed(attribute: &Value) -> (&str, u64) {
    let days = whole(&attribute["M"]["days"]).and_then(|days| u64::try_from(days).ok());
    (text(&attribute["M"]["end"]), days.expect("days"))
}

/// Whether a key opens something until its end.
fn works(key: &Item) -> bool {
    let is_suspended = key.get("suspension").and_then(whole).is_some_and(|times| times % 2 == 1);
    let is_exposed = key.get("exposedHash").is_some_and(|hash| Some(hash) == key.get("keyHash"));
    key.get("enabled").is_some_and(|enabled| enabled["BOOL"] == true)
        && !is_suspended
        && !is_exposed
        && !key.contains_key("held")
}
