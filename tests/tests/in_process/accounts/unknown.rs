//! An account or a key that there is not is refused in every action, and is no empty answer.

use serde_json::{Value, json};
use tests::Gateway;

use super::refused;

const NO_ACCOUNT: &str = "there is no such account";
const NO_KEY: &str = "the account has no such key";
const UNKNOWN: &str = "0000000000000000000000";

fn with(action: &str, account: &str, more: &Value) -> Value {
    let mut payload = more.clone();
    payload["action"] = json!(action);
    payload["accountId"] = json!(account);
    payload
}

/// What each action needs beside the account.
fn needs(action: &str) -> Value {
    match action {
        "update" => json!({"maxKeys": 7}),
        "recover" => json!({"userId": "u", "username": "n"}),
        "revoke-keys" | "disable-keys" => json!({"keyIds": [UNKNOWN]}),
        "show-key" | "update-key" | "rotate-key" | "exempt-key" => json!({"keyId": UNKNOWN}),
        "create-key" => json!({"userId": "u", "username": "n", "operations": ["SMS"]}),
        "find-key" => json!({"keyId": UNKNOWN, "sha256": "0".repeat(64)}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn every_action_on_an_unknown_account_is_not_found() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = json!({"userId": "ada"});
    for action in manage_account::action_names().filter(|action| *action != "list") {
        assert_eq!(refused(&gateway, with(action, UNKNOWN, &needs(action))).await, NO_ACCOUNT, "{action}");
    }
    assert_eq!(refused(&gateway, with("list-keys", UNKNOWN, &key)).await, NO_ACCOUNT);
    assert_eq!(refused(&gateway, with("events", UNKNOWN, &json!({"keyId": admin.id}))).await, NO_ACCOUNT);
    assert_eq!(refused(&gateway, with("usage", UNKNOWN, &json!({"keyId": admin.id}))).await, NO_ACCOUNT);
}

#[tokio::test]
async fn an_unknown_key_of_an_account_is_an_error_and_no_key_without_events_or_usage() {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = gateway.create_account("Other").await;
    let key = admin.create_key(&["SMS"]).await;
    for id in [UNKNOWN, &*other.id] {
        for (action, field) in [
            ("events", "keyId"),
            ("events", "actorKeyId"),
            ("usage", "keyId"),
            ("show-key", "keyId"),
            ("update-key", "keyId"),
            ("rotate-key", "keyId"),
        ] {
            let payload = with(action, &admin.account_id, &json!({ field: id }));
            assert_eq!(refused(&gateway, payload).await, NO_KEY, "{action} {field} {id}");
        }
    }

    let by_key = gateway.manage_with("events", &admin, &json!({"actorKeyId": key.id})).await.unwrap();
    assert_eq!(by_key["events"], json!([]), "it has done nothing yet");
    assert!(gateway.manage_with("usage", &admin, &json!({"keyId": key.id})).await.is_ok());
    let of_no_user = gateway.manage_with("list-keys", &admin, &json!({"userId": "no-user"})).await.unwrap();
    assert_eq!(of_no_user, json!({"apiKeys": [], "nextCursor": null}));
    let of_both = json!({"keyIds": [UNKNOWN]});
    let revoked = gateway.manage_with("revoke-keys", &admin, &of_both).await.unwrap();
    assert_eq!(revoked["notFound"], json!([UNKNOWN]), "the account is there");

    admin.delete(&key.id).await;
    let of_key = gateway.manage_with("events", &admin, &json!({"keyId": key.id})).await.unwrap();
    assert_eq!(of_key["events"].as_array().unwrap().len(), 2, "events outlive their key");
}

#[tokio::test]
async fn an_account_that_has_lost_its_keys_and_its_name_is_no_unknown_one() {
    let gateway = Gateway::start().await;
    let empty = gateway.create_account("Lost").await;
    gateway.engine.as_of_release_0_1(&empty.account_id);
    empty.delete(&empty.id).await;
    assert_eq!(gateway.manage("list-keys", &empty).await.unwrap(), json!({"apiKeys": [], "nextCursor": null}));
    assert!(gateway.manage("usage", &empty).await.is_ok());
}
