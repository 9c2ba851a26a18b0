//! Many keys, and many accounts.

use std::env;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::Gateway;
use tests::values::sha256_base64;

use super::{days, key_ending};

/// `NOTICED_KEYS=100000 cargo test -p tests --test in_process notices::many -- --nocapture` says how long it takes.
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
    let told = gateway.engine.keys().iter().filter(|key| key["noticed"].is_object()).count();
    let events = gateway.engine.events().iter().filter(|event| event["shown"].is_object()).count();
    assert_eq!((told, events), (due, due));
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
