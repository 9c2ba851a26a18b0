//! `POST /authentication`.

use std::time::Duration;

use api_keys::{Issuer, KeyPrefix, Limits, NewKey, Random, Timestamp};
use serde_json::{Value, json};
use tests::Gateway;

fn full() -> Value {
    json!({
        "userId": "user-2", "username": "Grace", "operations": ["RCS", "SMS"], "trafficType": "OTP",
        "name": "reminders", "description": "appointment reminders"
    })
}

#[tokio::test]
async fn a_new_key_comes_with_its_metadata_and_this_one_time_its_value() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;

    let answer = admin.post(&full()).await;

    assert_eq!(answer.status, 201);
    let id = answer.body["id"].as_str().unwrap();
    assert_eq!(answer.headers["location"], format!("/authentication/{id}"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["content-type"], "application/json");
    let mut metadata = answer.body.clone();
    let value = metadata.as_object_mut().unwrap().remove("value").unwrap();
    let created_at = metadata["createdAt"].as_str().unwrap().to_owned();
    assert!(created_at.len() == "2026-11-23T10:15:30.123Z".len() && created_at.ends_with('Z'), "{created_at}");
    assert_eq!(
        metadata,
        json!({
            "id": id, "company": "Example", "userId": "user-2", "username": "Grace", "createdBy": "user-1",
            "operations": ["RCS", "SMS"], "trafficType": "OTP", "name": "reminders",
            "description": "appointment reminders", "createdAt": created_at, "status": "ACTIVE", "enabled": true,
            "expiresAt": null, "lastUsedAt": null, "allowedIps": null, "limits": null,
            "effectiveLimits": null
        })
    );
    let again = admin.get(&format!("/authentication/{id}")).await;
    assert_eq!(again.body, metadata, "a look-up shows the same, less the value");
    assert!(!again.text.contains(value.as_str().unwrap()));
}

#[tokio::test]
async fn fields_that_may_be_absent_are_null_and_the_traffic_type_has_a_default() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;

    let absent = admin.post(&json!({"userId": "u", "username": "n", "operations": ["SMS"]})).await;
    let null = json!({"userId": "u", "username": "n", "operations": ["SMS"], "trafficType": null, "name": null, "description": null});
    for answer in [absent, admin.post(&null).await] {
        assert_eq!(answer.status, 201);
        assert_eq!(answer.body["trafficType"], "TRANSACTIONAL");
        assert_eq!(answer.body["name"], Value::Null);
        assert_eq!(answer.body["description"], Value::Null);
        assert!(answer.body.as_object().unwrap().contains_key("name"));
    }
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;

    let answer = admin
        .post(&json!({
            "username": 7, "operations": ["SMS", "FAX", "SMS", 1], "trafficType": "BULK", "name": "x".repeat(129),
            "description": "y".repeat(513), "operation": ["SMS"], "accountId": "a", "createdBy": "b"
        }))
        .await;

    answer.assert_problem(400);
    assert_eq!(
        answer.wrong_fields(),
        [
            "accountId",
            "createdBy",
            "description",
            "name",
            "operation",
            "operations[1]",
            "operations[2]",
            "operations[3]",
            "trafficType",
            "userId",
            "username"
        ]
    );
    assert_eq!(admin.get("/authentication").await.ids(), [admin.id.as_str()], "nothing was made");
}

#[tokio::test]
async fn no_key_gets_power_by_leaving_operations_out() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;

    for operations in [None, Some(json!(null)), Some(json!([])), Some(json!("SMS")), Some(json!({})), Some(json!("*"))]
    {
        let mut body = json!({"userId": "u", "username": "n"});
        if let Some(operations) = operations {
            body["operations"] = operations;
        }
        assert_eq!(admin.post(&body).await.wrong_fields(), ["operations"], "{body}");
    }
    for operations in [json!(["*"]), json!(["sms"]), json!([" SMS"]), json!([["SMS"]]), json!([null])] {
        let body = json!({"userId": "u", "username": "n", "operations": operations});
        assert_eq!(admin.post(&body).await.wrong_fields(), ["operations[0]"], "{body}");
    }
}

#[tokio::test]
async fn text_is_counted_in_characters_and_has_no_control_characters() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    let with = |user_id: &str| json!({"userId": user_id, "username": "n", "operations": ["SMS"]});

    for good in ["u", "é", &"é".repeat(128), &"😀".repeat(128), "a b@c/d'\"\\"] {
        assert_eq!(admin.post(&with(good)).await.status, 201, "{good}");
    }
    for bad in ["", &"é".repeat(129), "a\nb", "\u{0}", "\u{7f}", "\u{85}"] {
        assert_eq!(admin.post(&with(bad)).await.wrong_fields(), ["userId"], "{bad:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;

    let (deep, long) = ("[".repeat(10_000), format!("{{\"userId\":\"{}\"}}", "x".repeat(70_000)));
    for body in [None, Some(""), Some("null"), Some("[]"), Some("{"), Some("\"SMS\""), Some(&*deep), Some(&*long)] {
        let answer = gateway.send("POST", "/authentication", &[&admin.value], body).await;
        answer.assert_problem(400);
        assert_eq!(answer.wrong_fields(), ["body"]);
    }
}

#[tokio::test]
async fn a_field_given_twice_is_refused_whichever_is_right() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;

    let body = r#"{"userId":"u","username":"n","operations":["SMS"],"operations":["AUTHENTICATION"]}"#;
    let answer = gateway.send("POST", "/authentication", &[&admin.value], Some(body)).await;

    assert_eq!(answer.wrong_fields(), ["operations"]);
}

#[tokio::test]
async fn no_key_gives_an_operation_that_it_lacks() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;

    let answer = limited.post(&json!({"userId": "u", "username": "n", "operations": ["SMS", "RCS"]})).await;

    answer.assert_problem(403);
    assert!(answer.body["detail"].as_str().unwrap().contains("RCS"));
    assert_eq!(admin.get("/authentication").await.ids().len(), 2, "nothing was made");
    let within = limited.create_key(&["SMS", "AUTHENTICATION"]).await;
    assert_eq!(within.get("/authentication/self").await.body["createdBy"], "user-2");
}

#[tokio::test]
async fn a_key_that_may_not_manage_is_refused_by_the_gateway_and_by_the_function_behind_it() {
    let gateway = Gateway::start().await;
    let sms = gateway.create_account("Example").await.create_key(&["SMS"]).await;
    let body = json!({"userId": "u", "username": "n", "operations": ["SMS"]}).to_string();

    assert_eq!(gateway.send("POST", "/authentication", &[&sms.value], Some(&body)).await.status, 403);

    let verdict = gateway.authorize("POST", "/sms", &[("X-API-Key", &sms.value)]).await.unwrap();
    gateway.hand_on("POST", "/authentication", &verdict, Some(&body)).await.assert_problem(403);
    gateway.hand_on("GET", "/authentication", &verdict, None).await.assert_problem(403);
    gateway.hand_on("DELETE", &format!("/authentication/{}", sms.id), &verdict, None).await.assert_problem(403);
    let path = format!("/authentication/{}", sms.id);
    for patch in [r#"{"enabled": false}"#, r#"{"name": "mine"}"#] {
        gateway.hand_on("PATCH", &path, &verdict, Some(patch)).await.assert_problem(403);
    }
    gateway.hand_on("POST", &format!("{path}/rotate"), &verdict, None).await.assert_problem(403);
}

#[tokio::test]
async fn storing_a_key_again_changes_nothing_and_no_other_key_takes_its_place() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    let issuer = Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system());
    let new = NewKey {
        account_id: api_keys::AccountId::parse(&admin.account_id).unwrap(),
        company: "Example".into(),
        user_id: "u".into(),
        username: "n".into(),
        created_by: "u".into(),
        operations: gateway.catalogue.operations().clone(),
        traffic_type: gateway.catalogue.default_traffic_type(),
        name: None,
        description: None,
        expires_at: None,
        allowed_ips: None,
        limits: Limits::NONE,
    };
    let now = Timestamp::from(gateway.now());
    let (record, _) = new.clone().issue(&issuer, now).unwrap();
    let (mut other, _) = new.issue(&issuer, now).unwrap();
    other.metadata.id = record.metadata.id;

    gateway.store.insert(&record, 1000, now).await.unwrap();
    gateway.store.insert(&record, 1000, now).await.expect("a repeated call, as after a lost answer, is no error");
    gateway.store.insert(&other, 1000, now).await.expect_err("an id is never used twice");

    assert_eq!(gateway.engine.keys().len(), 2);
}

/// What DynamoDB counts of an item: the bytes of its names and values.
fn size(value: &Value) -> usize {
    let (kind, inner) = value.as_object().unwrap().iter().next().unwrap();
    match (kind.as_str(), inner) {
        ("S", text) => text.as_str().unwrap().len(),
        ("B", base64) => base64.as_str().unwrap().len() / 4 * 3,
        ("BOOL", _) => 1,
        ("N", number) => number.as_str().unwrap().len() / 2 + 1,
        ("M", map) => {
            3 + map.as_object().unwrap().iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>()
        }
        ("L", list) => 3 + list.as_array().unwrap().iter().map(|element| 1 + size(element)).sum::<usize>(),
        (kind, _) => panic!("an item has no {kind}"),
    }
}

#[tokio::test]
async fn the_item_that_every_request_reads_is_small() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("A company of a usual name").await;
    admin.post(&full()).await;
    let long = |length| "x".repeat(length);
    let limits = ["HOUR", "DAY", "MONTH"].map(|per| json!({"requests": 900_000_000, "per": per}));
    let longest = json!({
        "userId": long(128), "username": long(128), "name": long(128), "description": long(512),
        "operations": ["SMS", "RCS", "WHATSAPP", "AUTHENTICATION"], "trafficType": "TRANSACTIONAL",
        "expiresAt": gateway.time_in(Duration::from_hours(1)),
        "allowedIps": (0..50).map(|at| format!("2001:db8:{at:x}::/48")).collect::<Vec<_>>(),
        "limits": limits
    });
    let longest = admin.create(&longest).await;
    // Rotated and used, it holds all that an item can.
    let rotated = longest.with_value_of(&admin.rotate(&longest.id, 60).await);
    gateway.come_from("2001:db8::1");
    assert_eq!(rotated.status().await, 200);

    for item in gateway.engine.keys() {
        let bytes: usize = item.as_object().unwrap().iter().map(|(name, value)| name.len() + size(value)).sum();
        let usual = item["userId"]["S"].as_str().unwrap().len() < 128;
        assert!(bytes < if usual { 512 } else { 4_096 }, "{bytes}: one read unit is 4 KB");
    }
}
