//! Limits of an account, for all of its keys together: leases of real environments against the engine.

use std::time::Duration;

use api_keys::key::Limits;
use authorizer::Refusal;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::engine::TABLE;
use tests::values::import_of;
use tests::wire::{Call, Fault, Stop};
use tests::{Client, Environment, Gateway, NEW_KEY, new_key_with};

use crate::leases::is_allowed;
use crate::suspension::nth;

const FOREIGN: &str = "sk_old_51H8xQ2eZvKYlo2C1";

fn limit(requests: u64, per: &str) -> Value {
    json!([{"requests": requests, "per": per}])
}

/// An account of these limits at the start of a day, so that no test sees another window begin by itself.
async fn account_with(gateway: &Gateway, limits: &Value) -> Client {
    let now = gateway.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_millis();
    gateway.pass(Duration::from_millis(86_400_000 - u64::try_from(now % 86_400_000).unwrap()));
    let payload = json!({"company": "Example", "userId": "user-1", "username": "Ada", "accountLimits": limits});
    gateway.client_of(&gateway.invoke_create_account(payload).await.unwrap())
}

async fn keys_of(account: &Client, count: usize, limits: &Value) -> Vec<Client> {
    let body = new_key_with(&json!({"limits": limits}));
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.push(account.create(&body).await);
    }
    keys
}

async fn set(gateway: &Gateway, account: &Client, limits: Value) -> Value {
    gateway.see_through("update", account, &json!({ "accountLimits": limits })).await.unwrap()
}

fn counters(gateway: &Gateway, account: &Client) -> Option<Value> {
    let place = json!({"accountId": {"S": format!("{}#limits", account.account_id)}, "id": {"S": "account"}});
    gateway.engine.item(TABLE, &place)
}

/// How many requests are counted in the present window of a period.
fn used(gateway: &Gateway, account: &Client, counter: &str) -> u64 {
    counters(gateway, account)
        .map_or(0, |item| item[counter]["N"].as_str().unwrap().parse::<u64>().unwrap() % 1_000_000_000)
}

fn is_of_key(body: &Value) -> bool {
    body.to_string().contains("#limits") && body["Key"]["id"]["S"] != "account"
}

/// How many of so many requests one after the other are let through, each with the next of these keys.
async fn ask(environment: &Environment, gateway: &Gateway, keys: &[Client], requests: usize) -> u64 {
    let mut allowed = 0;
    for key in keys.iter().cycle().take(requests) {
        allowed += u64::from(is_allowed(&environment.authorize(gateway, &key.value).await));
    }
    allowed
}

/// An item as a sweep that was stopped, or a function of the version before, leaves it.
fn leave_behind(gateway: &Gateway, key: &Client, copy: Option<(u64, Value)>) {
    let mut item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == key.id).unwrap();
    let attributes = item.as_object_mut().unwrap();
    attributes.retain(|name, _| !["plan", "accountLimits"].contains(&name.as_str()));
    if let Some((plan, limits)) = copy {
        item["plan"] = json!({"N": plan.to_string()});
        let (requests, per) = (&limits[0]["requests"], &limits[0]["per"]);
        item["accountLimits"] = json!({"L": [{"M": {"requests": {"N": requests.to_string()}, "per": {"S": per}}}]});
    }
    gateway.engine.put(&item);
}

#[tokio::test]
async fn however_many_environments_and_keys_ask_exactly_the_limit_is_let_through() {
    const LIMIT: u64 = 20;
    let gateway = Gateway::start().await;
    for (count, keys) in [(1, 1), (1, 10), (3, 4), (9, 10), (20, 3)] {
        let environments = join_all((0..count).map(|_| Environment::of(&gateway))).await;
        for (tenths, of_key) in
            [(9, Value::Null), (20, Value::Null), (20, limit(30, "MINUTE")), (100, limit(1000, "DAY"))]
        {
            let account = account_with(&gateway, &limit(LIMIT, "MINUTE")).await;
            let keys = keys_of(&account, keys, &of_key).await;
            let requests = usize::try_from(LIMIT).unwrap() * tenths / 10;
            let mut allowed = 0;
            for from in (0..requests).step_by(count) {
                let some = environments.iter().zip(keys.iter().cycle().skip(from)).take(requests - from);
                let verdicts =
                    join_all(some.map(|(environment, key)| environment.authorize(&gateway, &key.value))).await;
                assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
                allowed += verdicts.iter().filter(|verdict| is_allowed(verdict)).count() as u64;
            }
            assert_eq!(allowed, LIMIT.min(requests as u64), "{requests} requests over {count}");
        }
    }
}

#[tokio::test]
async fn a_key_without_limits_costs_what_it_did_and_one_with_both_at_most_one_write_more() {
    let gateway = Gateway::start().await;
    let plain = gateway.create_account("Other").await.create_key(&["SMS"]).await;
    let account = account_with(&gateway, &limit(1000, "DAY")).await;
    let of_account = account.create_key(&["SMS"]).await;
    let both = keys_of(&account, 1, &limit(1000, "DAY")).await.remove(0);
    let environment = Environment::of(&gateway).await;
    let read = || Call { operation: "GetItem".into(), index: None, consistent: true };
    let claim = || Call { operation: "UpdateItem".into(), index: None, consistent: false };
    for (key, claims) in [(&plain, 0), (&both, 2), (&of_account, 1), (&plain, 0)] {
        drop(gateway.wire.take_calls());
        assert!(is_allowed(&environment.authorize(&gateway, &key.value).await));
        let mut expected = vec![read()];
        expected.extend((0..claims).map(|_| claim()));
        assert_eq!(gateway.wire.take_calls(), expected);
    }
    let mut writes = 0;
    for _ in 0..60 {
        drop(gateway.wire.take_calls());
        assert!(is_allowed(&environment.authorize(&gateway, &both.value).await));
        let calls = gateway.wire.take_calls().len() - 1;
        assert!(calls <= 2, "{calls} writes of one request");
        writes += calls;
    }
    assert!(writes <= 24, "{writes} writes of 60 requests, with both leases");
    assert_eq!(environment.account_leases(), 1, "of accounts with limits alone");
}

/// One claim fails for each of its limits, and is made again: more than a request costs otherwise.
#[tokio::test]
async fn an_environment_that_another_one_precedes_in_a_period_fails_once_for_each_limit() {
    let gateway = Gateway::start().await;
    let account = account_with(&gateway, &limit(1000, "MINUTE")).await;
    let of_account = account.create_key(&["SMS"]).await;
    let both = keys_of(&account, 1, &limit(1000, "MINUTE")).await.remove(0);
    let environments = [Environment::of(&gateway).await, Environment::of(&gateway).await];
    for (key, writes) in [(&of_account, [1, 2]), (&both, [2, 4])] {
        gateway.pass(Duration::from_mins(1));
        for (environment, writes) in environments.iter().zip(writes) {
            drop(gateway.wire.take_calls());
            assert!(is_allowed(&environment.authorize(&gateway, &key.value).await));
            let made = gateway.wire.take_calls().iter().filter(|call| call.operation == "UpdateItem").count();
            assert_eq!(made, writes);
        }
    }
}

#[tokio::test]
async fn what_one_limit_refuses_takes_nothing_of_the_other() {
    let gateway = Gateway::start().await;
    // The account's is reached in each minute, and the key's day loses nothing by that.
    let account = account_with(&gateway, &limit(5, "MINUTE")).await;
    let keys = keys_of(&account, 1, &limit(18, "DAY")).await;
    let environments = [Environment::of(&gateway).await, Environment::of(&gateway).await];
    for expected in [5, 5, 5, 3, 0] {
        let both = ask(&environments[0], &gateway, &keys, 9).await + ask(&environments[1], &gateway, &keys, 9).await;
        assert_eq!(both, expected);
        gateway.pass(Duration::from_mins(1));
    }
    // And the other way round, with one key of two.
    let account = account_with(&gateway, &limit(18, "DAY")).await;
    let busy = keys_of(&account, 1, &limit(5, "MINUTE")).await;
    for _ in 0..2 {
        let both = ask(&environments[0], &gateway, &busy, 9).await + ask(&environments[1], &gateway, &busy, 9).await;
        assert_eq!(both, 5);
        gateway.pass(Duration::from_mins(1));
    }
    let other = [account.create_key(&["SMS"]).await];
    let rest = ask(&environments[0], &gateway, &other, 9).await + ask(&environments[1], &gateway, &other, 9).await;
    assert_eq!(rest, 8);
}

#[tokio::test]
async fn the_verdict_names_both_and_the_tighter_one_answers() {
    let gateway = Gateway::start().await;
    let account =
        account_with(&gateway, &json!([{"requests": 2, "per": "DAY"}, {"requests": 9, "per": "MONTH"}])).await;
    let both = keys_of(&account, 1, &limit(1, "MINUTE")).await.remove(0);
    let of_account = account.create_key(&["SMS"]).await;
    let environment = Environment::of(&gateway).await;
    let named = async |key: &Client| {
        let context = environment.authorize(&gateway, &key.value).await.unwrap()["context"].clone();
        let text = |name: &str| context[name].as_str().unwrap().to_owned();
        (text("limited"), text("rateLimit").split(";t=").next().unwrap().to_owned(), text("rateLimitPolicy"))
    };
    let of = |limited: &str, limit: &str, policy: &str| (limited.to_owned(), limit.to_owned(), policy.to_owned());
    let (account_policy, both_policy) = (
        r#""account-day";q=2;w=86400, "account-month";q=9"#,
        r#""minute";q=1;w=60, "account-day";q=2;w=86400, "account-month";q=9"#,
    );
    assert_eq!(named(&both).await, of("false", r#""minute";r=0"#, both_policy));
    assert_eq!(named(&both).await, of("true", r#""minute";r=0"#, both_policy));
    assert_eq!(named(&of_account).await, of("false", r#""account-day";r=0"#, account_policy));
    let refused = environment.authorize(&gateway, &of_account.value).await.unwrap();
    assert!(!is_allowed(&Ok(refused.clone())));
    assert_eq!(refused["context"]["reason"], "LIMITED");
    let seconds: u64 = refused["context"]["retryAfter"].as_str().unwrap().parse().unwrap();
    assert!((86_000..=86_400).contains(&seconds), "{seconds}");
    // Of two that are reached, the one that goes on longest.
    assert_eq!(named(&both).await, of("true", r#""account-day";r=0"#, both_policy));
}

/// Of both functions' environments, each in a process of its own on Lambda.
#[tokio::test]
async fn an_accounts_limit_is_exact_over_authorizers_and_verifiers_together() {
    let gateway = Gateway::start().await;
    let account = account_with(&gateway, &limit(30, "DAY")).await;
    let mut keys = keys_of(&account, 2, &Value::Null).await;
    keys.extend(keys_of(&account, 1, &limit(900, "MONTH")).await);
    let authorizers = [Environment::of(&gateway).await, Environment::of(&gateway).await];
    let verifiers = [Environment::of(&gateway).await, Environment::of(&gateway).await];
    let mut allowed = [0, 0];
    for (nth, key) in keys.iter().cycle().take(60).enumerate() {
        let at = nth / 2 % 2;
        if nth % 2 == 0 {
            allowed[0] += u64::from(is_allowed(&authorizers[at].authorize(&gateway, &key.value).await));
        } else {
            let answer = verifiers[at].verify(&gateway, &json!({"value": key.value})).await.unwrap();
            allowed[1] += u64::from(answer["allowed"] == true);
        }
    }
    assert_eq!((allowed[0] + allowed[1], allowed.map(|of_function| of_function > 9)), (30, [true, true]));
}

#[tokio::test]
async fn verify_key_lists_what_is_left_of_both_each_in_its_present_period() {
    let gateway = Gateway::start().await;
    let account =
        account_with(&gateway, &json!([{"requests": 5, "per": "MINUTE"}, {"requests": 90, "per": "MONTH"}])).await;
    let both = keys_of(&account, 1, &limit(2, "DAY")).await.remove(0);
    let of_account = account.create_key(&["SMS"]).await;
    let environment = Environment::of(&gateway).await;
    let asked = async |key: &Client| environment.verify(&gateway, &json!({"value": key.value})).await.unwrap();
    let listed = |answer: &Value| -> Vec<(String, u64)> {
        let limits = answer["limits"].as_array().unwrap().iter();
        let name =
            |limit: &Value| [&limit["of"], &limit["per"]].map(|name| name.as_str().unwrap().to_owned()).join(" ");
        limits.map(|limit| (name(limit), limit["remaining"].as_u64().unwrap())).collect()
    };
    let of = |list: &[(&str, u64)]| list.iter().map(|(name, left)| ((*name).to_owned(), *left)).collect::<Vec<_>>();
    let answer = asked(&both).await;
    assert_eq!(answer["limits"][1]["requests"], 5);
    assert_eq!(listed(&answer), of(&[("KEY DAY", 1), ("ACCOUNT MINUTE", 4), ("ACCOUNT MONTH", 89)]));
    assert_eq!(listed(&asked(&of_account).await), of(&[("ACCOUNT MINUTE", 3), ("ACCOUNT MONTH", 88)]));
    asked(&both).await;
    asked(&of_account).await;
    asked(&of_account).await;
    let refused = asked(&of_account).await;
    assert_eq!((&refused["reason"], listed(&refused)[0].1), (&json!("LIMITED"), 0));
    assert_eq!(refused["retryAfter"], refused["limits"][0]["resetSeconds"]);
    gateway.pass(Duration::from_mins(1));
    // The key's own refuses, in a new minute of the account.
    let refused = asked(&both).await;
    assert_eq!(listed(&refused), of(&[("KEY DAY", 0), ("ACCOUNT MINUTE", 5), ("ACCOUNT MONTH", 85)]));
    assert!(refused["limits"][1]["resetSeconds"].as_u64() > Some(0), "{refused}");
    assert_eq!(refused["retryAfter"], refused["limits"][0]["resetSeconds"]);
}

#[tokio::test]
async fn managing_keys_is_free_of_the_accounts_limits_too() {
    let gateway = Gateway::start().await;
    let account = account_with(&gateway, &limit(1, "DAY")).await;
    let key = account.create_key(&["SMS"]).await;
    assert!(key.opens("GET", "/sms").await);
    assert!(!key.opens("GET", "/sms").await);
    for _ in 0..3 {
        assert_eq!(account.get("/authentication").await.status, 200);
        assert_eq!(key.get("/authentication/self").await.status, 200);
    }
    assert_eq!(used(&gateway, &account, "cDay"), 1);
    assert_eq!(account.delete(&key.id).await.status, 204);
}

#[tokio::test]
async fn other_limits_hold_on_the_next_request_of_every_key_and_refill_nothing() {
    let gateway = Gateway::start().await;
    let account = account_with(&gateway, &limit(1000, "DAY")).await;
    let keys = keys_of(&account, 3, &Value::Null).await;
    let environments = [Environment::of(&gateway).await, Environment::of(&gateway).await];
    for environment in &environments {
        assert_eq!(ask(environment, &gateway, &keys, 20).await, 20);
    }
    let taken = used(&gateway, &account, "cDay");
    assert!(taken > 40, "nothing is held");
    assert_eq!(set(&gateway, &account, limit(20, "DAY")).await["done"], true);
    for environment in &environments {
        assert_eq!(ask(environment, &gateway, &keys, 3).await, 0, "spent a lease of the old limit");
    }
    set(&gateway, &account, limit(taken + 3, "DAY")).await;
    let more = ask(&environments[0], &gateway, &keys, 9).await + ask(&environments[1], &gateway, &keys, 9).await;
    assert_eq!(more, 3);
    set(&gateway, &account, Value::Null).await;
    assert_eq!(ask(&environments[0], &gateway, &keys, 9).await, 9);
    set(&gateway, &account, limit(taken + 3, "DAY")).await;
    assert_eq!(ask(&environments[0], &gateway, &keys, 9).await, 0);
}

#[tokio::test]
async fn an_older_copy_neither_lets_one_request_too_many_through_nor_throws_a_lease_away() {
    let gateway = Gateway::start().await;
    let account = account_with(&gateway, &limit(500, "DAY")).await;
    let keys = keys_of(&account, 3, &Value::Null).await;
    set(&gateway, &account, limit(200, "DAY")).await;
    // One key is as before the sweep, and one as a function makes it that has nothing of this.
    leave_behind(&gateway, &keys[1], Some((1, limit(500, "DAY"))));
    leave_behind(&gateway, &keys[2], None);
    let environment = Environment::of(&gateway).await;
    assert!(is_allowed(&environment.authorize(&gateway, &keys[0].value).await), "the newest is seen");
    drop(gateway.wire.take_calls());
    assert_eq!(ask(&environment, &gateway, &keys, 300).await, 199);
    let writes = gateway.wire.take_calls().iter().filter(|call| call.operation == "UpdateItem").count();
    assert!(writes < 130, "{writes} writes");
    assert_eq!(used(&gateway, &account, "cDay"), 200);

    // Another environment that has seen the older copy alone holds its limits, and the newest from then on.
    let other = Environment::of(&gateway).await;
    assert_eq!(ask(&other, &gateway, &keys[1..2], 10).await, 10);
    assert_eq!(ask(&other, &gateway, &keys[..2], 10).await, 0);

    // Taken away, they do not come back with an older copy.
    set(&gateway, &account, Value::Null).await;
    leave_behind(&gateway, &keys[1], Some((2, limit(200, "DAY"))));
    assert_eq!(ask(&environment, &gateway, &keys[1..2], 1).await, 0);
    assert_eq!(ask(&environment, &gateway, &keys[..2], 10).await, 10);
}

/// What a function of the version before has made holds none in an environment that has seen no other key. When the same limits are set
/// again, it does.
#[tokio::test]
async fn setting_the_same_limits_again_reaches_the_keys_that_were_left_behind() {
    let gateway = Gateway::start().await;
    let account = account_with(&gateway, &limit(5, "DAY")).await;
    let keys = keys_of(&account, 2, &Value::Null).await;
    leave_behind(&gateway, &keys[0], None);
    assert_eq!(ask(&Environment::of(&gateway).await, &gateway, &keys[..1], 9).await, 9);
    assert_eq!(used(&gateway, &account, "cDay"), 0);

    let again = set(&gateway, &account, limit(5, "DAY")).await;
    assert_eq!((&again["done"], &again["keysChanged"]), (&json!(true), &json!(1)));
    assert_eq!(ask(&Environment::of(&gateway).await, &gateway, &keys[..1], 9).await, 5);
}

/// After any failure of the table: never over, never an allow that it did not grant, and a 500 otherwise.
#[tokio::test]
async fn failures_never_let_an_account_through_beyond_its_limit() {
    let gateway = Gateway::start().await;
    for of_key in [Value::Null, limit(1000, "DAY")] {
        let account = account_with(&gateway, &limit(60, "MINUTE")).await;
        let key = keys_of(&account, 1, &of_key).await.remove(0);
        let mut environments = join_all((0..3).map(|_| Environment::of(&gateway))).await;
        let faults =
            [Fault::LoseAnswer, Fault::Throttle, Fault::Fail, Fault::Cut, Fault::TruncateAnswer, Fault::SpoilAnswer];
        let mut allowed = 0;
        for (nth, fault) in faults.into_iter().cycle().take(36).enumerate() {
            for environment in &mut environments {
                // From the read on: what comes next is a claim, where there is one. Of a new environment's, the second.
                let mut stop = Stop::before("GetItem");
                if nth >= 30 && !of_key.is_null() {
                    *environment = Environment::of(&gateway).await;
                    stop = Stop::before("UpdateItem").when(is_of_key);
                }
                let order = async { gateway.wire.break_times(1, fault) };
                let (verdict, ()) = gateway.wire.during(stop, environment.authorize(&gateway, &key.value), order).await;
                gateway.wire.mend();
                allowed += u64::from(is_allowed(&verdict));
                assert_ne!(verdict.err(), Some(Refusal::Unauthorized));
            }
        }
        assert!(allowed <= 60 && allowed <= used(&gateway, &account, "cMinute"), "{allowed}");
        assert!(allowed > 20, "{allowed}");
    }
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_a_500_in_time() {
    let gateway = Gateway::start().await;
    let account = account_with(&gateway, &limit(10, "MINUTE")).await;
    let both = keys_of(&account, 1, &limit(10, "MINUTE")).await.remove(0);
    for fault in [Fault::Hold, Fault::Throttle, Fault::Fail] {
        let environment = Environment::of(&gateway).await;
        let order = async { gateway.wire.break_with(fault) };
        // The claim for the key's own limit: what comes next is the one for the account's.
        let stop = Stop::before("UpdateItem").when(is_of_key);
        let work = gateway.wire.during(stop, environment.authorize(&gateway, &both.value), order);
        let (verdict, ()) = tokio::time::timeout(Duration::from_secs(3), work).await.expect("an answer within 3 s");
        gateway.wire.mend();
        assert_eq!(verdict.err(), Some(Refusal::Unavailable), "{fault:?}");
    }
    // Nothing of it was taken of the key but in leases.
    let environment = Environment::of(&gateway).await;
    assert!(is_allowed(&environment.authorize(&gateway, &both.value).await));
}

#[tokio::test]
async fn an_environment_that_ends_gives_back_once_what_it_holds_of_the_account() {
    for (fault, is_returned) in [
        (None, true),
        (Some(Fault::Twice), true),
        (Some(Fault::LoseAnswer), true),
        (Some(Fault::SpoilAnswer), true),
        (Some(Fault::Cut), false),
        (Some(Fault::Throttle), false),
        (Some(Fault::Fail), false),
    ] {
        let gateway = Gateway::start().await;
        let account = account_with(&gateway, &limit(500, "DAY")).await;
        let keys = keys_of(&account, 3, &Value::Null).await;
        let (ends, stays) = (Environment::of(&gateway).await, Environment::of(&gateway).await);
        assert_eq!(ask(&ends, &gateway, &keys, 60).await, 60);
        let held = used(&gateway, &account, "cDay") - 60;
        assert!(held > 0, "nothing is held");
        let order = async {
            if let Some(fault) = fault {
                gateway.wire.break_times(1, fault);
            }
        };
        let read = Stop::after("GetItem").when(|body| body.to_string().contains("#limits"));

        let ((), ()) = gateway.wire.during(read, ends.end(&gateway), order).await;
        gateway.wire.mend();

        let lost = if is_returned { 0 } else { held };
        assert_eq!(used(&gateway, &account, "cDay"), 60 + lost, "{fault:?}");
        // It serves on, and ends once more.
        let more = ask(&ends, &gateway, &keys, 3).await;
        ends.end(&gateway).await;
        let rest = ask(&stays, &gateway, &keys, 600).await;
        assert_eq!(60 + more + rest + lost, 500, "{fault:?}");
    }
}

#[tokio::test]
async fn the_memory_of_accounts_leases_is_bounded_and_what_is_forgotten_is_asked_again() {
    let gateway = Gateway::start().await;
    let environment = Environment::with_room(&gateway, 5).await;
    let mut keys = Vec::new();
    for _ in 0..12 {
        keys.push(account_with(&gateway, &limit(1, "MONTH")).await.create_key(&["SMS"]).await);
    }
    for key in &keys {
        assert!(is_allowed(&environment.authorize(&gateway, &key.value).await));
        assert!(environment.account_leases() <= 5);
    }
    for key in &keys {
        assert!(!is_allowed(&environment.authorize(&gateway, &key.value).await), "came back");
    }
}

#[tokio::test]
async fn they_reach_every_key_and_every_new_one_with_an_event_and_are_shown() {
    let gateway = Gateway::importing().await;
    let admin = gateway.create_account("Example").await;
    for _ in 0..60 {
        admin.create_key(&["SMS"]).await;
    }
    let given = json!([{"requests": 9000, "per": "MONTH"}, {"requests": 100, "per": "MINUTE"}]);
    let in_order = json!([{"requests": 100, "per": "MINUTE"}, {"requests": 9000, "per": "MONTH"}]);
    let updated = set(&gateway, &admin, given.clone()).await;
    assert_eq!((&updated["done"], &updated["keysChanged"]), (&json!(true), &json!(61)));
    assert_eq!(updated["account"]["accountLimits"], in_order);
    let new = admin.create_key(&["SMS"]).await;
    let payload = json!({"accountId": admin.account_id, "keys": [import_of(FOREIGN)]});
    gateway.invoke_import_keys(payload).await.unwrap();
    let recover = json!({"action": "recover", "accountId": admin.account_id, "userId": "u", "username": "n"});
    assert_eq!(gateway.invoke_manage_account(recover).await.unwrap()["accountLimits"], in_order);
    let all = gateway.engine.keys();
    assert_eq!(all.len(), 64);
    for key in all {
        assert_eq!(
            (&key["plan"]["N"], key["accountLimits"]["L"].as_array().map(Vec::len)),
            (&json!("1"), Some(2)),
            "{key}"
        );
    }
    let shown = admin.get(&format!("/authentication/{}", new.id)).await;
    assert_eq!((&shown.body["accountLimits"], &shown.body["effectiveLimits"]), (&in_order, &Value::Null));
    assert_eq!(gateway.manage("show", &admin).await.unwrap()["accountLimits"], in_order);
    let event = gateway.engine.events().into_iter().find(|event| event["type"]["S"] == "account.changed").unwrap();
    assert_eq!(event["changes"]["L"][0]["M"]["field"]["S"], "accountLimits");

    let written = gateway.engine.events().len();
    assert_eq!(set(&gateway, &admin, given).await["keysChanged"], 0);
    assert_eq!(gateway.engine.events().len(), written, "the same again is no change");
    assert_eq!(set(&gateway, &admin, Value::Null).await["keysChanged"], 64);
    assert!(gateway.engine.keys().iter().all(|key| key["accountLimits"].is_null() && key["plan"]["N"] == "2"));
    let both = json!({"externalId": "customer-7", "accountLimits": limit(5, "DAY")});
    assert_eq!(gateway.see_through("update", &admin, &both).await.unwrap()["keysChanged"], 64, "each key once");
    assert!(gateway.engine.keys().iter().all(|key| key["externalId"]["S"] == "customer-7" && key["plan"]["N"] == "3"));
    for (wrong, field) in
        [(json!([]), "accountLimits"), (json!([{"requests": 0, "per": "DAY"}]), "accountLimits[0].requests")]
    {
        let update = json!({"action": "update", "accountId": admin.account_id, "accountLimits": wrong});
        let refused = gateway.invoke_manage_account(update).await.unwrap_err();
        assert!(refused["errorMessage"].as_str().unwrap().starts_with(field), "{refused}");
    }
}

/// Wherever a new key is overtaken by a change, and whether or not the sweep's query shows it, it gets the newest limits.
#[tokio::test]
async fn a_new_key_that_is_overtaken_gets_the_newest() {
    for (others, call) in [(0, "GetItem"), (0, "TransactWriteItems"), (1, "GetItem")] {
        let gateway = Gateway::start().await;
        let admin = account_with(&gateway, &limit(100, "DAY")).await;
        let verdict = admin.verdict().await;
        let stop = nth(others, Stop::before(call), |_| true);
        let create = gateway.hand_on("POST", "/authentication", &verdict, Some(NEW_KEY));
        let (created, updated) = gateway.wire.during(stop, create, set(&gateway, &admin, limit(5, "DAY"))).await;
        assert_eq!((created.status, &updated["done"]), (201, &json!(true)));
        for key in gateway.engine.keys() {
            let copy = (&key["plan"]["N"], &key["accountLimits"]["L"][0]["M"]["requests"]["N"]);
            assert_eq!(copy, (&json!("2"), &json!("5")), "before {call}");
        }
    }
}

#[tokio::test]
async fn the_account_is_shown_with_what_is_left_at_least() {
    let gateway = Gateway::start().await;
    let limits = json!([{"requests": 50, "per": "DAY"}, {"requests": 900, "per": "MONTH"}]);
    let account = account_with(&gateway, &limits).await;
    let shown = async || account.get("/authentication/account").await.body["accountLimits"].clone();
    let left = async || {
        shown().await.as_array().unwrap().iter().map(|limit| limit["remaining"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(left().await, [50, 900]);
    let seconds = shown().await[0]["resetSeconds"].as_u64().unwrap();
    assert!((86_300..=86_400).contains(&seconds), "{seconds}");
    let keys = keys_of(&account, 2, &Value::Null).await;
    let environment = Environment::of(&gateway).await;
    assert_eq!(ask(&environment, &gateway, &keys, 30).await, 30);
    let after = left().await;
    assert!(after[0] <= 20 && after[1] <= 870 && after[0] == 50 - used(&gateway, &account, "cDay"), "{after:?}");
    ask(&environment, &gateway, &keys, 30).await;
    assert_eq!(left().await, [0, 850]);
    gateway.pass(Duration::from_hours(24));
    assert_eq!(left().await[0], 50, "of the new day");
    // A ceiling of the stack is of each key, and none of the account's.
    gateway.set(|settings| settings.ceiling = Limits::parse("1/MINUTE").unwrap());
    assert_eq!(shown().await[0]["requests"], 50);
}

#[tokio::test]
async fn erasing_the_account_empties_its_counters() {
    let gateway = Gateway::start().await;
    let account = account_with(&gateway, &limit(100, "DAY")).await;
    let environment = Environment::of(&gateway).await;
    let keys = keys_of(&account, 1, &Value::Null).await;
    assert_eq!(ask(&environment, &gateway, &keys, 20).await, 20);
    assert!(counters(&gateway, &account).is_some());
    gateway.manage("suspend", &account).await.unwrap();
    let erase = json!({"accountId": account.account_id, "confirm": account.account_id});
    assert_eq!(gateway.invoke_erase_account(erase).await.unwrap()["done"], true);
    assert_eq!(counters(&gateway, &account), None);
    environment.end(&gateway).await;
    assert_eq!(counters(&gateway, &account), None, "giving back makes no item");
}
