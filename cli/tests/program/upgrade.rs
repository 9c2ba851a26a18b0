//! `accounts upgrade`.

use serde_json::{Value, json};

use crate::shown;
use crate::world::{ACCOUNT, Reply, World};

#[test]
fn every_account_of_the_table_is_adopted_once() {
    let world = World::new("upgrade", |_, payload| {
        Reply::Json(json!({"account": shown(), "adopted": payload["accountId"] == ACCOUNT}))
    });
    let done = world.run(&["accounts", "upgrade"]);
    let expected = "Listed 1 more of 2 accounts.\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (0, expected, ""));
    let adopt = |id: &str| json!({"action": "adopt", "accountId": id});
    assert_eq!(world.payloads(), [adopt(ACCOUNT), adopt("ZYXWVUTSRQPONMLKJIHGFE")]);
}

#[test]
fn an_account_that_cannot_be_adopted_does_not_stop_the_next() {
    let world = World::new("upgrade-failing", |before, _| match before {
        0 => Reply::Error("Conflict", "the account has no key that names its company"),
        _ => Reply::Json(json!({"account": shown(), "adopted": true})),
    });
    let done = world.run(&["accounts", "upgrade", "--json"]);
    let failed = json!([{"accountId": ACCOUNT, "reason": "the account has no key that names its company"}]);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report, json!({"accounts": 2, "adopted": 1, "failed": failed}));
    assert_eq!((done.code, &done.error()["message"]), (6, &json!("1 accounts failed")));
}
