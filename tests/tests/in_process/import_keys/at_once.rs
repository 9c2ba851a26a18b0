//! Thousands of keys, by importers that are stopped, killed, repeated and run beside each other, while the table fails.
//!
//! `KEYS=100000 cargo test -p tests --test in_process import_keys::at_once` imports more.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::time::Duration;

use fastrand::Rng;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tests::values::{import_of, sha256_base64};
use tests::wire::Fault;
use tests::{Client, Gateway};
use tokio::time::{sleep, timeout};

const BATCH: usize = 100;
const AT_ONCE: usize = 2;
/// One of so many rows is of each of the kinds that are refused.
const EACH: usize = 40;
const FAULTS: [Fault; 5] = [Fault::Cut, Fault::Throttle, Fault::Fail, Fault::LoseAnswer, Fault::TruncateAnswer];

/// What becomes of a row in the end: its key, or a code.
type Outcomes = BTreeMap<usize, Result<String, String>>;

/// The rows of one file.
struct File {
    values: Vec<String>,
    keys: Vec<Value>,
    /// The codes of the rows that are refused for good.
    refused: BTreeMap<usize, &'static str>,
}

impl File {
    /// Some values belong to another account, have ended, or were reported; some rows are wrong.
    async fn of(rows: usize, gateway: &Gateway, admin: &Client, other: &Client) -> Self {
        let values: Vec<_> = (0..rows).map(|row| format!("sk_old_number_{row:010}")).collect();
        let mut file =
            Self { keys: values.iter().map(|value| import_of(value)).collect(), values, refused: BTreeMap::new() };
        for row in (0..rows).step_by(EACH).flat_map(|first| first..(first + 4).min(rows)) {
            let code = ["TAKEN", "RETIRED", "EXPOSED", "INVALID"][row % EACH];
            if code == "INVALID" {
                file.keys[row]["operations"] = json!(["FAX"]);
            } else {
                let account = if code == "TAKEN" { other } else { admin };
                let report = gateway.import_keys(account, json!([file.keys[row]])).await;
                let id = report["imported"][0]["id"].as_str().unwrap();
                if code == "EXPOSED" {
                    let leak = json!([{ "token": file.values[row] }]).to_string();
                    assert_eq!(gateway.report(&[], &leak).await.status, 202);
                }
                if code != "TAKEN" {
                    assert_eq!(admin.delete(id).await.status, 204);
                }
            }
            file.refused.insert(row, code);
        }
        file
    }

    /// Sends every batch until each of its rows has an outcome, several at once, as the operators' program does.
    async fn import(&self, gateway: &Gateway, admin: &Client, mut rng: Rng) -> Outcomes {
        let rows: Vec<_> = (0..self.keys.len()).collect();
        let mut batches: Vec<_> = rows.chunks(BATCH).map(|batch| (batch.to_vec(), rng.fork())).collect();
        rng.shuffle(&mut batches);
        let sent = batches.into_iter().map(|(batch, rng)| self.send(gateway, admin, batch, rng));
        let outcomes: Vec<Outcomes> = stream::iter(sent).buffer_unordered(AT_ONCE).collect().await;
        outcomes.into_iter().flatten().collect()
    }

    /// Sends a batch until each of its rows has an outcome. Any attempt may be killed at any point.
    async fn send(&self, gateway: &Gateway, admin: &Client, mut rows: Vec<usize>, mut rng: Rng) -> Outcomes {
        let mut outcomes = Outcomes::new();
        while !rows.is_empty() {
            let keys: Vec<_> = rows.iter().map(|row| self.keys[*row].clone()).collect();
            let payload = json!({"accountId": admin.account_id, "keys": keys});
            let life = if rng.u8(..) < 64 { Duration::from_millis(rng.u64(0..1_000)) } else { Duration::from_mins(10) };
            // The whole invocation may fail for a moment, too.
            let Ok(Ok(report)) = timeout(life, gateway.invoke_import_keys(payload)).await else { continue };
            let index_of = |key: &Value| usize::try_from(key["index"].as_u64().unwrap()).unwrap();
            let mut seen = BTreeSet::new();
            for key in ["imported", "present"].iter().flat_map(|kind| report[kind].as_array().unwrap()) {
                assert!(seen.insert(index_of(key)) && key.get("equal") != Some(&json!(false)), "{key}");
                outcomes.insert(rows[index_of(key)], Ok(key["id"].as_str().unwrap().to_owned()));
            }
            let mut again = Vec::new();
            for key in report["failed"].as_array().unwrap() {
                assert!(seen.insert(index_of(key)), "{key}");
                if key["retry"] == true {
                    again.push(rows[index_of(key)]);
                } else {
                    outcomes.insert(rows[index_of(key)], Err(key["code"].as_str().unwrap().to_owned()));
                }
            }
            assert_eq!(seen.len(), rows.len(), "each key has one outcome");
            rows = again;
        }
        outcomes
    }
}

/// Lets calls fail now and then.
async fn fail_sometimes(gateway: &Gateway, mut rng: Rng) {
    loop {
        sleep(Duration::from_millis(rng.u64(20..200))).await;
        gateway.wire.break_times(rng.usize(1..4), FAULTS[rng.usize(..FAULTS.len())]);
    }
}

#[tokio::test]
async fn the_table_has_what_the_reports_list() {
    let rows = env::var("KEYS").map_or(2_000, |rows| rows.parse().unwrap());
    let gateway = Gateway::importing().await;
    gateway.set(|settings| settings.max_keys = 1_000_000);
    // The faults below throttle, too.
    gateway.wire.throttle_every(0);
    let (admin, other) = (gateway.create_account("Example").await, gateway.create_account("Other").await);
    // The index shows nothing of all that comes, and so costs no copy of the table for each query.
    let stale = gateway.engine.frozen_copy().await;
    gateway.wire.answer_index_queries_from(stale.address());
    let file = File::of(rows, &gateway, &admin, &other).await;

    let two = async {
        tokio::join!(file.import(&gateway, &admin, Rng::with_seed(1)), file.import(&gateway, &admin, Rng::with_seed(2)),)
    };
    let (one, two) = tokio::select! {
        done = two => done,
        () = fail_sometimes(&gateway, Rng::with_seed(3)) => unreachable!(),
    };
    gateway.wire.mend();
    gateway.wire.quiet().await;
    // What was killed is there all the same, and this finds it.
    let last = file.import(&gateway, &admin, Rng::with_seed(4)).await;

    let items = gateway.engine.keys();
    let mut by_hash = BTreeMap::new();
    for item in items.iter().filter(|item| item["accountId"]["S"] == admin.account_id && item["id"]["S"] != admin.id) {
        let id = item["id"]["S"].as_str().unwrap().to_owned();
        assert_eq!(item.get("held"), None, "it works");
        assert!(by_hash.insert(item["keyHash"]["B"].as_str().unwrap().to_owned(), id).is_none(), "twice: {item}");
    }
    assert_eq!(by_hash.len(), rows - file.refused.len());
    for outcomes in [&one, &two, &last] {
        assert_eq!(outcomes.len(), rows);
        for (row, outcome) in outcomes {
            let stored = by_hash.get(&sha256_base64(&file.values[*row]));
            match outcome {
                Ok(id) => assert_eq!(stored, Some(id)),
                Err(code) => assert_eq!((file.refused.get(row), stored), (Some(&code.as_str()), None), "row {row}"),
            }
        }
    }
    let events = gateway.engine.events();
    let imported = events.iter().filter(|event| event["type"]["S"] == "key.imported").count();
    let prepared = file.refused.values().filter(|code| **code != "INVALID").count();
    assert_eq!(imported, prepared + by_hash.len(), "one event each");
}
