//! Limits as they hold: leases of real environments against the engine.

use std::time::Duration;

use api_keys::key::Limits;
use authorizer::Refusal;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::engine::TABLE;
use tests::gateway::{STAGE, sample_event};
use tests::wire::{Fault, Stop};
use tests::{Client, Environment, Gateway, new_key_with};

fn limited(requests: u64, per: &str) -> Value {
    new_key_with(&json!({"limits": [{"requests": requests, "per": per}]}))
}

pub fn is_allowed(verdict: &Result<Value, Refusal>) -> bool {
    verdict.as_ref().is_ok_and(|verdict| verdict["policyDocument"]["Statement"][0]["Effect"] == "Allow")
}

/// A minute that begins now, so that no test sees another one begin by itself.
fn at_the_start_of_a_minute(gateway: &Gateway) {
    let now = gateway.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_millis();
    gateway.pass(Duration::from_millis(u64::try_from(60_000 - now % 60_000).unwrap()));
}

fn used(gateway: &Gateway, key: &Client) -> u64 {
    let place = json!({"accountId": {"S": format!("{}#limits", key.account_id)}, "id": {"S": key.id}});
    let item = gateway.engine.item(TABLE, &place).unwrap();
    item["cMinute"]["N"].as_str().unwrap().parse::<u64>().unwrap() % 1_000_000_000
}

fn first_seconds(rate_limit: &Value) -> u64 {
    rate_limit.as_str().unwrap().split("t=").nth(1).unwrap().parse().unwrap()
}

/// The simulation's environments and demands, with the real authorizer and a real engine.
#[tokio::test]
async fn however_many_environments_ask_exactly_the_limit_is_let_through() {
    const LIMIT: usize = 20;
    let (gateway, admin) = Gateway::with_manager().await;
    for count in [1, 3, 5, 9, 50] {
        let environments = join_all((0..count).map(|_| Environment::of(&gateway))).await;
        for tenths in [9, 10, 12, 20, 100] {
            at_the_start_of_a_minute(&gateway);
            let key = admin.create(&limited(20, "MINUTE")).await;
            let requests = LIMIT * tenths / 10;
            let mut allowed = 0;
            for from in (0..requests).step_by(count) {
                let some = environments.iter().take(requests - from);
                let verdicts = join_all(some.map(|environment| environment.authorize(&gateway, &key.value))).await;
                assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
                allowed += verdicts.iter().filter(|verdict| is_allowed(verdict)).count();
            }
            assert_eq!(allowed, requests.min(LIMIT), "{requests} requests over {count}");
        }
    }
}

#[tokio::test]
async fn a_larger_limit_takes_fewer_writes_than_requests() {
    let (gateway, admin) = Gateway::with_manager().await;
    at_the_start_of_a_minute(&gateway);
    let key = admin.create(&limited(1_000, "MINUTE")).await;
    let environments = join_all((0..9).map(|_| Environment::of(&gateway))).await;
    drop(gateway.wire.take_calls());
    let mut allowed: usize = 0;
    for _ in 0..150 {
        let all = environments.iter().map(|environment| environment.authorize(&gateway, &key.value));
        allowed += join_all(all).await.iter().filter(|verdict| is_allowed(verdict)).count();
    }
    let writes = gateway.wire.take_calls().iter().filter(|call| call.operation == "UpdateItem").count();
    assert!((980..=1_000).contains(&allowed), "{allowed}");
    assert!(writes * 100 <= allowed * 35, "{writes} writes for {allowed}");
}

#[tokio::test]
async fn a_new_window_begins_with_the_clock_and_what_was_leased_before_is_forgotten() {
    let (gateway, admin) = Gateway::with_manager().await;
    at_the_start_of_a_minute(&gateway);
    let key = admin.create(&limited(2, "MINUTE")).await;
    let environment = Environment::of(&gateway).await;

    for window in 0..3 {
        let mut allowed = Vec::new();
        for _ in 0..4 {
            allowed.push(is_allowed(&environment.authorize(&gateway, &key.value).await));
        }
        assert_eq!(allowed, [true, true, false, false], "{window}");
        gateway.pass(Duration::from_mins(1));
    }
}

#[tokio::test]
async fn a_refusal_has_the_time_to_come_back_and_asks_the_table_once_in_a_window() {
    let (gateway, admin) = Gateway::with_manager().await;
    at_the_start_of_a_minute(&gateway);
    gateway.pass(Duration::from_secs(18));
    let key = admin.create(&limited(1, "MINUTE")).await;
    let (first, second) = (Environment::of(&gateway).await, Environment::of(&gateway).await);
    let allowed = first.authorize(&gateway, &key.value).await.unwrap();
    assert_eq!(allowed["context"]["retryAfter"], "0");
    let seconds = first_seconds(&allowed["context"]["rateLimit"]);
    assert!((30..=42).contains(&seconds), "{seconds}");
    assert_eq!(allowed["context"]["rateLimit"], format!(r#""minute";r=0;t={seconds}"#));
    assert_eq!(allowed["context"]["rateLimitPolicy"], r#""minute";q=1;w=60"#);
    assert_eq!(allowed["context"]["limited"], "false");
    drop(gateway.wire.take_calls());

    for _ in 0..20 {
        let refused = second.authorize(&gateway, &key.value).await.unwrap();
        assert_eq!(refused["policyDocument"]["Statement"][0]["Effect"], "Deny");
        let seconds: u64 = refused["context"]["retryAfter"].as_str().unwrap().parse().unwrap();
        assert!((30..=42).contains(&seconds), "{seconds}");
        assert_eq!(refused["context"]["limited"], "true");
    }
    let calls = gateway.wire.take_calls();
    let writes = calls.iter().filter(|call| call.operation == "UpdateItem").count();
    assert_eq!((writes, calls.len() - writes), (1, 20), "one failed condition, and the read of each");
}

/// The stage variable `limitAnswer`: the API answers by itself, and gets `limited`.
#[tokio::test]
async fn an_api_that_answers_by_itself_gets_the_request() {
    let (gateway, admin) = Gateway::with_manager().await;
    at_the_start_of_a_minute(&gateway);
    let key = admin.create(&limited(1, "MINUTE")).await;
    let environment = Environment::of(&gateway).await;
    let mut event = sample_event("authorizer");
    event["methodArn"] = json!(format!("{STAGE}/GET/sms"));
    event["resource"] = json!("/sms");
    event["multiValueHeaders"] = json!({"X-API-Key": [key.value]});
    event["stageVariables"] = json!({"limitAnswer": "integration", "other": "1"});

    let within = environment.decide(&gateway, &event).await.unwrap();
    let over = environment.decide(&gateway, &event).await.unwrap();

    assert_eq!((&within["context"]["limited"], &over["context"]["limited"]), (&json!("false"), &json!("true")));
    assert_eq!(over["policyDocument"]["Statement"][0]["Effect"], "Allow");
    assert_ne!(over["context"]["retryAfter"], "0");
    // A handler may read it of every key.
    event["multiValueHeaders"] = json!({"X-API-Key": [admin.value]});
    let unlimited = environment.decide(&gateway, &event).await.unwrap();
    assert_eq!(unlimited["context"]["limited"], "false");
    assert!(unlimited["context"]["rateLimit"].is_null() && unlimited["context"]["rateLimitPolicy"].is_null());
    event["multiValueHeaders"] = json!({"X-API-Key": [key.value]});
    for variables in [json!({"limitAnswer": "gateway"}), json!({}), Value::Null] {
        event["stageVariables"] = variables;
        let over = environment.decide(&gateway, &event).await.unwrap();
        assert_eq!(over["policyDocument"]["Statement"][0]["Effect"], "Deny");
    }
}

#[tokio::test]
async fn managing_keys_is_never_limited_and_a_refused_request_counts_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.ceiling = Limits::parse("2/MINUTE").unwrap());
    at_the_start_of_a_minute(&gateway);
    for _ in 0..5 {
        assert_eq!(admin.get("/authentication/self").await.status, 200);
    }
    assert!(!admin.opens("GET", "/rcs-bulk").await, "lacks the operation");
    let key = admin.create_key(&["SMS"]).await;
    assert_eq!(key.get("/rcs").await.status, 403);
    let environment = Environment::of(&gateway).await;
    let verdicts = [
        environment.authorize(&gateway, &key.value).await,
        environment.authorize(&gateway, &key.value).await,
        environment.authorize(&gateway, &key.value).await,
    ];
    assert_eq!(verdicts.each_ref().map(is_allowed), [true, true, false], "the stack's ceiling holds for every key");
    assert_eq!(admin.delete(&key.id).await.status, 204);
}

#[tokio::test]
async fn a_patch_holds_on_the_next_request_and_refills_nothing_nor_does_a_rotation() {
    let (gateway, admin) = Gateway::with_manager().await;
    at_the_start_of_a_minute(&gateway);
    let key = admin.create(&limited(1000, "MINUTE")).await;
    let environment = Environment::of(&gateway).await;
    for _ in 0..40 {
        assert!(is_allowed(&environment.authorize(&gateway, &key.value).await));
    }
    let lower = json!({"limits": [{"requests": 20, "per": "MINUTE"}]});
    assert_eq!(admin.patch(&key.id, &lower).await.status, 200);
    assert!(!is_allowed(&environment.authorize(&gateway, &key.value).await), "spent a lease of the old limit");

    let taken = used(&gateway, &key);
    let rotated = admin.rotate(&key.id, 0).await;
    let value = rotated.body["value"].as_str().unwrap();
    assert!(!is_allowed(&environment.authorize(&gateway, value).await), "a rotation refilled it");
    let more = json!({"limits": [{"requests": taken + 3, "per": "MINUTE"}]});
    assert_eq!(admin.patch(&key.id, &more).await.status, 200);
    let mut allowed = 0;
    for _ in 0..10 {
        allowed += u32::from(is_allowed(&environment.authorize(&gateway, value).await));
    }
    assert_eq!(allowed, 3);
}

#[tokio::test]
async fn a_lease_never_brings_a_deleted_key_back_and_a_busy_one_is_deleted() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&limited(1000, "MINUTE")).await;
    let environment = Environment::of(&gateway).await;
    for _ in 0..5 {
        assert!(is_allowed(&environment.authorize(&gateway, &key.value).await));
    }
    // It is deleted between the read of a request and its lease.
    let deleted = async { assert_eq!(admin.delete(&key.id).await.status, 204) };
    let other = Environment::of(&gateway).await;
    let claim = Stop::before("UpdateItem").when(|body| body["UpdateExpression"].as_str().unwrap().contains("cMinute"));
    let (late, ()) = gateway.wire.during(claim, other.authorize(&gateway, &key.value), deleted).await;
    assert!(is_allowed(&late), "it was read before");

    for environment in [&environment, &other] {
        assert_eq!(environment.authorize(&gateway, &key.value).await.err(), Some(Refusal::Unauthorized));
    }
    assert_eq!(gateway.engine.keys().len(), 1);
}

/// After any failure of the table: never over, never an allow that it did not grant, and a 500 otherwise.
#[tokio::test]
async fn failures_never_let_a_limited_key_through_beyond_its_limit() {
    let (gateway, admin) = Gateway::with_manager().await;
    at_the_start_of_a_minute(&gateway);
    let key = admin.create(&limited(60, "MINUTE")).await;
    let environments = join_all((0..3).map(|_| Environment::of(&gateway))).await;
    let faults =
        [Fault::LoseAnswer, Fault::Throttle, Fault::Fail, Fault::Cut, Fault::TruncateAnswer, Fault::SpoilAnswer];
    let mut allowed = 0;
    for fault in faults.into_iter().cycle().take(36) {
        for environment in &environments {
            // From the read on: what comes next is a claim, where there is one.
            let order = async { gateway.wire.break_times(1, fault) };
            let (verdict, ()) =
                gateway.wire.during(Stop::before("GetItem"), environment.authorize(&gateway, &key.value), order).await;
            gateway.wire.mend();
            allowed += u64::from(is_allowed(&verdict));
            assert_ne!(verdict.err(), Some(Refusal::Unauthorized));
        }
    }
    assert!(allowed <= 60 && allowed <= used(&gateway, &key), "{allowed}");
    assert!(allowed > 20, "{allowed}");
}

/// `LEASED_KEYS=100000 cargo test -p tests --test in_process memory_of_leases` takes many more.
#[tokio::test]
async fn the_memory_of_leases_is_bounded_and_what_is_forgotten_is_asked_again() {
    let keys: usize = std::env::var("LEASED_KEYS").map_or(300, |keys| keys.parse().unwrap());
    let most = if keys > 300 { api_keys::check::LEASES } else { 100 };
    let gateway = Gateway::importing().await;
    gateway.set(|settings| settings.ceiling = Limits::parse("1/DAY").unwrap());
    drop(gateway.create_account("Example").await);
    let environment = Environment::with_room(&gateway, most).await;
    let mut item = gateway.engine.keys().remove(0);
    let value = |number: usize| format!("sk_old_number_{number:010}");
    for number in 0..keys {
        item["id"]["S"] = json!(format!("0{number:021}"));
        item["keyHash"]["B"] = json!(tests::values::sha256_base64(&value(number)));
        gateway.engine.put(&item);
        assert!(is_allowed(&environment.authorize(&gateway, &value(number)).await), "{number}");
        assert!(environment.leases() <= most, "{number}");
    }
    for number in [0, keys / 2, keys - 1] {
        assert!(!is_allowed(&environment.authorize(&gateway, &value(number)).await), "{number} came back");
    }
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_a_500_in_time() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&limited(10, "MINUTE")).await;
    let environment = Environment::of(&gateway).await;
    for fault in [Fault::Hold, Fault::Throttle, Fault::Fail] {
        let order = async { gateway.wire.break_with(fault) };
        let work = environment.authorize(&gateway, &key.value);
        let work = gateway.wire.during(Stop::before("GetItem"), work, order);
        let (verdict, ()) = tokio::time::timeout(Duration::from_secs(3), work).await.expect("an answer within 3 s");
        assert_eq!(verdict.err(), Some(Refusal::Unavailable), "{fault:?}");
        gateway.wire.mend();
    }
}
