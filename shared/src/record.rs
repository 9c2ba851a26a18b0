//! A key as it is stored and as it is shown.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

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

/// All that is kept of a key. The value is not: only its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The account it belongs to; the table's partition key.
    pub account_id: AccountId,
    /// The SHA-256 of its value; the index's partition key.
    pub key_hash: KeyHash,
    /// All that may be shown.
    pub metadata: KeyMetadata,
}

/// What anyone may see of a key who may see the key at all. It has no field for a value or a hash.
///
/// As JSON: camelCase, and absent fields are `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyMetadata {
    /// The table's sort key: sorts by the time of creation.
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
}

impl KeyRecord {
    pub(crate) fn to_item(&self) -> Result<Item, Error> {
        let mut item: Item = serde_dynamo::to_item(&self.metadata)
            .map_err(|cause| Error::caused("a key could not be written as an item", cause))?;
        item.retain(|_, value| !value.is_null());
        item.insert(ACCOUNT_ID.into(), AttributeValue::S(self.account_id.to_string()));
        item.insert(KEY_HASH.into(), AttributeValue::B(Blob::new(self.key_hash.as_bytes())));
        Ok(item)
    }

    pub(crate) fn from_item(item: Item) -> Result<Self, Error> {
        let account_id = item.get(ACCOUNT_ID).and_then(|value| AccountId::parse(value.as_s().ok()?));
        let key_hash = item.get(KEY_HASH).and_then(|value| KeyHash::from_bytes(value.as_b().ok()?.as_ref()));
        let (Some(account_id), Some(key_hash)) = (account_id, key_hash) else {
            return Err(Error::internal("an item lacks its account or its hash"));
        };
        Ok(Self { account_id, key_hash, metadata: KeyMetadata::from_item(item)? })
    }
}

impl KeyMetadata {
    pub(crate) fn from_item(item: Item) -> Result<Self, Error> {
        serde_dynamo::from_item(item).map_err(|cause| Error::caused("an item is not a key", cause))
    }
}
