//! When counts are written: behind an answer and at the end, never twice, and losses are reported.

use std::time::Duration;

use serde_json::Value;
use tests::wire::{Fault, Stop};
use tests::{Client, Environment, Gateway};
use tokio::time::Instant;

use super::{end, sum, use_key};

/// Late enough.
fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// How many there were since the last look.
fn writes(gateway: &Gateway) -> usize {
    gateway.wire.take_calls().iter().filter(|call| call.operation == "UpdateItem").count()
}

/// No key's last use is to be written for a while.
async fn used_before(gateway: &Gateway, keys: &[&Client]) {
    for key in keys {
        key.status().await;
    }
    drop(gateway.wire.take_calls());
}

#[tokio::test]
async fn it_is_written_behind_an_answer_at_most_once_in_five_minutes_and_in_the_end() {
    // What its own authorizer counts is not looked at.
    let gateway = Gateway::without_usage().await;
    let admin = gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    used_before(&gateway, &[&key]).await;
    let environment = Environment::of(&gateway).await;
    for _ in 0..29 {
        use_key(&environment, &gateway, &key).await;
        // However slow the machine is, five minutes are not over.
        gateway.pass(Duration::from_secs(5));
        assert_eq!(writes(&gateway), 0);
    }
    gateway.pass(Duration::from_secs(155));
    writes(&gateway);
    environment.kept.last_use.write().await;
    writes(&gateway);

    assert!(environment.authorize(&gateway, &key.value).await.is_ok());
    assert_eq!(writes(&gateway), 0, "not before the answer has gone out");
    environment.kept.usage.as_ref().unwrap().write(in_time()).await;
    assert_eq!(writes(&gateway), 2, "the key's and the account's");
    assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [30, 0, 0]);

    use_key(&environment, &gateway, &key).await;
    assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [30, 0, 0]);
    assert_eq!(end(&environment).await, 0);
    assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [31, 0, 0]);
}

#[tokio::test]
async fn a_lost_answer_is_never_counted_twice_and_losses_are_reported() {
    for fault in [Fault::LoseAnswer, Fault::TruncateAnswer, Fault::Cut, Fault::Fail] {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        used_before(&gateway, &[&key]).await;
        let environment = Environment::of(&gateway).await;
        for _ in 0..7 {
            assert!(environment.authorize(&gateway, &key.value).await.is_ok());
        }
        gateway.wire.break_with(fault);
        let dropped = end(&environment).await;
        gateway.wire.mend();
        assert_eq!(dropped, 7, "{fault:?}");
        assert_eq!(end(&environment).await, 0, "it is not sent again");
        let counted = sum(&admin, &format!("{}/usage", key.id)).await[0];
        assert!([0, 7].contains(&counted), "{fault:?}: {counted}");
    }
}

#[tokio::test]
async fn what_the_table_refused_is_written_later_and_nothing_is_lost() {
    // What its own authorizer counts is not looked at.
    let gateway = Gateway::without_usage().await;
    let admin = gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    used_before(&gateway, &[&key]).await;
    let environment = Environment::of(&gateway).await;
    let usage = environment.kept.usage.as_ref().unwrap();
    for _ in 0..3 {
        assert!(environment.authorize(&gateway, &key.value).await.is_ok());
    }
    gateway.pass(Duration::from_mins(5));
    assert!(environment.authorize(&gateway, &key.value).await.is_ok());
    gateway.wire.break_with(Fault::Throttle);
    writes(&gateway);
    assert!(usage.write(in_time()).await.is_none());
    assert!(usage.write(in_time()).await.is_none());
    assert_eq!(writes(&gateway), 1, "for half a minute none is tried");
    gateway.wire.mend();
    gateway.pass(Duration::from_secs(30));
    assert!(environment.authorize(&gateway, &key.value).await.is_ok());
    assert!(usage.write(in_time()).await.is_none());

    assert_eq!(end(&environment).await, 0);
    assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [5, 0, 0]);
    assert_eq!(sum(&admin, "usage").await[0], 5);
}

#[tokio::test]
async fn more_keys_than_are_counted_at_once_lose_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let mut keys = Vec::new();
    for _ in 0..70 {
        keys.push(admin.create_key(&["SMS"]).await);
    }
    let environment = Environment::of(&gateway).await;
    for round in 0..3 {
        for key in &keys {
            use_key(&environment, &gateway, key).await;
        }
        gateway.pass(Duration::from_secs(round));
    }
    assert_eq!(end(&environment).await, 0);
    for key in &keys {
        assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [3, 0, 0]);
    }
    assert_eq!(sum(&admin, "usage").await[0], 210);
}

#[tokio::test]
async fn the_end_waits_for_what_is_under_way_and_ends_in_time() {
    let gateway = Gateway::without_usage().await;
    let admin = gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    used_before(&gateway, &[&key]).await;
    let environment = Environment::of(&gateway).await;
    assert!(environment.authorize(&gateway, &key.value).await.is_ok());
    gateway.pass(Duration::from_mins(5));
    assert!(environment.authorize(&gateway, &key.value).await.is_ok());
    let usage = environment.kept.usage.as_ref().unwrap();
    let (written, dropped) = gateway
        .wire
        .during(Stop::after("UpdateItem"), async { tokio::join!(usage.write(in_time()), end(&environment)) }, async {})
        .await
        .0;
    assert!(written.is_none());
    assert_eq!(dropped, 0);
    assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [2, 0, 0]);

    assert!(environment.authorize(&gateway, &key.value).await.is_ok());
    gateway.wire.break_with(Fault::Hold);
    let over = usage.finish(Instant::now() + Duration::from_millis(50)).await;
    assert_eq!(over.map(|dropped| dropped.requests), Some(1), "what is not written by then is reported");
}

#[tokio::test]
async fn an_end_at_which_the_table_refuses_is_no_storm_of_writes() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    used_before(&gateway, &[&one, &two]).await;
    let environment = Environment::of(&gateway).await;
    for key in [&one, &two] {
        assert!(environment.authorize(&gateway, &key.value).await.is_ok());
    }
    gateway.wire.break_with(Fault::Throttle);
    drop(gateway.wire.take_calls());

    let usage = environment.kept.usage.as_ref().unwrap();
    let dropped = usage.finish(Instant::now() + Duration::from_millis(400)).await;

    assert_eq!(dropped.map(|dropped| dropped.requests), Some(2));
    let writes = writes(&gateway);
    assert!((3..60).contains(&writes), "{writes} writes of three counts");
}

#[tokio::test]
async fn losses_before_the_time_of_the_end_was_over_are_reported_too() {
    let (gateway, admin) = Gateway::with_manager().await;
    used_before(&gateway, &[&admin]).await;
    let environment = Environment::of(&gateway).await;
    assert!(environment.authorize(&gateway, &admin.value).await.is_ok());
    // The answer to the key's count is lost, and the account's count is never answered.
    let of_account = |body: &Value| body["Key"]["id"]["S"].as_str().unwrap().starts_with("account#");
    let _gate = gateway.wire.stop(Stop::before("UpdateItem").when(of_account));
    gateway.wire.break_with(Fault::LoseAnswer);

    let usage = environment.kept.usage.as_ref().unwrap();
    let dropped = usage.finish(Instant::now() + Duration::from_millis(400)).await;

    assert_eq!(dropped.map(|dropped| dropped.requests), Some(1));
}
