//! `notify-expiry`: each notice of a key's end is in the table exactly once, wherever and however often a run ends.

mod interrupted;
mod many;

use std::time::Duration;

use api_keys::key::NoticeDays;
use serde_json::{Value, json};
use tests::wire::{Call, Stop};
use tests::{Client, Gateway, new_key_with};

const DAY: Duration = Duration::from_hours(24);

/// So many days.
fn days(number: u32) -> Duration {
    DAY * number
}

/// A key that ends so far ahead.
async fn key_ending(gateway: &Gateway, admin: &Client, ahead: Duration) -> Client {
    admin.create(&new_key_with(&json!({"expiresAt": gateway.time_in(ahead)}))).await
}

/// Runs it until it has looked through everything on this day; how many notices it wrote.
async fn run(gateway: &Gateway) -> u64 {
    let mut notices = 0;
    loop {
        let answer = gateway.invoke_notify_expiry().await.unwrap();
        notices += answer["notices"].as_u64().unwrap();
        if answer["done"] == true {
            return notices;
        }
    }
}

/// Lets so many days pass, each with its runs.
async fn live(gateway: &Gateway, number: u32) {
    for _ in 0..number {
        gateway.pass(DAY);
        run(gateway).await;
    }
}

/// The notices of a key that its account's managers see, the oldest first.
async fn notices(admin: &Client, key: &Client) -> Vec<Value> {
    let events = admin.get(&format!("/authentication/events?limit=1000&keyId={}", key.id)).await.body;
    let events = events["events"].as_array().unwrap().iter().rev();
    events.filter(|event| ["key.expiring", "key.expired"].iter().any(|kind| event["type"] == *kind)).cloned().collect()
}

/// How many days before the end each of them came; `None` at it.
async fn days_left(admin: &Client, key: &Client) -> Vec<Option<u64>> {
    notices(admin, key).await.iter().map(|notice| notice["daysLeft"].as_u64()).collect()
}

/// The stored item of a key.
fn item(gateway: &Gateway, key: &Client) -> Value {
    gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *key.id).unwrap()
}

/// The transaction of a notice, before it is carried out.
fn writing() -> Stop {
    Stop::before("TransactWriteItems").when(|body| body.to_string().contains("noticed"))
}

#[tokio::test]
async fn a_key_has_a_notice_at_each_of_the_days_and_one_at_its_end() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key_ending(&gateway, &admin, days(32)).await;
    run(&gateway).await;
    live(&gateway, 70).await;

    assert_eq!(days_left(&admin, &key).await, [Some(30), Some(7), Some(1), None]);
    assert_eq!(days_left(&admin, &admin).await, [], "of a key without an end");
}

#[tokio::test]
async fn a_notice_is_an_event_with_the_end_of_the_key() {
    let gateway = Gateway::start().await;
    let named = json!({"company": "Example", "userId": "user-1", "username": "Ada", "externalId": "customer-7"});
    let admin = gateway.client_of(&gateway.invoke_create_account(named).await.unwrap());
    let key = key_ending(&gateway, &admin, days(7)).await;
    let before = item(&gateway, &key);
    let shown = admin.get(&format!("/authentication/{}", key.id)).await;
    assert_eq!(run(&gateway).await, 1);
    gateway.pass(days(8));
    assert_eq!(run(&gateway).await, 1);

    let all = notices(&admin, &key).await;
    let [expiring, expired] = &all[..] else { panic!("{all:?}") };
    assert_eq!((&expiring["type"], &expiring["daysLeft"]), (&json!("key.expiring"), &json!(7)));
    assert_eq!((&expired["type"], &expired["daysLeft"]), (&json!("key.expired"), &Value::Null));
    for event in [expiring, expired] {
        assert_eq!(event["expiresAt"], shown.body["expiresAt"]);
        assert_eq!((&event["keyId"], &event["externalId"]), (&json!(key.id), &json!("customer-7")));
        assert_eq!(
            (&event["previousEvent"], &event["sourceIp"], &event["changes"]),
            (&Value::Null, &Value::Null, &json!([]))
        );
        let service = json!({"type": "SERVICE", "keyId": null, "userId": null, "username": null, "claimed": null});
        assert_eq!(event["actor"], service);
    }
    // Nothing else of the key is another, and no version.
    let mut after = item(&gateway, &key);
    assert_eq!(after.as_object_mut().unwrap().remove("noticed").unwrap()["M"]["days"]["N"], "0");
    assert_eq!(after, before);
    let now = admin.get(&format!("/authentication/{}", key.id)).await;
    assert_eq!(now.body["etag"], shown.body["etag"]);
}

#[tokio::test]
async fn late_by_a_day_or_eight_only_the_last_notice_comes() {
    for (late, of_all) in [
        (0, vec![Some(7), Some(1), None]),
        (1, vec![Some(6), Some(1), None]),
        (6, vec![Some(1), None]),
        (8, vec![None]),
    ] {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = key_ending(&gateway, &admin, days(9)).await;
        live(&gateway, 1).await;
        // No run for a while.
        gateway.pass(days(late));
        live(&gateway, 20).await;
        let left = days_left(&admin, &key).await;
        assert_eq!(left[1..], of_all, "{late}");
        assert_eq!(left[0], Some(8), "of the thirty days, which were past when it was made");
    }
}

#[tokio::test]
async fn the_last_moment_of_the_time_to_live_is_not_too_late_and_behind_it_no_notice_comes() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (key, gone) = (key_ending(&gateway, &admin, DAY).await, key_ending(&gateway, &admin, DAY).await);
    gateway.pass(days(30) + Duration::from_mins(24 * 60 - 1));
    let purge_at: u64 = item(&gateway, &key)["purgeAt"]["N"].as_str().unwrap().parse().unwrap();
    let now = gateway.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now < purge_at && purge_at < now + 120, "in a minute it may be removed");
    gateway.engine.remove(&admin.account_id, &gone.id);
    run(&gateway).await;
    assert_eq!((days_left(&admin, &key).await, days_left(&admin, &gone).await), (vec![None], vec![]));
}

#[tokio::test]
async fn keys_that_do_not_work_have_no_notice_until_they_do() {
    let gateway = Gateway::importing().await;
    let (admin, suspended) = (gateway.create_account("Example").await, gateway.create_account("Suspended").await);
    let [disabled, exposed, deleted] = [0, 1, 2].map(|_| key_ending(&gateway, &admin, days(7)));
    let (disabled, exposed, deleted) = (disabled.await, exposed.await, deleted.await);
    let of_suspended = key_ending(&gateway, &suspended, days(7)).await;
    admin.patch(&disabled.id, &json!({"enabled": false})).await;
    gateway.leak(&[&exposed.value]).await;
    admin.delete(&deleted.id).await;
    gateway.suspend(&suspended).await;
    assert_eq!(run(&gateway).await, 0);

    admin.patch(&disabled.id, &json!({"enabled": true})).await;
    admin.rotate(&exposed.id, 0).await;
    gateway.resume(&suspended).await;
    live(&gateway, 1).await;
    for (admin, key) in [(&admin, &disabled), (&admin, &exposed), (&suspended, &of_suspended)] {
        assert_eq!(days_left(admin, key).await, [Some(6)], "the one of seven days, a day late");
    }
    assert_eq!(days_left(&admin, &deleted).await, []);
}

#[tokio::test]
async fn an_end_that_is_moved_begins_anew() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key_ending(&gateway, &admin, days(1)).await;
    run(&gateway).await;
    live(&gateway, 2).await;
    admin.patch(&key.id, &json!({"expiresAt": gateway.time_in(days(8))})).await;
    run(&gateway).await;
    live(&gateway, 20).await;
    assert_eq!(days_left(&admin, &key).await, [Some(1), None, Some(7), Some(1), None]);
    // Without an end, with one that is far away, and with its old one again.
    let ends = [json!(null), json!(gateway.time_in(days(400)))];
    for end in ends {
        admin.patch(&key.id, &json!({"expiresAt": end})).await;
        live(&gateway, 1).await;
    }
    assert_eq!(days_left(&admin, &key).await.len(), 5);
    admin.rotate(&key.id, 60).await;
    live(&gateway, 1).await;
    assert_eq!(days_left(&admin, &key).await.len(), 5, "a rotation moves no end");
}

#[tokio::test]
async fn the_days_are_the_stacks_and_without_them_there_is_no_notice_at_all() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key_ending(&gateway, &admin, days(3)).await;
    gateway.set(|settings| settings.notice_days = NoticeDays::parse("").unwrap());
    drop(gateway.wire.take_calls());
    live(&gateway, 5).await;
    assert!(gateway.wire.take_calls().iter().all(|call| call.operation == "GetItem"));
    assert_eq!(days_left(&admin, &key).await, []);
    gateway.set(|settings| settings.notice_days = NoticeDays::parse("2").unwrap());
    let other = key_ending(&gateway, &admin, days(3)).await;
    live(&gateway, 5).await;
    assert_eq!((days_left(&admin, &key).await, days_left(&admin, &other).await), (vec![None], vec![Some(2), None]));
}

#[tokio::test]
async fn an_account_of_release_0_1_has_notices_once_it_is_listed() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key_ending(&gateway, &admin, days(7)).await;
    gateway.engine.as_of_release_0_1(&admin.account_id);
    assert_eq!(run(&gateway).await, 0);
    gateway.manage("adopt", &admin).await.unwrap();
    live(&gateway, 1).await;
    assert_eq!(days_left(&admin, &key).await, [Some(6)]);
}

/// Once on a day each key is looked at; the other runs of the day read one item.
#[tokio::test]
async fn a_run_that_has_nothing_to_do_costs_one_read() {
    let (gateway, admin) = Gateway::with_manager().await;
    key_ending(&gateway, &admin, days(7)).await;
    run(&gateway).await;
    for hour in 0..8 {
        drop(gateway.wire.take_calls());
        gateway.pass(Duration::from_hours(1));
        assert_eq!(run(&gateway).await, 0);
        let read = Call { operation: "GetItem".into(), index: None, consistent: true };
        assert_eq!(gateway.wire.take_calls(), [read], "{hour}");
    }
    drop(gateway.wire.take_calls());
    gateway.pass(DAY);
    run(&gateway).await;
    let mut calls: Vec<_> = gateway.wire.take_calls().into_iter().map(|call| call.operation).collect();
    calls.dedup();
    assert_eq!(calls, ["GetItem", "Query", "PutItem"], "and nothing is scanned");
}

/// Of clocks that are apart, whichever is ahead: no notice comes twice, and none after a nearer one.
#[tokio::test]
async fn clocks_that_are_apart_write_each_notice_once() {
    let (gateway, admin) = Gateway::with_manager().await;
    let mut keys = Vec::new();
    for ahead in [1, 2, 7, 8, 31] {
        keys.push(key_ending(&gateway, &admin, days(ahead)).await);
    }
    for _ in 0..45 {
        for skew in [0, 3, 26, 0, 49] {
            let (now, skew) = (gateway.now(), Duration::from_hours(skew));
            gateway.set_time(now + skew);
            run(&gateway).await;
            gateway.set_time(now);
        }
        gateway.pass(DAY);
    }
    for key in &keys {
        let ends: Vec<_> = notices(&admin, key).await.iter().map(|notice| notice["type"].clone()).collect();
        assert_eq!(ends.iter().filter(|kind| **kind == "key.expired").count(), 1);
        let stored: Vec<_> = days_left(&admin, key).await;
        assert!(stored.len() <= 4, "{stored:?}");
        assert_eq!(stored.iter().filter(|left| left.is_some_and(|left| left <= 1)).count(), 1, "{stored:?}");
    }
    assert_each_once(&gateway);
}

/// No two notices of one key are of the same end and as near to it: they go from far to near.
pub fn assert_each_once(gateway: &Gateway) {
    let mut seen = std::collections::BTreeSet::new();
    for event in gateway.engine.events() {
        if event["shown"].is_object() {
            let of = |name: &str| event[name].to_string();
            assert!(seen.insert((of("keyId"), of("expiresAt"), of("daysLeft"))), "twice: {event}");
        }
    }
}
