//! The API is the same at the stage's URL and behind a custom domain, with a base path or without.

use serde_json::{Value, json};
use tests::gateway::Address;
use tests::{Answer, Client, Gateway, client};

const DOMAINS: [Address; 7] = [
    Address::Mapping(""),
    Address::Mapping("/keys"),
    Address::Mapping("/authentication"),
    Address::Mapping("/a/v1/authentication/b"),
    Address::MappingWithoutStage(""),
    Address::MappingWithoutStage("/keys"),
    Address::MappingWithoutStage("/v1"),
];

/// What an answer has, and where it points behind what precedes a route; ids are those of the account.
fn shown(answer: &Answer, before: &str) -> Value {
    let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
    let location = header("location").map(|location| location.strip_prefix(before).expect("it resolves").len());
    json!([
        answer.status,
        answer.body["code"],
        answer.body["title"],
        location,
        header("cache-control"),
        header("allow")
    ])
}

/// The life of a key, and what is refused on the way.
async fn life(gateway: &Gateway, manager: &Client, before: &str) -> Vec<Value> {
    let created = manager.post(&client::new_key()).await;
    let id = created.body["id"].as_str().unwrap().to_owned();
    let value = created.body["value"].as_str().unwrap().to_owned();
    let key = format!("/authentication/{id}");
    let etag = created.headers["etag"].to_str().unwrap().to_owned();
    let name = [("Idempotency-Key", "a-name-of-this-test")];
    let rotate = format!("{key}/rotate");
    let mut answers = vec![created];
    for (method, path, body) in [
        ("GET", "/authentication", None),
        ("GET", &*key, None),
        ("GET", "/authentication/self", None),
        ("GET", &*format!("/authentication/{value}"), None),
        ("PATCH", &*key, Some(json!({ "name": "reminders" }))),
        ("PATCH", &*key, Some(json!({ "colour": "red" }))),
        ("GET", "/authentication?colour=red", None),
        ("DELETE", "/authentication/self", None),
        ("GET", "/authentication/events", None),
        ("GET", "/authentication/usage", None),
        ("GET", &*format!("{key}/usage"), None),
        ("GET", "/openapi.json", None),
        ("GET", "/console", None),
        ("GET", "/authentication/0QbXn6T4mKrV9sYdJ2wLhP", None),
        ("GET", "/elsewhere", None),
        ("POST", "/leaks", Some(json!([]))),
    ] {
        answers.push(manager.send_with(method, path, &[], body.as_ref()).await);
    }
    for _ in 0..2 {
        answers.push(manager.send_with("POST", &rotate, &name, Some(&json!({}))).await);
    }
    answers.push(manager.send_with("DELETE", &key, &[("If-Match", &etag)], None).await);
    answers.push(gateway.send("GET", "/authentication/self", &[&value], None).await);
    answers.push(gateway.send("GET", "/authentication", &[], None).await);
    answers.push(manager.delete(&id).await);
    answers.iter().map(|answer| shown(answer, before)).collect()
}

#[tokio::test]
async fn the_life_of_a_key_is_the_same_at_each_address() {
    let (gateway, manager) = Gateway::with_manager().await;
    let at_stage = life(&gateway, &manager, "/v1").await;
    let statuses: Vec<_> = at_stage.iter().map(|shown| shown[0].as_u64().unwrap()).collect();
    let expected = [
        201, 200, 200, 200, 200, 200, 400, 400, 400, 200, 200, 200, 200, 200, 404, 403, 400, 201, 409, 412, 401, 401,
        204,
    ];
    assert_eq!(statuses, expected);
    for domain in DOMAINS {
        let manager = gateway.create_account("Example").await;
        gateway.move_to(domain);
        assert_eq!(life(&gateway, &manager, &domain.before()).await, at_stage, "{domain:?}");
        gateway.move_to(Address::Stage);
    }
}

#[tokio::test]
async fn a_key_opens_the_same_routes_at_each_address() {
    let (gateway, manager) = Gateway::with_manager().await;
    let key = manager.create_key(&["SMS"]).await;
    for address in DOMAINS.into_iter().chain([Address::Stage]) {
        gateway.move_to(address);
        for (path, status) in [("/sms", 200), ("/rcs", 403), ("/authentication", 403), ("/authentication/self", 200)] {
            assert_eq!(key.get(path).await.status, status, "{address:?} {path}");
        }
    }
}
