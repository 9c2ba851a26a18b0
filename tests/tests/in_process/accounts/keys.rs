//! What operators see and do of an account's keys: `recover`, `list-keys`, `revoke-keys`, `disable-keys`, `events`.

use std::time::Duration;

use serde_json::{Value, json};
use tests::Gateway;
use tests::values::traces;
use tests::wire::{Fault, Reason};

use super::{on, refused};

#[tokio::test]
async fn an_account_without_a_manager_is_recovered_with_a_key_that_may_do_everything() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.max_keys = 2);
    assert_eq!(admin.delete(&admin.id).await.status, 204);

    let recover = on(&admin, "recover", json!({"userId": "grace", "username": "Grace", "operator": "op"}));
    let key = gateway.invoke_manage_account(recover.clone()).await.unwrap();

    assert_eq!((&key["accountId"], &key["company"]), (&json!(admin.account_id), &json!("Example")));
    assert_eq!(key["operations"], json!(["SMS", "RCS", "WHATSAPP", "AUTHENTICATION"]));
    assert_eq!((&key["userId"], &key["createdBy"]), (&json!("grace"), &json!("grace")));
    let value = key["value"].as_str().unwrap();
    let list = gateway.send("GET", "/authentication", &[value], None).await;
    assert_eq!((list.status, list.ids()), (200, vec![key["id"].as_str().unwrap().to_owned()]));
    let events = gateway.send("GET", "/authentication/events", &[value], None).await.body["events"].clone();
    let types: Vec<_> = events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["account.recovered", "key.deleted", "account.created"]);
    assert_eq!((&events[0]["keyId"], &events[0]["previousEvent"]), (&key["id"], &events[2]["id"]));
    assert_eq!((&events[0]["actor"]["type"], &events[0]["actor"]["claimed"]), (&json!("OPERATOR"), &json!("op")));
    assert_eq!(events[0]["changes"][0], json!({"field": "userId", "from": null, "to": "grace"}));
    assert!(traces(value).iter().all(|trace| !events.to_string().contains(trace)));

    // Within the quota.
    gateway.invoke_manage_account(recover.clone()).await.unwrap();
    assert_eq!(refused(&gateway, recover).await, "the account has reached its limit of 2 keys");
}

#[tokio::test]
async fn an_accounts_keys_are_listed_with_their_status() {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = gateway.create_account("Other").await;
    let disabled = admin.create_key_for("u1", &["SMS"]).await;
    admin.patch(&disabled.id, &json!({"enabled": false})).await;
    let end = gateway.time_in(Duration::from_mins(1));
    let expiring = json!({"userId": "u2", "username": "n", "operations": ["SMS"], "expiresAt": end});
    let expired = admin.create(&expiring).await;
    gateway.pass(Duration::from_mins(1));

    let list = gateway.manage("list-keys", &admin).await.unwrap();

    let keys = list["apiKeys"].as_array().unwrap();
    let shown: Vec<_> = keys.iter().map(|key| (key["id"].as_str().unwrap(), key["status"].as_str().unwrap())).collect();
    assert_eq!(shown, [(&*expired.id, "EXPIRED"), (&*disabled.id, "DISABLED"), (&*admin.id, "ACTIVE")]);
    assert_eq!(keys[2], admin.get("/authentication").await.body["apiKeys"][2], "as the account itself sees it");
    let filtered = gateway.manage_with("list-keys", &admin, &json!({"userId": "u1"})).await.unwrap();
    assert_eq!(filtered["apiKeys"][0]["id"], json!(disabled.id));
    assert_eq!(filtered["apiKeys"].as_array().unwrap().len(), 1);
    let first = gateway.manage_with("list-keys", &admin, &json!({"limit": 2})).await.unwrap();
    let rest = gateway.manage_with("list-keys", &admin, &json!({"cursor": first["nextCursor"]})).await.unwrap();
    assert_eq!((rest["apiKeys"][0]["id"].as_str(), &rest["nextCursor"]), (Some(&*admin.id), &Value::Null));
    let theirs = gateway.manage("list-keys", &other).await.unwrap();
    assert_eq!(theirs["apiKeys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn keys_are_revoked_each_with_its_event_and_none_of_another_account() {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = gateway.create_account("Other").await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    let ids = json!([one.id, other.id, two.id, "0000000000000000000000"]);

    let revoke = on(&admin, "revoke-keys", json!({"keyIds": ids, "operator": "grace"}));
    let report = gateway.invoke_manage_account(revoke.clone()).await.unwrap();

    assert_eq!(report["revoked"], json!([one.id, two.id]));
    assert_eq!(report["notFound"], json!([other.id, "0000000000000000000000"]));
    assert_eq!(report["failed"], json!([]));
    assert_eq!(
        [one.status().await, two.status().await, other.status().await, admin.status().await],
        [401, 401, 200, 200]
    );
    let events = gateway.manage_with("events", &admin, &json!({"keyId": one.id})).await.unwrap();
    let events = events["events"].as_array().unwrap();
    assert_eq!((events.len(), &events[0]["type"]), (2, &json!("key.deleted")));
    assert_eq!(events[0]["actor"]["claimed"], "grace");
    assert_eq!(
        gateway.invoke_manage_account(revoke).await.unwrap()["notFound"].as_array().unwrap().len(),
        4,
        "a repeat finds none"
    );
    assert_eq!(gateway.manage("show", &admin).await.unwrap()["keyCount"], 1);
}

#[tokio::test]
async fn keys_are_disabled_in_any_state_and_a_manager_can_enable_them_again() {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = gateway.create_account("Other").await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    gateway.suspend(&admin).await;

    let disable = on(&admin, "disable-keys", json!({"keyIds": [one.id, other.id, two.id], "operator": "grace"}));
    let report = gateway.invoke_manage_account(disable).await.unwrap();

    assert_eq!(report, json!({"disabled": [one.id, two.id], "notFound": [other.id], "failed": []}));
    let events = gateway.manage_with("events", &admin, &json!({"keyId": one.id})).await.unwrap();
    let change = json!([{"field": "enabled", "from": true, "to": false}]);
    assert_eq!((&events["events"][0]["changes"], &events["events"][0]["actor"]["claimed"]), (&change, &json!("grace")));
    gateway.resume(&admin).await;
    assert_eq!([one.status().await, two.status().await, other.status().await], [401, 401, 200]);
    assert_eq!(admin.patch(&one.id, &json!({"enabled": true})).await.status, 200);
    assert_eq!(one.status().await, 200);
}

/// Five times another write comes between the read and its own; then the key is not read any more.
#[tokio::test]
async fn a_key_that_others_change_again_and_again_is_disabled_all_the_same() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    gateway.wire.break_times(5, Fault::Cancel(Reason::ConditionalCheckFailed, 0));
    let report = gateway.manage_with("disable-keys", &admin, &json!({"keyIds": [key.id]})).await.unwrap();

    assert_eq!(report, json!({"disabled": [key.id], "notFound": [], "failed": []}));
    assert_eq!(key.status().await, 401);
    let events = gateway.manage_with("events", &admin, &json!({"keyId": key.id})).await.unwrap();
    let change = json!([{"field": "enabled", "from": null, "to": false}]);
    assert_eq!(events["events"][0]["changes"], change, "the key was not read, so the event cannot name what it was");

    // At last the other writer deletes it.
    let gone = admin.create_key(&["SMS"]).await;
    gateway.wire.break_times(6, Fault::Cancel(Reason::ConditionalCheckFailed, 0));
    let report = gateway.manage_with("disable-keys", &admin, &json!({"keyIds": [gone.id]})).await.unwrap();
    assert_eq!(report, json!({"disabled": [], "notFound": [gone.id], "failed": []}));
}

#[tokio::test]
async fn a_key_that_cannot_be_revoked_is_reported_and_the_others_go() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    // What may do better later is tried again.
    gateway.wire.break_times(1, Fault::Cancel(Reason::ValidationError, 0));

    let report = gateway.manage_with("revoke-keys", &admin, &json!({"keyIds": [one.id, two.id]})).await.unwrap();

    assert_eq!(report["revoked"], json!([two.id]));
    let reason = format!("could not write transaction `key.deleted` of {}", admin.account_id);
    assert_eq!(report["failed"], json!([{"id": one.id, "reason": reason}]));
    assert_eq!([one.status().await, two.status().await], [200, 401]);
}

#[tokio::test]
async fn events_of_an_account_are_filtered_and_paged() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.manage_with("update", &admin, &json!({"maxKeys": 7})).await.unwrap();

    let types = |page: &Value| -> Vec<String> {
        page["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    let all = gateway.manage("events", &admin).await.unwrap();
    assert_eq!(types(&all), ["account.changed", "key.created", "account.created"]);
    let of_key = gateway.manage_with("events", &admin, &json!({"keyId": key.id})).await.unwrap();
    assert_eq!(types(&of_key), ["key.created"]);
    let by_key = gateway.manage_with("events", &admin, &json!({"actorKeyId": admin.id})).await.unwrap();
    assert_eq!(types(&by_key), ["key.created"]);
    let first = gateway.manage_with("events", &admin, &json!({"limit": 1})).await.unwrap();
    let rest = gateway.manage_with("events", &admin, &json!({"cursor": first["nextCursor"]})).await.unwrap();
    assert_eq!((types(&rest).len(), &rest["nextCursor"]), (2, &Value::Null));
}
