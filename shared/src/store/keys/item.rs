//! A key in the SDK's types: what the writers put into the table, and what lists read.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::stored::previous_value;
use crate::key::{AccountId, AccountLimits, EventId, KeyHash, KeyMetadata, KeyRecord, Limits, Locator, Timestamp};
use crate::store::dynamo::attribute::{ACCOUNT_ID, Item, LAST_EVENT, PURGE_AT, primary_key};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::expression::Expression;

pub(in crate::store) const KEY_HASH: &str = "keyHash";
/// The hash of the value before, during a grace period.
pub(in crate::store) const PREVIOUS_KEY_HASH: &str = "previousKeyHash";
pub(super) const PREVIOUS_VALID_UNTIL: &str = "previousValidUntil";
/// When a value in its grace period was last used, and the hash of that value.
pub(super) const PREVIOUS_LAST_USED_AT: &str = "previousLastUsedAt";
pub(super) const PREVIOUS_LAST_USED_OF: &str = "previousLastUsedOf";
/// The hash of a value that was reported as known to others. As long as it is `keyHash`, the key opens nothing.
pub(super) const EXPOSED_HASH: &str = "exposedHash";
/// The hash of a value that was reported in its grace period.
pub(super) const EXPOSED_PREVIOUS_HASH: &str = "exposedPreviousHash";
pub(in crate::store) const ENABLED: &str = "enabled";
pub(super) const EXPIRES_AT: &str = "expiresAt";
const TAGS: &str = "tags";
pub(in crate::store) const LIFETIME_EXEMPT: &str = "lifetimeExempt";
/// When the key got its present value, if that was by a rotation.
pub(super) const VALUE_CREATED_AT: &str = "valueCreatedAt";
/// When the value before a rotation ends, as events have it.
pub(super) const GRACE_END: &str = "previousValueValidUntil";

/// An expired key is still shown for that long.
const SHOWN_AFTER_EXPIRY: Duration = Duration::from_hours(30 * 24);

/// The primary key of a key's item.
pub(in crate::store) fn key(place: Locator) -> Item {
    primary_key(place.account_id.as_str(), place.id.as_str())
}

pub(in crate::store) fn to_item(record: &KeyRecord) -> Result<Item, TableError> {
    let mut item = metadata_item(&record.metadata)?;
    item.insert(ACCOUNT_ID.into(), AttributeValue::S(record.account_id.to_string()));
    item.insert(KEY_HASH.into(), hash_value(&record.key_hash));
    if let Some(event) = record.last_event {
        item.insert(LAST_EVENT.into(), AttributeValue::S(event.to_string()));
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
    previous_last_used_at: Option<Timestamp>,
    #[serde(default)]
    suspension: u64,
    #[serde(default)]
    held: bool,
    #[serde(default)]
    ceiling: Limits,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    plan: u64,
    #[serde(default)]
    account_limits: Limits,
    #[serde(flatten)]
    metadata: KeyMetadata,
}

pub(in crate::store) fn from_item(item: Item) -> Result<KeyRecord, TableError> {
    const WHAT: &str = "an item is not a key";
    let hash = |name: &str| item.get(name).and_then(|hash| KeyHash::from_bytes(hash.as_b().ok()?.as_ref()));
    let key_hash = hash(KEY_HASH).ok_or(TableError::new(WHAT))?;
    let (previous, reported) = (hash(PREVIOUS_KEY_HASH), [EXPOSED_HASH, EXPOSED_PREVIOUS_HASH].map(hash));
    let last_use_of = hash(PREVIOUS_LAST_USED_OF);
    let stored: Unshown = serde_dynamo::from_item(item).map_err(|cause| TableError::caused(WHAT, cause))?;
    Ok(KeyRecord {
        account_id: stored.account_id,
        key_hash,
        previous: previous_value(
            previous,
            stored.previous_valid_until,
            last_use_of.zip(stored.previous_last_used_at),
            &reported,
        ),
        reported,
        last_event: stored.last_event,
        suspension: stored.suspension,
        import_pending: stored.held,
        ceiling: stored.ceiling,
        external_id: stored.external_id,
        account_limits: AccountLimits { plan: stored.plan, limits: stored.account_limits },
        metadata: stored.metadata,
    })
}

/// An attribute that differs; `None` is an absent one.
pub(super) struct AttributeChange {
    pub(super) attribute: String,
    pub(super) from: Option<AttributeValue>,
    pub(super) to: Option<AttributeValue>,
}

/// The attributes that differ between what is decided of a key before and since.
pub(super) fn attribute_changes(before: &KeyMetadata, since: &KeyMetadata) -> Result<Vec<AttributeChange>, TableError> {
    let (mut before, mut since) = (metadata_item(before)?, metadata_item(since)?);
    let attributes: BTreeSet<_> = before.keys().chain(since.keys()).cloned().collect();
    let change = |attribute: String| {
        let (from, to) = (before.remove(&attribute), since.remove(&attribute));
        (from != to).then_some(AttributeChange { attribute, from, to })
    };
    Ok(attributes.into_iter().filter_map(change).collect())
}

/// All that may be shown of a key, and what follows from it, as attributes. Absent is what `null` means.
fn metadata_item(metadata: &KeyMetadata) -> Result<Item, TableError> {
    let item = serde_dynamo::to_item(metadata);
    let mut item: Item = item.map_err(|cause| TableError::caused("a key could not be written as an item", cause))?;
    item.retain(|name, value| !value.is_null() && (name.as_str() != LIFETIME_EXEMPT || metadata.lifetime_exempt));
    item.extend(metadata.settings.expires_at.map(|end| (PURGE_AT.into(), purge_value(end))));
    if !metadata.settings.tags.is_none() {
        // One text: what is handed on with every request is not to be made from parts each time.
        item.insert(TAGS.into(), AttributeValue::S(metadata.settings.tags.as_str().to_owned()));
    }
    Ok(item)
}

/// Ends the value before, and what is known of it.
pub(super) fn end_previous_value(update: &mut Expression) {
    for attribute in [PREVIOUS_KEY_HASH, PREVIOUS_VALID_UNTIL, PREVIOUS_LAST_USED_AT, PREVIOUS_LAST_USED_OF] {
        update.write(attribute, None);
    }
}

pub(super) fn hash_value(hash: &KeyHash) -> AttributeValue {
    AttributeValue::B(Blob::new(hash.as_bytes()))
}

/// When a key that expires then is to be removed.
fn purge_value(expires_at: Timestamp) -> AttributeValue {
    AttributeValue::N(expires_at.plus(SHOWN_AFTER_EXPIRY).unix_seconds().to_string())
}
