//! `expiresAt`: to the instant, by the clock; the time to live only clears up.

use std::time::Duration;

use api_keys::key::{KeyStatus, Timestamp};
use api_keys::request::KeyPatch;
use serde_json::json;
use tests::{Gateway, new_key_with};

const HOUR: Duration = Duration::from_hours(1);
const TEN_YEARS: Duration = Duration::from_hours(24 * 3653);

#[tokio::test]
async fn a_key_works_until_its_expiry_and_is_shown_as_expired_after_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let end = gateway.time_in(HOUR);
    let key = admin
        .create(&json!({"userId": "u", "username": "n", "operations": ["SMS", "AUTHENTICATION"], "expiresAt": end}))
        .await;

    let before = key.get("/authentication/self").await;
    assert_eq!((before.status, &before.body["status"]), (200, &json!("ACTIVE")));
    assert_eq!(before.body["expiresAt"], json!(end));

    gateway.pass(HOUR);

    assert_eq!(key.status().await, 401);
    for path in [&key.id, &key.value] {
        let shown = admin.get(&format!("/authentication/{path}")).await;
        assert_eq!((shown.status, &shown.body["status"]), (200, &json!("EXPIRED")));
    }
    let list = admin.get("/authentication").await;
    let listed = list.body["apiKeys"].as_array().unwrap().iter().find(|listed| listed["id"] == json!(key.id)).unwrap();
    assert_eq!(listed["status"], "EXPIRED");
}

#[tokio::test]
async fn from_the_very_instant_and_not_a_millisecond_before() {
    let (gateway, admin) = Gateway::with_manager().await;
    let end = gateway.time_in(HOUR);
    let body = new_key_with(&json!({"expiresAt": end}));
    let key = admin.create(&body).await;
    let value = api_keys::key::KeyValue::parse(&key.value, api_keys::key::ImportedKeys::Refused).unwrap();
    let mut key = gateway.functions.reader.resolve(&value, gateway.now().into()).await.unwrap().unwrap();
    let end = Timestamp::parse(&end).unwrap();

    assert_eq!(key.status(end.minus(Duration::from_millis(1))), KeyStatus::Active);
    assert_eq!(key.status(end), KeyStatus::Expired);
    key.metadata.settings.enabled = false;
    assert_eq!(key.status(end.minus(Duration::from_millis(1))), KeyStatus::Disabled);
    assert_eq!(key.status(end), KeyStatus::Expired, "enabling it would not bring it back");
}

#[tokio::test]
async fn an_item_is_left_to_dynamodb_thirty_days_after_expiry() {
    let (gateway, admin) = Gateway::with_manager().await;
    let end = gateway.time_in(HOUR);
    let body = new_key_with(&json!({"expiresAt": end}));
    let key = admin.create(&body).await;
    let purge_at = || {
        let item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == json!(key.id)).unwrap();
        item["purgeAt"]["N"].as_str().map(|number| number.parse::<i64>().unwrap())
    };

    let seconds = |time: &str| Timestamp::parse(time).unwrap().unix_seconds();
    assert_eq!(purge_at(), Some(seconds(&end) + 30 * 24 * 3600));

    let later = gateway.time_in(2 * HOUR);
    admin.patch(&key.id, &json!({"expiresAt": later})).await;
    assert_eq!(purge_at(), Some(seconds(&later) + 30 * 24 * 3600));

    let never = admin.patch(&key.id, &json!({"expiresAt": null})).await;
    assert_eq!(never.body["expiresAt"], json!(null));
    assert_eq!(purge_at(), None);
}

#[tokio::test]
async fn an_expiry_is_a_time_in_the_next_ten_years() {
    let (gateway, admin) = Gateway::with_manager().await;
    let minute = Duration::from_mins(1);

    for wrong in [
        json!(gateway.time_in(Duration::ZERO)),
        json!(gateway.time_in(TEN_YEARS + minute)),
        json!("2020-01-01T00:00:00Z"),
        json!("2030-01-01"),
        json!("tomorrow"),
        json!(1_900_000_000),
    ] {
        let body = new_key_with(&json!({"expiresAt": wrong}));
        assert_eq!(admin.post(&body).await.wrong_fields(), ["expiresAt"], "{wrong}");
        assert_eq!(admin.patch(&admin.id, &json!({"expiresAt": wrong})).await.wrong_fields(), ["expiresAt"], "{wrong}");
    }
    for right in [gateway.time_in(minute), gateway.time_in(TEN_YEARS.saturating_sub(minute))] {
        let body = new_key_with(&json!({"expiresAt": right}));
        assert_eq!(admin.post(&body).await.body["expiresAt"], json!(right));
    }
    let body = new_key_with(&json!({"expiresAt": "2029-12-31T23:30:00-01:00"}));
    assert_eq!(admin.post(&body).await.body["expiresAt"], "2030-01-01T00:30:00.000Z", "any offset, shown in UTC");
}

#[tokio::test]
async fn an_expiry_is_after_now_and_at_most_ten_years_away_to_the_millisecond() {
    let gateway = Gateway::start().await;
    let now = Timestamp::parse("2026-11-23T10:15:30.123Z").unwrap();
    let millisecond = Duration::from_millis(1);
    for (end, is_taken) in [
        (now, false),
        (now.plus(millisecond), true),
        (now.plus(TEN_YEARS), true),
        (now.plus(TEN_YEARS + millisecond), false),
    ] {
        let patch = json!({"expiresAt": end}).to_string();
        let patched = KeyPatch::parse(patch.as_bytes(), &gateway.functions.settings().catalogue, now);
        let expected = KeyPatch { expires_at: Some(Some(end)), ..KeyPatch::default() };
        assert_eq!(patched.ok(), is_taken.then_some(expected), "{patch}");
    }
}

#[tokio::test]
async fn an_expired_key_works_again_when_its_expiry_is_moved() {
    let (gateway, admin) = Gateway::with_manager().await;
    let body = new_key_with(&json!({"expiresAt": gateway.time_in(HOUR)}));
    let key = admin.create(&body).await;
    gateway.pass(HOUR);
    assert_eq!(key.status().await, 401);

    let moved = admin.patch(&key.id, &json!({"expiresAt": gateway.time_in(HOUR)})).await;

    assert_eq!((moved.status, &moved.body["status"]), (200, &json!("ACTIVE")));
    assert_eq!(key.status().await, 200);
}
