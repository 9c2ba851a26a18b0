//! A key as it is stored and as it is shown.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::allowed_ips::AllowedIps;
use crate::error::Error;
use crate::ids::{AccountId, KeyId};
use crate::key_value::KeyHash;
use crate::operation::{Operations, TrafficType};
use crate::timestamp::Timestamp;

/// A DynamoDB item: attribute names and values.
pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) const ACCOUNT_ID: &str = "accountId";
pub(crate) const ID: &str = "id";
pub(crate) const KEY_HASH: &str = "keyHash";
pub(crate) const EXPIRES_AT: &str = "expiresAt";
/// DynamoDB's time to live: it removes an item some hours or days after that second.
pub(crate) const PURGE_AT: &str = "purgeAt";

/// An expired key is still shown for that long.
const SHOWN_AFTER_EXPIRY: Duration = Duration::from_hours(30 * 24);

/// All that is kept of a key. The value is not: only its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The account it belongs to; the table's partition key.
    pub account_id: AccountId,
    /// The SHA-256 of its value; the index's partition key.
    pub key_hash: KeyHash,
    /// The value before, while it still works beside the new one.
    pub previous: Option<PreviousValue>,
    /// All that may be shown.
    pub metadata: KeyMetadata,
}

/// A value that was rotated away and lives on for a grace period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousValue {
    /// The SHA-256 of it.
    pub key_hash: KeyHash,
    /// From that instant it is worth nothing.
    pub valid_until: Timestamp,
}

/// What anyone may see of a key who may see the key at all. It has no field for a value or a hash.
///
/// As JSON: camelCase, and absent fields are `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyMetadata {
    /// Its name in URLs, which proves nothing; sorts by the time of creation.
    pub id: KeyId,
    /// The name of the account's company.
    pub company: String,
    /// The user it is assigned to.
    pub user_id: String,
    /// That user's name.
    pub username: String,
    /// The `userId` of the key that created it.
    pub created_by: String,
    /// What it opens.
    pub operations: Operations,
    /// The kind of messages it is meant for.
    pub traffic_type: TrafficType,
    /// A short name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// Longer words for people.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it was left switched on.
    pub enabled: bool,
    /// From that instant it opens nothing.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within five minutes.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// From where it may be used; from anywhere when `null`.
    #[serde(default)]
    pub allowed_ips: Option<AllowedIps>,
}

impl KeyRecord {
    pub(crate) fn to_item(&self) -> Result<Item, Error> {
        let mut item: Item = serde_dynamo::to_item(&self.metadata)
            .map_err(|cause| Error::caused("a key could not be written as an item", cause))?;
        item.retain(|_, value| !value.is_null());
        item.insert(ACCOUNT_ID.into(), AttributeValue::S(self.account_id.to_string()));
        item.insert(KEY_HASH.into(), hash_value(&self.key_hash));
        if let Some(end) = self.metadata.expires_at {
            item.insert(PURGE_AT.into(), purge_value(end));
        }
        Ok(item)
    }

    /// Whether that is the hash of a value that works at that moment, the current one or the one before.
    #[must_use]
    pub fn answers_to(&self, hash: &KeyHash, now: Timestamp) -> bool {
        self.key_hash == *hash
            || self.previous.as_ref().is_some_and(|before| now < before.valid_until && before.key_hash == *hash)
    }
}

impl KeyMetadata {
    pub(crate) fn from_item(item: Item) -> Result<Self, Error> {
        serde_dynamo::from_item(item).map_err(|cause| Error::caused("an item is not a key", cause))
    }
}

pub(crate) fn hash_value(hash: &KeyHash) -> AttributeValue {
    AttributeValue::B(Blob::new(hash.as_bytes()))
}

/// When a key that expires then is to be removed.
pub(crate) fn purge_value(expires_at: Timestamp) -> AttributeValue {
    AttributeValue::N(expires_at.plus(SHOWN_AFTER_EXPIRY).unix_seconds().to_string())
}
