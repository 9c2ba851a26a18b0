//! Making a key: its ids, its value, and the one answer that shows the value.

use std::time::SystemTime;

use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::ids::{AccountId, KeyId};
use crate::key_value::{KeyPrefix, KeyValue, Locator, Random};
use crate::operation::{Operations, TrafficType};
use crate::record::{KeyMetadata, KeyRecord};
use crate::timestamp::Timestamp;

/// What is decided of a key before it exists.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// See [`KeyRecord::account_id`].
    pub account_id: AccountId,
    /// See [`KeyMetadata::company`].
    pub company: String,
    /// See [`KeyMetadata::user_id`].
    pub user_id: String,
    /// See [`KeyMetadata::username`].
    pub username: String,
    /// See [`KeyMetadata::created_by`].
    pub created_by: String,
    /// See [`KeyMetadata::operations`].
    pub operations: Operations,
    /// See [`KeyMetadata::traffic_type`].
    pub traffic_type: TrafficType,
    /// See [`KeyMetadata::name`].
    pub name: Option<String>,
    /// See [`KeyMetadata::description`].
    pub description: Option<String>,
}

/// Makes ids and values; one for the life of a function.
#[derive(Debug)]
pub struct Issuer {
    prefix: KeyPrefix,
    random: Random,
}

impl Issuer {
    /// Makes values of that prefix.
    #[must_use]
    pub fn new(prefix: KeyPrefix, random: Random) -> Self {
        Self { prefix, random }
    }

    /// Makes the id of a new account.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system gives no random bytes.
    pub fn account_id(&self) -> Result<AccountId, Error> {
        Ok(AccountId::from_random(self.random.bytes()?))
    }

    /// Turns what was decided into a record to store and a value to hand out, once.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system gives no random bytes.
    pub fn issue(&self, new: NewKey, now: SystemTime) -> Result<(KeyRecord, KeyValue), Error> {
        let created_at = Timestamp::from(now);
        let id = KeyId::from_time_and_random(created_at.unix_millis(), self.random.bytes()?);
        let value = KeyValue::generate(&self.prefix, Locator { account_id: new.account_id, id }, &self.random)?;
        let record = KeyRecord {
            account_id: new.account_id,
            key_hash: value.hash(),
            metadata: KeyMetadata {
                id,
                company: new.company,
                user_id: new.user_id,
                username: new.username,
                created_by: new.created_by,
                operations: new.operations,
                traffic_type: new.traffic_type,
                name: new.name,
                description: new.description,
                created_at,
            },
        };
        Ok((record, value))
    }
}

/// The answer to whoever made a key: its metadata and, this one time, its value.
#[derive(Debug)]
pub struct IssuedKey {
    /// Written as `accountId` where the reader cannot know it yet.
    pub account_id: Option<AccountId>,
    /// All that may be shown.
    pub metadata: KeyMetadata,
    /// Written as `value`.
    pub value: KeyValue,
}

impl Serialize for IssuedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            #[serde(rename = "accountId", skip_serializing_if = "Option::is_none")]
            account_id: Option<AccountId>,
            #[serde(flatten)]
            metadata: &'a KeyMetadata,
            value: &'a str,
        }
        Shown { account_id: self.account_id, metadata: &self.metadata, value: self.value.expose() }
            .serialize(serializer)
    }
}
