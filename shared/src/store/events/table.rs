//! The table of events: how they are written, and read out of it and its stream.
//!
//! It is a table of its own, so that a role that may append may do nothing else, and its stream carries nothing else.
//! Partition key `accountId`, sort key `id`, which sorts by time.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Event, EventType};
use crate::key::AccountId;
use crate::request::{Actor, ActorType};
use crate::store::dynamo::attribute::{ACCOUNT_ID, Item, PURGE_AT, value};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::part::put_new;

/// The type and the actor of an event, as releases that have this attribute read them.
const SHOWN: &str = "shown";

/// Where events are kept, and for how long.
#[derive(Debug, Clone)]
pub struct EventTable {
    /// The table's name.
    pub name: String,
    /// DynamoDB removes an event that long after it happened, some hours or days later.
    pub retention: Duration,
}

impl EventTable {
    /// The part of a transaction that appends an event.
    pub(in crate::store) fn append(
        &self,
        account_id: AccountId,
        event: &Event,
    ) -> Result<TransactWriteItem, TableError> {
        const WHAT: &str = "an event could not be written as an item";
        let mut item: Item =
            serde_dynamo::to_item(as_known_before(event)).map_err(|cause| TableError::caused(WHAT, cause))?;
        if event.r#type.is_notice() {
            item.insert(SHOWN.into(), value(&Shown { r#type: event.r#type, actor: event.actor.clone() })?);
        }
        item.insert(ACCOUNT_ID.into(), AttributeValue::S(account_id.to_string()));
        let purge_at = event.time.plus(self.retention).unix_seconds();
        item.insert(PURGE_AT.into(), AttributeValue::N(purge_at.to_string()));
        put_new(&self.name, without_nulls(item))
    }
}

/// Absent is what `null` means; it takes no room.
fn without_nulls(item: Item) -> Item {
    let kept = item.into_iter().filter(|(_, value)| !value.is_null());
    kept.map(|(name, value)| (name, value_without_nulls(value))).collect()
}

fn value_without_nulls(value: AttributeValue) -> AttributeValue {
    match value {
        AttributeValue::M(map) => AttributeValue::M(without_nulls(map)),
        AttributeValue::L(list) => AttributeValue::L(list.into_iter().map(value_without_nulls).collect()),
        other => other,
    }
}

impl Event {
    /// Reads an image of the table's stream, in DynamoDB's own JSON: the account, and what happened in it.
    ///
    /// # Errors
    /// [`TableError`] when it is not an event.
    pub fn from_stream(image: &Value) -> Result<(AccountId, Self), TableError> {
        const WHAT: &str = "a record of the stream is not an event";
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Image {
            account_id: AccountId,
            #[serde(flatten)]
            stored: Stored,
        }
        let item: serde_dynamo::Item =
            serde_json::from_value(image.clone()).map_err(|cause| TableError::caused(WHAT, cause))?;
        let image: Image = serde_dynamo::from_item(item).map_err(|cause| TableError::caused(WHAT, cause))?;
        Ok((image.account_id, image.stored.into()))
    }
}

pub(in crate::store) fn from_item(item: Item) -> Result<Event, TableError> {
    let stored: Result<Stored, _> = serde_dynamo::from_item(item);
    stored.map(Event::from).map_err(|cause| TableError::caused("an item is not an event", cause))
}

/// A notice as a change of the key that changes nothing. The release before reads no type that it does not know, and lists no
/// event of an account that has such a one.
fn as_known_before(event: &Event) -> Event {
    let mut event = event.clone();
    if event.r#type.is_notice() {
        event.r#type = EventType::KeyChanged;
        event.actor.r#type = ActorType::Operator;
    }
    event
}

/// What is stored of an event.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    shown: Option<Shown>,
    #[serde(flatten)]
    event: Event,
}

#[derive(Serialize, Deserialize)]
struct Shown {
    r#type: EventType,
    actor: Actor,
}

impl From<Stored> for Event {
    fn from(Stored { shown, event }: Stored) -> Self {
        match shown {
            Some(Shown { r#type, actor }) => Self { r#type, actor, ..event },
            None => event,
        }
    }
}
