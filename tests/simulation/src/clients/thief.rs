//! Those who have what they should not have: values that were rotated away, reported or deleted, values that were never issued, and
//! ids of other accounts.

use std::rc::Rc;

use fastrand::Rng;

use super::manager::get;
use super::{Actions, some_key};
use crate::gateway::{self, Ask};
use crate::verifying;
use crate::world::World;

pub const ACTIONS: Actions = &[
    ("try an old value", 20),
    ("try an invented value", 3),
    ("reach into another account", 8),
    ("look up a value of another account", 5),
];

pub async fn act(world: &Rc<World>, account: usize, action: usize, what: &str, rng: &mut Rng) {
    match what {
        "try an old value" => {
            let value = super::any_value(world, rng);
            if rng.bool() {
                return verifying::verify(world, action, 1, value, Some("SMS")).await;
            }
            drop(get(world, action, value, "/sms".to_owned(), Vec::new()).await);
        }
        "try an invented value" => {
            let value = invented(world, account, rng);
            drop(get(world, action, value, "/sms".to_owned(), Vec::new()).await);
        }
        "reach into another account" => {
            let other = rng.usize(0..world.history.borrow().accounts.len());
            if other == account {
                return;
            }
            let (own, id) = (world.history.borrow().accounts[account].first, some_key(world, other, rng));
            let methods = ["GET", "DELETE", "PATCH", "POST"];
            let method = methods[rng.usize(0..4)];
            let (path, body) = match method {
                "PATCH" => (format!("/authentication/{id}"), Some(serde_json::json!({"name": "mine"}))),
                "POST" => (format!("/authentication/{id}/rotate"), None),
                _ => (format!("/authentication/{id}"), None),
            };
            let answer = gateway::send(world, action, 1, &Ask { body, ..Ask::new(method, path, own) }).await;
            if (200..300).contains(&answer.status) {
                let what = format!("[{action}] {method} of a key of another account is answered {}", answer.status);
                world.history.borrow_mut().fail(what);
            }
        }
        "look up a value of another account" => {
            let value = super::any_value(world, rng);
            let (text, own) = {
                let history = world.history.borrow();
                (history.values[value].text.clone(), history.accounts[account].first)
            };
            drop(get(world, action, own, format!("/authentication/{text}"), Vec::new()).await);
        }
        other => unreachable!("{other}"),
    }
}

/// A known value with another secret, whose checksum is wrong or, for a value of another system, that no key has.
fn invented(world: &World, account: usize, rng: &mut Rng) -> usize {
    let first = world.history.borrow().accounts[account].first;
    let mut text = world.history.borrow().values[first].text.clone();
    if rng.bool() {
        text.pop();
        text.push('~');
    } else {
        text = format!("{}{:08}", crate::history::LEGACY, rng.u32(90_000_000..99_999_999));
    }
    world.history.borrow_mut().value(&text, account, "")
}
