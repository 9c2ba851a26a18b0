//! What each release has left in tables and with holders of keys: every later build reads it, and works on with it.
//!
//! The files in `tests/data/releases` were made by the code of those releases. The grace periods in them end in 2035. What this build
//! leaves is read as they are.

mod sample;

use std::fs;

use authorizer::Refusal;
use serde_json::{Value, json};
use tests::engine::{EVENTS, TABLE, USAGE};
use tests::template::root;
use tests::{Answer, Gateway, new_key};

/// A table as a release left it, and the values that are out.
struct Left {
    gateway: Gateway,
    values: Vec<Value>,
    keys: usize,
    /// Release 0.1 wrote no events.
    has_events: bool,
}

async fn left_by_each() -> Vec<Left> {
    let files = fs::read_dir(root().join("tests/data/releases")).unwrap();
    let mut samples: Vec<Value> =
        files.map(|file| serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap()).collect();
    assert!(!samples.is_empty());
    samples.push(sample::of_this_build().await);
    let mut all = Vec::new();
    for left in samples {
        let gateway = Gateway::importing().await;
        for (table, items) in [(TABLE, "items"), (EVENTS, "events"), (USAGE, "usage")] {
            for item in left[items].as_array().into_iter().flatten() {
                gateway.engine.put_into(table, item);
            }
        }
        let keys = gateway.engine.keys().iter().filter(|key| key["accountId"]["S"] == left["accountId"]).count();
        let values = left["values"].as_array().unwrap().clone();
        all.push(Left { gateway, values, keys, has_events: left["release"] != "0.1.0" });
    }
    all
}

impl Left {
    fn manager(&self) -> &str {
        self.values[0]["value"].as_str().unwrap()
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.gateway.send(method, path, &[self.manager()], body.map(Value::to_string).as_deref()).await
    }
}

#[tokio::test]
async fn this_build_leaves_a_key_in_each_state() {
    sample::keep(sample::of_this_build().await);
}

#[tokio::test]
async fn every_value_of_every_release_works_as_it_did() {
    for left in left_by_each().await {
        for known in &left.values {
            let value = known["value"].as_str().unwrap();
            let own = left.gateway.send("GET", "/authentication/self", &[value], None).await;
            if known["works"] == true {
                assert_eq!((own.status, &own.body["id"]), (200, &known["id"]), "{}: {own:?}", known["what"]);
                assert_eq!(own.body["company"], "Beispiel GmbH");
            } else {
                let refused = left.gateway.authorize("GET", "/sms", &[("X-API-Key", value)]).await.err();
                assert_eq!(refused, Some(Refusal::Unauthorized), "{}", known["what"]);
            }
        }
    }
}

#[tokio::test]
async fn every_key_of_every_release_is_listed_changed_rotated_and_deleted() {
    for left in left_by_each().await {
        let ids = left.send("GET", "/authentication", None).await.ids();
        assert_eq!(ids.len(), left.keys);
        assert_eq!(left.gateway.engine.events().is_empty(), !left.has_events);
        for id in ids.iter().filter(|id| left.values[0]["id"] != **id) {
            let path = format!("/authentication/{id}");
            let shown = left.send("GET", &path, None).await;
            assert_eq!(shown.status, 200, "{shown:?}");
            assert!(left.has_events || shown.body["createdByKeyId"].is_null());
            // Only a rotation brings an exposed key back.
            let is_exposed = shown.body["status"] == "EXPOSED";
            let mut change = json!({"name": "changed"});
            if !is_exposed {
                change["enabled"] = json!(true);
            }
            let patched = left.send("PATCH", &path, Some(&change)).await;
            assert_eq!((patched.status, &patched.body["name"]), (200, &json!("changed")), "{patched:?}");
            let rotated = left.send("POST", &format!("{path}/rotate"), None).await;
            let expired = shown.body["status"] == "EXPIRED";
            assert_eq!(rotated.status, if expired { 409 } else { 201 }, "{rotated:?}");
            let events = left.send("GET", &format!("/authentication/events?keyId={id}"), None).await;
            let events = events.body["events"].as_array().unwrap();
            let renames = |event: &&Value| {
                event["changes"].as_array().is_some_and(|all| all.iter().any(|change| change["to"] == "changed"))
            };
            let changed = events.iter().find(renames).unwrap();
            assert_eq!(
                (&changed["type"], changed["previousEvent"].is_string()),
                (&json!("key.changed"), left.has_events)
            );
            assert_eq!(
                changed["changes"].as_array().unwrap().last().unwrap()["field"] == "enabled",
                shown.body["enabled"] == false && !is_exposed
            );
            assert_eq!(left.send("DELETE", &path, None).await.status, 204);
        }
        let new = new_key();
        assert_eq!(
            left.send("POST", "/authentication", Some(&new)).await.status,
            201,
            "the account's count is read too"
        );
        assert_eq!(left.send("GET", "/authentication", None).await.ids().len(), 2);
    }
}
