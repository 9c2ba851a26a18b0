//! Operators who see to single keys for those who manage them: they make, change and rotate keys, and exempt them from the longest
//! lifetime. They name no version and no request, and do not repeat what was not answered.

use std::rc::Rc;

use fastrand::Rng;
use serde_json::{Value, json};

use super::changes::Change;
use super::manager::some_manager;
use super::writes::{New, Rotation, Terms, note, rotate_once};
use super::{Actions, some_key};
use crate::gateway::{self, Answer};
use crate::model::{Effect, Patch};
use crate::world::World;

pub const ACTIONS: Actions = &[("make a key", 3), ("change a key", 5), ("rotate a key", 4), ("exempt a key", 4)];

/// What an operator changes of a key, among what a manager does.
const CHANGES: [&str; 7] = ["enable", "disable", "grant", "expire", "hand on", "tag", "end the value before"];

pub async fn act(world: &Rc<World>, account: usize, (action, part): (usize, u64), id: &str, what: &str, rng: &mut Rng) {
    let any = Terms::default();
    let ask = async |part: u64, name: &str, done: u16, mut fields: Value| -> Answer {
        (fields["action"], fields["accountId"]) = (json!(name), json!(id));
        gateway::manage(world, action, part, id, &fields, done).await
    };
    if what == "make a key" {
        let new = New::some(world, rng);
        let answer = ask(part + 1, "create-key", 201, new.body.clone()).await;
        return new.note(world, account, action, &answer);
    }
    // First keys are exempt, and have no end.
    let is_first = what == "exempt a key" && rng.bool();
    let first = || world.history.borrow().accounts[account].keys[0].id.clone();
    let key = if is_first { first() } else { some_key(world, account, rng) };
    let of_key = |mut fields: Value| {
        fields["keyId"] = json!(key);
        fields
    };
    let rotate = async |part: u64, rotation: Rotation| {
        let answer = ask(part, "rotate-key", 201, of_key(rotation.body())).await;
        rotation.note(world, account, action, &key, &answer, &any);
    };
    match what {
        "change a key" => {
            let change = Change::some(world, action, CHANGES[rng.usize(0..CHANGES.len())], rng);
            let answer = ask(part + 1, "update-key", 200, of_key(change.body.clone())).await;
            note(world, action, &key, &answer, Effect::Patch(change.patch(answer.now)), &any);
        }
        "rotate a key" => rotate(part + 1, Rotation::some(rng)).await,
        "exempt a key" => {
            let is_exempt = rng.u32(0..3) == 0;
            let answer = ask(part + 1, "exempt-key", 200, of_key(json!({ "exempt": is_exempt }))).await;
            let patch = Patch { exempts: Some(is_exempt), ..Patch::default() };
            note(world, action, &key, &answer, Effect::Patch(patch), &any);
            if answer.status == 200 && answer.body["lifetimeExempt"] != is_exempt {
                let what = format!("[{action}] key {key} is to be exempt: {is_exempt}, and is not so");
                world.history.borrow_mut().fail(what);
            }
            // The rotation gives a key without an end one. First keys work on for a time: without them little happens any more.
            let rotation = Rotation::grace(rng.u64(60..600));
            if rng.bool() {
                return rotate(part + 100, rotation).await;
            }
            let by = some_manager(world, account, rng);
            rotate_once(world, account, (action, part + 100), by, &key, rotation, &any).await;
        }
        other => unreachable!("{other}"),
    }
}
