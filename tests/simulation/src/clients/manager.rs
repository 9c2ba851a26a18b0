//! Those who manage an account's keys, with its first key or one that it made, which may do less.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use api_keys::key::Timestamp;
use fastrand::Rng;
use serde_json::{Value, json};

use super::changes::Change;
use super::writes::{Rotation, Terms, change, create, delete, rotate, rotate_once};
use super::{Actions, lists, named, some_key, some_value};
use crate::check::power::{self, READS};
use crate::gateway::{self, Answer, Ask, Invoked};
use crate::history::{Account, OfAccount, Seen, Write};
use crate::model::{Effect, Identity};
use crate::world::World;

pub const ACTIONS: Actions = &[
    ("create", 24),
    ("rotate", 16),
    ("enable", 8),
    ("disable", 8),
    ("grant", 10),
    ("expire", 6),
    ("rename", 4),
    ("hand on", 6),
    ("tag", 8),
    ("untag", 2),
    ("end the value before", 3),
    ("limit", 4),
    ("delete", 12),
    ("list", 4),
    ("list some", 6),
    ("read the account", 5),
    ("find", 6),
    ("events", 3),
    ("usage", 3),
    ("create by name", 10),
    ("rotate by name", 10),
    ("replace a lost value", 5),
    ("end its value before", 5),
];

/// The catalogue: what first keys have.
const CATALOGUE: [&str; 4] = ["AUTHENTICATION", "SMS", "RCS", "WHATSAPP"];
/// What keys may have: the same, and what is in no catalogue.
pub const OPERATIONS: [&str; 5] = ["AUTHENTICATION", "SMS", "RCS", "WHATSAPP", READS];

pub async fn act(world: &Rc<World>, account: usize, action: usize, what: &str, rng: &mut Rng) {
    let by = some_manager(world, account, rng);
    match what {
        "create" => return create(world, account, action, by, rng).await,
        "create by name" => return named::create(world, account, action, by, rng).await,
        "list some" => return lists::walk(world, account, action, by, rng).await,
        "read the account" => return read_account(world, account, action, by).await,
        _ => {}
    }
    let id = some_key(world, account, rng);
    let path = format!("/authentication/{id}");
    let terms = Terms::some(world, &id, rng);
    match what {
        "rotate" => rotate(world, account, action, by, &id, &terms, rng).await,
        "replace a lost value" => replace_lost(world, account, action, by, &id).await,
        "rotate by name" => named::rotate(world, account, action, by, &id, rng).await,
        "delete" => delete(world, action, by, &id, &terms, rng).await,
        "list" => {
            let query = vec![("limit", rng.u32(1..5).to_string())];
            let answer = get(world, action, by, "/authentication".to_owned(), query).await;
            learn_keys(world, account, &answer.body);
        }
        "find" => drop(get(world, action, by, path, Vec::new()).await),
        "events" => drop(get(world, action, by, "/authentication/events".to_owned(), Vec::new()).await),
        "usage" => drop(get(world, action, by, format!("{path}/usage"), Vec::new()).await),
        "end its value before" => end_previous(world, account, action, by, &id, rng).await,
        _ => change(world, (action, 1), by, &id, &Change::some(world, action, what, rng), &terms, rng).await,
    }
}

/// A holder keeps the present value, when the answer of a rotation was lost.
async fn replace_lost(world: &Rc<World>, account: usize, action: usize, by: usize, id: &str) {
    let in_use = in_use(world, account, id);
    for (part, rotation) in [(1, Rotation::grace(60)), (11, Rotation::KEEP_PREVIOUS)] {
        rotate_once(world, account, (action, part), by, id, rotation, &Terms::default()).await;
    }
    if let Some(value) = in_use {
        gateway::send(world, action, 21, &Ask::new("GET", "/sms", value)).await;
    }
}

/// The last value of a key that an answer had, by its number.
fn in_use(world: &World, account: usize, id: &str) -> Option<usize> {
    world.history.borrow().accounts[account].keys.iter().find(|key| key.id == id)?.value
}

/// A holder ends the previous value, before its time.
async fn end_previous(world: &Rc<World>, account: usize, action: usize, by: usize, id: &str, rng: &mut Rng) {
    let (before, any) = (in_use(world, account, id), Terms::default());
    rotate_once(world, account, (action, 1), by, id, Rotation::grace(rng.u64(1..60)), &any).await;
    change(world, (action, 50), by, id, &Change::end_of_previous(), &any, rng).await;
    if let Some(value) = before {
        gateway::send(world, action, 101, &Ask::new("GET", "/sms", value)).await;
    }
}

/// A manager asks what the account is.
async fn read_account(world: &Rc<World>, account: usize, action: usize, by: usize) {
    let answer = get(world, action, by, "/authentication/account".to_owned(), Vec::new()).await;
    if answer.status != 200 {
        return;
    }
    let mut fields = answer.body.as_object().cloned().unwrap_or_default();
    let mut history = world.history.borrow_mut();
    let own = |name: &str| answer.context[name].as_str().unwrap_or_default().to_owned();
    let listed = |list: Option<Value>| -> BTreeSet<String> {
        list.iter().filter_map(Value::as_array).flatten().map(text).collect()
    };
    let grantable = listed(fields.remove("grantableOperations"));
    let is_callers = fields.remove("accountId").is_some_and(|id| id == *own("accountId"))
        && grantable == power::of(own("operations").split(',')).into_iter().map(str::to_owned).collect()
        && listed(fields.remove("operations")) == CATALOGUE.map(str::to_owned).into();
    if !is_callers {
        history.fail(format!("[{action}] a caller of {} is shown {}", answer.context, answer.body));
    }
    fields.retain(|name, _| name != "trafficTypes" && name != "keyCount");
    // What is left of each changes with every request.
    for limit in fields.get_mut("accountLimits").and_then(Value::as_array_mut).into_iter().flatten() {
        let (requests, limit) = (limit["requests"].clone(), limit.as_object_mut().expect("an object"));
        let left = limit.remove("remaining").filter(|left| left.as_u64() <= requests.as_u64());
        if left.is_none() || limit.remove("resetSeconds").is_none() {
            history.fail(format!("[{action}] of {requests} requests {left:?} are left"));
        }
    }
    let (began, ended, fields) = (answer.began, answer.ended, fields.into_iter().collect());
    history.account_looks.push(OfAccount { action, account, began, ended, fields });
}

/// Makes an account, by an operator's invocation; its first key is known then.
pub async fn create_account(world: &Rc<World>, action: usize) {
    let (company, external_id) = (format!("Company {action}"), (action == 0).then_some("customer-0"));
    let payload = json!({"company": company, "externalId": external_id, "userId": "user-1", "username": "Ada"});
    let invoked = gateway::invoke(world, action, 1, "create-account", &payload).await;
    let answer = invoked.answer.clone().expect("an answer").expect("an account");
    let id = answer["accountId"].as_str().expect("an account").to_owned();
    let account = {
        let mut history = world.history.borrow_mut();
        history.accounts.push(Account { id, ..Account::default() });
        history.accounts.len() - 1
    };
    let value = learn_value(world, account, &answer);
    {
        let mut history = world.history.borrow_mut();
        history.accounts[account].first = value;
        let fields = [
            ("company", json!(company)),
            ("externalId", json!(external_id)),
            ("status", json!("ACTIVE")),
            ("maxKeys", json!(world.plan.settings.max_keys)),
            ("ceilings", Value::Null),
            ("accountLimits", Value::Null),
            ("maxKeyLifetimeDays", json!(world.plan.settings.lifetime)),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value)).into();
        let (began, ended) = (invoked.began, invoked.ended);
        history.account_writes.push(OfAccount { action, account, began, ended, fields });
    }
    let named = Effect::Call(external_id.unwrap_or_default().to_owned());
    super::operator::note_of_all(world, account, action, invoked.began, invoked.ended, &named);
    let invoked = Invoked { answer: Some(Ok(answer)), ..invoked };
    note_made(world, action, &invoked, Some(value));
}

/// Takes note of a key that an operator makes, which may do everything; also of one that no answer had.
pub fn note_made(world: &World, action: usize, invoked: &Invoked, value: Option<usize>) {
    let none = Value::Null;
    let (shown, ended) = match &invoked.answer {
        Some(Ok(answer)) => (answer, invoked.ended),
        _ => (&none, u64::MAX),
    };
    let (operations, user_id, username) = (CATALOGUE.map(str::to_owned).into(), "user-1".to_owned(), "Ada".to_owned());
    let effect = Effect::Create {
        value,
        identity: Identity { operations, user_id, username, ..Identity::default() },
        expires: None,
        is_exempt: true,
    };
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
pub fn some_manager(world: &World, account: usize, rng: &mut Rng) -> usize {
    if rng.u32(0..6) == 0 {
        return some_value(world, account, rng);
    }
    let history = world.history.borrow();
    let last = |value: usize| history.uses.iter().rev().find(|it| it.value == value).map(|it| &it.seen);
    let manages = |value: &usize| match last(*value) {
        None => true,
        Some(Seen::Works { identity, .. }) => identity.operations.contains("AUTHENTICATION"),
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
    some.insert(OPERATIONS[rng.usize(0..OPERATIONS.len())].to_owned());
    some
}

pub fn text(json: &Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

pub fn rfc3339(millis: u64) -> Value {
    json!(Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)))
}
