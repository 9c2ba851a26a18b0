//! The table gone: nobody gets in, nobody is told that their key is bad, and nothing is revealed.

use authorizer::Refusal;
use serde_json::json;
use tests::Gateway;
use tests::gateway::sample_event;

#[tokio::test]
async fn without_the_table_nobody_gets_in_and_no_key_is_called_bad() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    gateway.wire.cut(true);

    let refused = gateway.authorize("GET", "/sms", &[("X-API-Key", &admin.value)]).await.err();
    assert_eq!(refused, Some(Refusal::Unavailable));
    assert_eq!(admin.get("/authentication").await.status, 500);
    assert_eq!(gateway.send("GET", "/sms", &["garbage"], None).await.status, 401, "that much is known without a table");

    gateway.wire.cut(false);
    assert_eq!(admin.get("/authentication").await.status, 200, "the next request works again");
}

#[tokio::test]
async fn without_the_table_every_function_answers_500_and_says_nothing_of_why() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    let verdict = gateway.authorize("GET", "/sms", &[("X-API-Key", &admin.value)]).await.unwrap();
    let body = json!({"userId": "u", "username": "n", "operations": ["SMS"]}).to_string();
    gateway.wire.cut(true);

    for (method, path) in [
        ("GET", "/authentication".to_owned()),
        ("POST", "/authentication".to_owned()),
        ("GET", format!("/authentication/{}", admin.value)),
        ("GET", format!("/authentication/{}", admin.id)),
        ("PATCH", format!("/authentication/{}", admin.id)),
        ("POST", format!("/authentication/{}/rotate", admin.id)),
        ("DELETE", format!("/authentication/{}", admin.id)),
    ] {
        let body = match (method, path.ends_with("/rotate")) {
            ("PATCH", _) => r#"{"name": "other"}"#,
            (_, true) => "",
            _ => &body,
        };
        let answer = gateway.hand_on(method, &path, &verdict, Some(body)).await;
        answer.assert_problem(500);
        for word in ["wire", "Dynamo", "GetItem", "table", &admin.value, &admin.id, &admin.account_id] {
            assert!(!answer.text.contains(word), "{method} {word}");
        }
    }
    let account = json!({"company": "c", "userId": "u", "username": "n"});
    let error = gateway.invoke_create_account(account).await.unwrap_err();
    assert_eq!(error["errorType"], "InternalError");
}

#[tokio::test]
async fn a_request_that_no_authorizer_has_seen_is_our_mistake_and_is_not_served() {
    let gateway = Gateway::start().await;
    gateway.create_account("Example").await;
    drop(gateway.wire.take_calls());

    for function in ["list-keys", "create-key", "find-key", "update-key", "rotate-key", "delete-key"] {
        let mut event = sample_event(function);
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        gateway.run(function, &event).await.assert_problem(500);
        event["requestContext"]["authorizer"] = json!({"accountId": "short", "operations": "AUTHENTICATION"});
        gateway.run(function, &event).await.assert_problem(500);
    }
    assert_eq!(gateway.wire.take_calls(), []);
}

#[tokio::test]
async fn an_item_that_is_no_key_lets_nobody_in() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    let item = gateway.engine.keys().remove(0);
    for (attribute, value) in [
        ("operations", json!({"S": "SMS"})),
        ("operations", json!({"L": [{"S": "*"}]})),
        ("keyHash", json!({"B": "AAAA"})),
        ("createdAt", json!({"S": "yesterday"})),
    ] {
        let mut broken = item.clone();
        broken[attribute] = value;
        gateway.engine.put(&broken);
        let refused = gateway.authorize("GET", "/sms", &[("X-API-Key", &admin.value)]).await.err();
        assert_eq!(refused, Some(Refusal::Unavailable), "{attribute}");
    }
}

#[tokio::test]
async fn warming_the_connection_ends_whatever_the_table_does() {
    let gateway = Gateway::start().await;
    gateway.reader.warm().await;
    assert_eq!(gateway.wire.take_calls().len(), 1, "one look-up of a key that nobody has");

    gateway.wire.cut(true);
    gateway.reader.warm().await;

    gateway.wire.cut(false);
    gateway.wire.hold(true);
    gateway.reader.warm().await;
    gateway.wire.hold(false);
    let admin = gateway.create_account("Example").await;
    assert_eq!(admin.get("/authentication").await.status, 200, "and the next request is served");
}
