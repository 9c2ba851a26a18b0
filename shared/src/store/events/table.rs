//! The table of events: how they are written, and read out of it and its stream.
//!
//! It is a table of its own, so that a role that may append may do nothing else, and its stream carries nothing else.
//! Partition key `accountId`, sort key `id`, which sorts by time.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::Deserialize;
use serde_json::Value;

use super::event::Event;
use crate::key::AccountId;
use crate::store::dynamo::attribute::{ACCOUNT_ID, Item, PURGE_AT};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::part::put_new;

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
        let mut item: Item = serde_dynamo::to_item(event).map_err(|cause| TableError::caused(WHAT, cause))?;
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
            event: Event,
        }
        let item: serde_dynamo::Item =
            serde_json::from_value(image.clone()).map_err(|cause| TableError::caused(WHAT, cause))?;
        let image: Image = serde_dynamo::from_item(item).map_err(|cause| TableError::caused(WHAT, cause))?;
        Ok((image.account_id, image.event))
    }
}

pub(in crate::store) fn from_item(item: Item) -> Result<Event, TableError> {
    serde_dynamo::from_item(item).map_err(|cause| TableError::caused("an item is not an event", cause))
}
