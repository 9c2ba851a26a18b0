//! `create-key`, `update-key` and `rotate-key`: what managers do with keys, done by an operator.

use std::time::Duration;

use api_keys::key::Timestamp;
use serde_json::{Value, json};
use tests::values::traces;
use tests::wire::Stop;
use tests::{Client, Gateway};

use super::{on, refused};

const NEW: &str =
    r#"{"userId": "user-7", "username": "Lin", "operations": ["SMS"], "name": "web", "tags": {"team": "blue"}}"#;

fn new_key() -> Value {
    serde_json::from_str(NEW).unwrap()
}

/// The newest event of a key, without its id and time.
async fn last_event(gateway: &Gateway, admin: &Client, key_id: &Value) -> Value {
    let events = gateway.manage_with("events", admin, &json!({"keyId": key_id, "limit": 1})).await.unwrap();
    events["events"][0].clone()
}

#[tokio::test]
async fn a_key_that_an_operator_makes_works_at_once_and_is_the_users_own() {
    let (gateway, admin) = Gateway::with_manager().await;
    let mut payload = on(&admin, "create-key", new_key());
    payload["operator"] = json!("grace");

    let key = gateway.invoke_manage_account(payload).await.unwrap();

    let value = key["value"].as_str().unwrap();
    assert_eq!(gateway.status_of(value).await, 200);
    assert_eq!((&key["accountId"], &key["company"]), (&json!(admin.account_id), &json!("Example")));
    assert_eq!((&key["createdBy"], &key["createdByKeyId"]), (&json!("user-7"), &Value::Null));
    assert_eq!((&key["name"], &key["tags"]), (&json!("web"), &json!({"team": "blue"})));
    let event = last_event(&gateway, &admin, &key["id"]).await;
    assert_eq!((&event["type"], &event["actor"]["type"]), (&json!("key.created"), &json!("OPERATOR")));
    assert_eq!(event["actor"]["claimed"], "grace");
    assert_eq!(event["changes"][0], json!({"field": "userId", "from": null, "to": "user-7"}));
    assert!(traces(value).iter().all(|trace| !event.to_string().contains(trace)));
}

#[tokio::test]
async fn an_operators_key_is_within_quota_and_catalogue_and_of_an_active_account() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.max_keys = 1);
    let create = on(&admin, "create-key", new_key());
    assert_eq!(refused(&gateway, create.clone()).await, "the account has reached its limit of 1 keys");
    gateway.set(|settings| settings.max_keys = 9);
    let mut wrong = create.clone();
    wrong["operations"] = json!(["FAX"]);
    wrong["enabled"] = json!(false);
    let message = refused(&gateway, wrong).await;
    assert!(message.contains("operations[0] must be one of") && message.contains("enabled is not a known field"));
    gateway.suspend(&admin).await;
    assert_eq!(refused(&gateway, create).await, "the account is suspended");
    assert_eq!(gateway.engine.keys().len(), 1);
}

#[tokio::test]
async fn an_operator_changes_a_key_from_the_next_request_on() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&new_key()).await;
    let patch = json!({"keyId": key.id, "enabled": false, "name": null, "tags": {"env": "prod"}, "operator": "grace"});

    let changed = gateway.manage_with("update-key", &admin, &patch).await.unwrap();

    assert_eq!(gateway.status_of(&key.value).await, 401);
    assert_eq!(changed, gateway.manage_with("show-key", &admin, &json!({"keyId": key.id})).await.unwrap());
    assert_eq!((&changed["status"], &changed["name"]), (&json!("DISABLED"), &Value::Null));
    assert_eq!(changed["tags"], json!({"env": "prod", "team": "blue"}), "merged by name");
    let event = last_event(&gateway, &admin, &json!(key.id)).await;
    assert_eq!((&event["type"], &event["actor"]["claimed"]), (&json!("key.changed"), &json!("grace")));
    let fields: Vec<_> = event["changes"].as_array().unwrap().iter().map(|change| change["field"].clone()).collect();
    assert!(["name", "enabled", "tags"].iter().all(|field| fields.contains(&json!(field))), "{event}");

    let enable = json!({"keyId": key.id, "enabled": true});
    gateway.manage_with("update-key", &admin, &enable).await.unwrap();
    gateway.leak(&[&key.value]).await;
    assert_eq!(refused(&gateway, on(&admin, "update-key", enable)).await, "the key is exposed");
    let wrong = refused(&gateway, on(&admin, "update-key", json!({"keyId": key.id, "value": "x"}))).await;
    assert_eq!(wrong, "value is not a known field");
}

#[tokio::test]
async fn a_change_that_another_writer_overtakes_is_made_on_what_that_one_has_written() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&new_key()).await;
    let by_operator = json!({"keyId": key.id, "tags": {"env": "prod"}});
    let update = gateway.manage_with("update-key", &admin, &by_operator);
    let by_manager = json!({"tags": {"team": "red"}});
    let (changed, other) =
        gateway.wire.during(Stop::before("TransactWriteItems"), update, admin.patch(&key.id, &by_manager)).await;
    assert_eq!(other.status, 200);
    assert_eq!(changed.unwrap()["tags"], json!({"env": "prod", "team": "red"}));
}

#[tokio::test]
async fn an_operator_rotates_a_key_and_gets_its_value_once() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&new_key()).await;
    let rotate = json!({"keyId": key.id, "gracePeriodSeconds": 60, "operator": "grace"});

    let rotated = gateway.manage_with("rotate-key", &admin, &rotate).await.unwrap();

    let value = rotated["value"].as_str().unwrap().to_owned();
    assert_eq!([gateway.status_of(&value).await, gateway.status_of(&key.value).await], [200, 200]);
    let event = last_event(&gateway, &admin, &json!(key.id)).await;
    assert_eq!((&event["type"], &event["actor"]["claimed"]), (&json!("key.rotated"), &json!("grace")));

    // Its answer was lost, and that value with it; the one before keeps its grace period.
    let again = json!({"keyId": key.id, "keepPrevious": true});
    let last = gateway.manage_with("rotate-key", &admin, &again).await.unwrap();
    assert_eq!([gateway.status_of(&value).await, gateway.status_of(&key.value).await], [401, 200]);
    gateway.pass(Duration::from_mins(1));
    assert_eq!(gateway.status_of(&key.value).await, 401);
    assert_eq!(gateway.status_of(last["value"].as_str().unwrap()).await, 200);

    admin.patch(&key.id, &json!({"enabled": false})).await;
    assert_eq!(refused(&gateway, on(&admin, "rotate-key", json!({"keyId": key.id}))).await, "the key is disabled");
    let both = json!({"keyId": key.id, "keepPrevious": true, "gracePeriodSeconds": 5});
    let message = refused(&gateway, on(&admin, "rotate-key", both)).await;
    assert_eq!(message, "gracePeriodSeconds must be absent with keepPrevious");
}

#[tokio::test]
async fn the_longest_lifetime_of_an_account_holds_for_operators_too() {
    const DAY: Duration = Duration::from_hours(24);
    let (gateway, admin) = Gateway::with_manager().await;
    let endless = admin.create(&new_key()).await;
    gateway.manage_with("update", &admin, &json!({"maxKeyLifetimeDays": 90})).await.unwrap();
    let at = |days: u32| json!(gateway.time_in(DAY * days));
    let late = |more: Value, action: &str| on(&admin, action, more);
    let exceeded = async |payload: Value| {
        let message = refused(&gateway, payload).await;
        assert!(message.contains("expiresAt must be") && message.contains("at most 90 days"), "{message}");
    };

    let mut new = new_key();
    exceeded(late(new.clone(), "create-key")).await;
    new["expiresAt"] = at(91);
    exceeded(late(new.clone(), "create-key")).await;
    new["expiresAt"] = at(89);
    let made = gateway.manage_with("create-key", &admin, &new).await.unwrap();
    for end in [Value::Null, at(91)] {
        exceeded(late(json!({"keyId": made["id"], "expiresAt": end}), "update-key")).await;
    }
    exceeded(late(json!({"keyId": made["id"], "expiresAt": at(91)}), "rotate-key")).await;
    let past = json!({"keyId": made["id"], "expiresAt": "2020-01-01T00:00:00Z"});
    assert!(refused(&gateway, late(past, "rotate-key")).await.contains("expiresAt must be"));

    // Another change leaves an end that is too late, and another value gets the latest that there may be.
    let named = json!({"keyId": endless.id, "name": "old"});
    assert_eq!(gateway.manage_with("update-key", &admin, &named).await.unwrap()["expiresAt"], Value::Null);
    let rotated = gateway.manage_with("rotate-key", &admin, &json!({"keyId": endless.id})).await.unwrap();
    let born = Timestamp::parse(rotated["valueCreatedAt"].as_str().unwrap()).unwrap();
    assert_eq!((&rotated["name"], &rotated["expiresAt"]), (&json!("old"), &json!(born.plus(DAY * 90))));
    gateway.manage_with("exempt-key", &admin, &json!({"keyId": endless.id})).await.unwrap();
    let no_end = json!({"keyId": endless.id, "expiresAt": null});
    assert_eq!(gateway.manage_with("update-key", &admin, &no_end).await.unwrap()["expiresAt"], Value::Null);
}
