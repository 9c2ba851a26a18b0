//! Notices of keys that end: the function that the schedule invokes, with its own rights, and what it leaves.

use std::time::{Duration, Instant, SystemTime};

use api_keys::key::Timestamp;
use serde_json::{Value, json};

use crate::stack::{Client, Stack};

const DAY: Duration = Duration::from_hours(24);

#[allow(clippy::disallowed_methods, reason = "tests run now")]
fn now() -> Timestamp {
    SystemTime::now().into()
}

/// What the schedule of the template sends.
fn scheduled() -> Value {
    json!({})
}

/// The notices of a key that its account's managers see.
fn notices(admin: &Client<'_>, key: &Client<'_>) -> Vec<Value> {
    let listed = admin.get(&format!("/authentication/events?keyId={}", key.id));
    let events = listed.body["events"].as_array().unwrap_or_else(|| panic!("{listed:?}"));
    events.iter().filter(|event| event["actor"]["type"] == "SERVICE").cloned().collect()
}

/// No run comes before this one: a pass looks once on a day at the keys that there are.
pub fn a_key_that_ends_soon_has_one_notice_however_often_the_schedule_comes(stack: &Stack) {
    let queue = stack.command(&json!({"do": "subscribe", "type": "key.expiring"}))["queue"].clone();
    let admin = stack.create_account("Example");
    let in_days = |days: u32| {
        let end = now().plus(DAY * days);
        admin.create_key_with(&["SMS"], &json!({ "expiresAt": end }))
    };
    let (soon, disabled, late) = (in_days(20), in_days(20), in_days(400));
    assert_eq!(admin.patch(&disabled.id, &json!({"enabled": false})).status, 200);
    let path = format!("/authentication/{}", soon.id);
    let before = admin.get(&path).body;

    // Both look through the same keys; one may find the other's transactions in its way for long, and fail.
    let payloads = [scheduled(), scheduled()];
    stack.command(&json!({"do": "invoke-at-once", "function": "notify-expiry", "payloads": payloads}));
    let mut last = Value::Null;
    for _ in 0..5 {
        last = stack.invoke("notify-expiry", &scheduled());
        if last["payload"]["done"] == true {
            break;
        }
    }
    assert_eq!((&last["functionError"], &last["payload"]["done"]), (&Value::Null, &json!(true)), "{last}");

    let all = notices(&admin, &soon);
    let [notice] = &all[..] else { panic!("{all:?}") };
    assert_eq!((&notice["type"], &notice["expiresAt"]), (&json!("key.expiring"), &before["expiresAt"]));
    // Midnight may have come in between.
    assert!(notice["daysLeft"].as_u64().is_some_and(|left| (19..=20).contains(&left)), "{notice}");
    assert_eq!((notices(&admin, &disabled), notices(&admin, &late), notices(&admin, &admin)), (vec![], vec![], vec![]));
    assert_eq!(admin.get(&path).body, before, "nothing of the key is another");
    assert_eq!(soon.status(), 200);

    let waiting_since = Instant::now();
    loop {
        let received = stack.command(&json!({"do": "received", "queue": queue}));
        let messages = received["messages"].as_array().unwrap_or_else(|| panic!("{received}"));
        if let Some(ours) = messages.iter().find(|message| message["detail"]["id"] == notice["id"]) {
            assert_eq!(ours["detail-type"], "key.expiring");
            assert_eq!(ours["detail"]["accountId"], admin.account_id);
            return;
        }
        assert!(waiting_since.elapsed() < Duration::from_mins(2), "the notice never came");
    }
}
