//! `POST /authentication`.

use std::time::Duration;

use api_keys::key::{Issuer, KeyPrefix, KeySettings, Random, Timestamp};
use api_keys::request::{NewKey, Origin};
use api_keys::store::NewKeys;
use serde_json::{Value, json};
use tests::{Gateway, new_key, new_key_with};

fn full() -> Value {
    json!({
        "userId": "user-2", "username": "Grace", "operations": ["RCS", "SMS"], "trafficType": "OTP",
        "name": "reminders", "description": "appointment reminders"
    })
}

#[tokio::test]
async fn a_new_key_comes_with_its_metadata_and_this_one_time_its_value() {
    let (_, admin) = Gateway::with_manager().await;

    let answer = admin.post(&full()).await;

    assert_eq!(answer.status, 201);
    let id = answer.body["id"].as_str().unwrap();
    assert_eq!(answer.headers["location"], format!("/v1/authentication/{id}"));
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
            "createdByKeyId": admin.id, "operations": ["RCS", "SMS"], "trafficType": "OTP", "name": "reminders",
            "description": "appointment reminders", "createdAt": created_at, "status": "ACTIVE", "enabled": true,
            "valueCreatedAt": created_at, "lifetimeExempt": false,
            "expiresAt": null, "lastUsedAt": null,
            "previousValueValidUntil": null, "previousValueLastUsedAt": null, "allowedIps": null, "limits": null,
            "accountLimits": null, "effectiveLimits": null, "tags": {}, "etag": answer.body["etag"]
        })
    );
    let again = admin.get(&format!("/authentication/{id}")).await;
    assert_eq!(again.body, metadata, "a look-up shows the same, less the value");
    assert!(!again.text.contains(value.as_str().unwrap()));
}

#[tokio::test]
async fn fields_that_may_be_absent_are_null_and_the_traffic_type_has_a_default() {
    let (_, admin) = Gateway::with_manager().await;

    let absent = admin.post(&new_key()).await;
    let null = new_key_with(&json!({"trafficType": null, "name": null, "description": null}));
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
    let (_, admin) = Gateway::with_manager().await;

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
async fn a_list_longer_than_the_catalogue_is_one_wrong_field() {
    let (_, admin) = Gateway::with_manager().await;
    let with = |operations: Value| json!({"userId": "u", "username": "n", "operations": operations});

    for operations in [json!(vec![1; 6]), json!(vec!["SMS"; 6]), json!(vec![1; 30_000])] {
        let answer = admin.post(&with(operations)).await;
        assert_eq!(answer.wrong_fields(), ["operations"]);
        assert_eq!(answer.body["errors"][0]["message"], "must have at most 5 operations");
    }
    let all = json!(["AUTHENTICATION", "WHATSAPP", "RCS", "SMS", "AUTHENTICATION_READ"]);
    assert_eq!(admin.post(&with(all)).await.status, 201);
    assert_eq!(admin.post(&with(json!(vec![1; 5]))).await.wrong_fields().len(), 5);
}

#[tokio::test]
async fn an_answer_names_50_wrong_fields_and_counts_the_others() {
    let (_, admin) = Gateway::with_manager().await;
    let with_unknown = |count: usize| {
        let fields = (0..count).map(|number| (format!("field{number}"), json!(1)));
        fields.chain([("userId".to_owned(), json!("u")), ("username".to_owned(), json!("n"))]).collect::<Value>()
    };

    // `operations` is missing.
    let answer = admin.post(&with_unknown(49)).await;
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 50);
    assert!(!answer.text.contains("others"), "{answer:?}");
    let answer = admin.post(&with_unknown(4_000)).await;
    answer.assert_problem(400);
    let errors = answer.body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 51);
    assert_eq!(errors[50], json!({"field": "others", "message": "are wrong too: 3951 more fields"}));
}

#[tokio::test]
async fn of_an_unknown_name_64_characters_are_repeated() {
    let (_, admin) = Gateway::with_manager().await;

    for (name, shown) in [
        ("é".repeat(64), "é".repeat(64)),
        ("é".repeat(65), "é".repeat(64) + "…"),
        ("x".repeat(60_000), "x".repeat(64) + "…"),
    ] {
        assert_eq!(admin.patch(&admin.id, &json!({ name: 1 })).await.wrong_fields(), [shown]);
    }
}

#[tokio::test]
async fn no_key_gets_power_by_leaving_operations_out() {
    let (_, admin) = Gateway::with_manager().await;

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
    let (_, admin) = Gateway::with_manager().await;
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
    let (gateway, admin) = Gateway::with_manager().await;

    let (deep, long) = ("[".repeat(10_000), format!("{{\"userId\":\"{}\"}}", "x".repeat(70_000)));
    let (missing, no_json, no_object) = ("is missing", "is not valid JSON", "must be a JSON object");
    for (body, message) in [
        (None, missing),
        (Some(""), missing),
        (Some(" "), no_json),
        (Some("{"), no_json),
        (Some("{'userId':'u'}"), no_json),
        (Some("userId=u&username=n"), no_json),
        (Some(&*deep), no_json),
        (Some("null"), no_object),
        (Some("[]"), no_object),
        (Some("\"SMS\""), no_object),
        (Some(&*long), "must be at most 65536 bytes"),
    ] {
        let answer = gateway.send("POST", "/authentication", &[&admin.value], body).await;
        answer.assert_problem(400);
        assert_eq!(answer.body["errors"], json!([{"field": "body", "message": message}]));
    }
}

#[tokio::test]
async fn a_body_has_at_most_64_kib() {
    let (gateway, admin) = Gateway::with_manager().await;
    let body = new_key().to_string();
    let of_length = |bytes: usize| body.clone() + &" ".repeat(bytes - body.len());

    let longest = gateway.send("POST", "/authentication", &[&admin.value], Some(&of_length(65_536))).await;
    let longer = gateway.send("POST", "/authentication", &[&admin.value], Some(&of_length(65_537))).await;

    assert_eq!((longest.status, longer.wrong_fields()), (201, vec!["body".to_owned()]));
}

#[tokio::test]
async fn a_field_given_twice_is_refused_whichever_is_right() {
    let (gateway, admin) = Gateway::with_manager().await;

    let body = r#"{"userId":"u","username":"n","operations":["SMS"],"operations":["AUTHENTICATION"]}"#;
    let answer = gateway.send("POST", "/authentication", &[&admin.value], Some(body)).await;

    assert_eq!(answer.wrong_fields(), ["operations"]);
}

#[tokio::test]
async fn no_key_gives_an_operation_that_it_lacks() {
    let (_, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;

    let answer = limited.post(&json!({"userId": "u", "username": "n", "operations": ["SMS", "RCS"]})).await;

    answer.assert_problem(403);
    assert!(answer.body["detail"].as_str().unwrap().contains("RCS"));
    assert_eq!(admin.get("/authentication").await.ids().len(), 2, "nothing was made");
    let within = limited.create_key(&["SMS", "AUTHENTICATION"]).await;
    let shown = within.get("/authentication/self").await.body;
    assert_eq!((&shown["createdBy"], &shown["createdByKeyId"]), (&json!("user-2"), &json!(limited.id)));
}

#[tokio::test]
async fn the_keys_that_a_key_created_are_found_by_its_id_after_any_change() {
    let (gateway, admin) = Gateway::with_manager().await;
    let manager = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let made = manager.create_key(&["SMS"]).await;
    let created_by = json!(manager.id);

    let changed = admin.patch(&made.id, &json!({"name": "other", "operations": ["RCS"]})).await;
    assert_eq!(changed.body["createdByKeyId"], created_by);
    assert_eq!(admin.rotate(&made.id, 0).await.body["createdByKeyId"], created_by);
    admin.delete(&manager.id).await;
    let list = admin.get("/authentication").await;
    let listed = list.body["apiKeys"].as_array().unwrap().iter().find(|key| key["id"] == json!(made.id)).unwrap();
    assert_eq!(listed["createdByKeyId"], created_by);
    assert_eq!(admin.patch(&made.id, &json!({"createdByKeyId": null})).await.wrong_fields(), ["createdByKeyId"]);

    let mut of_a_release_before =
        gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == json!(made.id)).unwrap();
    of_a_release_before.as_object_mut().unwrap().remove("createdByKeyId").unwrap();
    gateway.engine.put(&of_a_release_before);
    let shown = admin.get(&format!("/authentication/{}", made.id)).await;
    assert_eq!(shown.body.get("createdByKeyId"), Some(&Value::Null));
}

#[tokio::test]
async fn a_key_that_may_not_manage_is_refused_by_the_gateway_and_by_the_function_behind_it() {
    let gateway = Gateway::start().await;
    let sms = gateway.create_account("Example").await.create_key(&["SMS"]).await;
    let body = new_key().to_string();

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
async fn an_id_is_never_used_twice() {
    let (gateway, admin) = Gateway::with_manager().await;
    let issuer = Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system());
    let new = NewKey {
        account_id: api_keys::key::AccountId::parse(&admin.account_id).unwrap(),
        company: "Example".into(),
        user_id: "u".into(),
        username: "n".into(),
        created_by: "u".into(),
        created_by_key_id: None,
        lifetime_exempt: false,
        settings: KeySettings::new(
            gateway.functions.settings().catalogue.operations().clone(),
            gateway.functions.settings().catalogue.default_traffic_type(),
        ),
    };
    let now = Timestamp::from(gateway.now());
    let (record, _) = new.clone().issue(&issuer, now).unwrap();
    let (mut other, _) = new.issue(&issuer, now).unwrap();
    other.metadata.id = record.metadata.id;

    let origin = Origin::operator(None, "request-1");
    NewKeys::new(&gateway.functions.tables).insert(&record, 1000, None, None, &origin, now).await.unwrap();
    NewKeys::new(&gateway.functions.tables)
        .insert(&record, 1000, None, None, &origin, now)
        .await
        .expect_err("another write, of the same key");
    NewKeys::new(&gateway.functions.tables)
        .insert(&other, 1000, None, None, &origin, now)
        .await
        .expect_err("another key of the same id");

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
