//! Many keys, and many accounts.

use std::env;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::values::sha256_base64;
use tests::wire::Stop;
use tests::{Client, Gateway};

use super::{DAY, days, item, key_ending, run};

/// `NOTICED_KEYS=100000 cargo test -p tests --test in_process notices::many -- --nocapture` prints how long it takes.
#[tokio::test]
async fn an_account_of_many_keys_is_looked_through_in_several_runs() {
    let keys: usize = env::var("NOTICED_KEYS").map_or(2_000, |keys| keys.parse().unwrap());
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.notices_time = Duration::from_secs(if keys > 2_000 { 60 } else { 1 }));
    let ending = key_ending(&gateway, &admin, days(7)).await;
    let mut item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *ending.id).unwrap();
    let far = gateway.time_in(days(300));
    let mut due = 1;
    for number in 1..keys {
        item["id"]["S"] = json!(format!("0{number:021}"));
        item["keyHash"]["B"] = json!(sha256_base64(&format!("sk_old_number_{number:010}")));
        // One in four ends soon.
        let end = if number % 4 == 0 { gateway.time_in(days(7)) } else { far.clone() };
        due += usize::from(number % 4 == 0);
        item["expiresAt"]["S"] = json!(end);
        gateway.engine.put(&item);
    }

    let (start, mut runs, mut notices) = (Instant::now(), 0, 0);
    loop {
        let answer = gateway.invoke_notify_expiry().await.unwrap();
        runs += 1;
        notices += answer["notices"].as_u64().unwrap();
        if answer["done"] == true {
            break;
        }
    }

    println!("{keys} keys, {due} notices: {:?} in {runs} runs", start.elapsed());
    assert_eq!(notices, u64::try_from(due).unwrap());
    assert!(runs > 1);
    let marked = gateway.engine.keys().iter().filter(|key| key["noticed"].is_object()).count();
    let events = gateway.engine.events().iter().filter(|event| event["shown"].is_object()).count();
    assert_eq!((marked, events), (due, due));
}

#[tokio::test]
async fn many_accounts_are_looked_through_in_their_order() {
    let gateway = Gateway::start().await;
    for _ in 0..40 {
        let admin = gateway.create_account("Example").await;
        key_ending(&gateway, &admin, days(7)).await;
    }
    let answer = gateway.invoke_notify_expiry().await.unwrap();
    assert_eq!(answer, json!({"done": true, "accounts": 40, "notices": 40}));
}

/// Sixteen of them come at once, and each has to be here, and read, in the time of one attempt.
#[tokio::test]
async fn a_page_of_keys_is_short() {
    let (gateway, admin) = Gateway::with_manager().await;
    key_ending(&gateway, &admin, days(7)).await;
    let page = Stop::before("Query").when(|body| body["FilterExpression"].is_string() && body["Limit"] == 1_000);
    let (ended, ()) = gateway.wire.during(page, gateway.invoke_notify_expiry(), async {}).await;
    assert_eq!(ended.unwrap()["notices"], 1);
}

/// A run writes so many notices a second at most. What has none due does not wait for that.
#[tokio::test]
async fn keys_that_have_their_notice_are_passed_at_once() {
    let (gateway, admin) = Gateway::with_manager().await;
    for _ in 0..25 {
        key_ending(&gateway, &admin, days(7)).await;
    }
    assert_eq!(run(&gateway).await, 25);
    gateway.pass(DAY);
    gateway.set(|settings| settings.notices_time = Duration::ZERO);
    let look = gateway.invoke_notify_expiry().await.unwrap();
    assert_eq!(look, json!({"done": false, "accounts": 1, "notices": 0}));
    assert_eq!(gateway.invoke_notify_expiry().await.unwrap()["done"], true);
}

#[tokio::test]
async fn a_notice_that_is_slow_holds_up_none_of_the_next_accounts() {
    let gateway = Gateway::start().await;
    let mut keys = Vec::new();
    for _ in 0..10 {
        let admin = gateway.create_account("Example").await;
        keys.push(key_ending(&gateway, &admin, days(7)).await);
    }
    keys.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    let (first, others) = keys.split_first().unwrap();
    let id = first.id.clone();
    let slow = Stop::before("TransactWriteItems").when(move |body| body.to_string().contains(&id));
    let is_noticed = |key: &Client| item(&gateway, key)["noticed"].is_object();
    let meanwhile = async {
        while !others.iter().all(is_noticed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        is_noticed(first)
    };
    let (ended, is_first_noticed) = gateway.wire.during(slow, gateway.invoke_notify_expiry(), meanwhile).await;
    assert_eq!((ended.unwrap()["notices"].as_u64(), is_first_noticed), (Some(10), false));
}
