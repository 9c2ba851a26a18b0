//! The EventBridge bus.

use api_keys::aws::Aws;
use api_keys::key::AccountId;
use api_keys::store::Event;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::operation::put_events::PutEventsError;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde::Serialize;
use tokio::time::Instant;

/// How many events EventBridge takes in one call.
const MAX_ENTRIES: usize = 10;

/// Codes of an entry that no repetition makes any better. Source: the API reference of `PutEvents`.
const PERMANENT: [&str; 2] = ["InvalidArgument", "MalformedDetail"];

/// A bus and the source that its events name.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
    source: String,
}

/// An event and the account that it happened in.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// The account.
    pub account_id: AccountId,
    /// The event as `GET /authentication/events` shows it.
    #[serde(flatten)]
    pub event: Event,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is on the bus.
    Published,
    /// The bus did not take it now; it may later.
    Failed,
    /// The bus will never take it.
    Poisoned,
}

impl Bus {
    /// Uses the bus of that name.
    #[must_use]
    pub fn new(aws: &Aws, name: String, source: String) -> Self {
        Self { client: Client::new(aws.config()), name, source }
    }

    /// Publishes events, a few at a time, and begins no call after `end`. The outcomes are in the order of the events; behind
    /// the first group with a failure nothing is sent, and all of it counts as failed.
    pub async fn publish(&self, events: &[Published], end: Instant) -> Vec<Delivery> {
        let mut outcomes = Vec::with_capacity(events.len());
        for group in events.chunks(MAX_ENTRIES) {
            outcomes.extend(self.put(group, end).await);
            if outcomes.contains(&Delivery::Failed) {
                break;
            }
        }
        outcomes.resize(events.len(), Delivery::Failed);
        outcomes
    }

    async fn put(&self, group: &[Published], end: Instant) -> Vec<Delivery> {
        if Instant::now() >= end {
            return vec![Delivery::Failed; group.len()];
        }
        match self.send(group).await {
            Err(error) if is_permanent(&error) => match group {
                [] | [_] => vec![Delivery::Poisoned; group.len()],
                // One of them is wrong: alone, it shows which.
                many => {
                    let mut outcomes = Vec::with_capacity(many.len());
                    for one in many {
                        outcomes.extend(Box::pin(self.put(std::slice::from_ref(one), end)).await);
                    }
                    outcomes
                }
            },
            Err(_) => vec![Delivery::Failed; group.len()],
            Ok(outcomes) => outcomes,
        }
    }

    async fn send(&self, group: &[Published]) -> Result<Vec<Delivery>, SdkError<PutEventsError>> {
        let entries = group.iter().map(|published| self.entry(published)).collect();
        let output = self.client.put_events().set_entries(Some(entries)).send().await?;
        let outcome = |code: Option<&str>| match code {
            None => Delivery::Published,
            Some(code) if PERMANENT.contains(&code) => Delivery::Poisoned,
            Some(_) => Delivery::Failed,
        };
        let mut outcomes: Vec<_> = output.entries().iter().map(|entry| outcome(entry.error_code())).collect();
        outcomes.resize(group.len(), Delivery::Failed);
        Ok(outcomes)
    }

    fn entry(&self, published: &Published) -> PutEventsRequestEntry {
        let Published { event, .. } = published;
        let kind = serde_json::to_value(event.r#type).unwrap_or_default();
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(&self.source)
            .detail_type(kind.as_str().unwrap_or_default())
            .time(DateTime::from_secs(event.time.unix_seconds()))
            .detail(serde_json::to_string(published).unwrap_or_default())
            .build()
    }
}

/// Whether the call as such was refused for what is in it, for instance for its size.
fn is_permanent(error: &SdkError<PutEventsError>) -> bool {
    match error {
        SdkError::ServiceError(refused) => {
            refused.raw().status().as_u16() == 413 || refused.err().code() == Some("ValidationException")
        }
        _ => false,
    }
}
