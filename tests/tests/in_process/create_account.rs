//! `create-account`.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tests::Gateway;

#[tokio::test]
async fn an_account_begins_with_one_key_that_may_do_everything() {
    let gateway = Gateway::start().await;

    let made = gateway
        .invoke_create_account(json!({"company": "Example", "userId": "user-1", "username": "Ada"}))
        .await
        .unwrap();

    assert_eq!(made["operations"], json!(["SMS", "RCS", "WHATSAPP", "AUTHENTICATION"]));
    assert_eq!((&made["createdBy"], made.get("createdByKeyId")), (&json!("user-1"), Some(&Value::Null)));
    assert_eq!(made["trafficType"], "TRANSACTIONAL");
    let value = made["value"].as_str().unwrap();
    let mut own = gateway.send("GET", "/authentication/self", &[value], None).await;
    assert_eq!(own.status, 200);
    assert!(own.body["lastUsedAt"].take().is_string(), "it was used for this very look-up");
    let mut metadata = made.clone();
    metadata.as_object_mut().unwrap().retain(|name, _| name != "value" && name != "accountId");
    assert_eq!(own.body, metadata);
    assert_eq!(made["accountId"].as_str().unwrap().len(), 22);
}

#[tokio::test]
async fn a_wrong_payload_names_every_wrong_field_and_makes_nothing() {
    let gateway = Gateway::start().await;

    for (payload, message) in [
        (json!({}), "company is required; userId is required; username is required"),
        (
            json!({"company": "", "userId": 1, "username": "Ada", "operations": ["SMS"]}),
            "company must have 1 to 128 characters; userId must be a string; operations is not a known field",
        ),
        (Value::Null, "body must be a JSON object"),
        (json!(1), "body must be a JSON object"),
        (json!(["Example"]), "body must be a JSON object"),
    ] {
        let error = gateway.invoke_create_account(payload).await.unwrap_err();
        assert_eq!(error, json!({"errorType": "InvalidRequest", "errorMessage": message}));
    }
    assert_eq!(gateway.engine.dump(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_field_given_twice_is_refused() {
    let gateway = Gateway::start().await;
    let payload = r#"{"company": "One", "userId": "u", "username": "n", "company": "Other"}"#;

    let error = gateway.invoke_create_account(RawValue::from_string(payload.to_owned()).unwrap()).await.err().unwrap();

    assert_eq!(error["errorMessage"], "company must be given once");
    assert_eq!(gateway.engine.dump(), Vec::<Value>::new());
}
