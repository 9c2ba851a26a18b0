//! An issued value is in one answer and nowhere else.

use std::fmt::Debug;

use api_keys::key::{ImportedKeys, KeyValue};
use api_keys::request::{Fields, InvalidRequest};
use tests::Gateway;
use tests::gateway::sample_event;
use tests::values::{sha256_hex, traces};

fn assert_silent(what: &str, shown: &str, value: &str) {
    for trace in traces(value) {
        assert!(!shown.contains(&trace), "{what} shows a secret");
    }
}

#[tokio::test]
async fn the_table_holds_the_hash_where_it_belongs_and_never_the_value() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let rotated = key.with_value_of(&admin.rotate(&key.id, 60).await);
    assert_eq!((key.status().await, rotated.status().await), (200, 200));

    let mut dump = gateway.engine.dump();
    for item in dump.iter_mut().filter(|item| item["keyHash"].is_object()) {
        let item = item.as_object_mut().unwrap();
        assert!(item.remove("keyHash").unwrap()["B"].is_string());
        for of_previous_value in ["previousKeyHash", "previousLastUsedOf"] {
            item.remove(of_previous_value);
        }
    }
    let dump = serde_json::to_string(&dump).unwrap();
    for value in [&admin.value, &key.value, &rotated.value] {
        assert_silent("the table", &dump, value);
    }
}

#[tokio::test]
async fn no_answer_but_the_one_that_issued_a_key_shows_its_value() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    let misspelt = admin.get(&format!("/authentication?{}=1", key.value)).await;
    assert_eq!(misspelt.wrong_fields(), [format!("{}…", &key.value[..64])], "so much shows what was misspelt");
    let answers = [
        misspelt,
        admin.get("/authentication").await,
        admin.get(&format!("/authentication/{}", key.value)).await,
        key.get(&format!("/authentication/{}", admin.value)).await,
        key.get("/authentication/self").await,
        admin.get(&format!("/authentication?cursor={}", key.value)).await,
        admin.delete(&key.value).await,
        admin.post(&serde_json::json!({"userId": 1, "operations": [key.value], "trafficType": key.value})).await,
        admin.patch(&key.id, &serde_json::json!({"name": "other"})).await,
        admin.patch(&key.value, &serde_json::json!({"name": "other"})).await,
        admin.patch(&key.id, &serde_json::json!({"enabled": key.value, "allowedIps": [key.value]})).await,
        admin.rotate(&key.value, 0).await,
        // The new value is in this one, the old one is not.
        admin.rotate(&key.id, 60).await,
        admin.delete(&key.id).await,
        admin.get(&format!("/authentication/{}", key.value)).await,
    ];
    for answer in answers {
        assert_silent("an answer", &format!("{} {:?}", answer.text, answer.headers), &admin.value);
        assert_silent("an answer", &format!("{} {:?}", answer.text, answer.headers), &key.value);
    }
}

#[tokio::test]
async fn no_debug_output_shows_a_value_or_a_hash() {
    let (gateway, admin) = Gateway::with_manager().await;
    let value = KeyValue::parse(&admin.value, ImportedKeys::Refused).unwrap();
    assert_eq!(admin.rotate(&admin.id, 60).await.status, 201);
    let record = gateway.functions.reader.resolve(&value, gateway.now().into()).await.unwrap().unwrap();
    let previous = record.previous.clone().unwrap();
    assert!(previous.key_hash == value.hash());
    let fields = serde_json::json!({"sha256": sha256_hex(&admin.value), "name": admin.value});
    let shown_fields = Fields::read(fields.to_string().as_bytes(), |fields| {
        fields.wrong(&admin.value, admin.value.as_str());
        let shown = format!("{fields:?} {fields:#?}");
        drop((fields.take("sha256"), fields.take("name")));
        Err::<(), _>(InvalidRequest::of("shown", shown))
    });
    let shown_fields = shown_fields.unwrap_err().to_string();
    assert!(shown_fields.contains("Fields(2 given, 1 wrong)"), "{shown_fields}");
    let mut event = sample_event("authorizer");
    event["multiValueHeaders"] = serde_json::json!({"X-API-Key": [admin.value]});
    event["methodArn"] = format!("arn:aws:execute-api:r:1:a/v1/GET/authentication/{}", admin.value).into();
    let event: authorizer::AuthorizerEvent = serde_json::from_value(event).unwrap();

    let shown: [(&str, &dyn Debug); 5] = [
        ("KeyValue", &value),
        ("KeyHash", &previous.key_hash),
        ("PreviousValue", &previous),
        ("KeyRecord", &record),
        ("AuthorizerEvent", &event),
    ];
    assert_silent("Fields", &shown_fields, &admin.value);
    for (what, shown) in shown {
        assert_silent(what, &format!("{shown:?} {shown:#?}"), &admin.value);
        assert!(!format!("{shown:?}").contains(&format!("{:?}", value.hash().as_bytes())), "{what}");
    }
    let issued = api_keys::lambda::IssuedKey {
        account_id: None,
        key: record.clone(),
        value,
        now: gateway.now().into(),
        ceiling: api_keys::key::Limits::NONE,
    };
    assert_silent("IssuedKey", &format!("{issued:?}"), &admin.value);
}
