//! Every change of a key or an account is in one transaction with one event that names exactly what it replaced; nothing else
//! changes them, and no key gives more than it has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use api_keys::key::{Catalogue, KeySettings, Operations};
use serde_json::{Map, Value, json};

use super::{notices, power};
use crate::gateway::tags;
use crate::history::History;
use crate::tables::{Change, EVENTS, Item, KEYS, Part, Tables, Transaction, text};

/// What a patch may change; and the assignee and the exemption, which are no settings.
static SETTINGS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let traffic_type = Catalogue::parse("SMS", "OTP").expect("a catalogue").default_traffic_type();
    let settings = serde_json::to_value(KeySettings::new(Operations::default(), traffic_type)).expect("JSON");
    let mut settings = settings.as_object().expect("an object").clone();
    settings.extend(["userId", "username", "lifetimeExempt"].map(|name| (name.to_owned(), Value::Null)));
    settings
});
/// What is written on a key beside its management.
const BESIDE: [&str; 9] =
    ["lastUsedAt", "suspension", "revision", "company", "ceiling", "plan", "externalId", "accountLimits", "held"];
/// The same that ends with the value that it is of.
const OF_PREVIOUS_VALUE: [&str; 2] = ["previousLastUsedAt", "previousLastUsedOf"];

/// What an event calls the end of a grace period.
const GRACE_END: &str = "previousValueValidUntil";

/// Whether a partition is an account's, with its keys or its events.
pub fn is_of_keys(partition: &str) -> bool {
    partition.len() == 22
}

pub fn check(history: &History, tables: &Tables) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut events_of_requests = BTreeMap::<&str, usize>::new();
    // One that only looks has none.
    let writes = |transaction: &&Transaction| transaction.parts.iter().any(|part| !part.is_check);
    for transaction in tables.transactions.iter().filter(writes) {
        let mut fail = |what: String| wrong.push(format!("[{}] {what}", transaction.action));
        let events: Vec<_> = transaction.parts.iter().filter(|part| part.place.table == EVENTS).collect();
        let [Part { new: Some(event), old: None, place: at, .. }] = events[..] else {
            fail("a transaction without its one event".to_owned());
            continue;
        };
        *events_of_requests.entry(text(&event["requestId"])).or_default() += 1;
        check_copies(&transaction.parts, event, &mut fail);
        for part in transaction.parts.iter().filter(|part| !part.is_check) {
            let is_key = part.place.table == KEYS && is_of_keys(&part.place.partition);
            if part.place.table == KEYS && part.place.id == "quota" {
                check_account(part, event, &mut fail);
            } else if is_key {
                if part.place.partition != at.partition || event.get("keyId").map(text) != Some(&part.place.id) {
                    fail(format!("the event is of another key than {}", part.place.id));
                }
                if notices::is_notice(event) {
                    continue;
                }
                check_key(part, event, &mut fail);
                let is_conditional = history.conditional.contains(text(&event["requestId"]));
                if is_conditional && event.get("previousEvent").is_none() {
                    fail(format!("{} of key {} is forced, and names a version", kind(event), part.place.id));
                }
                check_power(part, event, history, &mut fail);
            }
        }
    }
    check_requests(history, &events_of_requests, &mut wrong);
    wrong.extend(tables.changes.iter().filter(|change| change.transaction.is_none()).filter_map(check_plain));
    wrong
}

fn of<'a>(item: Option<&'a Item>, name: &str) -> Option<&'a Value> {
    item.and_then(|item| item.get(name))
}

/// What an event is of, as it is shown.
pub fn kind(event: &Item) -> &str {
    text(event.get("shown").map_or(&event["type"], |shown| &shown["M"]["type"]))
}

/// The event names the one before, what it replaced and what came instead, and nothing else was changed.
fn check_key(part: &Part, event: &Item, fail: &mut impl FnMut(String)) {
    let (old, new, id) = (part.old.as_ref(), part.new.as_ref(), &part.place.id);
    let kind = kind(event);
    if new.is_some() && of(new, "lastEvent").map(text) != Some(text(&event["id"])) {
        fail(format!("key {id} does not name its last event"));
    }
    let before = event.get("previousEvent").map(text);
    if before.is_some() && kind != "account.recovered" && before != of(old, "lastEvent").map(text) {
        fail(format!("{kind} of key {id} names {before:?} as the event before, not {:?}", of(old, "lastEvent")));
    }
    if (old.is_none(), new.is_none()) != (is_creation(kind), kind == "key.deleted") {
        fail(format!("{kind} of key {id} makes it or ends it"));
    }
    let (Some(old), Some(new)) = (old, new) else { return };
    let none = Vec::new();
    let changes = event.get("changes").and_then(|it| it["L"].as_array()).unwrap_or(&none);
    let changes: BTreeMap<_, _> = changes.iter().map(|it| (text(&it["M"]["field"]), &it["M"])).collect();
    for (field, change) in changes.iter().filter(|(field, _)| SETTINGS.contains_key(**field)) {
        // One that is written without reading names nothing.
        let read = before.is_some();
        let [was, is] = [old, new].map(|item| in_events(item, field));
        if read && change.get("from") != was.as_ref() || change.get("to") != is.as_ref() {
            fail(format!("{kind} of key {id} has {field} as {change}, and it was {:?}", old.get(*field)));
        }
    }
    let [end_before, end] = [old, new].map(|item| item.get("previousValidUntil"));
    let named = changes.get(GRACE_END).map(|change| change.get("to").filter(|to| to["NULL"] != true));
    if end_before != end && named != Some(end) {
        fail(format!("{kind} of key {id} does not name the end of its value before, {end:?}: {named:?}"));
    }
    for field in SETTINGS.keys() {
        if old.get(field) != new.get(field) && !changes.contains_key(&**field) {
            fail(format!("{kind} of key {id} does not name {field}"));
        }
    }
    let has_new_value = old.get("keyHash") != new.get("keyHash");
    if has_new_value != (kind == "key.rotated") {
        fail(format!("{kind} of key {id} and its value disagree"));
    }
    if kind != "key.exposed" && old.get("exposedHash") != new.get("exposedHash") {
        fail(format!("{kind} of key {id} changes what was reported of it"));
    }
    if BESIDE.iter().chain(&["noticed"]).any(|name| old.get(*name) != new.get(*name)) {
        fail(format!("{kind} of key {id} changes what is not its own"));
    }
}

/// A field as events have it. Tags are one text in an item, and an object there; an item has the exemption only where it is one.
fn in_events(item: &Item, field: &str) -> Option<Value> {
    if field == "lifetimeExempt" {
        return Some(item.get(field).cloned().unwrap_or(json!({ "BOOL": false })));
    }
    let stored = item.get(field)?;
    if field != "tags" {
        return Some(stored.clone());
    }
    let tags = tags(text(stored)).into_iter().map(|(name, text)| (name, json!({ "S": text })));
    Some(json!({ "M": tags.collect::<Map<_, _>>() }))
}

pub fn is_creation(kind: &str) -> bool {
    ["account.created", "account.recovered", "key.created", "key.imported"].contains(&kind)
}

/// A new key has what its account has at that moment for all of its keys, and its event has the account's external id.
fn check_copies(parts: &[Part], event: &Item, fail: &mut impl FnMut(String)) {
    let keys = || parts.iter().filter(|part| part.place.table == KEYS);
    let account = keys().find(|part| part.place.id == "quota").and_then(|part| part.old.as_ref());
    let new = keys().find(|part| is_of_keys(&part.place.partition) && part.old.is_none());
    let (Some(account), Some(key)) = (account, new.and_then(|part| part.new.as_ref())) else { return };
    for field in ["plan", "externalId", "accountLimits", "suspension", "revision"] {
        if key.get(field) != account.get(field) {
            fail(format!("a new key has {field} as {:?}, and its account {:?}", key.get(field), account.get(field)));
        }
    }
    if event.get("externalId") != account.get("externalId") {
        fail(format!(
            "{} has {:?}, and the account {:?}",
            kind(event),
            event.get("externalId"),
            account.get("externalId")
        ));
    }
}

/// The events of an account alone are a chain too.
fn check_account(part: &Part, event: &Item, fail: &mut impl FnMut(String)) {
    let (old, new) = (part.old.as_ref(), part.new.as_ref());
    let changes_it =
        ["company", "suspension", "revision", "maxKeys", "ceiling", "plan", "externalId", "accountLimits", "erasing"];
    let is_of_account = event.get("keyId").is_none() || kind(event) == "account.recovered";
    if old.is_some() && is_of_account {
        if event.get("previousEvent").map(text) != of(old, "lastEvent").map(text) {
            fail(format!("{} of an account does not name the event before", kind(event)));
        }
        if of(new, "lastEvent").map(text) != Some(text(&event["id"])) {
            fail(format!("{} of an account is not its last event", kind(event)));
        }
    } else if old.is_some() && changes_it.iter().any(|name| of(old, name) != of(new, name)) {
        fail(format!("{} changes an account", kind(event)));
    }
}

/// No key gives, changes or learns what it lacks. A key that lacks something may only take away.
fn check_power(part: &Part, event: &Item, history: &History, fail: &mut impl FnMut(String)) {
    let caller = history.callers.get(text(&event["requestId"]));
    let Some(Some(caller)) = caller else { return };
    let has = power::of(caller.split(','));
    let operations = |item: Option<&Item>| -> BTreeSet<String> {
        let list = of(item, "operations").and_then(|it| it["L"].as_array());
        list.into_iter().flatten().map(|it| text(it).to_owned()).collect()
    };
    let covers = |needed: BTreeSet<String>| needed.iter().all(|operation| has.contains(&**operation));
    let (old, new) = (part.old.as_ref(), part.new.as_ref());
    if has.is_empty() {
        fail(format!("{} of key {} by a key that manages none and has {caller}", kind(event), part.place.id));
    }
    let disables = of(new, "enabled").is_some_and(|it| it["BOOL"] == false)
        && SETTINGS.keys().all(|field| *field == "enabled" || of(old, field) == of(new, field))
        && of(old, "keyHash") == of(new, "keyHash");
    if new.is_some() && !disables && !(covers(operations(old)) && covers(operations(new))) {
        fail(format!("{} of key {} by a key that has {caller}", kind(event), part.place.id));
    }
}

/// Each write that was answered as done has one event, and each that was refused has none.
fn check_requests(history: &History, events: &BTreeMap<&str, usize>, wrong: &mut Vec<String>) {
    for request in &history.requests {
        let written = events.get(&*request.id).copied().unwrap_or(0);
        let expected = match (&*request.function, request.status) {
            // One for each value.
            ("report-leaks", _) => 0..=100,
            ("create-key" | "rotate-key" | "manage-account", 201) | ("delete-key", 204) => 1..=1,
            ("update-key" | "manage-account", 200) | (_, 0 | 409 | 500..) => 0..=1,
            _ => 0..=0,
        };
        if !expected.contains(&written) {
            let (action, function, status) = (request.action, &request.function, request.status);
            wrong.push(format!("[{action}] {function} answers {status}, and there are {written} events of it"));
        }
    }
}

/// Outside of transactions only what is no management is written, and only erasing and the time to live remove.
fn check_plain(change: &Change) -> Option<String> {
    let Change { place, old, new, action, .. } = change;
    let fail = |what: &str| Some(format!("[{action:?}] {what} {}/{}", place.partition, place.id));
    match (&*place.table, old, new) {
        (EVENTS, _, Some(_)) => fail("an event is written outside of a transaction, or changed:"),
        (KEYS, None, Some(_)) if is_of_keys(&place.partition) => fail("without an event a key is made:"),
        (KEYS, Some(old), Some(new)) if is_of_keys(&place.partition) => {
            let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
            let is_management = |name: &&String| ![&BESIDE[..], &OF_PREVIOUS_VALUE].concat().contains(&&***name);
            let beside: Vec<_> = changed.filter(is_management).collect();
            if beside.is_empty() { None } else { fail(&format!("without an event {beside:?} is changed of")) }
        }
        _ => None,
    }
}
