//! The EventBridge bus.

use std::fmt;

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

pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

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

/// What became of some events, in their order.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// One for each event.
    pub outcomes: Vec<Delivery>,
    /// Why the last one failed that did, as far as that is known.
    pub cause: Option<Cause>,
}

impl Deliveries {
    fn failed(events: &[Published], cause: Cause) -> Self {
        Self { outcomes: vec![Delivery::Failed; events.len()], cause: Some(cause) }
    }

    fn extend(&mut self, more: Self) {
        self.outcomes.extend(more.outcomes);
        self.cause = more.cause.or(self.cause.take());
    }
}

impl Bus {
    /// Uses the bus of that name.
    #[must_use]
    pub fn new(aws: &Aws, name: String, source: String) -> Self {
        Self { client: Client::new(aws.config()), name, source }
    }

    /// Publishes events, a few at a time, and begins no call after `end`. The outcomes are in the order of the events; behind
    /// the first group with a failure nothing is sent, and all of it counts as failed.
    pub async fn publish(&self, events: &[Published], end: Instant) -> Deliveries {
        let mut all = Deliveries::default();
        for group in events.chunks(MAX_ENTRIES) {
            all.extend(self.put(group, end).await);
            if all.outcomes.contains(&Delivery::Failed) {
                break;
            }
        }
        all.outcomes.resize(events.len(), Delivery::Failed);
        all
    }

    async fn put(&self, group: &[Published], end: Instant) -> Deliveries {
        if Instant::now() >= end {
            return Deliveries::failed(group, "the time was over".into());
        }
        match self.send(group).await {
            Err(error) if is_permanent(&error) => match group {
                [] | [_] => Deliveries { outcomes: vec![Delivery::Poisoned; group.len()], cause: None },
                // One of them is wrong: alone, it shows which.
                many => {
                    let mut all = Deliveries::default();
                    for one in many {
                        all.extend(Box::pin(self.put(std::slice::from_ref(one), end)).await);
                    }
                    all
                }
            },
            Err(error) => Deliveries::failed(group, error.into()),
            Ok(deliveries) => deliveries,
        }
    }

    async fn send(&self, group: &[Published]) -> Result<Deliveries, SdkError<PutEventsError>> {
        let entries = group.iter().map(|published| self.entry(published)).collect();
        let output = self.client.put_events().set_entries(Some(entries)).send().await?;
        let mut deliveries = Deliveries::default();
        for entry in output.entries() {
            deliveries.outcomes.push(match entry.error_code() {
                None => Delivery::Published,
                Some(code) if PERMANENT.contains(&code) => Delivery::Poisoned,
                Some(code) => {
                    let why = entry.error_message().unwrap_or_default();
                    deliveries.cause = Some(format!("EventBridge refused an event: {code} {why}").into());
                    Delivery::Failed
                }
            });
        }
        deliveries.outcomes.resize(group.len(), Delivery::Failed);
        Ok(deliveries)
    }

    fn entry(&self, published: &Published) -> PutEventsRequestEntry {
        let Published { event, .. } = published;
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(&self.source)
            .detail_type(event.r#type.name())
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

/// The bus did not take some events.
#[derive(Debug)]
pub(crate) struct NotTaken(pub(crate) Option<Cause>);

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventBridge did not take the events")
    }
}

impl std::error::Error for NotTaken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_deref().map(|cause| cause as _)
    }
}
