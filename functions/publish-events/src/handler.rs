//! Puts each event of the table on an EventBridge bus: what the table's stream brings, or again what an operator asks for.

mod bus;
mod republish;
mod stream;

use std::time::SystemTime;

use api_keys::{EventList, Metrics, Refusal};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub use crate::bus::{Bus, Outcome, Published};

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
    let LambdaEvent { payload, context } = event;
    match serde_json::from_str(payload.get()) {
        Ok(Stream { records }) => Ok(stream::publish(&records, publisher, now.into(), &context.request_id).await),
        Err(_) => {
            republish::republish(&payload, publisher).await.map_err(|error| Refusal::new(error, &context.request_id))
        }
    }
}

/// What Lambda's poller brings.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stream {
    records: Vec<Value>,
}
