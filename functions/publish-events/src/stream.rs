//! Records of the table's stream, as Lambda's poller brings them.

use std::fmt;

use api_keys::key::Timestamp;
use api_keys::lambda::log::{self, Subject};
use api_keys::store::Event;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bus::{Deliveries, NotTaken};
use crate::{Delivery, Deps, Published};

/// Publishes the events of the records. The answer has the record from which on Lambda tries again.
///
/// A record that is no event, and an event that the bus will never take, is logged and passed over: tried again for hours,
/// it would hold up all that come after it. An event that was changed rings an alarm and is not published.
pub(crate) async fn publish(records: &[Value], deps: &Deps, end: Instant, now: Timestamp, subject: &Subject) -> Value {
    let (mut numbers, mut events) = (Vec::new(), Vec::new());
    for record in records {
        let Ok(Record { event_name, dynamodb }) = Record::deserialize(record) else {
            log::failure(subject, &Strange);
            continue;
        };
        match &*event_name {
            "INSERT" => match Event::from_stream(&dynamodb.new_image) {
                Ok((account_id, event)) => {
                    numbers.push(dynamodb.sequence_number);
                    events.push(Published { account_id, event });
                }
                Err(error) => log::failure(subject, &error),
            },
            "MODIFY" => {
                let modified = Modified(dynamodb.sequence_number);
                log::counted(&deps.metrics, "ModifiedEvents", now, subject, &modified);
            }
            _ => {}
        }
    }
    let Deliveries { outcomes, cause } = deps.bus.publish(&events, end).await;
    for (published, outcome) in events.iter().zip(&outcomes) {
        if *outcome == Delivery::Poisoned {
            let (account_id, key_id) = (Some(published.account_id), published.event.key_id);
            let subject = Subject { account_id, key_id, ..subject.clone() };
            log::failure(&subject, &Poisoned(published.event.id.to_string()));
        }
    }
    let failed = numbers.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Delivery::Failed);
    let failures: Vec<_> = failed.map(|(number, _)| json!({"itemIdentifier": number})).collect();
    if !failures.is_empty() {
        log::counted(
            &deps.metrics,
            "UnpublishedEvents",
            now,
            subject,
            &Unpublished { events: failures.len(), cause: NotTaken(cause) },
        );
    }
    json!({ "batchItemFailures": failures })
}

/// A record of a stream. Source: the Lambda developer guide on DynamoDB streams.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    #[serde(default)]
    new_image: Value,
}

#[derive(Debug)]
struct Strange;

impl fmt::Display for Strange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element of Records is not a record of a stream")
    }
}

impl std::error::Error for Strange {}

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
struct Unpublished {
    events: usize,
    cause: NotTaken,
}

impl fmt::Display for Unpublished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events were not published and will be tried again", self.events)
    }
}

impl std::error::Error for Unpublished {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}
