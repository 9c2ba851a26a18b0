//! When faults end, nothing is stuck: a sweep ends, an import ends, and every key can be rotated or deleted, whatever it is.

use std::rc::Rc;

use serde_json::json;

use crate::clients;
use crate::gateway::{self, Ask};
use crate::world::World;

/// The numbers of these actions are below those of the clients.
const FIRST: usize = 500;

pub async fn everything_ends(world: &Rc<World>) {
    let accounts = world.history.borrow().accounts.len();
    for account in 0..accounts {
        if world.history.borrow().accounts[account].erasing {
            continue;
        }
        if !clients::resume(world, account, FIRST + account).await {
            fail(world, format!("account {account} cannot be resumed"));
            continue;
        }
        end_keys(world, account, FIRST + 10 + account).await;
    }
}

/// An operator makes a key that may do everything; with it every other key is rotated, or else deleted.
async fn end_keys(world: &Rc<World>, account: usize, action: usize) {
    let id = world.history.borrow().accounts[account].id.clone();
    let room = json!({"action": "update", "accountId": id, "maxKeys": 100});
    if !clients::update(world, action, 0, room).await {
        fail(world, format!("account {account} cannot be updated"));
    }
    let payload = json!({"action": "recover", "accountId": id, "userId": "user-1", "username": "Ada"});
    let recovered = gateway::invoke(world, action, 100, "manage-account", &payload).await;
    let Some(Ok(shown)) = &recovered.answer else {
        return fail(world, format!("account {account} cannot be recovered: {:?}", recovered.answer));
    };
    let by = world.history.borrow_mut().value(shown["value"].as_str().expect("a value"), account, "");
    let list = Ask { method: "GET", path: "/authentication".to_owned(), query: Vec::new(), value: by, body: None };
    let answer = gateway::send(world, action, 110, &list).await;
    let none = Vec::new();
    let keys = answer.body["apiKeys"].as_array().unwrap_or(&none);
    if keys.is_empty() {
        return fail(world, format!("account {account} has no list: {}", answer.status));
    }
    for (nth, key) in keys.iter().enumerate().filter(|(_, key)| key["id"] != shown["id"]) {
        let part = 200 + 20 * nth as u64;
        let path = format!("/authentication/{}", key["id"].as_str().expect("an id"));
        let rotate = Ask { method: "POST", path: format!("{path}/rotate"), query: Vec::new(), value: by, body: None };
        let rotated = gateway::send(world, action, part, &rotate).await.status;
        let can_rotate = ["ACTIVE", "EXPOSED"].iter().any(|status| key["status"] == *status);
        let delete = Ask { method: "DELETE", path, query: Vec::new(), value: by, body: None };
        let deleted = if nth % 2 == 0 || !can_rotate {
            gateway::send(world, action, part + 10, &delete).await.status
        } else {
            204
        };
        if deleted != 204 || rotated != if can_rotate { 201 } else { 409 } {
            fail(world, format!("key {key} of account {account} is rotated with {rotated} and deleted with {deleted}"));
        }
    }
}

fn fail(world: &World, what: String) {
    world.history.borrow_mut().fail(what);
}
