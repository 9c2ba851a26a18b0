//! Leases of the real authorizer, whose environments end with notice or are killed.
//!
//! It has the machine's clock, so the minutes of the same test in process are environments here, each with a lease of its own.

use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::json;
use tests::engine::TABLE;
use tests::{Client, Gateway};

use crate::stack::Stack;
use crate::usage::Environment;

const DAY: u64 = 86_400;
const BURST: u64 = 34;

/// What is left of a day that ends within five minutes is not given back.
#[expect(clippy::disallowed_methods, reason = "the authorizer has the machine's clock")]
fn not_late_in_a_day() {
    let left = DAY - SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() % DAY;
    if left < 400 {
        thread::sleep(Duration::from_secs(left));
    }
}

pub fn what_an_environment_holds_of_a_limit_outlives_its_end(stack: &Stack) {
    lose_nothing_at_an_end(&stack.authorizer);
}

pub fn lose_nothing_at_an_end(program: &Path) {
    not_late_in_a_day();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let gateway = Gateway::without_usage().await.in_true_time();
        let admin = gateway.create_account("Example").await;
        let limits = json!([{"requests": 1000, "per": "MINUTE"}, {"requests": 20_000, "per": "DAY"}]);
        let body = json!({"userId": "u", "username": "n", "operations": ["SMS"], "limits": limits});
        let key = admin.create(&body).await;
        let mut asked = 0;
        for number in 0..4 {
            let counted = burst(program, &gateway, &key, number, "-TERM").await;
            asked += BURST;
            // A late minute may begin anew in a burst, which costs the day nothing.
            assert_eq!(counted, asked, "{asked} requests were let through");
        }
        let counted = burst(program, &gateway, &key, 4, "-KILL").await;
        let lost = counted - asked - BURST;
        assert!((1..=BURST).contains(&lost), "{lost} died with the environment");
    });
}

/// A burst in an environment of its own. How many requests are counted in the day when it has ended.
async fn burst(program: &Path, gateway: &Gateway, key: &Client, number: u64, signal: &str) -> u64 {
    let mut environment = Environment::start(program, &gateway.wire.url(), &format!("lease-{number}")).await;
    for _ in 0..BURST {
        environment.ask(&key.value).await;
    }
    let (status, log) = environment.end_by(signal).await;
    assert_eq!(status.success(), signal == "-TERM", "{log}");
    let place = json!({"accountId": {"S": format!("{}#limits", key.account_id)}, "id": {"S": key.id}});
    let counter = gateway.engine.item(TABLE, &place).unwrap()["cDay"]["N"].as_str().unwrap().parse::<u64>().unwrap();
    counter % 1_000_000_000
}
