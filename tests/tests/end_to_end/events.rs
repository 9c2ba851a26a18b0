//! Events, listed and on the bus.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::Stack;

pub fn each_write_has_its_event_in_its_own_account_alone(stack: &Stack) {
    let admin = stack.create_account("Example");
    let other = stack.create_account("Other");
    let key = admin.create_key(&["SMS"]);
    admin.patch(&key.id, &json!({"name": "new"}));
    admin.rotate(&key.id, 60);
    admin.delete(&key.id);

    let listed = admin.get("/authentication/events");

    assert_eq!(listed.status, 200, "{listed:?}");
    let types: Vec<_> = listed.body["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    let expected = ["key.deleted", "key.rotated", "key.changed", "key.created", "account.created"];
    assert_eq!(json!(types), json!(expected));
    assert_eq!(
        admin.get(&format!("/authentication/events?keyId={}&limit=1", key.id)).body["events"][0]["keyId"],
        key.id
    );
    assert_eq!(other.get("/authentication/events").body["events"].as_array().unwrap().len(), 1);
    assert_eq!(admin.create_key(&["SMS"]).get("/authentication/events").status, 403);
}

pub fn an_event_gets_onto_the_bus_and_a_rule_delivers_it(stack: &Stack) {
    let queue = stack.command(&json!({"do": "subscribe", "type": "key.deleted"}))["queue"].clone();
    let admin = stack.create_account("Example");
    let key = admin.create_key(&["SMS"]);
    assert_eq!(admin.delete(&key.id).status, 204);

    let waiting_since = Instant::now();
    loop {
        let received = stack.command(&json!({"do": "received", "queue": queue}));
        let messages = received["messages"].as_array().unwrap_or_else(|| panic!("{received}"));
        assert!(messages.iter().all(|message| message["detail-type"] == "key.deleted"), "{received}");
        if let Some(ours) = messages.iter().find(|message| message["detail"]["keyId"] == key.id) {
            assert_eq!(ours["detail"]["accountId"], admin.account_id);
            assert_eq!(ours["detail"]["actor"]["keyId"], admin.id);
            assert_eq!(ours["detail"]["changes"], Value::Array(Vec::new()));
            assert!(ours["source"].as_str().unwrap().starts_with("api-keys."), "{ours}");
            return;
        }
        assert!(waiting_since.elapsed() < Duration::from_mins(2), "the event never came");
    }
}
