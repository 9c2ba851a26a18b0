//! Puts each event of the table on an EventBridge bus: what the table's stream brings, or again what an operator asks for.

mod bus;
mod republish;
mod stream;

use std::time::{Duration, SystemTime};

use api_keys::lambda::{Metrics, Refusal};
use api_keys::store::EventList;
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

pub use crate::bus::{Bus, Outcome, Published};

/// How long an invocation goes on; one more call to the bus or the table may follow. It is shorter than the function's
/// time-out, so that what was published is known.
pub const TIME: Duration = Duration::from_secs(40);

/// What the function works with.
#[derive(Debug)]
pub struct Publisher {
    /// Where events go.
    pub bus: Bus,
    /// Where they come from when they are published again.
    pub events: EventList,
    /// Counts what went wrong.
    pub metrics: Metrics,
}

/// Answers one invocation: records of the stream with their failures, or an operator's request with what was published.
///
/// # Errors
/// [`Refusal`] of an operator's request. The stream's records never fail as a whole.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    publisher: &Publisher,
    now: SystemTime,
) -> Result<Value, Refusal> {
    let end = Instant::now() + TIME;
    let LambdaEvent { payload, context } = event;
    let request_id = &context.request_id;
    if let Ok(Stream { records }) = serde_json::from_str(payload.get()) {
        return Ok(stream::publish(&records, publisher, end, now.into(), request_id).await);
    }
    let report = Box::pin(republish::republish(&payload, publisher, end)).await;
    report.map_err(|error| Refusal::new(error, request_id))
}

/// What Lambda's poller brings.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stream {
    records: Vec<Value>,
}
