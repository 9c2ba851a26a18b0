//! No write gives a key an end that lies further than the longest lifetime behind the birth of its value, or none; but for keys that
//! are exempt, which operators alone decide.

use api_keys::key::{Lifetime, Timestamp};

use super::events::is_of_keys;
use crate::history::History;
use crate::tables::{EVENTS, Item, KEYS, Tables, text};

pub fn check(history: &History, tables: &Tables, lifetime: Option<Lifetime>) -> Vec<String> {
    let mut wrong = Vec::new();
    for transaction in &tables.transactions {
        let parts = transaction.parts.iter().filter(|part| !part.is_check);
        let event = transaction.parts.iter().find(|part| part.place.table == EVENTS).and_then(|part| part.new.as_ref());
        let kind = event.map(|event| text(&event["type"])).unwrap_or_default();
        let caller = event.and_then(|event| history.callers.get(text(&event["requestId"])));
        for part in parts.filter(|part| part.place.table == KEYS && is_of_keys(&part.place.partition)) {
            let Some(new) = &part.new else { continue };
            let mut fail = |what: &str| wrong.push(format!("[{}] {kind} {what} {}", transaction.action, part.place.id));
            let is_by_operator = matches!(caller, Some(None));
            let may_move = is_by_operator && ["account.created", "account.recovered", "key.changed"].contains(&kind);
            if !may_move && is_exempt(part.old.as_ref()) != is_exempt(Some(new)) {
                fail("exempts, or ends the exemption of");
            }
            let is_moved = part.old.as_ref().is_none_or(|old| old.get("expiresAt") != new.get("expiresAt"));
            if (is_moved || kind == "key.rotated") && !is_exempt(Some(new)) {
                let end = time(new, "expiresAt");
                if lifetime.is_some() && end.is_none() {
                    fail("leaves without an end");
                }
                let born = time(new, "valueCreatedAt").or(time(new, "createdAt"));
                let latest = lifetime.zip(born).map(|(lifetime, born)| lifetime.end(born));
                if is_moved && latest.is_some_and(|latest| end > Some(latest)) {
                    fail("ends too late");
                }
            }
        }
    }
    wrong
}

fn is_exempt(key: Option<&Item>) -> bool {
    key.and_then(|key| key.get("lifetimeExempt")).is_some_and(|exempt| exempt["BOOL"] == true)
}

fn time(key: &Item, field: &str) -> Option<Timestamp> {
    Timestamp::parse(text(key.get(field)?))
}
