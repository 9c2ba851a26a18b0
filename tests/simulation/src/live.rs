//! When faults end, nothing is stuck: a sweep ends, an import ends, an erasing ends and leaves nothing, every key can be rotated
//! or deleted, in any state, and nearly all of a limit can be used.

use std::rc::Rc;
use std::time::Duration;

use api_keys::key::Timestamp;
use serde_json::{Value, json};

use crate::check;
use crate::clients::{self, Rotation, Terms};
use crate::gateway::{self, Ask};
use crate::github::Signer;
use crate::history::{Seen, ValueUse};
use crate::tables::{EVENTS, KEYS, USAGE, text};
use crate::verifying;
use crate::world::World;

/// The numbers of these actions are below those of the clients.
const FIRST: usize = 500;

pub async fn everything_ends(world: &Rc<World>) {
    every_notice_comes(world, FIRST + 80).await;
    let accounts = world.history.borrow().accounts.len();
    for account in 0..accounts {
        if world.history.borrow().accounts[account].erasing {
            continue;
        }
        if !clients::resume(world, account, FIRST + account).await {
            fail(world, format!("account {account} cannot be resumed"));
            continue;
        }
        let by = end_keys(world, account, FIRST + 10 + account).await;
        end_imports(world, account, FIRST + 20 + account).await;
        report_for_github(world, account, FIRST + 60 + account).await;
        if let Some(by) = by.filter(|_| world.plan.seed.is_multiple_of(LIMITS)) {
            use_a_limit(world, by, FIRST + 30 + account).await;
            use_an_accounts_limit(world, account, by, FIRST + 70 + account).await;
        }
    }
}

/// A day later each key that ends soon, or has ended, has its notice.
async fn every_notice_comes(world: &Rc<World>, action: usize) {
    // Also by clocks that are wrong it is another day.
    tokio::time::sleep(Duration::from_hours(25)).await;
    let began = world.now();
    if !clients::write_notices(world, action, 0, 20).await {
        fail(world, "the notices do not end".to_owned());
    }
    let skew = world.plan.faults.skew;
    let missing = check::missing_notices(&world.tables.borrow(), (began.saturating_sub(skew), world.now() + skew));
    for what in missing {
        fail(world, what);
    }
}

/// Every so many seeds a limit is used up.
const LIMITS: u64 = 4;

/// Imports all values of the other system, until something is known of each.
async fn end_imports(world: &Rc<World>, account: usize, action: usize) {
    for part in 1..10 {
        if clients::import_all(world, account, action, part).await {
            return;
        }
    }
    fail(world, format!("an import into account {account} does not end"));
}

/// What GitHub signs is taken, when it was not to be asked for some time.
async fn report_for_github(world: &Rc<World>, account: usize, action: usize) {
    tokio::time::sleep(Duration::from_hours(1)).await;
    let value = world.history.borrow().accounts[account].first;
    let status = clients::report(world, action, 1, &[value], Some(Signer::Github)).await;
    if status != 200 {
        fail(world, format!("a report that GitHub signed is answered {status} when faults have ended"));
    }
}

/// Of a limit, all but two in a hundred requests or one can be used, through all environments of both functions.
async fn use_a_limit(world: &Rc<World>, by: usize, action: usize) {
    let limit = [3, 20, 60][usize::try_from(world.plan.seed / LIMITS % 3).expect("small")];
    let Some(key) = make_key(world, by, action, 1, &json!([{"requests": limit, "per": "DAY"}])).await else { return };
    use_up(world, &[key], limit, action).await;
}

/// The same of a limit of an account, by two of its keys.
async fn use_an_accounts_limit(world: &Rc<World>, account: usize, by: usize, action: usize) {
    let limit = [40, 4, 15][usize::try_from(world.plan.seed / LIMITS % 3).expect("small")];
    let id = world.history.borrow().accounts[account].id.clone();
    let limits = json!([{"requests": limit, "per": "DAY"}]);
    let update = json!({"action": "update", "accountId": id, "accountLimits": limits});
    if !clients::update(world, account, action, 300, update, clients::CONTINUED).await {
        return fail(world, format!("the limits of account {account} cannot be updated"));
    }
    let none = make_key(world, by, action, 1, &json!(null)).await;
    let wide = make_key(world, by, action, 2, &json!([{"requests": 900, "per": "MONTH"}])).await;
    if let (Some(none), Some(wide)) = (none, wide) {
        use_up(world, &[none, wide], limit, action).await;
    }
}

/// A new key with these limits: the number of its value.
async fn make_key(world: &Rc<World>, by: usize, action: usize, part: u64, limits: &Value) -> Option<usize> {
    let body = json!({
        "userId": "user-4", "username": "Max", "operations": ["SMS"], "limits": limits,
        "expiresAt": world.lifetime().map(|longest| clients::rfc3339(world.now() + longest / 2)),
    });
    let ask = Ask::new("POST", "/authentication", by).body(body);
    let made = gateway::send(world, action, part, &ask).await;
    let Some(text) = made.body["value"].as_str() else {
        fail(world, format!("no key is made when faults have ended: {}", made.status));
        return None;
    };
    let account = world.history.borrow().values[by].account;
    Some(world.history.borrow_mut().value(text, account, ""))
}

/// Uses these values in turn, five times more in all than the limit allows in a day.
async fn use_up(world: &Rc<World>, values: &[usize], limit: u64, action: usize) {
    let mut used = 0;
    for (nth, value) in (0..limit + 5).zip(values.iter().flat_map(|value| [*value; 2]).cycle()) {
        let before = world.history.borrow().uses.len();
        if nth % 2 == 0 {
            gateway::send(world, action, 10 + nth, &Ask::new("GET", "/sms", value)).await;
        } else {
            verifying::verify(world, action, 10 + nth, value, Some("SMS")).await;
        }
        let is_let_through = |it: &&ValueUse| matches!(it.seen, Seen::Works { allowed: true, limited: false, .. });
        let last = world.history.borrow().uses[before..].iter().find(is_let_through).map(|it| !it.counted.is_empty());
        if last == Some(false) {
            return fail(world, format!("value {value} was let through and not counted"));
        }
        used += u64::from(last.is_some());
    }
    if used + (limit / 50).max(1) < limit {
        fail(world, format!("of {limit} requests a day values {values:?} can use {used}"));
    }
}

/// Erases again what was to be erased, since authorizers may have written late; then nothing is left of it but one event.
pub async fn nothing_is_left(world: &Rc<World>) {
    let accounts = world.history.borrow().accounts.len();
    for account in (0..accounts).filter(|account| world.history.borrow().accounts[*account].erasing) {
        let done = clients::end_erasing(world, account, FIRST + 40 + account).await;
        let id = world.history.borrow().accounts[account].id.clone();
        let tables = world.tables.borrow();
        let is_of_it = |partition: &String| *partition == id || partition.starts_with(&format!("{id}#"));
        let items = [KEYS, USAGE].into_iter().flat_map(|table| tables.all(table));
        let left = items.filter(|(partition, at, _)| is_of_it(partition) || **at == id).count();
        let events = tables.partition(EVENTS, &id).count();
        let claims = tables.all(KEYS).filter(|(_, _, item)| item.get("keyAccountId").map(text) == Some(&id)).count();
        if !done || left > 0 || events != 1 || claims > 0 {
            fail(
                world,
                format!(
                    "of account {account}, erased: {done}, {left} items, {events} events and {claims} claims are left"
                ),
            );
        }
    }
}

/// An operator makes a key that may do everything, whose value is handed out; with it every other key is rotated, or else deleted.
async fn end_keys(world: &Rc<World>, account: usize, action: usize) -> Option<usize> {
    let id = world.history.borrow().accounts[account].id.clone();
    let room = json!({"action": "update", "accountId": id, "maxKeys": 100, "limits": null, "accountLimits": null});
    if !clients::update(world, account, action, 0, room, clients::CONTINUED).await {
        fail(world, format!("account {account} cannot be updated"));
    }
    let payload = json!({"action": "recover", "accountId": id, "userId": "user-1", "username": "Ada"});
    let recovered = gateway::invoke(world, action, 100, "manage-account", &payload).await;
    let Some(Ok(shown)) = &recovered.answer else {
        fail(world, format!("account {account} cannot be recovered: {:?}", recovered.answer));
        return None;
    };
    let by = world.history.borrow_mut().value(shown["value"].as_str().expect("a value"), account, "");
    let list = Ask::new("GET", "/authentication", by);
    let answer = gateway::send(world, action, 110, &list).await;
    let none = Vec::new();
    let keys = answer.body["apiKeys"].as_array().unwrap_or(&none);
    if keys.is_empty() {
        fail(world, format!("account {account} has no list: {}", answer.status));
        return None;
    }
    for (nth, key) in keys.iter().enumerate().filter(|(_, key)| key["id"] != shown["id"]) {
        let (part, any) = (200 + 20 * nth as u64, Terms::default());
        let id = key["id"].as_str().expect("an id");
        let rotated =
            clients::rotate_once(world, account, (action, part), by, id, Rotation::AT_ONCE, &any).await.status;
        let can_rotate = ["ACTIVE", "EXPOSED"].iter().any(|status| key["status"] == *status);
        let deleted = if nth % 2 == 0 || !can_rotate {
            clients::delete_once(world, (action, part + 10), by, id, &any).await.status
        } else {
            204
        };
        // Clocks may not agree whether it has expired.
        let end = key["expiresAt"].as_str().and_then(Timestamp::parse).map(Timestamp::unix_millis);
        let is_disputed = end.is_some_and(|end| end.abs_diff(world.now()) <= 2 * world.plan.faults.skew);
        let is_right = rotated == if can_rotate { 201 } else { 409 } || is_disputed && [201, 409].contains(&rotated);
        if deleted != 204 || !is_right {
            fail(world, format!("key {key} of account {account} is rotated with {rotated} and deleted with {deleted}"));
        }
    }
    Some(by)
}

fn fail(world: &World, what: String) {
    world.history.borrow_mut().fail(what);
}
