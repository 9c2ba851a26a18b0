//! A key as it is stored and as it is shown.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::Error;
use crate::ids::{AccountId, KeyId};
use crate::key_value::KeyHash;
use crate::operation::{Operation, Operations, TrafficType};
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
}

impl KeyMetadata {
    pub(crate) fn from_item(item: Item) -> Result<Self, Error> {
        serde_dynamo::from_item(item).map_err(|cause| Error::caused("an item is not a key", cause))
    }
}

/// A record in DynamoDB's JSON, where each value is in an object that names its type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredKey {
    account_id: Text<AccountId>,
    id: Text<KeyId>,
    key_hash: Binary,
    company: Text<String>,
    user_id: Text<String>,
    username: Text<String>,
    created_by: Text<String>,
    operations: List<Text<Operation>>,
    traffic_type: Text<TrafficType>,
    name: Option<Text<String>>,
    description: Option<Text<String>>,
    created_at: Text<Timestamp>,
}

impl From<StoredKey> for KeyRecord {
    fn from(stored: StoredKey) -> Self {
        Self {
            account_id: stored.account_id.value,
            key_hash: stored.key_hash.value,
            metadata: KeyMetadata {
                id: stored.id.value,
                company: stored.company.value,
                user_id: stored.user_id.value,
                username: stored.username.value,
                created_by: stored.created_by.value,
                operations: stored.operations.values.into_iter().map(|operation| operation.value).collect(),
                traffic_type: stored.traffic_type.value,
                name: stored.name.map(|name| name.value),
                description: stored.description.map(|description| description.value),
                created_at: stored.created_at.value,
            },
        }
    }
}

/// What is a string in the table.
#[derive(Serialize, Deserialize)]
pub(crate) struct Text<T> {
    #[serde(rename = "S")]
    pub(crate) value: T,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(rename = "L")]
    values: Vec<T>,
}

/// What is bytes in the table, base64 in its JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct Binary {
    #[serde(rename = "B", serialize_with = "write_base64", deserialize_with = "read_base64")]
    pub(crate) value: KeyHash,
}

fn write_base64<S: Serializer>(hash: &KeyHash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64::encode(hash.as_bytes()))
}

fn read_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<KeyHash, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    let bytes = base64::decode(&*text).map_err(|_| de::Error::custom("not base64"))?;
    KeyHash::from_bytes(&bytes).ok_or_else(|| de::Error::custom("not a SHA-256"))
}
