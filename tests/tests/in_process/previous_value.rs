//! The value before a rotation as a state: until when it works, when it was last used, and its end before that.

use std::time::Duration;

use api_keys::key::{ImportedKeys, KeyHash, KeyRecord, KeyValue, Timestamp};
use api_keys::store::LastUse;
use serde_json::{Value, json};
use tests::engine::TABLE;
use tests::wire::{Fault, Stop};
use tests::{Answer, Client, Gateway};

const ENDED: (Value, Value) = (Value::Null, Value::Null);

fn state_in(key: &Value) -> (Value, Value) {
    (key["previousValueValidUntil"].clone(), key["previousValueLastUsedAt"].clone())
}

/// Until when the value before works, and when it was last used.
async fn state(admin: &Client, key: &Client) -> (Value, Value) {
    state_in(&admin.get(&format!("/authentication/{}", key.id)).await.body)
}

async fn last_used(admin: &Client, key: &Client) -> Value {
    state(admin, key).await.1
}

/// Uses a key's value and looks when that was, as far as clocks show.
async fn use_and_expect(gateway: &Gateway, admin: &Client, key: &Client) -> Value {
    let before = gateway.time_in(Duration::ZERO);
    assert_eq!(key.status().await, 200);
    let shown = last_used(admin, key).await;
    assert!((&*before..=&*gateway.time_in(Duration::ZERO)).contains(&shown.as_str().unwrap_or_default()), "{shown}");
    shown
}

/// A key whose first value is in a grace period of an hour, as the holders of its first and its second value.
async fn rotated_key(admin: &Client) -> (Client, Client) {
    let old = admin.create_key(&["SMS"]).await;
    let new = old.with_value_of(&admin.rotate(&old.id, 3600).await);
    (old, new)
}

async fn end_grace(admin: &Client, key: &Client) -> Answer {
    admin.patch(&key.id, &json!({"previousValueValidUntil": null})).await
}

async fn events(admin: &Client, key: &Client) -> Vec<Value> {
    let events = admin.get(&format!("/authentication/events?keyId={}", key.id)).await;
    events.body["events"].as_array().unwrap().clone()
}

async fn record(gateway: &Gateway, key: &Client) -> KeyRecord {
    let value = KeyValue::parse(&key.value, ImportedKeys::Refused).unwrap();
    gateway.functions.reader.resolve(&value, gateway.now().into()).await.unwrap().unwrap()
}

#[tokio::test]
async fn it_is_shown_until_its_grace_period_ends() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    assert_eq!(state(&admin, &key).await, ENDED);

    let in_an_hour = || gateway.time_in(Duration::from_hours(1));
    let earliest = in_an_hour();
    let rotated = admin.rotate(&key.id, 3600).await;

    let end = rotated.body["previousValueValidUntil"].as_str().unwrap();
    assert!((&*earliest..=&*in_an_hour()).contains(&end));
    assert_eq!(state_in(&rotated.body), (json!(end), Value::Null));
    assert_eq!(state(&admin, &key).await, (json!(end), Value::Null));
    let list = admin.get("/authentication").await;
    assert_eq!(state_in(&list.body["apiKeys"][0]), (json!(end), Value::Null));
    let patched = admin.patch(&key.id, &json!({"name": "new"})).await;
    assert_eq!(state_in(&patched.body), (json!(end), Value::Null));

    let used = (json!(end), use_and_expect(&gateway, &admin, &key).await);
    assert_eq!(state(&admin, &key).await, used);
    assert_eq!(state_in(&key.get("/authentication/self").await.body), used, "a key sees its own");
    assert_eq!(state_in(&admin.rotate_keeping_previous(&key.id).await.body), used, "it is still the one before");
    assert_eq!(state(&admin, &key).await, used);
    let list = admin.get("/authentication").await;
    assert_eq!(state_in(&list.body["apiKeys"][0]), used);

    gateway.pass(Duration::from_secs(3550));
    assert_eq!(state(&admin, &key).await.0, json!(end));
    gateway.pass(Duration::from_secs(50));
    assert_eq!((key.status().await, state(&admin, &key).await), (401, ENDED));
    admin.rotate(&key.id, 3600).await;
    assert_eq!(state_in(&admin.rotate(&key.id, 0).await.body), ENDED);
}

#[tokio::test]
async fn its_last_use_is_shown_to_within_five_minutes_and_is_no_use_of_the_new_value() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (old, new) = rotated_key(&admin).await;
    new.status().await;
    assert_eq!(last_used(&admin, &old).await, Value::Null, "the new one was used");

    // Though the key was used a moment ago.
    let at = use_and_expect(&gateway, &admin, &old).await;
    drop(gateway.wire.take_calls());
    gateway.pass(Duration::from_secs(280));
    old.status().await;
    let writes = gateway.wire.take_calls().into_iter().filter(|call| call.operation == "UpdateItem").count();
    assert_eq!((last_used(&admin, &old).await, writes), (at, 0), "less than five minutes later");

    gateway.pass(Duration::from_secs(20));
    new.status().await;
    use_and_expect(&gateway, &admin, &old).await;

    let newest = new.with_value_of(&admin.rotate(&new.id, 3600).await);
    assert_eq!(last_used(&admin, &new).await, Value::Null, "of another value nothing is known yet");
    newest.status().await;
    assert_eq!(last_used(&admin, &new).await, Value::Null);
    // Within five minutes of the other value's use.
    use_and_expect(&gateway, &admin, &new).await;
}

#[tokio::test]
async fn a_request_that_is_refused_is_no_use_of_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (old, _) = rotated_key(&admin).await;

    gateway.authorize("POST", "/rcs", &[("X-API-Key", &old.value)]).await.unwrap();
    gateway.functions.kept.last_use.write().await;
    admin.get(&format!("/authentication/{}", old.value)).await;
    admin.patch(&old.id, &json!({"enabled": false})).await;
    assert_eq!(old.status().await, 401);

    assert_eq!(last_used(&admin, &old).await, Value::Null);
}

#[tokio::test]
async fn the_answer_waits_for_one_read_and_both_uses_are_written_behind_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (old, new) = rotated_key(&admin).await;
    let calls = || gateway.wire.take_calls().into_iter().map(|call| call.operation).collect::<Vec<_>>();
    let write = async || drop(gateway.functions.kept.last_use.write().await);
    calls();

    old.verdict().await;
    assert_eq!(calls(), ["GetItem"]);
    write().await;
    assert_eq!(calls(), ["UpdateItem", "UpdateItem"], "when the key was used, and when that value was");
    new.verdict().await;
    write().await;
    assert_eq!(calls(), ["GetItem"]);
}

/// An environment that has seen a value as the one before, and writes when another is.
#[tokio::test]
async fn a_late_write_about_an_older_value_is_never_shown() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (first, second) = rotated_key(&admin).await;
    let late = LastUse::new(&gateway.functions.reader);
    let seen = record(&gateway, &first).await;
    // Its clock is ahead: no time distinguishes this use from one of the newer value.
    late.note_previous(&seen, &KeyHash::of(&first.value), Timestamp::from(gateway.now()).plus(Duration::from_secs(30)));

    gateway.pass(Duration::from_secs(1));
    admin.rotate(&second.id, 3600).await;
    assert!(late.write().await.is_none());
    assert_eq!(last_used(&admin, &second).await, Value::Null);

    gateway.pass(Duration::from_mins(1));
    // What was written late keeps nothing from being written.
    let at = use_and_expect(&gateway, &admin, &second).await;

    // Another one writes still later, of a use that is older.
    late.note_previous(&seen, &KeyHash::of(&first.value), Timestamp::from(gateway.now()).minus(Duration::from_mins(1)));
    assert!(late.write().await.is_none());
    assert_eq!(last_used(&admin, &second).await, at);
}

#[tokio::test]
async fn a_late_write_makes_no_key_and_one_that_meets_a_management_write_is_repeated() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (old, _) = rotated_key(&admin).await;
    let other = LastUse::new(&gateway.functions.reader);
    let seen = record(&gateway, &old).await;
    let note = || other.note_previous(&seen, &KeyHash::of(&old.value), gateway.now().into());

    let meet = async {
        note();
        assert!(other.write().await.is_none());
    };
    let name = json!({"name": "new"});
    gateway.wire.during(Stop::after("TransactWriteItems"), admin.patch(&old.id, &name), meet).await;
    assert_eq!((last_used(&admin, &old).await, other.dropped()), (Value::Null, 0));
    assert!(other.write().await.is_none());
    assert!(last_used(&admin, &old).await.is_string());

    note();
    gateway.engine.remove(&old.account_id, &old.id);
    assert!(other.write().await.is_none());
    assert_eq!((gateway.engine.keys().len(), other.dropped()), (1, 0), "the account's own");
}

#[tokio::test]
async fn where_one_write_fails_the_other_is_not_tried_and_both_are_counted() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (old, _) = rotated_key(&admin).await;
    old.verdict().await;
    drop(gateway.wire.take_calls());

    gateway.wire.break_with(Fault::Cut);
    assert!(gateway.functions.kept.last_use.write().await.is_some());
    gateway.wire.mend();

    assert_eq!((gateway.wire.take_calls().len(), gateway.functions.kept.last_use.dropped()), (1, 2));
    assert!(gateway.functions.kept.last_use.write().await.is_none(), "nothing is left");
    assert!(gateway.wire.take_calls().is_empty());
}

#[tokio::test]
async fn a_patch_ends_its_grace_period_at_once_with_an_event() {
    let (_, admin) = Gateway::with_manager().await;
    let (old, new) = rotated_key(&admin).await;
    old.status().await;
    let (end, _) = state(&admin, &old).await;

    let ended = end_grace(&admin, &old).await;

    assert_eq!((old.status().await, new.status().await), (401, 200));
    assert_eq!((ended.status, state_in(&ended.body)), (200, ENDED));
    assert_eq!(state(&admin, &old).await, ENDED);
    let event = events(&admin, &old).await.remove(0);
    assert_eq!(event["type"], "key.changed");
    assert_eq!(event["changes"], json!([{"field": "previousValueValidUntil", "from": end, "to": null}]));
    assert_eq!(event["id"], ended.body["etag"]);
    assert_eq!(admin.get(&format!("/authentication/{}", old.value)).await.status, 404);

    // With other fields too, and no value before comes back by it.
    let newest = new.with_value_of(&admin.rotate(&new.id, 3600).await);
    let both = admin.patch(&new.id, &json!({"name": "new", "previousValueValidUntil": null})).await;
    assert_eq!((both.status, &both.body["name"], state_in(&both.body)), (200, &json!("new"), ENDED));
    assert_eq!([old.status().await, new.status().await, newest.status().await], [401, 401, 200]);
    let changed: Vec<_> =
        events(&admin, &old).await[0]["changes"].as_array().unwrap().iter().map(|it| it["field"].clone()).collect();
    assert_eq!(changed, ["name", "previousValueValidUntil"]);
}

#[tokio::test]
async fn where_there_is_none_or_it_has_ended_nothing_is_written() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let unchanged = async |why: &str| {
        let before = (events(&admin, &key).await.len(), admin.get(&format!("/authentication/{}", key.id)).await.body);
        let answer = end_grace(&admin, &key).await;
        assert_eq!((answer.status, &answer.body), (200, &before.1), "{why}");
        assert_eq!(events(&admin, &key).await.len(), before.0, "{why}");
    };
    unchanged("a key that was never rotated").await;
    admin.rotate(&key.id, 0).await;
    unchanged("rotated without a grace period").await;
    admin.rotate(&key.id, 60).await;
    assert_eq!(end_grace(&admin, &key).await.status, 200);
    unchanged("sent again").await;
    admin.rotate(&key.id, 60).await;
    gateway.pass(Duration::from_mins(2));
    unchanged("it has ended by itself").await;
}

#[tokio::test]
async fn one_that_has_just_ended_is_ended_where_a_clock_is_behind_too() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    admin.rotate(&key.id, 60).await;
    let before = gateway.now();
    gateway.pass(Duration::from_secs(61));
    assert_eq!(end_grace(&admin, &key).await.status, 200);
    gateway.set_time(before);
    assert_eq!(key.status().await, 401);
}

#[tokio::test]
async fn its_end_can_be_set_to_nothing_else() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (old, _) = rotated_key(&admin).await;
    for wrong in [json!(gateway.time_in(Duration::from_mins(1))), json!(""), json!(0), json!(false), json!({})] {
        let answer = admin.patch(&old.id, &json!({"previousValueValidUntil": wrong, "name": "new"})).await;
        assert_eq!(answer.wrong_fields(), ["previousValueValidUntil"], "{wrong}");
        assert_eq!(answer.body["errors"][0]["message"], "must be null, which ends the grace period");
    }
    let unknown = admin.patch(&old.id, &json!({"previousValueLastUsedAt": null})).await;
    assert_eq!(unknown.wrong_fields(), ["previousValueLastUsedAt"]);
    assert_eq!((old.status().await, admin.get("/authentication/self").await.body["name"].clone()), (200, Value::Null));
}

#[tokio::test]
async fn only_who_covers_the_key_ends_it_and_only_on_the_version_that_is_named() {
    let (_, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let old = admin.create_key(&["RCS"]).await;
    admin.rotate(&old.id, 3600).await;

    for body in [json!({"previousValueValidUntil": null}), json!({"enabled": false, "previousValueValidUntil": null})] {
        limited.patch(&old.id, &body).await.assert_problem(403);
    }
    let path = format!("/authentication/{}", old.id);
    let body = json!({"previousValueValidUntil": null});
    let stale = [("If-Match", "\"0\"")];
    admin.send_with("PATCH", &path, &stale, Some(&body)).await.assert_problem(412);
    assert_eq!(old.get("/authentication/self").await.status, 200);
    let etag = format!("\"{}\"", admin.get(&path).await.body["etag"].as_str().unwrap());
    assert_eq!(admin.send_with("PATCH", &path, &[("If-Match", &etag)], Some(&body)).await.status, 200);
    assert_eq!(old.status().await, 401);
}

#[tokio::test]
async fn a_report_ends_it_and_what_was_known_of_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (old, new) = rotated_key(&admin).await;
    old.status().await;
    let report = json!([{"token": old.value}]).to_string();
    assert_eq!(gateway.report(&[], &report).await.status, 202);

    assert_eq!((state(&admin, &old).await, new.status().await), (ENDED, 200));
    let key = json!({"accountId": {"S": old.account_id}, "id": {"S": old.id}});
    let item = gateway.engine.item(TABLE, &key).unwrap();
    assert!(item.as_object().unwrap().keys().all(|name| !name.starts_with("previous")), "{item}");
}

/// `lastEvent` in the condition: the event names what ended.
#[tokio::test]
async fn of_a_rotation_and_an_end_at_once_the_later_one_sees_the_other() {
    let (_, admin) = Gateway::with_manager().await;
    for _ in 0..10 {
        let (old, new) = rotated_key(&admin).await;
        let (rotated, ended) = tokio::join!(admin.rotate(&old.id, 3600), end_grace(&admin, &old));
        let newest = new.with_value_of(&rotated);
        assert_eq!((old.status().await, newest.status().await, ended.status), (401, 200, 200));
        let (end, last) = (state(&admin, &old).await.0, events(&admin, &old).await);
        let is_working = new.status().await == 200;
        assert_eq!(is_working, end.is_string(), "{last:?}");
    }
}
