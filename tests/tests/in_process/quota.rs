//! `MaxKeysPerAccount`.

use std::time::{Duration, Instant};

use futures_util::future::join_all as all;
use serde_json::{Value, json};
use tests::wire::{Fault, Reason};
use tests::{Answer, Client, Gateway, new_key};

async fn with_quota(max_keys: u64) -> Gateway {
    let gateway = Gateway::importing().await;
    gateway.set(|settings| settings.max_keys = max_keys);
    gateway
}

async fn create(admin: &Client) -> Answer {
    admin.post(&new_key()).await
}

fn keys(gateway: &Gateway) -> usize {
    gateway.engine.keys().len()
}

#[tokio::test]
async fn the_key_after_the_last_is_a_409_that_names_the_quota() {
    let gateway = with_quota(3).await;
    let admin = gateway.create_account("Example").await;
    assert_eq!([create(&admin).await.status, create(&admin).await.status], [201, 201]);

    let refused = create(&admin).await;

    refused.assert_problem(409);
    assert_eq!(refused.body["detail"], "The account has reached its limit of 3 keys; delete one first.");
    assert_eq!(keys(&gateway), 3);
    let other = gateway.create_account("Other").await;
    assert_eq!(create(&other).await.status, 201, "each account has its own");
}

#[tokio::test]
async fn twenty_creates_at_once_make_as_many_as_there_is_room_for() {
    let gateway = with_quota(8).await;
    let admin = gateway.create_account("Example").await;

    let statuses = all((0..20).map(|_| async { create(&admin).await.status })).await;

    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 7, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 13, "{statuses:?}");
    assert_eq!(keys(&gateway), 8);
}

#[tokio::test]
async fn deleting_makes_room_at_once_and_just_as_much() {
    let gateway = with_quota(10).await;
    let admin = gateway.create_account("Example").await;
    let mut made = Vec::new();
    while let answer = create(&admin).await
        && answer.status == 201
    {
        made.push(answer.body["id"].as_str().unwrap().to_owned());
    }
    for id in made.drain(..3) {
        assert_eq!(admin.delete(&id).await.status, 204);
        assert_eq!(create(&admin).await.status, 201, "the next create has the room");
        assert_eq!(create(&admin).await.status, 409);
    }
    for id in made {
        assert_eq!(admin.delete(&id).await.status, 204);
    }
    let statuses = all((0..15).map(|_| async { create(&admin).await.status })).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 6, "{statuses:?}");
    assert_eq!(keys(&gateway), 10);
}

/// The clock of the function that made the last key may have been wrong.
#[tokio::test]
async fn a_count_waits_for_what_is_under_way_however_old_the_last_key_is_by_its_time() {
    let gateway = with_quota(2).await;
    let admin = gateway.create_account("Example").await;
    let last = create(&admin).await.body["id"].as_str().unwrap().to_owned();
    gateway.pass(Duration::from_hours(1));
    assert_eq!(admin.delete(&last).await.status, 204);

    let start = Instant::now();
    assert_eq!(create(&admin).await.status, 201);
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn creates_and_deletes_at_once_never_pass_the_quota() {
    let gateway = with_quota(6).await;
    let admin = gateway.create_account("Example").await;
    for _ in 0..8 {
        let lives = all((0..10).map(|_| async {
            let made = create(&admin).await;
            assert!(keys(&gateway) <= 6);
            if made.status == 201 {
                assert_eq!(admin.delete(made.body["id"].as_str().unwrap()).await.status, 204);
            }
            made.status
        }));
        let statuses = lives.await;
        assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    }
    let statuses = all((0..10).map(|_| async { create(&admin).await.status })).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 5, "{statuses:?}");
}

#[tokio::test]
async fn keys_that_their_time_to_live_removed_make_room_within_a_minute() {
    let gateway = with_quota(3).await;
    let admin = gateway.create_account("Example").await;
    let (one, _) = (create(&admin).await, create(&admin).await);
    assert_eq!(create(&admin).await.status, 409);

    gateway.engine.remove(&admin.account_id, one.body["id"].as_str().unwrap());
    gateway.pass(Duration::from_mins(1));

    assert_eq!(create(&admin).await.status, 201);
    assert_eq!(create(&admin).await.status, 409);
}

#[tokio::test]
async fn at_the_limit_keys_are_counted_once_a_minute_and_not_for_every_try() {
    let gateway = with_quota(2).await;
    let admin = gateway.create_account("Example").await;
    let made = create(&admin).await;
    assert_eq!(admin.delete(made.body["id"].as_str().unwrap()).await.status, 204);
    assert_eq!([create(&admin).await.status, create(&admin).await.status], [201, 409]);
    drop(gateway.wire.take_calls());

    for _ in 0..5 {
        assert_eq!(create(&admin).await.status, 409);
    }
    assert!(gateway.wire.take_calls().iter().all(|call| call.operation != "Query"));
}

#[tokio::test]
async fn below_the_limit_a_create_is_one_transaction_between_two_reads_of_the_account() {
    let (gateway, admin) = Gateway::with_manager().await;
    admin.status().await;
    drop(gateway.wire.take_calls());

    assert_eq!(create(&admin).await.status, 201);

    let calls: Vec<_> = gateway.wire.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["GetItem", "GetItem", "TransactWriteItems", "GetItem"], "the authorizer's, then the function's");
}

#[tokio::test]
async fn a_create_that_meets_another_is_tried_again_but_not_for_ever() {
    let (gateway, admin) = Gateway::with_manager().await;

    gateway.wire.break_times(3, Fault::Cancel(Reason::TransactionConflict, 0));
    assert_eq!(create(&admin).await.status, 201);
    assert_eq!(keys(&gateway), 2, "three times nothing, then one key");

    gateway.wire.break_with(Fault::Cancel(Reason::TransactionConflict, 0));
    let refused = create(&admin).await;
    refused.assert_problem(409);
    assert_eq!(refused.body["detail"], "Other requests changed the same key at the same time; try again.");
    gateway.wire.mend();
    assert_eq!(create(&admin).await.status, 201);
    assert_eq!(keys(&gateway), 3);
}

#[tokio::test]
async fn an_account_that_is_gone_gets_no_key() {
    let gateway = with_quota(3).await;
    let admin = gateway.create_account("Example").await;
    gateway.engine.remove(&format!("{}#quota", admin.account_id), "quota");

    create(&admin).await.assert_problem(409);
    assert_eq!(keys(&gateway), 1);
}

#[tokio::test]
async fn a_lower_quota_takes_no_key_away() {
    let gateway = with_quota(4).await;
    let value = {
        let admin = gateway.create_account("Example").await;
        assert_eq!([create(&admin).await.status, create(&admin).await.status], [201, 201]);
        admin.value
    };
    gateway.set(|settings| settings.max_keys = 2);

    let body = new_key().to_string();
    let refused = gateway.send("POST", "/authentication", &[&value], Some(&body)).await;

    refused.assert_problem(409);
    assert_eq!(keys(&gateway), 3);
}

#[tokio::test]
async fn a_quota_that_is_lowered_and_raised_again_is_still_exact() {
    // So long that a query does not find all keys at once.
    const EACH: usize = 5_000;
    const KEYS: usize = 300;
    let gateway = with_quota(KEYS as u64 + 1).await;
    let admin_value = {
        let admin = gateway.create_account("Example").await;
        let made = create(&admin).await;
        let id = made.body["id"].as_str().unwrap();
        let mut key = gateway.engine.keys().into_iter().find(|key| key["id"]["S"] == id).unwrap();
        key["description"] = json!({"S": "x".repeat(EACH)});
        for number in 2..KEYS {
            key["id"]["S"] = json!(format!("{}{number:04}", &id[..18]));
            gateway.engine.put(&key);
        }
        let account = json!({"accountId": {"S": format!("{}#quota", admin.account_id)}, "id": {"S": "quota"}});
        let mut account = gateway.engine.item(tests::engine::TABLE, &account).unwrap();
        account["keyCount"] = json!({"N": KEYS.to_string()});
        gateway.engine.put(&account);
        admin.value
    };
    let body = new_key().to_string();
    let create =
        async |gateway: &Gateway| gateway.send("POST", "/authentication", &[&admin_value], Some(&body)).await.status;

    gateway.set(|settings| settings.max_keys = 10);
    assert_eq!(create(&gateway).await, 409);
    gateway.set(|settings| settings.max_keys = KEYS as u64 + 1);

    assert_eq!([create(&gateway).await, create(&gateway).await], [201, 409]);
}

#[tokio::test]
async fn imports_count_too() {
    let gateway = with_quota(3).await;
    let admin = gateway.create_account("Example").await;
    let of = |digit: &str| json!({"sha256": digit.repeat(64), "userId": "u", "username": "n", "operations": ["SMS"]});
    let report = gateway.import_keys(&admin, json!([of("1"), of("2"), of("3")])).await;

    assert_eq!(report["imported"].as_array().map(Vec::len), Some(2));
    let failed =
        json!([{"index": 2, "code": "QUOTA_REACHED", "reason": "the account has reached its limit of 3 keys"}]);
    assert_eq!(report["failed"], failed);
    assert_eq!(create(&admin).await.status, 409);
    assert_eq!(admin.get("/authentication").await.body["nextCursor"], Value::Null);
}
