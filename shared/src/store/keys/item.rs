//! A key in the SDK's types: what the writers put into the table, and what lists read.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::stored::previous_value;
use crate::key::{AccountId, EventId, KeyHash, KeyMetadata, KeyRecord, Limits, Locator, Timestamp};
use crate::request::Change;
use crate::store::dynamo::attribute::{ACCOUNT_ID, Item, LAST_EVENT, PURGE_AT, optional, primary_key, value};
use crate::store::dynamo::error::TableError;

pub(in crate::store) const KEY_HASH: &str = "keyHash";
/// The hash of the value before, during a grace period.
pub(in crate::store) const PREVIOUS_KEY_HASH: &str = "previousKeyHash";
pub(super) const PREVIOUS_VALID_UNTIL: &str = "previousValidUntil";
/// The hash of a value that was reported as known to others. As long as it is `keyHash`, the key opens nothing.
pub(super) const EXPOSED_HASH: &str = "exposedHash";
/// The hash of a value that was reported in its grace period.
pub(super) const EXPOSED_PREVIOUS_HASH: &str = "exposedPreviousHash";
const EXPIRES_AT: &str = "expiresAt";

/// An expired key is still shown for that long.
const SHOWN_AFTER_EXPIRY: Duration = Duration::from_hours(30 * 24);

/// The primary key of a key's item.
pub(in crate::store) fn key(place: Locator) -> Item {
    primary_key(place.account_id.as_str(), place.id.as_str())
}

pub(in crate::store) fn to_item(record: &KeyRecord) -> Result<Item, TableError> {
    let mut item: Item = serde_dynamo::to_item(&record.metadata)
        .map_err(|cause| TableError::caused("a key could not be written as an item", cause))?;
    item.retain(|_, value| !value.is_null());
    item.insert(ACCOUNT_ID.into(), AttributeValue::S(record.account_id.to_string()));
    item.insert(KEY_HASH.into(), hash_value(&record.key_hash));
    if let Some(event) = record.last_event {
        item.insert(LAST_EVENT.into(), AttributeValue::S(event.to_string()));
    }
    if let Some(end) = record.metadata.expires_at {
        item.insert(PURGE_AT.into(), purge_value(end));
    }
    Ok(item)
}

/// What is stored beside what is shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unshown {
    account_id: AccountId,
    #[serde(default)]
    last_event: Option<EventId>,
    #[serde(default)]
    previous_valid_until: Option<Timestamp>,
    #[serde(default)]
    suspension: u64,
    #[serde(default)]
    held: bool,
    #[serde(default)]
    ceiling: Limits,
    #[serde(flatten)]
    metadata: KeyMetadata,
}

pub(super) fn from_item(item: Item) -> Result<KeyRecord, TableError> {
    const WHAT: &str = "an item is not a key";
    let hash = |name: &str| item.get(name).and_then(|hash| KeyHash::from_bytes(hash.as_b().ok()?.as_ref()));
    let key_hash = hash(KEY_HASH).ok_or(TableError::new(WHAT))?;
    let (previous, reported) = (hash(PREVIOUS_KEY_HASH), [EXPOSED_HASH, EXPOSED_PREVIOUS_HASH].map(hash));
    let stored: Unshown = serde_dynamo::from_item(item).map_err(|cause| TableError::caused(WHAT, cause))?;
    Ok(KeyRecord {
        account_id: stored.account_id,
        key_hash,
        previous: previous_value(previous, stored.previous_valid_until, &reported),
        reported,
        last_event: stored.last_event,
        suspension: stored.suspension,
        import_pending: stored.held,
        ceiling: stored.ceiling,
        metadata: stored.metadata,
    })
}

/// The attributes that a change writes; `None` removes one.
pub(super) fn attributes(change: &Change) -> Result<Vec<(&'static str, Option<AttributeValue>)>, TableError> {
    Ok(match change {
        Change::Name(name) => vec![("name", optional(name.as_ref())?)],
        Change::Description(description) => vec![("description", optional(description.as_ref())?)],
        Change::Enabled(enabled) => vec![("enabled", Some(AttributeValue::Bool(*enabled)))],
        Change::Operations(operations) => vec![("operations", Some(value(operations)?))],
        Change::TrafficType(traffic_type) => vec![("trafficType", Some(value(traffic_type)?))],
        Change::ExpiresAt(end) => {
            vec![(EXPIRES_AT, optional(end.as_ref())?), (PURGE_AT, end.map(purge_value))]
        }
        Change::AllowedIps(allowed) => vec![("allowedIps", optional(allowed.as_ref())?)],
        Change::Limits(limits) => vec![("limits", limits_value(*limits)?)],
    })
}

fn limits_value(limits: Limits) -> Result<Option<AttributeValue>, TableError> {
    optional((!limits.is_none()).then_some(&limits))
}

pub(super) fn hash_value(hash: &KeyHash) -> AttributeValue {
    AttributeValue::B(Blob::new(hash.as_bytes()))
}

/// When a key that expires then is to be removed.
fn purge_value(expires_at: Timestamp) -> AttributeValue {
    AttributeValue::N(expires_at.plus(SHOWN_AFTER_EXPIRY).unix_seconds().to_string())
}
