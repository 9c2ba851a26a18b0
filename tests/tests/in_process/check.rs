//! A check without a gateway: other services get the same decision by the same code.

use std::net::IpAddr;
use std::time::Duration;

use api_keys::check::{Asked, Check, Decision, Opens, Reason, Settings};
use api_keys::key::{ImportedKeys, Limits, Operation};
use api_keys::store::Leases;
use serde_json::{Value, json};
use tests::wire::Fault;
use tests::{Client, Gateway, new_key};

const SETTINGS: Settings = Settings { imported: ImportedKeys::Refused, ceiling: Limits::NONE };

/// Asks whether a value opens an operation, from that address.
async fn ask(gateway: &Gateway, value: &str, operation: &str, source_ip: Option<IpAddr>) -> Option<Decision> {
    let check = Check {
        value: Some(value),
        asked: Asked::Operation(&Operation::parse(operation).unwrap()),
        source_ip,
        now: gateway.now().into(),
        deadline: Leases::deadline(),
    };
    gateway.functions.kept.check(check, SETTINGS).await.ok()
}

async fn key(admin: &Client, more: Value) -> Client {
    let mut body = new_key();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.create(&body).await
}

#[tokio::test]
async fn an_operation_is_asked_without_a_route() {
    let (gateway, admin) = Gateway::with_manager().await;
    let here = Some("192.0.2.1".parse().unwrap());
    let good = key(&admin, json!({})).await;
    let reader = key(&admin, json!({"operations": ["AUTHENTICATION_READ"]})).await;
    let elsewhere = key(&admin, json!({"allowedIps": ["192.0.2.1"]})).await;
    let disabled = key(&admin, json!({})).await;
    assert_eq!(admin.patch(&disabled.id, &json!({"enabled": false})).await.status, 200);

    for (key, operation, source_ip, reason) in [
        (&good, "SMS", None, Reason::Allowed),
        (&good, "RCS", None, Reason::Operation),
        (&good, "AUTHENTICATION", None, Reason::Operation),
        (&admin, "AUTHENTICATION", None, Reason::Allowed),
        (&good, "AUTHENTICATION_READ", None, Reason::Operation),
        (&admin, "AUTHENTICATION_READ", None, Reason::Operation),
        (&reader, "AUTHENTICATION_READ", None, Reason::Operation),
        (&reader, "AUTHENTICATION", None, Reason::Operation),
        (&elsewhere, "SMS", here, Reason::Allowed),
        (&elsewhere, "SMS", None, Reason::Address),
        (&disabled, "SMS", None, Reason::Disabled),
    ] {
        let decision = ask(&gateway, &key.value, operation, source_ip).await.unwrap();
        assert_eq!(decision.reason, reason, "{operation}");
        assert!(
            decision.admission.is_none()
                && !matches!(decision.opens, Opens::Management | Opens::Reading | Opens::Itself)
        );
        assert_eq!(decision.caller.unwrap().key_id.as_str(), key.id, "each refusal has its caller");
    }
    assert_eq!(admin.delete(&good.id).await.status, 204);
    let deleted = ask(&gateway, &good.value, "SMS", None).await.unwrap();
    assert!(deleted.reason == Reason::Unknown && deleted.caller.is_none());
    gateway.wire.break_with(Fault::Cut);
    assert!(ask(&gateway, &admin.value, "SMS", None).await.is_none(), "an outage is no decision");
}

#[tokio::test]
async fn requests_of_every_function_are_counted_in_limits_and_usage() {
    let (gateway, admin) = Gateway::with_manager().await;
    let limited = key(&admin, json!({"limits": [{"requests": 2, "per": "MONTH"}]})).await;
    assert!(limited.authorize().await.is_ok());

    for (reason, allowed) in [(Reason::Allowed, true), (Reason::Limited, false)] {
        let decision = ask(&gateway, &limited.value, "SMS", None).await.unwrap();
        let admission = decision.admission.unwrap();
        assert_eq!((decision.reason, admission.allowed, admission.remaining), (reason, allowed, 0));
    }
    gateway.pass(Duration::from_mins(5));
    drop(gateway.functions.kept.after_answer().await);
    drop(
        gateway.functions.kept.finish(gateway.now().into(), tokio::time::Instant::now() + Duration::from_secs(5)).await,
    );
    let usage = admin.get(&format!("/authentication/{}/usage", limited.id)).await.body;
    let count = |name: &str| usage["usage"].as_array().unwrap().iter().map(|hour| hour[name].as_u64().unwrap()).sum();
    assert_eq!((count("allowed"), count("limited")), (2_u64, 1_u64));
}
