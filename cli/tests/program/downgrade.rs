//! `accounts downgrade`.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, Reply, World};

fn key(id: char, enabled: bool, status: &str) -> Value {
    json!({"id": id.to_string().repeat(22), "userId": "u", "enabled": enabled, "status": status})
}

/// Two accounts, one of them with keys of each kind.
fn world(name: &str) -> World {
    World::new(name, |_, payload| {
        let keys = [
            key('a', true, "ACTIVE"),
            key('b', true, "SUSPENDED"),
            key('c', false, "SUSPENDED"),
            key('d', true, "EXPOSED"),
            key('e', false, "DISABLED"),
        ];
        match (payload["action"].as_str().unwrap(), payload["accountId"] == ACCOUNT) {
            ("list-keys", true) => Reply::Json(json!({"apiKeys": keys, "nextCursor": null})),
            ("list-keys", false) => Reply::Json(json!({"apiKeys": [], "nextCursor": null})),
            ("disable-keys", true) => Reply::Json(json!({"disabled": payload["keyIds"], "notFound": [], "failed": []})),
            _ => Reply::Error("InvalidRequest", "nothing else is asked"),
        }
    })
}

#[test]
fn keys_that_are_dead_by_what_the_old_version_does_not_know_are_listed() {
    let world = world("downgrade");
    let done = world.run(&["accounts", "downgrade"]);
    assert_eq!(done.code, 0, "{done:?}");
    let lines: Vec<_> = done.stdout.lines().collect();
    assert!(lines.len() == 4 && lines[1].contains("SUSPENDED") && lines[2].contains("EXPOSED"), "{lines:?}");
    assert_eq!(lines[3], "2 keys would work again in version 0.1.0: see --disable.");
    assert!(world.payloads().iter().all(|payload| payload["action"] == "list-keys"), "nothing was changed");
}

#[test]
fn they_are_disabled_if_that_is_asked_for_and_confirmed() {
    let world = world("downgrade-disable");
    let done = world.run(&["accounts", "downgrade", "--disable"]);
    assert_eq!(done.code, 2, "there is no terminal to ask at: {done:?}");
    let done = world.run(&["accounts", "downgrade", "--disable", "--yes"]);
    assert!(done.code == 0 && done.stdout.ends_with("Disabled 2 keys.\n"), "{done:?}");
    let ids = ["b", "d"].map(|id| id.repeat(22));
    let expected = json!({"action": "disable-keys", "accountId": ACCOUNT, "keyIds": ids});
    assert_eq!(world.payloads().last(), Some(&expected));
}
