//! What environments hold of a limit that goes on: kept from one minute to the next, and given back at their end.

use std::time::Duration;

use serde_json::{Value, json};
use tests::engine::TABLE;
use tests::wire::{Fault, Stop};
use tests::{Client, Environment, Gateway, new_key_with};
use tokio::time::Instant;

use crate::leases::is_allowed;

const DAY: u64 = 86_400_000;

/// A key of these limits, an hour after midnight: no test sees another day begin by itself.
async fn limited(gateway: &Gateway, limits: &Value) -> Client {
    let now = gateway.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let to_midnight = Duration::from_millis(DAY - u64::try_from(now).unwrap() % DAY);
    gateway.pass(to_midnight + Duration::from_hours(1));
    let admin = gateway.create_account("Example").await;
    let body = new_key_with(&json!({"limits": limits}));
    admin.create(&body).await
}

fn per_day(requests: u64) -> Value {
    json!([{"requests": requests, "per": "DAY"}])
}

fn counters(gateway: &Gateway, key: &Client) -> Option<Value> {
    let place = json!({"accountId": {"S": format!("{}#limits", key.account_id)}, "id": {"S": key.id}});
    gateway.engine.item(TABLE, &place)
}

/// How many requests are counted in the day.
fn counted(gateway: &Gateway, key: &Client) -> u64 {
    let item = counters(gateway, key).unwrap();
    item["cDay"]["N"].as_str().unwrap().parse::<u64>().unwrap() % 1_000_000_000
}

/// How many of so many requests one after the other are let through.
async fn ask(environment: &Environment, gateway: &Gateway, key: &Client, requests: usize) -> u64 {
    let mut allowed = 0;
    for _ in 0..requests {
        allowed += u64::from(is_allowed(&environment.authorize(gateway, &key.value).await));
    }
    allowed
}

fn is_give_back(body: &Value) -> bool {
    body["UpdateExpression"].as_str().unwrap().contains("givenBack")
}

#[tokio::test]
async fn bursts_in_four_minutes_and_an_end_between_lose_nothing_of_the_day() {
    let gateway = Gateway::start().await;
    let limits = json!([{"requests": 1000, "per": "MINUTE"}, {"requests": 20_000, "per": "DAY"}]);
    let key = limited(&gateway, &limits).await;
    let mut environment = Environment::of(&gateway).await;
    let mut allowed = 0;
    for minute in 0..4 {
        if minute == 2 {
            environment.end(&gateway).await;
            assert_eq!(counted(&gateway, &key), allowed);
            environment = Environment::of(&gateway).await;
        }
        allowed += ask(&environment, &gateway, &key, 34).await;
        let held = counted(&gateway, &key) - allowed;
        assert!(held <= 34, "{held} held after minute {minute}");
        gateway.pass(Duration::from_mins(1));
    }
    environment.end(&gateway).await;
    assert_eq!((allowed, counted(&gateway, &key)), (136, 136));
}

#[tokio::test]
async fn what_is_given_back_is_let_through_by_others_and_usage_is_written_behind_it() {
    let gateway = Gateway::start().await;
    let key = limited(&gateway, &per_day(1000)).await;
    let (ends, stays) = (Environment::of(&gateway).await, Environment::of(&gateway).await);
    let first = ask(&ends, &gateway, &key, 100).await;
    let second = ask(&stays, &gateway, &key, 1000).await;
    assert!(first == 100 && first + second < 1000, "{second}: nothing is held");

    ends.end(&gateway).await;

    assert_eq!(counted(&gateway, &key), first + second);
    let usage = gateway.engine.usage();
    assert!(usage.iter().any(|item| item["id"]["S"].as_str().unwrap().starts_with(&key.id)), "{usage:?}");
    gateway.pass(Duration::from_secs(61));
    assert_eq!(first + second + ask(&stays, &gateway, &key, 200).await, 1000);
    assert_eq!(counted(&gateway, &key), 1000);
}

#[tokio::test]
async fn a_give_back_that_is_doubled_or_lost_lets_not_one_request_too_many_through() {
    for (fault, is_returned) in [
        (Fault::Twice, true),
        (Fault::LoseAnswer, true),
        (Fault::SpoilAnswer, true),
        (Fault::Cut, false),
        (Fault::Throttle, false),
        (Fault::Fail, false),
    ] {
        let gateway = Gateway::start().await;
        let key = limited(&gateway, &per_day(500)).await;
        let (ends, stays) = (Environment::of(&gateway).await, Environment::of(&gateway).await);
        let first = ask(&ends, &gateway, &key, 60).await;
        let held = counted(&gateway, &key) - first;
        assert!(held > 0, "nothing is held");
        // From the read on: what comes next is the update.
        let order = async { gateway.wire.break_times(1, fault) };
        let read = Stop::after("GetItem").when(|body| body.to_string().contains("#limits"));

        let ((), ()) = gateway.wire.during(read, ends.end(&gateway), order).await;
        gateway.wire.mend();

        let lost = if is_returned { 0 } else { held };
        assert_eq!(counted(&gateway, &key), 60 + lost, "{fault:?}");
        // It serves on, and ends once more.
        let more = ask(&ends, &gateway, &key, 3).await;
        ends.end(&gateway).await;
        assert_eq!(more + 60 + lost, counted(&gateway, &key), "{fault:?}");
        let rest = ask(&stays, &gateway, &key, 600).await;
        assert_eq!(first + more + rest + lost, 500, "{fault:?}");
    }
}

#[tokio::test]
async fn of_two_that_give_back_at_once_none_takes_what_the_other_has_given() {
    let gateway = Gateway::start().await;
    let key = limited(&gateway, &per_day(500)).await;
    let (one, other) = (Environment::of(&gateway).await, Environment::of(&gateway).await);
    assert_eq!((ask(&one, &gateway, &key, 40).await, ask(&other, &gateway, &key, 60).await), (40, 60));
    let before = counted(&gateway, &key);
    let stop = Stop::before("UpdateItem").when(is_give_back);

    let ((), ()) = gateway.wire.during(stop, one.end(&gateway), other.end(&gateway)).await;

    let after = counted(&gateway, &key);
    assert!((100..before).contains(&after), "{before} {after}");
    let rest = ask(&Environment::of(&gateway).await, &gateway, &key, 600).await;
    assert_eq!(rest, 500 - after);
}

#[tokio::test]
async fn a_give_back_that_comes_too_late_changes_nothing() {
    // In a new day.
    let gateway = Gateway::start().await;
    let key = limited(&gateway, &per_day(500)).await;
    let (ends, stays) = (Environment::of(&gateway).await, Environment::of(&gateway).await);
    ask(&ends, &gateway, &key, 60).await;
    let next_day = async {
        gateway.pass(Duration::from_hours(24));
        assert_eq!(ask(&stays, &gateway, &key, 450).await, 450);
    };
    let stop = Stop::before("UpdateItem").when(is_give_back);
    let ((), ()) = gateway.wire.during(stop, ends.end(&gateway), next_day).await;
    assert_eq!(450 + ask(&stays, &gateway, &key, 100).await, 500);
    assert_eq!(counted(&gateway, &key), 500);

    // When the account is erased.
    for point in [Stop::before("GetItem"), Stop::before("UpdateItem")] {
        let gateway = Gateway::start().await;
        let key = limited(&gateway, &per_day(500)).await;
        let ends = Environment::of(&gateway).await;
        ask(&ends, &gateway, &key, 60).await;
        let erase = async {
            let account = json!({"action": "suspend", "accountId": key.account_id});
            gateway.invoke_manage_account(account).await.unwrap();
            let account = json!({"accountId": key.account_id, "confirm": key.account_id});
            assert_eq!(gateway.invoke_erase_account(account).await.unwrap()["done"], true);
        };
        let stop = point.when(|body| body.to_string().contains("#limits"));
        let ((), ()) = gateway.wire.during(stop, ends.end(&gateway), erase).await;
        assert_eq!(counters(&gateway, &key), None);
    }
}

#[tokio::test]
async fn what_a_lost_answer_may_have_granted_is_not_given_back() {
    let gateway = Gateway::start().await;
    let key = limited(&gateway, &per_day(2000)).await;
    let environment = Environment::of(&gateway).await;
    let (mut allowed, mut lost) = (0, 0);
    for _ in 0..60 {
        drop(gateway.wire.take_calls());
        // From the read on: what comes next is a claim, where there is one.
        let order = async { gateway.wire.break_times(1, Fault::LoseAnswer) };
        let request = environment.authorize(&gateway, &key.value);
        let (verdict, ()) = gateway.wire.during(Stop::before("GetItem"), request, order).await;
        gateway.wire.mend();
        allowed += u64::from(is_allowed(&verdict));
        let claims = gateway.wire.take_calls().iter().filter(|call| call.operation == "UpdateItem").count();
        lost += u64::from(claims > 1);
    }
    assert!(lost > 30, "{lost}");
    let mut before = counted(&gateway, &key);
    // Until a claim leaves something.
    while counted(&gateway, &key) < before + 2 {
        before = counted(&gateway, &key);
        allowed += ask(&environment, &gateway, &key, 1).await;
    }
    let before = counted(&gateway, &key);
    environment.end(&gateway).await;
    let after = counted(&gateway, &key);
    assert!(after < before && after >= allowed + lost, "{before} {after} {allowed} {lost}");
}

#[tokio::test]
async fn counters_that_no_answer_comes_for_leave_usage_half_of_the_time_of_an_end() {
    let gateway = Gateway::start().await;
    let key = limited(&gateway, &per_day(1000)).await;
    let environment = Environment::of(&gateway).await;
    assert_eq!(ask(&environment, &gateway, &key, 20).await, 20);
    let of_counters = |body: &Value| body.to_string().contains("#limits");
    let _gate = gateway.wire.stop(Stop::before("GetItem").when(of_counters));

    let lost = environment.kept.finish(gateway.now().into(), Instant::now() + Duration::from_secs(2)).await;

    assert!(lost.is_none(), "{lost:?}");
    let usage = gateway.engine.usage();
    assert!(usage.iter().any(|item| item["id"]["S"].as_str().unwrap().starts_with(&key.id)), "{usage:?}");
}

#[tokio::test]
async fn leases_of_sixteen_keys_are_given_back_and_of_minutes_none() {
    let gateway = Gateway::start().await;
    let minute = limited(&gateway, &json!([{"requests": 1000, "per": "MINUTE"}])).await;
    let admin = gateway.create_account("Other").await;
    let environment = Environment::of(&gateway).await;
    assert_eq!(ask(&environment, &gateway, &minute, 20).await, 20);
    let mut keys = Vec::new();
    for number in 0..18 {
        // The larger the limit, the smaller the part of it that is held; ids are in the order of making.
        let body = new_key_with(&json!({"limits": per_day(1000 * (18 - number))}));
        let key = admin.create(&body).await;
        assert_eq!(ask(&environment, &gateway, &key, 20).await, 20);
        keys.push(key);
    }
    environment.end(&gateway).await;
    let given_back = |key: &Client| counters(&gateway, key).unwrap()["givenBack"]["N"] == "1";
    let returned: Vec<_> = keys.iter().map(given_back).collect();
    assert_eq!(returned, [[false; 2].as_slice(), &[true; 16]].concat());
    assert!(!given_back(&minute));
}
