//! Those who run the service. Lambda may make an invocation of theirs twice, and they repeat what has a cursor.

use std::rc::Rc;

use fastrand::Rng;
use serde_json::{Value, json};

use super::manager::{learn_keys, learn_value, note_made, text};
use super::{Actions, some_key, support};
use crate::account::Fields;
use crate::gateway::{self, Invoked};
use crate::history::{KeyLook, OfAccount, Write};
use crate::model::{Effect, Look, Patch};
use crate::world::World;

pub const ACTIONS: Actions = &[
    ("suspend", 8),
    ("resume", 5),
    ("update", 6),
    ("call", 8),
    ("limit all keys", 6),
    ("revoke", 6),
    ("disable", 6),
    ("recover", 3),
    ("list keys", 2),
    ("erase", 1),
];

/// How often something with a cursor is continued.
pub const CONTINUED: u64 = 30;

pub async fn act(world: &Rc<World>, account: usize, action: usize, what: &str, rng: &mut Rng) {
    let id = world.history.borrow().accounts[account].id.clone();
    let faults = world.faults_of(action);
    if rng.u32(0..1000) < faults.doubled {
        let mut same = rng.clone();
        let twin = act_once(world, account, action, 5_000, &id, what, &mut same);
        let one = act_once(world, account, action, 0, &id, what, rng);
        tokio::join!(one, twin);
    } else {
        act_once(world, account, action, 0, &id, what, rng).await;
    }
}

async fn act_once(world: &Rc<World>, account: usize, action: usize, part: u64, id: &str, what: &str, rng: &mut Rng) {
    match what {
        "suspend" => {
            set_suspended(world, account, action, part, true, rng.bool()).await;
            // Most often an operator sees to it that the account works again.
            if rng.u32(0..4) > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(rng.u64(0..1_500))).await;
                set_suspended(world, account, action, part + 200, false, rng.u32(0..4) == 0).await;
            }
        }
        "resume" => drop(set_suspended(world, account, action, part, false, rng.bool()).await),
        "update" => {
            let mut payload = json!({"action": "update", "accountId": id});
            match rng.u32(0..3) {
                0 => payload["maxKeys"] = json!(rng.u64(2..12)),
                1 => payload["company"] = json!(format!("Company {}", rng.u32(0..99))),
                _ => payload["limits"] = json!([{"requests": rng.u32(2..20), "per": "MINUTE"}]),
            }
            update(world, account, action, part, payload, CONTINUED).await;
        }
        "call" => {
            let some = |nth: u64, rng: &mut Rng| {
                let external_id = [None, Some("customer-1".to_owned()), Some(format!("customer-{action}-{nth}"))];
                json!({"action": "update", "accountId": id, "externalId": external_id[rng.usize(0..3)]})
            };
            let both = [some(0, rng), some(1, rng)];
            update_plan(world, account, action, part, both, rng).await;
        }
        "limit all keys" => {
            let some = |rng: &mut Rng| {
                let mut limits = vec![json!({"requests": rng.u32(1..15), "per": "MINUTE"})];
                if rng.u32(0..3) == 0 {
                    limits.push(json!({"requests": rng.u32(10..60), "per": "HOUR"}));
                }
                let limits = if rng.u32(0..5) == 0 { Value::Null } else { limits.into() };
                json!({"action": "update", "accountId": id, "accountLimits": limits})
            };
            let both = [some(rng), some(rng)];
            update_plan(world, account, action, part, both, rng).await;
        }
        "revoke" | "disable" => end_keys(world, account, action, part, id, what, rng).await,
        "recover" => {
            let payload = json!({"action": "recover", "accountId": id, "userId": "user-1", "username": "Ada"});
            let invoked = gateway::invoke(world, action, part + 1, "manage-account", &payload).await;
            let value = match &invoked.answer {
                Some(Ok(answer)) => Some(learn_value(world, account, answer)),
                _ => None,
            };
            note_made(world, action, &invoked, value);
        }
        "list keys" => {
            let payload = json!({"action": "list-keys", "accountId": id, "limit": rng.u32(1..5)});
            let invoked = gateway::invoke(world, action, part + 1, "manage-account", &payload).await;
            if let Some(Ok(answer)) = &invoked.answer {
                learn_keys(world, account, answer);
            }
        }
        "erase" => {
            // The first account is always there.
            if account == 0 {
                return;
            }
            world.history.borrow_mut().accounts[account].erasing = true;
            set_suspended(world, account, action, part, true, false).await;
            erase(world, account, action, part + 100).await;
        }
        other => support::act(world, account, (action, part), id, other, rng).await,
    }
}

/// Changes what keys repeat by the counter `plan`; now and then two do at once, and some do not come back for the rest.
async fn update_plan(world: &Rc<World>, account: usize, action: usize, part: u64, both: [Value; 2], rng: &mut Rng) {
    let [one, other] = both;
    let most = if rng.u32(0..3) == 0 { 1 } else { CONTINUED };
    if rng.u32(0..3) == 0 {
        let others = Box::pin(update(world, account, action, part + 200, other, CONTINUED));
        tokio::join!(Box::pin(update(world, account, action, part, one, most)), others);
    } else {
        update(world, account, action, part, one, most).await;
    }
}

/// Suspends an account and erases it; whether that is done.
pub async fn end_erasing(world: &Rc<World>, account: usize, action: usize) -> bool {
    set_suspended(world, account, action, 0, true, false).await;
    erase(world, account, action, 100).await
}

/// Erases an account until it is done, or as often as an operator has patience for.
async fn erase(world: &Rc<World>, account: usize, action: usize, part: u64) -> bool {
    let id = world.history.borrow().accounts[account].id.clone();
    let began = world.next();
    let mut ended = u64::MAX;
    for nth in 0..CONTINUED {
        let payload = json!({"accountId": id, "confirm": id});
        let invoked = gateway::invoke(world, action, part + nth, "erase-account", &payload).await;
        match &invoked.answer {
            Some(Ok(answer)) if answer["done"] == true => {
                ended = invoked.ended;
                break;
            }
            Some(Err(error)) if gateway::is_refusal(error) => break,
            _ => {}
        }
    }
    note_of_all(world, account, action, began, ended, &Effect::Erase);
    ended != u64::MAX
}

/// Suspends an account or resumes it; whether that is confirmed. Some operators do not come back for the rest.
async fn set_suspended(
    world: &Rc<World>,
    account: usize,
    action: usize,
    part: u64,
    suspended: bool,
    gives_up: bool,
) -> bool {
    let id = world.history.borrow().accounts[account].id.clone();
    let name = if suspended { "suspend" } else { "resume" };
    let payload = json!({"action": name, "accountId": id});
    let most = if gives_up { 1 } else { CONTINUED };
    let fields = [("status".to_owned(), json!(if suspended { "SUSPENDED" } else { "ACTIVE" }))].into();
    sweep(world, account, action, part, payload, most).await.note(world, &fields, Some(&Effect::Suspend(suspended)))
}

/// When something was begun anew, and when the last of it was confirmed, if it was.
struct Swept {
    account: usize,
    action: usize,
    begun: Vec<u64>,
    ended: Option<u64>,
}

impl Swept {
    /// Takes note of what was done to the account, and to each of its keys; whether that was confirmed. What was not confirmed and
    /// begun anew may have been done, and may be done again.
    fn note(self, world: &World, fields: &Fields, effect: Option<&Effect>) -> bool {
        let Self { account, action, begun, ended } = self;
        for (at, began) in begun.iter().copied().enumerate() {
            let ended = ended.filter(|_| at + 1 == begun.len()).unwrap_or(u64::MAX);
            let write = OfAccount { action, account, began, ended, fields: fields.clone() };
            world.history.borrow_mut().account_writes.push(write);
            if let Some(effect) = effect {
                note_of_all(world, account, action, began, ended, effect);
            }
        }
        ended.is_some()
    }
}

/// Resumes an account; whether that is confirmed.
pub async fn resume(world: &Rc<World>, account: usize, action: usize) -> bool {
    set_suspended(world, account, action, 0, false, false).await
}

/// Invokes it, and again until it is confirmed, from its cursor where there is one.
async fn sweep(world: &Rc<World>, account: usize, action: usize, part: u64, mut payload: Value, most: u64) -> Swept {
    let (mut begun, mut ended) = (Vec::new(), None);
    for nth in 0..most {
        let invoked = gateway::invoke(world, action, part + 1 + nth, "manage-account", &payload).await;
        if payload["cursor"].is_null() {
            begun.push(invoked.began);
        }
        match &invoked.answer {
            _ if confirmed(&invoked) => {
                ended = Some(invoked.ended);
                break;
            }
            Some(Ok(answer)) => payload["cursor"] = answer["cursor"].clone(),
            // Another operator did the opposite meanwhile, or erases it.
            Some(Err(error)) if gateway::is_refusal(error) => break,
            Some(Err(_)) | None => {}
        }
    }
    Swept { account, action, begun, ended }
}

/// Changes an account; whether that is confirmed, for which it is invoked so often at most.
pub async fn update(world: &Rc<World>, account: usize, action: usize, part: u64, payload: Value, most: u64) -> bool {
    let given =
        payload.as_object().expect("an object").iter().filter(|(name, _)| !["action", "accountId"].contains(&&***name));
    let fields: Fields = given.map(|(name, value)| as_shown(world, name, value)).collect();
    let call = fields.get("externalId").map(|external_id| Effect::Call(text(external_id)));
    sweep(world, account, action, part, payload, most).await.note(world, &fields, call.as_ref())
}

/// A field of an account, as those who manage its keys are shown it.
fn as_shown(world: &World, name: &str, value: &Value) -> (String, Value) {
    match name {
        "limits" => ("ceilings".to_owned(), value.clone()),
        "maxKeys" if value.is_null() => (name.to_owned(), json!(world.plan.settings.max_keys)),
        _ => (name.to_owned(), value.clone()),
    }
}

fn confirmed(invoked: &Invoked) -> bool {
    matches!(&invoked.answer, Some(Ok(answer)) if answer["done"] == true)
}

/// It is done to every key that the account has or gets.
pub fn note_of_all(world: &World, account: usize, action: usize, began: u64, ended: u64, effect: &Effect) {
    let mut history = world.history.borrow_mut();
    let id = history.accounts[account].id.clone();
    history.sweeps.push(crate::history::Sweep { action, account: id, began, ended, effect: effect.clone() });
}

async fn end_keys(world: &Rc<World>, account: usize, action: usize, part: u64, id: &str, what: &str, rng: &mut Rng) {
    let mut ids: Vec<_> = (0..rng.usize(1..4)).map(|_| some_key(world, account, rng)).collect();
    ids.sort();
    ids.dedup();
    let name = format!("{what}-keys");
    let payload = json!({"action": name, "accountId": id, "keyIds": ids});
    let invoked = gateway::invoke(world, action, part + 1, "manage-account", &payload).await;
    let none = json!({});
    let report = match &invoked.answer {
        Some(Ok(report)) => report,
        _ => &none,
    };
    let among = |list: &str, id: &str| report[list].as_array().is_some_and(|all| all.iter().any(|it| it == id));
    for id in ids {
        let effect = if what == "revoke" {
            Effect::Delete
        } else {
            Effect::Patch(Patch { enabled: Some(false), ..Patch::default() })
        };
        let (request, began) = (invoked.request.clone(), invoked.began);
        let mut history = world.history.borrow_mut();
        if among("notFound", &id) {
            let (ended, what) = (invoked.ended, Look::Missing);
            history.looks.push(KeyLook { action, key: id, began, ended, what });
            continue;
        }
        let is_done = among("revoked", &id) || among("disabled", &id);
        let ended = if is_done { invoked.ended } else { u64::MAX };
        history.writes.push(Write { action, request, key: id, began, ended, effect, on: None });
    }
}
