//! `lastUsedAt`: behind the answer, at most once in five minutes for each key, or not at all.

use std::sync::Arc;
use std::time::Duration;

use api_keys::check::EnvironmentState;
use api_keys::lambda::AfterAnswer;
use api_keys::store::{KeyReader, LastUse};
use lambda_runtime::tower::{Layer, Service};
use serde_json::{Value, json};
use tests::engine::{self, TABLE, USAGE};
use tests::gateway::{STAGE, allows};
use tests::wire::{Fault, Stop};
use tests::{Client, Gateway, new_key_with};

async fn last_used(admin: &Client, id: &str) -> Value {
    admin.get(&format!("/authentication/{id}")).await.body["lastUsedAt"].clone()
}

fn writes(gateway: &Gateway) -> usize {
    gateway.wire.take_calls().iter().filter(|call| call.operation == "UpdateItem").count()
}

#[tokio::test]
async fn a_key_shows_when_it_was_last_used_to_within_five_minutes() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    assert_eq!(last_used(&admin, &key.id).await, Value::Null);

    key.status().await;
    let first = last_used(&admin, &key.id).await;
    assert!(first.is_string());

    gateway.pass(Duration::from_secs(290));
    key.status().await;
    assert_eq!(last_used(&admin, &key.id).await, first, "less than five minutes later");

    gateway.pass(Duration::from_secs(10));
    key.status().await;
    let second = last_used(&admin, &key.id).await;
    assert!(second.as_str() > first.as_str(), "{second} {first}");
}

#[tokio::test]
async fn it_is_written_once_in_five_minutes_however_often_the_key_is_used() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    drop(gateway.wire.take_calls());

    for _ in 0..20 {
        key.status().await;
    }
    assert_eq!(writes(&gateway), 1);

    // Other environments read the same old time and write at once: one of them wins.
    gateway.pass(Duration::from_mins(5));
    let others: Vec<_> = (0..4).map(|_| LastUse::new(&gateway.functions.reader)).collect();
    let value = api_keys::key::KeyValue::parse(&key.value, api_keys::key::ImportedKeys::Refused).unwrap();
    let record = gateway.functions.reader.resolve(&value, gateway.now().into()).await.unwrap().unwrap();
    for (after, other) in (0_u64..).zip(&others) {
        other.note(&record, api_keys::key::Timestamp::from(gateway.now()).plus(Duration::from_secs(after)));
    }
    others[0].write().await;
    let won = last_used(&admin, &key.id).await;
    for other in &others[1..] {
        other.write().await;
        assert_eq!(other.dropped(), 0, "that others were first is no failure");
    }
    assert_eq!(last_used(&admin, &key.id).await, won);
}

#[tokio::test]
async fn nothing_is_written_before_the_answer_has_gone_out() {
    let (gateway, admin) = Gateway::with_manager().await;
    drop(gateway.wire.take_calls());
    let reader = KeyReader::new(&engine::aws(gateway.wire.url()), TABLE.to_owned()).await.unwrap();
    let kept = Arc::new(EnvironmentState::new(reader, Some(USAGE.to_owned())));
    let value = api_keys::key::KeyValue::parse(&admin.value, api_keys::key::ImportedKeys::Refused).unwrap();
    let record = gateway.functions.reader.resolve(&value, gateway.now().into()).await.unwrap().unwrap();
    let (noting, now) = (Arc::clone(&kept), api_keys::key::Timestamp::from(gateway.now()));
    let (sent, mut at_sending) = tokio::sync::mpsc::channel(1);
    let answering = lambda_runtime::service_fn(move |()| {
        let (noting, record, sent) = (Arc::clone(&noting), record.clone(), sent.clone());
        async move {
            noting.last_use.note(&record, now);
            for time in [now.minus(Duration::from_mins(10)), now] {
                let usage = noting.usage.as_ref().unwrap();
                usage.note(record.account_id, record.metadata.id, api_keys::key::Use::Allowed, time);
            }
            // Sending takes its time.
            tokio::time::sleep(Duration::from_millis(50)).await;
            sent.send(()).await
        }
    });

    let mut service = AfterAnswer::new(kept, engine::metrics()).layer(answering);
    let answered = tokio::spawn(service.call(()));
    at_sending.recv().await.unwrap();
    let before = writes(&gateway);
    answered.await.unwrap().unwrap();

    assert_eq!((before, writes(&gateway)), (0, 3), "when it was used, and how much the key and the account were");
    assert!(last_used(&admin, &admin.id).await.is_string());
}

#[tokio::test]
async fn a_look_up_is_no_use_of_the_key_that_is_looked_up_and_neither_is_a_refusal() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let elsewhere = new_key_with(&json!({"allowedIps": ["192.0.2.1"]}));
    let elsewhere = admin.create(&elsewhere).await;

    admin.get(&format!("/authentication/{}", key.value)).await;
    admin.get("/authentication").await;
    admin.patch(&key.id, &json!({"enabled": false})).await;
    assert_eq!((key.status().await, elsewhere.status().await), (401, 403));

    assert_eq!(last_used(&admin, &key.id).await, Value::Null);
    assert_eq!(last_used(&admin, &elsewhere.id).await, Value::Null);
}

#[tokio::test]
async fn a_request_that_the_policy_does_not_open_is_no_use() {
    let (gateway, admin) = Gateway::with_manager().await;
    let as_stored = |id: &str| gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == json!(id)).unwrap();
    let (sms, manager) = (["SMS"].as_slice(), ["RCS", "AUTHENTICATION"].as_slice());

    for (operations, method, path, is_open) in [
        (sms, "POST", "/sms", true),
        (sms, "POST", "/sms/1/parts", true),
        (sms, "GET", "/authentication/self", true),
        (sms, "GET", "/authentication/self/usage", true),
        (sms, "GET", "/authentication/", false),
        (sms, "GET", "/authentication/x", false),
        (sms, "GET", "/authentication/usage", false),
        (sms, "GET", "/authentication/events", false),
        (sms, "GET", "/authentication", false),
        (sms, "POST", "/authentication/self", false),
        (sms, "POST", "/authentication/self/rotate", false),
        (sms, "POST", "/rcs", false),
        (sms, "GET", "/", false),
        (sms, "GET", "/smsx", false),
        // What goes on like its routes, and is none of them.
        (sms, "POST", "/rcs/sms", false),
        (sms, "GET", "/authentication/sms", false),
        (manager, "GET", "/authentication", true),
        (manager, "DELETE", "/authentication/x", true),
        (manager, "POST", "/rcs/1", true),
        (manager, "POST", "/sms", false),
    ] {
        let key = admin.create_key(operations).await;
        let verdict = gateway.authorize(method, path, &[("X-API-Key", &key.value)]).await.unwrap();
        gateway.functions.kept.last_use.write().await;
        let is_used = as_stored(&key.id)["lastUsedAt"].is_object();
        assert_eq!(
            (allows(&verdict, &format!("{STAGE}/{method}{path}")), is_used),
            (is_open, is_open),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_deleted_key_is_not_made_again() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    key.verdict().await;
    // What stands between: the deletion, whose own last use is another environment's.
    gateway.engine.remove(&key.account_id, &key.id);
    gateway.functions.kept.last_use.write().await;

    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
    assert_eq!(gateway.functions.kept.last_use.dropped(), 0);
}

#[tokio::test]
async fn a_write_that_fails_harms_no_request_is_counted_and_not_repeated_at_once() {
    let (gateway, admin) = Gateway::with_manager().await;
    let authorize = async || admin.authorize().await;
    authorize().await.unwrap();
    gateway.wire.break_with(Fault::Cut);
    gateway.functions.kept.last_use.write().await;
    gateway.wire.mend();
    assert_eq!(gateway.functions.kept.last_use.dropped(), 1);
    drop(gateway.wire.take_calls());

    authorize().await.expect("the request is served");
    gateway.functions.kept.last_use.write().await;
    assert_eq!(
        (writes(&gateway), gateway.functions.kept.last_use.dropped()),
        (0, 2),
        "for half a minute none is tried"
    );

    gateway.pass(Duration::from_secs(30));
    authorize().await.unwrap();
    gateway.functions.kept.last_use.write().await;
    assert_eq!((writes(&gateway), gateway.functions.kept.last_use.dropped()), (1, 2));
    assert!(last_used(&admin, &admin.id).await.is_string());
}

#[tokio::test]
async fn a_table_that_takes_its_time_holds_the_environment_for_a_second_at_most() {
    let (gateway, admin) = Gateway::with_manager().await;
    admin.verdict().await;
    gateway.wire.break_with(Fault::Hold);

    // Ends, and is counted; no test can measure how long it took.
    gateway.functions.kept.last_use.write().await;

    assert_eq!((writes(&gateway), gateway.functions.kept.last_use.dropped()), (1, 1), "one attempt and no other");
}

#[tokio::test]
async fn a_use_that_meets_a_management_write_is_written_behind_the_next_answer() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let name = json!({"name": "new"});
    let other = api_keys::store::LastUse::new(&gateway.functions.reader);
    let value = api_keys::key::KeyValue::parse(&key.value, api_keys::key::ImportedKeys::Refused).unwrap();

    // Its item is held by a patch that is still open.
    let meet = async {
        let record = gateway.functions.reader.resolve(&value, gateway.now().into()).await.unwrap().unwrap();
        other.note(&record, gateway.now().into());
        assert!(other.write().await.is_none());
    };
    gateway.wire.during(Stop::after("TransactWriteItems"), admin.patch(&key.id, &name), meet).await;
    assert_eq!((last_used(&admin, &key.id).await, other.dropped()), (Value::Null, 0));

    assert!(other.write().await.is_none());
    assert!(last_used(&admin, &key.id).await.is_string());
}
