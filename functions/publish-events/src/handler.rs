//! Puts each event of the table on an EventBridge bus: what the table's stream brings, or again what an operator asks for.

mod bus;
mod republish;
mod stream;

use std::time::{Duration, SystemTime};

use api_keys::lambda::log::Subject;
use api_keys::lambda::{Invocation, Metrics, OperatorError, invoke};
use api_keys::store::EventList;
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

pub use crate::bus::{Bus, Delivery, Published};
use crate::republish::{Rest, republish};

/// How long an invocation goes on; one more call to the bus or the table may follow. It is shorter than the function's
/// time-out, so that what was published is known.
pub const TIME: Duration = Duration::from_secs(40);
/// The time limit of an operator's invocation, shorter than the function's time-out.
const LONGEST: Duration = Duration::from_secs(55);

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
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
/// [`OperatorError`] of an operator's request. The stream's records never fail as a whole.
pub async fn handle(event: LambdaEvent<Box<RawValue>>, deps: &Deps, now: SystemTime) -> Result<Value, OperatorError> {
    if let Ok(Stream { records }) = serde_json::from_str(event.payload.get()) {
        let end = Instant::now() + TIME;
        let (request_id, operation) = (event.context.request_id, "publish-events".to_owned());
        let subject = Subject { request_id, operation, ..Subject::default() };
        return Ok(stream::publish(&records, deps, end, now.into(), &subject).await);
    }
    // It writes nothing, so it has no event that would name the operator.
    let publish = async |rest, invocation: &Invocation| republish(rest, deps, invocation.begun + TIME).await;
    invoke(&event, "publish-events", LONGEST, now.into(), |fields| Ok(Rest::take(fields)), publish).await
}

/// What Lambda's poller brings.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stream {
    records: Vec<Value>,
}
