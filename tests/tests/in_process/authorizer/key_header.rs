//! The header that an API takes the key from.

use authorizer::Refusal;
use serde_json::{Value, json};
use tests::Gateway;
use tests::gateway::sample_event;

async fn ask(gateway: &Gateway, key_header: Option<&str>, headers: Value) -> Result<Value, Refusal> {
    let mut event = sample_event("authorizer");
    event["stageVariables"] = key_header.map_or(Value::Null, |name| json!({"keyHeader": name}));
    event["methodArn"] = json!(format!("{}/GET/sms", tests::gateway::STAGE));
    event["resource"] = json!("/sms");
    event["multiValueHeaders"] = headers;
    gateway.decide(&event).await
}

#[tokio::test]
async fn one_header_is_read_and_the_other_is_ignored() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (key, other) = (&admin.value, &admin.create_key(&["RCS"]).await.value);
    let bearer = |value: &str| format!("Bearer {value}");

    for name in ["authorization", "Authorization"] {
        for headers in [
            json!({"Authorization": [bearer(key)]}),
            json!({"authorization": [format!("bearer   {key}")]}),
            json!({"AUTHORIZATION": [format!("BEARER {key}")], "X-API-Key": [other, other]}),
        ] {
            let verdict = ask(&gateway, Some(name), headers).await.unwrap();
            assert_eq!(verdict["principalId"], admin.id);
        }
    }
    for name in [None, Some("x-api-key"), Some("X-API-Key")] {
        let headers = json!({"Authorization": [bearer(other), "x"], "X-API-Key": [key]});
        assert_eq!(ask(&gateway, name, headers).await.unwrap()["principalId"], admin.id);
        let headers = json!({"Authorization": [bearer(key)]});
        assert_eq!(ask(&gateway, name, headers).await.err(), Some(Refusal::Unauthorized));
    }
    drop(gateway.wire.take_calls());
    for headers in [
        json!({"X-API-Key": [key]}),
        json!({"Authorization": [key]}),
        json!({"Authorization": [format!("Basic {key}")]}),
        json!({"Authorization": [format!("Bearer{key}")]}),
        json!({"Authorization": [bearer(key), bearer(key)]}),
        json!({"Authorization": [bearer(key)], "authorization": [""]}),
        json!({"Authorization": [format!("{},{}", bearer(key), bearer(key))]}),
        json!({"Authorization": ["Bearer "]}),
        json!({"Authorization": []}),
    ] {
        assert_eq!(ask(&gateway, Some("authorization"), headers).await.err(), Some(Refusal::Unauthorized));
    }
    assert_eq!(gateway.wire.take_calls(), [], "none of them is worth a read");
}

#[tokio::test]
async fn a_header_that_there_is_not_refuses_everything() {
    let (gateway, admin) = Gateway::with_manager().await;
    for name in ["", "X-Token", "AUTHORIZATION"] {
        let headers = json!({"Authorization": [format!("Bearer {}", admin.value)], "X-API-Key": [admin.value]});
        assert_eq!(ask(&gateway, Some(name), headers).await.err(), Some(Refusal::Misconfigured), "{name}");
    }
}
