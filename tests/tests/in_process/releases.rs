//! What each release has left in tables and with holders of keys: every later build reads it, and works on with it.
//!
//! The files in `tests/data/releases` were made by the code of those releases. The grace periods in them end in 2035.

use std::fs;

use authorizer::Refusal;
use serde_json::{Value, json};
use tests::template::root;
use tests::{Answer, Gateway, new_key};

/// A table as a release left it, and the values that are out.
struct Left {
    gateway: Gateway,
    values: Vec<Value>,
    keys: usize,
}

async fn left_by_each() -> Vec<Left> {
    let mut all = Vec::new();
    for file in fs::read_dir(root().join("tests/data/releases")).unwrap() {
        let left: Value = serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        let gateway = Gateway::importing().await;
        for item in left["items"].as_array().unwrap() {
            gateway.engine.put(item);
        }
        let keys = gateway.engine.keys().len();
        all.push(Left { gateway, values: left["values"].as_array().unwrap().clone(), keys });
    }
    assert!(!all.is_empty());
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
        assert!(left.gateway.engine.events().is_empty(), "that release wrote none");
        for id in ids.iter().filter(|id| left.values[0]["id"] != **id) {
            let path = format!("/authentication/{id}");
            let shown = left.send("GET", &path, None).await;
            assert_eq!((shown.status, &shown.body["createdByKeyId"]), (200, &Value::Null));
            let patched = left.send("PATCH", &path, Some(&json!({"name": "changed", "enabled": true}))).await;
            assert_eq!((patched.status, &patched.body["name"]), (200, &json!("changed")), "{patched:?}");
            let rotated = left.send("POST", &format!("{path}/rotate"), None).await;
            let expired = shown.body["status"] == "EXPIRED";
            assert_eq!(rotated.status, if expired { 409 } else { 201 }, "{rotated:?}");
            let events = left.send("GET", &format!("/authentication/events?keyId={id}"), None).await;
            let first = events.body["events"].as_array().unwrap().last().unwrap().clone();
            assert_eq!((&first["type"], &first["previousEvent"]), (&json!("key.changed"), &Value::Null));
            assert_eq!(
                first["changes"].as_array().unwrap().last().unwrap()["field"] == "enabled",
                shown.body["enabled"] == false
            );
            assert_eq!(left.send("DELETE", &path, None).await.status, 204);
        }
        let new = new_key();
        assert_eq!(
            left.send("POST", "/authentication", Some(&new)).await.status,
            201,
            "the account's count is read too"
        );
        assert_eq!(left.gateway.engine.keys().len(), 2);
    }
}
