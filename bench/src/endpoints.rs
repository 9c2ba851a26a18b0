//! What one request of each endpoint costs when its function is warm.

use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::events;
use crate::process::Bench;
use crate::sample::Sample;
use crate::statistics::milliseconds;
use crate::table;
use tests::runtime_api::Answer;

/// The keys of the account that is used.
const KEYS: usize = 100;

/// One endpoint's figures.
#[derive(Debug)]
pub(crate) struct EndpointRow {
    /// Method, route and what is asked.
    pub(crate) name: &'static str,
    /// The medians of its lives.
    pub(crate) sample: Sample,
    /// What it calls of the table.
    pub(crate) calls: String,
    /// The engine's own time in one request.
    pub(crate) engine_ms: f64,
}

/// One request that is sent over and over.
pub(crate) struct Case {
    /// Method, route and what is asked.
    pub(crate) name: &'static str,
    /// Who serves it.
    pub(crate) function: &'static str,
    /// What the answer is to be.
    pub(crate) status: u16,
    /// The event of each call, by its number.
    pub(crate) event: Box<dyn Fn(usize) -> Bytes>,
}

impl Case {
    /// Whether that is the answer.
    pub(crate) fn is_met_by(&self, answer: &Answer) -> bool {
        answer.as_ref().is_ok_and(|answer| status_of(answer) == self.status)
    }
}

/// A request of each endpoint, in an account of 100 keys; no more than `deletions` of the last.
pub(crate) async fn cases(bench: &Bench, deletions: usize) -> Vec<Case> {
    let issued = bench.create_account().await;
    let caller = events::caller(&issued);
    let others = create_keys(bench, &caller, KEYS - 1).await;
    let doomed = bench.create_account().await;
    bench.table.fill(&doomed, deletions);

    let of_key = |function: &str, caller: &Value, key: &str| {
        events::of_caller(function, caller, |event| {
            event["path"] = json!(format!("/authentication/{key}"));
            event["pathParameters"] = json!({ "key": key });
        })
    };
    let same = |event: Bytes| -> Box<dyn Fn(usize) -> Bytes> { Box::new(move |_| event.clone()) };
    // Not one key over and over: those who change the same one at the same moment wait for each other.
    let each = |function: &str| -> Box<dyn Fn(usize) -> Bytes> {
        let events: Vec<_> = others.iter().map(|key| of_key(function, &caller, key["id"].as_str().unwrap())).collect();
        Box::new(move |at| events[at % events.len()].clone())
    };
    let find = |key: &Value| same(of_key("find-key", &caller, key.as_str().unwrap()));
    let of_doomed = events::caller(&doomed);
    let delete = Box::new(move |at| of_key("delete-key", &of_doomed, &table::old_key_id(at)));
    [
        ("`GET /authentication`, 100 keys", "list-keys", 200, same(events::of_caller("list-keys", &caller, |_| ()))),
        ("`POST /authentication`", "create-key", 201, same(create_event(&caller))),
        ("`GET /authentication/{id}`", "find-key", 200, find(&others[0]["id"])),
        ("`GET /authentication/{value}`", "find-key", 200, find(&others[0]["value"])),
        ("`GET /authentication/self`", "find-key", 200, find(&json!("self"))),
        ("`PATCH /authentication/{id}`", "update-key", 200, each("update-key")),
        ("`POST /authentication/{id}/rotate`", "rotate-key", 201, each("rotate-key")),
        ("`DELETE /authentication/{id}`", "delete-key", 204, delete),
    ]
    .map(|(name, function, status, event)| Case { name, function, status, event })
    .into()
}

pub(crate) async fn measure(bench: &Bench, arguments: &Arguments) -> Vec<EndpointRow> {
    let deletions = arguments.rounds * (arguments.calls + Sample::UNMEASURED);
    let mut rows = Vec::new();
    for case in cases(bench, deletions).await {
        eprintln!("Measuring {}", case.name);
        rows.push(measure_one(bench, arguments, &case).await);
    }
    rows
}

async fn measure_one(bench: &Bench, arguments: &Arguments, case: &Case) -> EndpointRow {
    let mut lives = Vec::new();
    let mut sent = 0;
    bench.table.take_calls();
    for _ in 0..arguments.rounds {
        let process = bench.function(case.function).await;
        let next = || {
            sent += 1;
            (case.event)(sent - 1)
        };
        lives.push(Sample::take(process, arguments.calls, next, |answer| case.is_met_by(answer)).await);
    }
    let calls = bench.table.take_calls();
    #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
    let engine_ms = calls.values().map(|(_, took)| milliseconds(*took)).sum::<f64>() / sent as f64;
    let calls = calls.keys().cloned().collect::<Vec<_>>().join(", ");
    EndpointRow { name: case.name, sample: Sample::median(&lives), calls, engine_ms }
}

/// Makes keys by the real function; what it answers.
async fn create_keys(bench: &Bench, caller: &Value, count: usize) -> Vec<Value> {
    let mut process = bench.function("create-key").await;
    process.runtime.initialized().await;
    let event = create_event(caller);
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        let (_, answer) = process.runtime.invoke(&event).await;
        let answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
        keys.push(serde_json::from_str(answer["body"].as_str().unwrap()).unwrap());
    }
    process.finish();
    keys
}

fn create_event(caller: &Value) -> Bytes {
    let body = json!({ "userId": "user-2", "username": "Grace", "operations": ["SMS", "RCS"], "name": "reminders" });
    events::of_caller("create-key", caller, |event| event["body"] = json!(body.to_string()))
}

/// The status that the gateway would answer with.
pub(crate) fn status_of(answer: &[u8]) -> u16 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    answer["statusCode"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or_default()
}
