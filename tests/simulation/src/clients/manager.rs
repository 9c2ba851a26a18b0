//! Those who manage an account's keys, with its first key or one that it made, which may do less.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use api_keys::key::Timestamp;
use fastrand::Rng;
use serde_json::{Value, json};

use super::writes::{Change, Rotation, Terms, change, create, delete, rotate, rotate_once};
use super::{Actions, named, some_key, some_value};
use crate::gateway::{self, Answer, Ask, Invoked};
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
    ("create by name", 10),
    ("rotate by name", 10),
    ("replace a lost value", 5),
];

const OPERATIONS: [&str; 4] = ["AUTHENTICATION", "SMS", "RCS", "WHATSAPP"];

pub async fn act(world: &Rc<World>, account: usize, action: usize, what: &str, rng: &mut Rng) {
    let by = some_manager(world, account, rng);
    match what {
        "create" => return create(world, account, action, by, rng).await,
        "create by name" => return named::create(world, account, action, by, rng).await,
        _ => {}
    }
    let id = some_key(world, account, rng);
    let path = format!("/authentication/{id}");
    let terms = Terms::some(world, &id, rng);
    match what {
        "rotate" => rotate(world, account, action, by, &id, &terms, rng).await,
        "replace a lost value" => replace_lost(world, account, action, by, &id).await,
        "rotate by name" => named::rotate(world, account, action, by, &id, rng).await,
        "enable" | "disable" | "grant" | "expire" | "rename" | "limit" => {
            let change_to = some_change(world, action, what, rng);
            change(world, action, by, &id, &change_to, &terms, rng).await;
        }
        "delete" => delete(world, action, by, &id, &terms, rng).await,
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

/// Somebody keeps the value that he has, when the answer of a rotation was lost.
async fn replace_lost(world: &Rc<World>, account: usize, action: usize, by: usize, id: &str) {
    let in_use =
        world.history.borrow().accounts[account].keys.iter().find(|key| key.id == id).and_then(|key| key.value);
    for (part, rotation) in [(1, Rotation::grace(60)), (11, Rotation::KEEP_PREVIOUS)] {
        rotate_once(world, account, (action, part), by, id, rotation, &Terms::default()).await;
    }
    if let Some(value) = in_use {
        gateway::send(world, action, 21, &Ask::new("GET", "/sms", value)).await;
    }
}

fn some_change(world: &World, action: usize, what: &str, rng: &mut Rng) -> Change {
    let (mut enabled, mut operations, mut expires) = (None, None, None);
    let body = match what {
        "enable" | "disable" => {
            enabled = Some(what == "enable");
            json!({ "enabled": enabled })
        }
        "grant" => {
            operations = Some(some_operations(rng));
            json!({ "operations": operations })
        }
        "expire" => {
            let end = rng.bool().then(|| world.now() + rng.u64(4_000..60_000));
            expires = Some(end);
            json!({ "expiresAt": end.map(rfc3339) })
        }
        "rename" => json!({"name": format!("name {action}")}),
        _ => {
            let per = ["MINUTE", "HOUR"][rng.usize(0..2)];
            json!({"limits": [{"requests": rng.u32(1..30), "per": per}]})
        }
    };
    Change { body, effect: Effect::Patch { enabled, operations, expires } }
}

/// Makes an account, by an operator's invocation; its first key is known then.
pub async fn create_account(world: &Rc<World>, action: usize) {
    let payload = json!({"company": format!("Company {action}"), "userId": "user-1", "username": "Ada"});
    let invoked = gateway::invoke(world, action, 1, "create-account", &payload).await;
    let answer = invoked.answer.clone().expect("an answer").expect("an account");
    let id = answer["accountId"].as_str().expect("an account").to_owned();
    let account = {
        let mut history = world.history.borrow_mut();
        history.accounts.push(Account { id, ..Account::default() });
        history.accounts.len() - 1
    };
    let value = learn_value(world, account, &answer);
    world.history.borrow_mut().accounts[account].first = value;
    let invoked = Invoked { answer: Some(Ok(answer)), ..invoked };
    note_made(world, action, &invoked, Some(value));
}

/// Takes note of a key that an operator makes, which may do everything; of one that nobody was told of too.
pub fn note_made(world: &World, action: usize, invoked: &Invoked, value: Option<usize>) {
    let none = Value::Null;
    let (shown, ended) = match &invoked.answer {
        Some(Ok(answer)) => (answer, invoked.ended),
        _ => (&none, u64::MAX),
    };
    let operations = OPERATIONS.map(str::to_owned).into();
    let effect = Effect::Create { value, operations, expires: None, enabled: true };
    let (request, key, began) = (invoked.request.clone(), text(&shown["id"]), invoked.began);
    let write = Write { action, request, key, began, ended, effect, on: None };
    world.history.borrow_mut().writes.push(write);
}

pub async fn get(world: &Rc<World>, action: usize, value: usize, path: String, query: Vec<(&str, String)>) -> Answer {
    gateway::send(world, action, 1, &Ask { query, ..Ask::new("GET", path, value) }).await
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

pub fn text(json: &Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

pub fn rfc3339(millis: u64) -> Value {
    json!(Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)))
}
