//! `allowedIps`: from elsewhere a key is a 403.

use serde_json::{Value, json};
use tests::{Gateway, new_key_with};

fn body(allowed: &Value) -> Value {
    new_key_with(&json!({"allowedIps": allowed}))
}

#[tokio::test]
async fn a_key_works_from_its_ranges_and_is_forbidden_elsewhere() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&body(&json!(["198.51.100.0/24", "2001:db8::1"]))).await;

    for (address, status) in [
        ("198.51.100.9", 200),
        ("::ffff:198.51.100.9", 200),
        ("2001:db8::1", 200),
        ("2001:db8:0:0::1", 200),
        ("198.51.101.9", 403),
        ("2001:db8::2", 403),
        ("::ffff:198.51.101.9", 403),
    ] {
        gateway.come_from(address);
        assert_eq!(key.status().await, status, "{address}");
    }
    for no_address in [json!("x"), json!(""), Value::Null] {
        gateway.come_from(no_address.clone());
        assert!(!key.opens("GET", "/authentication/self").await, "{no_address}");
        assert!(admin.opens("GET", "/authentication/self").await, "without ranges it does not matter where one is");
    }
}

#[tokio::test]
async fn no_header_is_trusted() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&body(&json!(["198.51.100.9"]))).await;
    gateway.come_from("203.0.113.7");

    let headers = [
        ("X-API-Key", key.value.as_str()),
        ("X-Forwarded-For", "198.51.100.9"),
        ("X-Real-IP", "198.51.100.9"),
        ("Forwarded", "for=198.51.100.9"),
    ];
    let verdict = gateway.authorize("GET", "/sms", &headers).await.unwrap();

    let statement = &verdict["policyDocument"]["Statement"][0];
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(statement["Resource"], json!(["arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/v1/*"]));
}

#[tokio::test]
async fn a_patch_moves_the_ranges_on_the_next_request() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&body(&json!(["198.51.100.9"]))).await;
    gateway.come_from("203.0.113.7");
    assert_eq!(key.status().await, 403);

    admin.patch(&key.id, &json!({"allowedIps": ["203.0.113.7"]})).await;
    assert_eq!(key.status().await, 200);
    admin.patch(&key.id, &json!({"allowedIps": ["203.0.113.8"]})).await;
    assert_eq!(key.status().await, 403);
    admin.patch(&key.id, &json!({"allowedIps": null})).await;
    assert_eq!(key.status().await, 200);
}

#[tokio::test]
async fn what_is_no_list_of_ranges_is_named() {
    let (_, admin) = Gateway::with_manager().await;

    let wrong = json!(["198.51.100.9", "x", 7, "198.51.100.9/33", "::ffff:198.51.100.9", "fe80::1%eth0"]);
    let answer = admin.post(&body(&wrong)).await;
    assert_eq!(
        answer.wrong_fields(),
        ["allowedIps[1]", "allowedIps[2]", "allowedIps[3]", "allowedIps[4]", "allowedIps[5]"],
        "the fifth is the first again"
    );
    let many: Vec<_> = (0..51).map(|at| format!("198.51.100.{at}")).collect();
    for wrong in [json!([]), json!("198.51.100.9"), json!({}), json!(many)] {
        assert_eq!(admin.post(&body(&wrong)).await.wrong_fields(), ["allowedIps"], "{wrong}");
    }
    assert_eq!(admin.post(&body(&json!(many[..50]))).await.status, 201);
    assert_eq!(admin.post(&body(&Value::Null)).await.body["allowedIps"], Value::Null);
}
