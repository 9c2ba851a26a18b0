//! The gateway of these tests does what API Gateway is documented to do: otherwise they would prove nothing.

use std::time::Duration;

use serde_json::{Value, json};
use tests::gateway::{Api, Attached, Request};
use tests::template::sample_api;
use tests::wire::Fault;
use tests::{Client, Gateway, new_key_with};

/// The sample API with a cache of a minute by these sources.
fn cached_by(gateway: &Gateway, identity: Option<Value>) -> Attached {
    let mut template = sample_api();
    if let Some(identity) = identity {
        template["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"]["KeyAuthorizer"]["Identity"] = identity;
    }
    gateway.attach(Api::of(&template, "Api", &[("AuthorizerCacheSeconds", "60")]))
}

fn by_key_alone(gateway: &Gateway) -> Attached {
    cached_by(gateway, Some(json!({"Headers": ["x-api-key"], "ReauthorizeEvery": 60})))
}

/// The status of a request, and how many calls to the table it took.
async fn ask(gateway: &Gateway, api: &Attached, method: &str, path: &str, key: &Client) -> (u16, usize) {
    drop(gateway.wire.take_calls());
    let answer = api.send(method, path, &key.value).await;
    (answer.status, gateway.wire.take_calls().iter().filter(|call| call.operation == "GetItem").count())
}

#[tokio::test]
async fn a_request_without_an_identity_source_is_a_401_that_invokes_no_function() {
    let (gateway, admin) = Gateway::with_manager().await;
    drop(gateway.functions.kept.reasons.take_rest());
    drop(gateway.wire.take_calls());
    for keys in [&[][..], &[""]] {
        gateway.send("GET", "/authentication", keys, None).await.assert_problem(401);
        assert_eq!(gateway.send("GET", "/sms", keys, None).await.status, 401);
    }
    gateway.come_from(Value::Null);
    assert_eq!(admin.status().await, 401);
    assert!(gateway.wire.take_calls().is_empty() && gateway.functions.kept.reasons.take_rest().is_empty());
}

#[tokio::test]
async fn a_verdict_is_used_again_for_the_same_sources_until_its_time_is_over() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    let api = cached_by(&gateway, None);

    assert_eq!(ask(&gateway, &api, "GET", "/sms", &one).await, (200, 1));
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &one).await, (200, 0));
    assert_eq!(ask(&gateway, &api, "POST", "/sms", &one).await, (200, 1), "the method is a source");
    assert_eq!(ask(&gateway, &api, "GET", "/sms/1", &one).await, (200, 1), "the path is");
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &two).await, (200, 1), "and the key");
    gateway.come_from("198.51.100.9");
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &one).await, (200, 1), "and the address");
    gateway.come_from("203.0.113.7");
    admin.delete(&one.id).await;
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &one).await, (200, 0));
    gateway.pass(Duration::from_mins(1));
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &one).await, (401, 1));
    assert_eq!(gateway.send("GET", "/sms", &[&two.value], None).await.status, 200);
    admin.delete(&two.id).await;
    assert_eq!(gateway.send("GET", "/sms", &[&two.value], None).await.status, 401, "without a cache at once");
}

#[tokio::test]
async fn a_kept_verdict_is_evaluated_anew_for_each_request() {
    let (gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let api = by_key_alone(&gateway);
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &sms).await, (200, 1));
    assert_eq!(ask(&gateway, &api, "POST", "/sms", &sms).await, (200, 0), "its methods are named");
    assert_eq!(ask(&gateway, &api, "GET", "/rcs", &sms).await, (403, 0));
    assert_eq!(
        ask(&gateway, &api, "GET", "/sms/1", &sms).await,
        (403, 0),
        "the path is no source, so a good request is refused"
    );

    let body = new_key_with(&json!({"allowedIps": ["198.51.100.9"]}));
    let elsewhere = admin.create(&body).await;
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &elsewhere).await, (403, 1));
    gateway.come_from("198.51.100.9");
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &elsewhere).await, (403, 0), "the address is no source");
}

#[tokio::test]
async fn what_the_authorizer_refused_is_not_kept() {
    let (gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let api = by_key_alone(&gateway);
    admin.patch(&sms.id, &json!({"enabled": false})).await;
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &sms).await.0, 401);
    admin.patch(&sms.id, &json!({"enabled": true})).await;
    gateway.wire.break_with(Fault::Cut);
    assert_eq!(api.send("GET", "/sms", &sms.value).await.status, 500);
    admin.get("/authentication").await.assert_problem(500);
    gateway.wire.mend();
    assert_eq!(ask(&gateway, &api, "GET", "/sms", &sms).await, (200, 1));
}

#[tokio::test]
async fn a_refusal_is_answered_by_the_template() {
    let (gateway, admin) = Gateway::with_manager().await;
    let narrow = admin.create_key(&["SMS"]).await;
    let limits = json!([{"requests": 1, "per": "DAY"}]);
    let body = new_key_with(&json!({"limits": limits}));
    let limited = admin.create(&body).await;

    admin.get("/authentication/x/y").await.assert_problem(404);
    admin.send("PUT", "/authentication").await.assert_problem(404);
    narrow.get("/authentication").await.assert_problem(403);
    let unauthorized = gateway.send("GET", "/authentication", &["garbage"], None).await;
    unauthorized.assert_problem(401);
    assert_eq!(unauthorized.headers["www-authenticate"], "ApiKey");
    assert_eq!(limited.get("/sms").await.status, 200);
    let denied = limited.get("/sms").await;
    denied.assert_problem(403);
    let until_tomorrow = denied.body["retryAfterSeconds"].as_str().unwrap().parse::<u64>().unwrap();
    assert!((49_000..=49_495).contains(&until_tomorrow), "{until_tomorrow}");
    // Where the template has nothing, it is as AWS has it.
    let unknown = admin.get("/nothing").await;
    assert_eq!((unknown.status, &unknown.body["message"]), (403, &json!("Missing Authentication Token")));
}

#[tokio::test]
async fn a_backend_behind_a_greedy_route_gets_the_request_as_it_was_sent() {
    let (gateway, admin) = Gateway::with_manager().await;
    let headers = [("X-API-Key", &*admin.value), ("X-Other", "a"), ("X-Other", "b")];
    let path_and_query = "/sms/a%2Fb/c?x=1&x=%20";
    let request = Request { method: "POST", path_and_query, headers: &headers, body: Some("text") };

    let event = gateway.request(&request).await.body;

    assert_eq!((&event["resource"], &event["path"]), (&json!("/sms/{proxy+}"), &json!("/sms/a%2Fb/c")));
    assert_eq!(event["pathParameters"], json!({"proxy": "a%2Fb/c"}));
    assert_eq!(event["queryStringParameters"], json!({"x": " "}));
    assert_eq!(event["multiValueQueryStringParameters"], json!({"x": ["1", " "]}));
    assert_eq!(
        (&event["headers"]["X-Other"], &event["multiValueHeaders"]["X-Other"]),
        (&json!("b"), &json!(["a", "b"]))
    );
    assert_eq!((&event["body"], &event["stageVariables"]), (&json!("text"), &Value::Null));
    let context = &event["requestContext"];
    assert_eq!((&context["path"], &context["httpMethod"]), (&json!("/v1/sms/a%2Fb/c"), &json!("POST")));
    assert_eq!(context["authorizer"]["principalId"], json!(admin.id));
}
