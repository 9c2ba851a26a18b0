//! Those who manage an account's keys, with its first key or one that it made, which may do less.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use api_keys::key::{Period, Timestamp};
use fastrand::Rng;
use serde_json::{Value, json};

use super::{Actions, some_key, some_value};
use crate::gateway::{self, Answer, Ask};
use crate::history::{Account, Seen, Write};
use crate::model::Effect;
use crate::world::World;

pub const ACTIONS: Actions = &[
    ("create", 24),
    ("rotate", 16),
    ("enable", 8),
    ("disable", 8),
    ("grant", 10),
    ("expire", 6),
    ("rename", 4),
    ("limit", 4),
    ("delete", 12),
    ("list", 4),
    ("find", 6),
    ("events", 3),
    ("usage", 3),
];

const OPERATIONS: [&str; 4] = ["AUTHENTICATION", "SMS", "RCS", "WHATSAPP"];

/// How often a client repeats what was not answered.
const REPEATS: u64 = 3;

pub async fn act(world: &Rc<World>, account: usize, action: usize, what: &str, rng: &mut Rng) {
    if what == "create" {
        return create(world, account, action, rng).await;
    }
    let by = some_manager(world, account, rng);
    let id = some_key(world, account, rng);
    let path = format!("/authentication/{id}");
    match what {
        "rotate" => drop(rotate(world, account, action, by, &id, rng).await),
        "enable" | "disable" => {
            let enabled = what == "enable";
            let effect = Effect::Patch { enabled: Some(enabled), operations: None, expires: None };
            change(world, action, by, &id, json!({ "enabled": enabled }), effect, rng).await;
        }
        "grant" => {
            let operations = some_operations(rng);
            let body = json!({ "operations": operations });
            let effect = Effect::Patch { enabled: None, operations: Some(operations), expires: None };
            change(world, action, by, &id, body, effect, rng).await;
        }
        "expire" => {
            let end = rng.bool().then(|| world.now() + rng.u64(4_000..60_000));
            let effect = Effect::Patch { enabled: None, operations: None, expires: Some(end) };
            change(world, action, by, &id, json!({ "expiresAt": end.map(rfc3339) }), effect, rng).await;
        }
        "rename" | "limit" => {
            let per = ["MINUTE", "HOUR"][rng.usize(0..2)];
            let limits = json!([{"requests": rng.u32(1..30), "per": per}]);
            let body =
                if what == "rename" { json!({"name": format!("name {action}")}) } else { json!({"limits": limits}) };
            let effect = Effect::Patch { enabled: None, operations: None, expires: None };
            change(world, action, by, &id, body, effect, rng).await;
        }
        "delete" => drop(delete(world, action, by, &id, rng).await),
        "list" => {
            let query = vec![("limit", rng.u32(1..5).to_string())];
            let answer = get(world, action, by, "/authentication".to_owned(), query).await;
            learn_keys(world, account, &answer.body);
        }
        "find" => drop(get(world, action, by, path, Vec::new()).await),
        "events" => drop(get(world, action, by, "/authentication/events".to_owned(), Vec::new()).await),
        "usage" => drop(get(world, action, by, format!("{path}/usage"), Vec::new()).await),
        other => unreachable!("{other}"),
    }
}

/// Makes an account, by an operator's invocation; its first key is known then.
pub async fn create_account(world: &Rc<World>, action: usize) {
    let payload = json!({"company": format!("Company {action}"), "userId": "user-1", "username": "Ada"});
    let invoked = gateway::invoke(world, action, 1, "create-account", &payload).await;
    let answer = invoked.answer.expect("an answer").expect("an account");
    let id = answer["accountId"].as_str().expect("an account").to_owned();
    let account = {
        let mut history = world.history.borrow_mut();
        history.accounts.push(Account { id, ..Account::default() });
        history.accounts.len() - 1
    };
    let value = learn_value(world, account, &answer);
    world.history.borrow_mut().accounts[account].first = value;
    let operations = operations_of(&answer["operations"]);
    let effect = Effect::Create { value, operations, expires: None, enabled: true };
    let (key, began, ended) = (text(&answer["id"]), invoked.began, invoked.ended);
    world.history.borrow_mut().writes.push(Write { action, key, began, ended, effect });
}

async fn create(world: &Rc<World>, account: usize, action: usize, rng: &mut Rng) {
    let by = some_manager(world, account, rng);
    let operations = some_operations(rng);
    let mut body = json!({"userId": "user-2", "username": "Grace", "operations": operations});
    let expires = (rng.u32(0..6) == 0).then(|| world.now() + rng.u64(4_000..60_000));
    if let Some(end) = expires {
        body["expiresAt"] = json!(rfc3339(end));
    }
    if rng.u32(0..3) == 0 {
        let per = Period::ALL.map(Period::as_str);
        let first = rng.usize(0..per.len());
        let mut limits = vec![json!({"requests": rng.u32(1..20), "per": per[first]})];
        if rng.bool() && first + 1 < per.len() {
            limits.push(json!({"requests": rng.u32(10..40), "per": per[rng.usize(first + 1..per.len())]}));
        }
        body["limits"] = limits.into();
    }
    for repeat in 0..REPEATS {
        let ask = Ask {
            method: "POST",
            path: "/authentication".to_owned(),
            query: Vec::new(),
            value: by,
            body: Some(body.clone()),
        };
        let answer = gateway::send(world, action, 1 + repeat * 10, &ask).await;
        if answer.status == 201 {
            let value = learn_value(world, account, &answer.body);
            let effect = Effect::Create { value, operations: operations.clone(), expires, enabled: true };
            note(world, action, &text(&answer.body["id"]), &answer, effect);
        }
        if !answer.is_unknown() || rng.bool() {
            return;
        }
    }
}

/// Gives a key another value.
pub async fn rotate(world: &Rc<World>, account: usize, action: usize, by: usize, id: &str, rng: &mut Rng) -> u16 {
    let grace = [0, 0, rng.u64(1..10), rng.u64(10..200)][rng.usize(0..4)];
    for repeat in 0..REPEATS {
        let body = Some(json!({ "gracePeriodSeconds": grace }));
        let ask =
            Ask { method: "POST", path: format!("/authentication/{id}/rotate"), query: Vec::new(), value: by, body };
        let answer = gateway::send(world, action, 1 + repeat * 10, &ask).await;
        let value = (answer.status == 201).then(|| learn_value(world, account, &answer.body));
        let grace_end = (grace > 0).then(|| answer.now + grace * 1000);
        note(world, action, id, &answer, Effect::Rotate { value, grace_end });
        if !answer.is_unknown() || rng.bool() {
            return answer.status;
        }
    }
    0
}

/// Deletes a key.
pub async fn delete(world: &Rc<World>, action: usize, by: usize, id: &str, rng: &mut Rng) -> u16 {
    for repeat in 0..REPEATS {
        let path = format!("/authentication/{id}");
        let ask = Ask { method: "DELETE", path, query: Vec::new(), value: by, body: None };
        let answer = gateway::send(world, action, 1 + repeat * 10, &ask).await;
        let unclear = world.history.borrow().unclear.contains(&(action, 2 + repeat * 10));
        note(world, action, id, &answer, Effect::Delete { unclear });
        if !answer.is_unknown() || rng.bool() {
            return answer.status;
        }
    }
    0
}

async fn change(world: &Rc<World>, action: usize, by: usize, id: &str, body: Value, effect: Effect, rng: &mut Rng) {
    for repeat in 0..REPEATS {
        let path = format!("/authentication/{id}");
        let ask = Ask { method: "PATCH", path, query: Vec::new(), value: by, body: Some(body.clone()) };
        let answer = gateway::send(world, action, 1 + repeat * 10, &ask).await;
        note(world, action, id, &answer, effect.clone());
        if !answer.is_unknown() || rng.bool() {
            return;
        }
    }
}

pub async fn get(world: &Rc<World>, action: usize, value: usize, path: String, query: Vec<(&str, String)>) -> Answer {
    gateway::send(world, action, 1, &Ask { method: "GET", path, query, value, body: None }).await
}

/// Takes note of a write by its answer. One that the authorizer refused, or that was refused for another reason than that
/// others were quicker, did nothing.
fn note(world: &World, action: usize, key: &str, answer: &Answer, effect: Effect) {
    let effect = match answer.status {
        404 => Effect::Missing,
        _ if answer.context.is_null() => return,
        200..300 => effect,
        _ if answer.is_unknown() => effect,
        _ => return,
    };
    let write = Write { action, key: key.to_owned(), began: answer.began, ended: answer.end(), effect };
    world.history.borrow_mut().writes.push(write);
}

/// Takes note of the keys of a list.
pub fn learn_keys(world: &World, account: usize, list: &Value) {
    for key in list["apiKeys"].as_array().into_iter().flatten() {
        world.history.borrow_mut().key(account, &text(&key["id"]), None);
    }
}

/// Takes note of a value that is shown.
pub fn learn_value(world: &World, account: usize, shown: &Value) -> usize {
    let mut history = world.history.borrow_mut();
    let id = text(&shown["id"]);
    let value = history.value(&text(&shown["value"]), account, &id);
    history.key(account, &id, Some(value));
    value
}

/// A value that manages keys as far as its holder knows, most often; sometimes one that does not.
fn some_manager(world: &World, account: usize, rng: &mut Rng) -> usize {
    if rng.u32(0..6) == 0 {
        return some_value(world, account, rng);
    }
    let history = world.history.borrow();
    let last = |value: usize| history.uses.iter().rev().find(|it| it.value == value).map(|it| &it.seen);
    let manages = |value: &usize| match last(*value) {
        None => true,
        Some(Seen::Works { operations, .. }) => operations.contains("AUTHENTICATION"),
        Some(Seen::Refused) => false,
    };
    let known = &history.accounts[account];
    let some: Vec<_> = known.keys.iter().filter_map(|key| key.value).filter(manages).collect();
    if some.contains(&known.first) && rng.u32(0..3) > 0 {
        return known.first;
    }
    rng.choice(some).unwrap_or(known.first)
}

pub fn some_operations(rng: &mut Rng) -> BTreeSet<String> {
    let mut some: BTreeSet<_> = OPERATIONS.into_iter().filter(|_| rng.bool()).map(str::to_owned).collect();
    some.insert(OPERATIONS[rng.usize(0..4)].to_owned());
    some
}

pub fn operations_of(json: &Value) -> BTreeSet<String> {
    json.as_array().into_iter().flatten().map(text).collect()
}

pub fn text(json: &Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

fn rfc3339(millis: u64) -> Value {
    json!(Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)))
}
