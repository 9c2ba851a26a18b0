//! `show-key`, and whose a value is: `find-key`.

use std::time::Duration;

use serde_json::{Value, json};
use tests::values::sha256_hex;
use tests::{Client, Gateway};

const FOREIGN: &str = "sk_old_51H8xQ2eZvKYlo2C0";

/// As the program asks: with the place that a native value names, and never with the value.
async fn find(gateway: &Gateway, value: &str, named: Option<&Client>) -> Value {
    let mut payload = json!({"action": "find-key", "sha256": sha256_hex(value)});
    if let Some(client) = named {
        payload["accountId"] = json!(client.account_id);
        payload["keyId"] = json!(client.id);
    }
    let answer = gateway.invoke_manage_account(payload).await.unwrap();
    let text = answer.to_string();
    assert!(!text.contains(value) && !text.contains(&sha256_hex(value)));
    answer["found"].clone()
}

#[tokio::test]
async fn one_key_is_shown_as_its_managers_see_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    let shown = gateway.manage_with("show-key", &admin, &json!({"keyId": key.id})).await.unwrap();

    let mut expected = admin.get(&format!("/authentication/{}", key.id)).await.body;
    expected["accountId"] = json!(admin.account_id);
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_native_value_is_current_previous_exposed_or_ended() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    let found = find(&gateway, &key.value, Some(&key)).await;
    assert_eq!((&found["accountId"], &found["company"]), (&json!(admin.account_id), &json!("Example")));
    assert_eq!(
        (&found["keyId"], &found["value"], &found["key"]["status"]),
        (&json!(key.id), &json!("CURRENT"), &json!("ACTIVE"))
    );
    let seen = admin.get(&format!("/authentication/{}", key.id)).await.body;
    assert_eq!(found["key"], seen);

    let rotated = admin.rotate(&key.id, 60).await;
    let new = rotated.body["value"].as_str().unwrap();
    let state = async |value: &str| find(&gateway, value, Some(&key)).await["value"].clone();
    assert_eq!([state(&key.value).await, state(new).await], ["PREVIOUS", "CURRENT"]);
    gateway.pass(Duration::from_mins(1));
    assert_eq!([state(&key.value).await, state(new).await], ["ENDED", "CURRENT"]);
    gateway.leak(&[new]).await;
    assert_eq!(state(new).await, "EXPOSED");
    assert_eq!(find(&gateway, new, Some(&key)).await["key"]["status"], "EXPOSED");

    admin.delete(&key.id).await;
    let gone =
        json!({"accountId": admin.account_id, "company": "Example", "keyId": key.id, "value": "ENDED", "key": null});
    assert_eq!(find(&gateway, new, Some(&key)).await, gone);
}

#[tokio::test]
async fn an_imported_value_is_found_by_its_claim() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    assert_eq!(find(&gateway, FOREIGN, None).await, Value::Null);
    let id = gateway.import(&admin, FOREIGN).await;

    let found = find(&gateway, FOREIGN, None).await;
    assert_eq!(
        (&found["accountId"], &found["keyId"], &found["value"]),
        (&json!(admin.account_id), &json!(id), &json!("CURRENT"))
    );
    admin.rotate(&id, 0).await;
    let found = find(&gateway, FOREIGN, None).await;
    assert_eq!((&found["keyId"], &found["value"]), (&json!(id), &json!("ENDED")));
    admin.delete(&id).await;
    assert_eq!(find(&gateway, FOREIGN, None).await["key"], Value::Null);
    gateway.import(&admin, FOREIGN).await;
    gateway.leak(&[FOREIGN]).await;
    assert_eq!(find(&gateway, FOREIGN, None).await["value"], "EXPOSED");
    let again = gateway.engine.keys().len() - 1;
    for key in admin.get("/authentication").await.ids().into_iter().filter(|id| *id != admin.id) {
        admin.delete(&key).await;
    }
    assert_eq!(gateway.engine.keys().len(), again);
    assert_eq!(find(&gateway, FOREIGN, None).await["value"], "EXPOSED", "no import takes it any more");
}

#[tokio::test]
async fn a_value_of_another_deployment_names_no_account_of_this_one() {
    let gateway = Gateway::start().await;
    let payload =
        json!({"action": "find-key", "sha256": "0".repeat(64), "accountId": "0".repeat(22), "keyId": "0".repeat(22)});
    assert_eq!(super::refused(&gateway, payload).await, "there is no such account");
    for (payload, message) in [
        (json!({}), "sha256 is required"),
        (json!({"sha256": "x"}), "sha256 must be 64 hexadecimal digits"),
        (json!({"sha256": "0".repeat(64), "accountId": "0".repeat(22)}), "keyId is required"),
        (json!({"sha256": "0".repeat(64), "keyId": "0".repeat(22)}), "accountId is required"),
    ] {
        let mut payload = payload;
        payload["action"] = json!("find-key");
        assert_eq!(super::refused(&gateway, payload).await, message);
    }
}
