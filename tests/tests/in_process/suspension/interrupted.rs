//! Suspending and resuming that end early, go on later, or meet each other.

use std::env;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tests::Gateway;
use tests::values::sha256_base64;
use tests::wire::Stop;

use super::{mixed, polled};

#[tokio::test]
async fn an_old_sweep_loses_by_its_condition() {
    let (gateway, admin) = Gateway::with_manager().await;
    let overtaken = "another operator suspended or resumed the account meanwhile: look at it first";
    let marking =
        || Stop::before("UpdateItem").when(|body| body["ExpressionAttributeNames"]["#counter"] == "suspension");

    // The mark of a suspension comes when the account has been resumed.
    let (first, ()) = gateway
        .wire
        .during(marking(), gateway.see_through("suspend", &admin, &json!({})), gateway.resume(&admin))
        .await;
    assert_eq!(first.unwrap_err()["errorMessage"], overtaken);
    assert_eq!(admin.status().await, 200);

    // The mark of a resumption comes when it has been suspended again.
    gateway.suspend(&admin).await;
    let (second, ()) = gateway
        .wire
        .during(marking(), gateway.see_through("resume", &admin, &json!({})), gateway.suspend(&admin))
        .await;
    assert_eq!(second.unwrap_err()["errorMessage"], overtaken);
    assert_eq!(admin.status().await, 401);
}

#[tokio::test]
async fn a_suspension_that_is_continued_does_not_undo_what_came_after_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    for _ in 0..30 {
        admin.create_key(&["SMS"]).await;
    }
    let id = &admin.account_id;
    let mut payload = json!({"action": "suspend", "accountId": id});
    let half = gateway.invoke_manage_account(payload.clone()).await.unwrap();
    assert_eq!((&half["done"], &half["keysMarked"], half["cursor"].is_string()), (&json!(false), &json!(25), true));

    gateway.resume(&admin).await;
    payload["cursor"] = half["cursor"].clone();
    let error = gateway.invoke_manage_account(payload.clone()).await.unwrap_err();

    let overtaken = "another operator suspended or resumed the account meanwhile: look at it first";
    assert_eq!(error, json!({"errorType": "Conflict", "errorMessage": overtaken}));
    assert!(gateway.engine.keys().iter().all(|key| key["suspension"]["N"] == "2"));
    // Suspended again by another operator, it goes on with that one.
    let half = gateway.manage("suspend", &admin).await.unwrap();
    assert_eq!(half["done"], false);
    while gateway.invoke_manage_account(payload.clone()).await.unwrap()["done"] == false {}
    assert!(gateway.engine.keys().iter().all(|key| key["suspension"]["N"] == "3"));
}

#[tokio::test]
async fn it_can_end_at_any_point_and_be_repeated() {
    let gateway = Gateway::importing().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    let account = mixed(&gateway).await;
    for (action, opposite) in [("suspend", "resume"), ("resume", "suspend")] {
        let mut polls = 0;
        loop {
            gateway.see_through(opposite, &account.admin, &json!({})).await.unwrap();
            polls += 1;
            let ended = polled(polls, gateway.see_through(action, &account.admin, &json!({}))).await;
            // What was sent is carried out.
            gateway.wire.quiet().await;
            match &ended {
                Some(done) => assert_eq!(done.as_ref().unwrap()["done"], true),
                None => drop(gateway.see_through(action, &account.admin, &json!({})).await.unwrap()),
            }
            if action == "suspend" {
                account.assert_all_fail(&gateway).await;
            } else {
                account.assert_those_work_that_worked(&gateway).await;
            }
            if ended.is_some() {
                break;
            }
        }
        assert!(polls > 5, "{polls}");
    }
}

#[tokio::test]
async fn of_many_that_race_and_end_anywhere_the_last_one_holds() {
    let gateway = Gateway::importing().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    let account = mixed(&gateway).await;
    for round in 0..12 {
        let racing = (0..6).map(async |number| {
            let action = ["suspend", "resume"][(round + number) % 2];
            // Others come between, or it ends somewhere; the last of each round sees it through.
            drop(
                polled(1 + (7 * round + 5 * number) % 40, gateway.see_through(action, &account.admin, &json!({})))
                    .await,
            );
        });
        join_all(racing).await;
        gateway.wire.quiet().await;
        if round % 2 == 0 {
            gateway.suspend(&account.admin).await;
            account.assert_all_fail(&gateway).await;
        } else {
            gateway.resume(&account.admin).await;
            account.assert_those_work_that_worked(&gateway).await;
        }
        let keys: Vec<_> = gateway.engine.keys().iter().map(|key| key["suspension"]["N"].clone()).collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    }
}

/// `SWEPT_KEYS=100000 cargo test -p tests --test in_process many_keys -- --nocapture` prints how long it takes.
#[tokio::test]
async fn an_account_of_many_keys_is_suspended_in_several_invocations() {
    let keys: usize = env::var("SWEPT_KEYS").map_or(2_000, |keys| keys.parse().unwrap());
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.operators_time = Duration::from_secs(if keys > 2_000 { 40 } else { 1 }));
    let mut item = gateway.engine.keys().remove(0);
    for number in 1..keys {
        item["id"]["S"] = json!(format!("0{number:021}"));
        item["keyHash"]["B"] = json!(sha256_base64(&format!("sk_old_number_{number:010}")));
        gateway.engine.put(&item);
    }

    let (start, mut invocations, mut marked) = (Instant::now(), 0, 0);
    let mut payload = json!({"action": "suspend", "accountId": admin.account_id});
    loop {
        let answer = gateway.invoke_manage_account(payload.clone()).await.unwrap();
        invocations += 1;
        marked += answer["keysMarked"].as_u64().unwrap();
        if answer["done"] == true {
            break;
        }
        payload["cursor"] = answer["cursor"].clone();
    }

    println!("{keys} keys: {:?} in {invocations} invocations", start.elapsed());
    assert_eq!(marked, u64::try_from(keys).unwrap());
    assert!(invocations > 1);
    let unmarked = gateway.engine.keys().iter().filter(|key| key["suspension"]["N"] != "1").count();
    assert_eq!((unmarked, admin.status().await), (0, 401));
}
