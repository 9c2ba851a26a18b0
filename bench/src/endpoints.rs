//! What one request of each endpoint costs when its function is warm.

use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::events;
use crate::process::Bench;
use crate::runtime_api::Answer;
use crate::sample::Sample;
use crate::statistics::milliseconds;

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

pub(crate) async fn measure(bench: &Bench, arguments: &Arguments) -> Vec<EndpointRow> {
    let issued = bench.create_account().await;
    let caller = events::caller(&issued);
    let others = create_keys(bench, &caller, KEYS - 1).await;
    let (id, value) = (others[0]["id"].clone(), others[0]["value"].clone());

    let list = events::of_caller("list-keys", &caller, |_| ());
    let of_key = |function: &str, key: &Value| {
        events::of_caller(function, &caller, |event| {
            event["path"] = json!(format!("/authentication/{}", key.as_str().unwrap()));
            event["pathParameters"] = json!({ "key": key });
        })
    };
    let mut rows = Vec::new();
    for (name, function, status, event) in [
        ("`GET /authentication`, 100 keys", "list-keys", 200, list),
        ("`POST /authentication`", "create-key", 201, create_event(&caller)),
        ("`GET /authentication/{id}`", "find-key", 200, of_key("find-key", &id)),
        ("`GET /authentication/{value}`", "find-key", 200, of_key("find-key", &value)),
        ("`GET /authentication/self`", "find-key", 200, of_key("find-key", &json!("self"))),
        ("`PATCH /authentication/{id}`", "update-key", 200, of_key("update-key", &id)),
        ("`POST /authentication/{id}/rotate`", "rotate-key", 201, of_key("rotate-key", &id)),
    ] {
        eprintln!("Measuring {name}");
        rows.push(measure_one(bench, arguments, name, function, status, |_| event.clone()).await);
    }
    eprintln!("Measuring DELETE");
    let lives = arguments.rounds * (arguments.calls + Sample::UNMEASURED);
    let doomed = create_keys(bench, &caller, lives).await;
    let delete = |at: usize| of_key("delete-key", &doomed[at]["id"]);
    rows.push(measure_one(bench, arguments, "`DELETE /authentication/{id}`", "delete-key", 204, delete).await);
    rows
}

async fn measure_one(
    bench: &Bench,
    arguments: &Arguments,
    name: &'static str,
    function: &str,
    status: u16,
    event: impl Fn(usize) -> Bytes,
) -> EndpointRow {
    let mut lives = Vec::new();
    let mut sent = 0;
    bench.table.take_calls();
    for _ in 0..arguments.rounds {
        let process = bench.function(function).await;
        let next = || {
            sent += 1;
            event(sent - 1)
        };
        let check = |answer: &Answer| answer.as_ref().is_ok_and(|answer| status_of(answer) == status);
        lives.push(Sample::take(process, arguments.calls, next, check).await);
    }
    let calls = bench.table.take_calls();
    #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
    let engine_ms = calls.values().map(|(_, took)| milliseconds(*took)).sum::<f64>() / sent as f64;
    let calls = calls.keys().cloned().collect::<Vec<_>>().join(", ");
    EndpointRow { name, sample: Sample::median(&lives), calls, engine_ms }
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
