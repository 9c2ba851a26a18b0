//! Runs that are killed, doubled, overtaken, or meet a table that fails.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::wire::{Fault, Stop};
use tests::{Client, Gateway};

use super::{DAY, assert_each_once, days, days_left, item, key_ending, live, run, writing};
use crate::suspension::polled;

/// Some accounts with keys whose notices are due, or not.
async fn some_accounts(gateway: &Gateway) -> Vec<(Client, Client)> {
    let mut due = Vec::new();
    for _ in 0..3 {
        let admin = gateway.create_account("Example").await;
        for ahead in [1, 7, 30] {
            due.push((admin.clone(), key_ending(gateway, &admin, days(ahead)).await));
        }
        key_ending(gateway, &admin, days(40)).await;
    }
    due
}

/// How many notices each key has.
fn counts(gateway: &Gateway) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in gateway.engine.events().iter().filter(|event| event["shown"].is_object()) {
        *counts.entry(event["keyId"]["S"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

fn assert_one_each(gateway: &Gateway, due: &[(Client, Client)]) {
    let counts = counts(gateway);
    for (_, key) in due {
        assert_eq!(counts.get(&key.id), Some(&1));
    }
    assert_eq!(counts.len(), due.len());
    for (_, key) in due {
        assert!(item(gateway, key)["noticed"].is_object(), "the notice is on the key");
    }
}

#[tokio::test]
async fn it_can_be_killed_at_any_point_and_each_notice_is_there_once() {
    let (mut polls, mut ended) = (0, false);
    while !ended {
        let gateway = Gateway::start().await;
        let admin = gateway.create_account("Example").await;
        let mut due = Vec::new();
        for ahead in [1, 7] {
            due.push((admin.clone(), key_ending(&gateway, &admin, days(ahead)).await));
        }
        polls += 1;
        ended = polled(polls, gateway.invoke_notify_expiry()).await.is_some();
        // What was sent is carried out.
        gateway.wire.quiet().await;
        run(&gateway).await;
        assert_one_each(&gateway, &due);
    }
    assert!(polls > 5, "{polls}");
}

#[tokio::test]
async fn killed_again_and_again_it_comes_to_its_end() {
    let gateway = Gateway::start().await;
    gateway.set(|settings| settings.notices_time = Duration::ZERO);
    let due = some_accounts(&gateway).await;
    for polls in 1..40 {
        drop(polled(polls, gateway.invoke_notify_expiry()).await);
        gateway.wire.quiet().await;
    }
    run(&gateway).await;
    assert_one_each(&gateway, &due);
}

#[tokio::test]
async fn a_run_without_time_comes_further_each_time() {
    let gateway = Gateway::start().await;
    gateway.set(|settings| settings.notices_time = Duration::ZERO);
    let due = some_accounts(&gateway).await;
    let mut runs = 0;
    while gateway.invoke_notify_expiry().await.unwrap()["done"] == false {
        runs += 1;
        assert!(runs < 30);
    }
    assert!(runs >= 3, "{runs}: one for each account at least");
    assert_one_each(&gateway, &due);
}

#[tokio::test]
async fn many_at_once_write_each_notice_once() {
    let gateway = Gateway::start().await;
    let due = some_accounts(&gateway).await;
    // Those may fail that find the transactions of the others in their way for long.
    drop(join_all((0..6).map(|_| gateway.invoke_notify_expiry())).await);
    run(&gateway).await;
    assert_one_each(&gateway, &due);
    assert_each_once(&gateway);
}

/// The condition of the place: a run that was overtaken takes nothing back, also of the next day.
#[tokio::test]
async fn a_run_that_stood_still_for_a_day_does_not_take_the_place_back() {
    let gateway = Gateway::start().await;
    let due = some_accounts(&gateway).await;
    gateway.set(|settings| settings.notices_time = Duration::ZERO);
    let placing = Stop::before("PutItem").when(|body| body["Item"]["id"]["S"] == "pass");
    let meanwhile = async {
        gateway.set(|settings| settings.notices_time = notify_expiry::TIME);
        run(&gateway).await;
        gateway.pass(DAY);
        run(&gateway).await;
        pass(&gateway)
    };
    let (stood_still, place) = gateway.wire.during(placing, gateway.invoke_notify_expiry(), meanwhile).await;
    assert_eq!(stood_still.unwrap()["done"], false);
    assert_eq!(pass(&gateway), place);
    assert!(counts(&gateway).len() == due.len());
}

fn pass(gateway: &Gateway) -> Value {
    gateway.engine.dump().into_iter().find(|item| item["id"]["S"] == "pass").unwrap()
}

/// Each clause of the condition of a notice.
#[tokio::test]
async fn what_changes_before_the_notice_is_written_decides() {
    for kind in ["deleted", "disabled", "moved", "suspended", "exposed", "held", "noticed", "0.1 moved", "0.1 disabled"]
    {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = key_ending(&gateway, &admin, days(7)).await;
        let meanwhile = async {
            let as_release_0_1 = |field: &str, value: Value| {
                let mut item = item(&gateway, &key);
                item[field] = value;
                gateway.engine.put(&item);
            };
            match kind {
                "deleted" => drop(admin.delete(&key.id).await),
                "disabled" => drop(admin.patch(&key.id, &json!({"enabled": false})).await),
                "moved" => drop(admin.patch(&key.id, &json!({"expiresAt": gateway.time_in(days(300))})).await),
                "suspended" => gateway.suspend(&admin).await,
                "exposed" => gateway.leak(&[&key.value]).await,
                "held" => as_release_0_1("held", json!({"BOOL": true})),
                "noticed" => assert_eq!(run(&gateway).await, 1),
                "0.1 moved" => as_release_0_1("expiresAt", json!({"S": gateway.time_in(days(300))})),
                _ => as_release_0_1("enabled", json!({"BOOL": false})),
            }
        };
        let (ended, ()) = gateway.wire.during(writing(), gateway.invoke_notify_expiry(), meanwhile).await;
        assert_eq!(ended.unwrap()["notices"], 0, "{kind}");
        assert_eq!(counts(&gateway).values().sum::<usize>(), usize::from(kind == "noticed"), "{kind}");
        let keys = gateway.engine.keys().len();
        assert_eq!(keys, if kind == "deleted" { 1 } else { 2 }, "{kind}: none is made anew");
    }
}

#[tokio::test]
async fn a_change_of_another_field_does_not_stop_the_notice() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key_ending(&gateway, &admin, days(7)).await;
    let meanwhile = async { assert_eq!(admin.patch(&key.id, &json!({"name": "another"})).await.status, 200) };
    let (ended, ()) = gateway.wire.during(writing(), gateway.invoke_notify_expiry(), meanwhile).await;
    assert_eq!(ended.unwrap()["notices"], 1, "it was looked at again");
    let nearer = async {
        admin.patch(&key.id, &json!({"expiresAt": gateway.time_in(days(1))})).await;
    };
    gateway.pass(DAY);
    admin.patch(&key.id, &json!({"expiresAt": gateway.time_in(days(30))})).await;
    let (ended, ()) = gateway.wire.during(writing(), gateway.invoke_notify_expiry(), nearer).await;
    assert_eq!(ended.unwrap()["notices"], 1);
    assert_eq!(days_left(&admin, &key).await, [Some(7), Some(1)], "of the end that it has by then");
}

/// What was read long before: the step that is written meanwhile is nearer.
#[tokio::test]
async fn a_notice_that_stood_still_does_not_come_after_a_nearer_one() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key_ending(&gateway, &admin, days(7)).await;
    let meanwhile = async { live(&gateway, 8).await };
    let (ended, ()) = gateway.wire.during(writing(), gateway.invoke_notify_expiry(), meanwhile).await;
    assert_eq!(ended.unwrap()["notices"], 0);
    assert_eq!(days_left(&admin, &key).await, [Some(6), Some(1), None]);
}

#[tokio::test]
async fn a_query_that_shows_old_keys_causes_no_second_notice() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key_ending(&gateway, &admin, days(7)).await;
    let stale = gateway.engine.frozen_copy().await;
    assert_eq!(run(&gateway).await, 1);
    gateway.wire.answer_queries_from(Some(stale.address()));
    live(&gateway, 3).await;
    gateway.wire.answer_queries_from(None);
    assert_eq!(days_left(&admin, &key).await, [Some(7)]);
}

#[tokio::test]
async fn despite_any_failure_of_the_table_each_notice_is_there_once() {
    for fault in [
        Fault::Cut,
        Fault::Throttle,
        Fault::Fail,
        Fault::Twice,
        Fault::LoseAnswer,
        Fault::TruncateAnswer,
        Fault::SpoilAnswer,
    ] {
        let gateway = Gateway::start().await;
        let due = some_accounts(&gateway).await;
        for times in [1, 2, 4] {
            gateway.wire.break_times(times, fault);
            drop(gateway.invoke_notify_expiry().await);
            gateway.wire.mend();
            gateway.wire.quiet().await;
        }
        run(&gateway).await;
        // A notice that failed alone comes a day later.
        live(&gateway, 1).await;
        assert_each_once(&gateway);
        assert_eq!(counts(&gateway).len(), due.len(), "{fault:?}");
    }
}

/// Nothing stands in the way of the others, not even of those in the same request, and a notice that failed comes once it can.
#[tokio::test]
async fn behind_a_key_that_cannot_be_read_the_others_have_their_notices() {
    let gateway = Gateway::start().await;
    let mut due = some_accounts(&gateway).await;
    let (admin, mut first) = due[0].clone();
    let mut strange = item(&gateway, &first);
    strange["id"] = json!({"S": format!("0{}", "0".repeat(21))});
    let whole = strange.clone();
    strange.as_object_mut().unwrap().remove("keyHash");
    gateway.engine.put(&strange);
    for _ in 0..4 {
        assert_eq!(gateway.invoke_notify_expiry().await.unwrap_err()["errorType"], "InternalError");
    }
    assert_one_each(&gateway, &due);

    gateway.engine.put(&whole);
    assert_eq!(run(&gateway).await, 1);
    whole["id"]["S"].as_str().unwrap().clone_into(&mut first.id);
    due.push((admin, first));
    assert_one_each(&gateway, &due);
    assert_eq!(run(&gateway).await, 0);
}

#[tokio::test]
async fn behind_an_account_that_cannot_be_listed_the_others_have_their_notices() {
    let gateway = Gateway::start().await;
    let due = some_accounts(&gateway).await;
    let mut accounts: Vec<_> = due.iter().map(|(admin, _)| admin.account_id.clone()).collect();
    accounts.sort();
    accounts.dedup();
    let (strange, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|(admin, _)| admin.account_id == accounts[1]);
    let mut item = item(&gateway, &strange[0].1);
    item["id"] = json!({"S": "strange"});
    item.as_object_mut().unwrap().remove("keyHash");
    gateway.engine.put(&item);
    for _ in 0..4 {
        assert_eq!(gateway.invoke_notify_expiry().await.unwrap_err()["errorType"], "InternalError");
    }
    assert_one_each(&gateway, &others);

    gateway.engine.remove(&accounts[1], "strange");
    assert_eq!(run(&gateway).await, 3);
    assert_one_each(&gateway, &[strange, others].concat());
}
