//! Records of the table's stream, as Lambda's poller brings them.

use std::fmt;

use api_keys::{Event, Timestamp, log};
use serde_json::{Value, json};

use crate::{Outcome, Published, Publisher};

/// Publishes the events of the records. What comes back tells Lambda from which record on to try again.
///
/// A record that is no event, and an event that the bus will never take, is logged and passed over: tried again for hours,
/// it would hold up all that come after it. An event that was changed rings an alarm and is not published.
pub(crate) async fn publish(records: &[Value], publisher: &Publisher, now: Timestamp, request_id: &str) -> Value {
    let (mut numbers, mut events) = (Vec::new(), Vec::new());
    for record in records {
        let number = record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default();
        match record["eventName"].as_str() {
            Some("INSERT") => match Event::from_stream(&record["dynamodb"]["NewImage"]) {
                Ok((account_id, event)) => {
                    numbers.push(number);
                    events.push(Published { account_id, event });
                }
                Err(error) => log::failure(request_id, &error),
            },
            Some("MODIFY") => log::counted("ModifiedEvents", now, request_id, &Modified(number.to_owned())),
            _ => {}
        }
    }
    let outcomes = publisher.bus.publish(&events).await;
    for (published, outcome) in events.iter().zip(&outcomes) {
        if *outcome == Outcome::Poisoned {
            log::failure(request_id, &Poisoned(published.event.id.to_string()));
        }
    }
    let failed = numbers.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Failed);
    let failures: Vec<_> = failed.map(|(number, _)| json!({"itemIdentifier": number})).collect();
    if !failures.is_empty() {
        log::counted("UnpublishedEvents", now, request_id, &Unpublished(failures.len()));
    }
    json!({ "batchItemFailures": failures })
}

#[derive(Debug)]
struct Modified(String);

impl fmt::Display for Modified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event was modified, at sequence number {} of the stream", self.0)
    }
}

impl std::error::Error for Modified {}

#[derive(Debug)]
struct Poisoned(String);

impl fmt::Display for Poisoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventBridge will never take the event {}; it is in the table", self.0)
    }
}

impl std::error::Error for Poisoned {}

#[derive(Debug)]
struct Unpublished(usize);

impl fmt::Display for Unpublished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events were not published and will be tried again", self.0)
    }
}

impl std::error::Error for Unpublished {}
