//! `limits`: how often a key may be used.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tests::{Answer, Client, Gateway, new_key_with};

fn body(limits: &Value) -> Value {
    new_key_with(&json!({"limits": limits}))
}

fn limit(requests: u64, per: &str) -> Value {
    json!({"requests": requests, "per": per})
}

fn shown(answer: &Answer) -> (&Value, &Value) {
    (&answer.body["limits"], &answer.body["effectiveLimits"])
}

async fn find(admin: &Client, key: &Client) -> Answer {
    admin.get(&format!("/authentication/{}", key.id)).await
}

#[tokio::test]
async fn a_manager_sets_limits_and_takes_them_away() {
    let (gateway, admin) = Gateway::with_manager().await;
    let minute = json!([limit(100, "MINUTE")]);

    let created = admin.post(&body(&minute)).await;
    assert_eq!(shown(&created), (&minute, &minute));
    let key = admin.create(&body(&minute)).await;
    assert_eq!(shown(&find(&admin, &key).await), (&minute, &minute));
    assert_eq!(shown(&admin.rotate(&key.id, 0).await), (&minute, &minute));

    let given = json!([limit(9, "MONTH"), limit(5, "DAY"), limit(1, "MINUTE")]);
    let in_order = json!([limit(1, "MINUTE"), limit(5, "DAY"), limit(9, "MONTH")]);
    let patched = admin.patch(&key.id, &json!({"limits": given})).await;
    assert_eq!(shown(&patched), (&in_order, &in_order), "the shortest period first");
    assert_eq!(shown(&find(&admin, &key).await), (&in_order, &in_order));

    let none = admin.patch(&key.id, &json!({"limits": null})).await;
    assert_eq!(shown(&none), (&Value::Null, &Value::Null));
    assert!(gateway.engine.keys().iter().all(|item| item["id"]["S"] != key.id || item["limits"].is_null()));
    assert_eq!(shown(&admin.post(&body(&Value::Null)).await), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn every_wrong_field_of_a_limit_is_named() {
    let (gateway, admin) = Gateway::with_manager().await;

    let wrong = json!([
        {"requests": 0, "per": "DAY"},
        {"requests": 1.5, "per": "day", "burst": 1},
        {},
    ]);
    let fields = [
        "limits[0].requests",
        "limits[1].burst",
        "limits[1].per",
        "limits[1].requests",
        "limits[2].per",
        "limits[2].requests",
    ];
    assert_eq!(admin.post(&body(&wrong)).await.wrong_fields(), fields);
    let key = admin.create_key(&["SMS"]).await;
    assert_eq!(admin.patch(&key.id, &json!({"limits": wrong})).await.wrong_fields(), fields);

    for (wrong, field) in [
        (json!([limit(1, "DAY"), limit(2, "DAY")]), "limits[1].per"),
        (json!([7]), "limits[0]"),
        (json!([limit(900_000_001, "DAY")]), "limits[0].requests"),
        (json!([{"requests": "1", "per": "DAY"}]), "limits[0].requests"),
        (json!([]), "limits"),
        (json!("1/DAY"), "limits"),
        (json!([limit(1, "MINUTE"), limit(1, "HOUR"), limit(1, "DAY"), limit(1, "MONTH")]), "limits"),
    ] {
        assert_eq!(admin.post(&body(&wrong)).await.wrong_fields(), [field], "{wrong}");
    }
    assert_eq!(gateway.engine.keys().len(), 2, "nothing was made of any of them");
}

#[tokio::test]
async fn a_field_of_a_limit_that_is_given_twice_is_refused_by_its_place() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let limits = r#"[{"requests": 1, "per": "DAY"}, {"requests": 10, "per": "HOUR", "requests": 1000, "per": "HOUR"}]"#;
    let fields = ["limits[1].per", "limits[1].requests"];

    let new = format!(r#"{{"userId": "u", "username": "n", "operations": ["SMS"], "limits": {limits}}}"#);
    let created = gateway.send("POST", "/authentication", &[&admin.value], Some(&new)).await;
    assert_eq!(created.wrong_fields(), fields);
    assert_eq!(created.body["errors"][0]["message"], "must be given once");
    let patch = format!(r#"{{"limits": {limits}}}"#);
    let route = format!("/authentication/{}", key.id);
    assert_eq!(gateway.send("PATCH", &route, &[&admin.value], Some(&patch)).await.wrong_fields(), fields);

    let account = &admin.account_id;
    let update = format!(r#"{{"action": "update", "accountId": "{account}", "limits": {limits}}}"#);
    let refused = gateway.invoke_manage_account(RawValue::from_string(update).unwrap()).await.unwrap_err();
    let message = "limits[1].requests must be given once; limits[1].per must be given once";
    assert_eq!(refused, json!({"errorType": "InvalidRequest", "errorMessage": message}));
    assert_eq!(gateway.engine.keys().len(), 2);
    assert_eq!(shown(&find(&admin, &key).await), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn no_manager_lifts_a_ceiling() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.ceiling = api_keys::key::Limits::parse("50/MINUTE,1000/DAY").unwrap());
    let key = admin.create(&body(&json!([limit(100, "MINUTE"), limit(7, "HOUR"), limit(8, "MONTH")]))).await;
    // As the account's ceiling is written to each of its keys.
    let mut item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == key.id).unwrap();
    item["ceiling"] = json!({"L": [
        {"M": {"requests": {"N": "900"}, "per": {"S": "DAY"}}},
        {"M": {"requests": {"N": "60"}, "per": {"S": "MINUTE"}}}
    ]});
    gateway.engine.put(&item);

    let effective = json!([limit(50, "MINUTE"), limit(7, "HOUR"), limit(900, "DAY"), limit(8, "MONTH")]);
    let own = json!([limit(100, "MINUTE"), limit(7, "HOUR"), limit(8, "MONTH")]);
    assert_eq!(shown(&find(&admin, &key).await), (&own, &effective));
    let list = admin.get("/authentication").await;
    let listed = |id: &str| list.body["apiKeys"].as_array().unwrap().iter().find(|key| key["id"] == id).unwrap();
    assert_eq!(listed(&key.id)["effectiveLimits"], effective);
    assert_eq!(listed(&admin.id)["effectiveLimits"], json!([limit(50, "MINUTE"), limit(1000, "DAY")]));
    assert!(!list.text.contains("ceiling"));

    let patched = admin.patch(&key.id, &json!({"limits": null})).await;
    assert_eq!(shown(&patched), (&Value::Null, &json!([limit(50, "MINUTE"), limit(900, "DAY")])));
    let rotated = admin.rotate(&key.id, 0).await;
    assert_eq!(rotated.body["effectiveLimits"], patched.body["effectiveLimits"], "a rotation changes none");
}
