//! Making a key: its ids, its value, and the one answer that shows the value.

use serde::{Serialize, Serializer};

use crate::allowed_ips::AllowedIps;
use crate::error::Error;
use crate::fields::Fields;
use crate::ids::{AccountId, KeyId};
use crate::key_value::{KeyHash, KeyPrefix, KeyValue, Locator, Random};
use crate::operation::{Catalogue, Operations, TrafficType};
use crate::record::{KeyMetadata, KeyRecord};
use crate::status::KeyView;
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
    /// See [`KeyMetadata::expires_at`].
    pub expires_at: Option<Timestamp>,
    /// See [`KeyMetadata::allowed_ips`].
    pub allowed_ips: Option<AllowedIps>,
}

impl NewKey {
    /// Takes what a request may say of a new key; whose it will be, the request does not say.
    ///
    /// `created_by` is the user of the calling key; a key that no key creates is its own user's. As with every field, the
    /// values are to be trusted only after [`Fields::finish`].
    #[must_use]
    pub fn take(
        fields: &mut Fields,
        catalogue: &Catalogue,
        now: Timestamp,
        account_id: AccountId,
        company: String,
        created_by: Option<String>,
    ) -> Self {
        let user_id = fields.required_text("userId", 128);
        Self {
            account_id,
            company,
            created_by: created_by.unwrap_or_else(|| user_id.clone()),
            user_id,
            username: fields.required_text("username", 128),
            operations: catalogue.take_operations(fields),
            traffic_type: catalogue.take_traffic_type(fields),
            name: fields.optional_text("name", 0, 128),
            description: fields.optional_text("description", 0, 512),
            expires_at: fields.optional_expiry("expiresAt", now),
            allowed_ips: AllowedIps::take(fields),
        }
    }

    /// The record of a key of that id, whose value has that hash.
    #[must_use]
    pub fn into_record(self, id: KeyId, key_hash: KeyHash, created_at: Timestamp) -> KeyRecord {
        KeyRecord {
            account_id: self.account_id,
            key_hash,
            previous: None,
            metadata: KeyMetadata {
                id,
                company: self.company,
                user_id: self.user_id,
                username: self.username,
                created_by: self.created_by,
                operations: self.operations,
                traffic_type: self.traffic_type,
                name: self.name,
                description: self.description,
                created_at,
                enabled: true,
                expires_at: self.expires_at,
                last_used_at: None,
                allowed_ips: self.allowed_ips,
            },
        }
    }
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

    /// Makes the id of a new key.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system gives no random bytes.
    pub fn key_id(&self, created_at: Timestamp) -> Result<KeyId, Error> {
        Ok(KeyId::from_time_and_random(created_at.unix_millis(), self.random.bytes()?))
    }

    /// Makes a value for the key at that place.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system gives no random bytes.
    pub fn value(&self, place: Locator) -> Result<KeyValue, Error> {
        KeyValue::generate(&self.prefix, place, &self.random)
    }

    /// Turns what was decided into a record to store and a value to hand out, once.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system gives no random bytes.
    pub fn issue(&self, new: NewKey, now: Timestamp) -> Result<(KeyRecord, KeyValue), Error> {
        let id = self.key_id(now)?;
        let value = self.value(Locator { account_id: new.account_id, id })?;
        Ok((new.into_record(id, value.hash(), now), value))
    }
}

/// The answer to whoever made a key or rotated one: its metadata and, this one time, its value.
#[derive(Debug)]
pub struct IssuedKey {
    /// Written as `accountId` where the reader cannot know it yet.
    pub account_id: Option<AccountId>,
    /// All that may be shown.
    pub metadata: KeyMetadata,
    /// Written as `value`.
    pub value: KeyValue,
}

/// A new key, or one with a new value.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Shown<'a> {
    // On no route: only an operator is told.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(rename = "accountId", skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    #[serde(flatten)]
    key: KeyView<'a>,
    /// What `X-API-Key` takes. Shown this one time: only its hash is kept.
    #[cfg_attr(feature = "openapi", schema(value_type = KeyValue))]
    value: &'a str,
}

impl Serialize for IssuedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Whatever was issued this moment is active.
        let key = KeyView::active(&self.metadata);
        Shown { account_id: self.account_id, key, value: self.value.expose() }.serialize(serializer)
    }
}
