//! What is decided of a key before it exists.

use super::caller::Caller;
use super::fields::Fields;
use crate::key::{
    AccountId, AllowedIps, Catalogue, Issuer, KeyHash, KeyId, KeyMetadata, KeyRecord, KeyValue, Limits, Locator,
    NoRandomness, Operations, Timestamp, TrafficType,
};

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
    /// See [`KeyMetadata::created_by_key_id`].
    pub created_by_key_id: Option<KeyId>,
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
    /// See [`KeyMetadata::limits`].
    pub limits: Limits,
}

impl NewKey {
    /// Takes the fields of a new key; its account and creator are never fields of a request.
    ///
    /// `creator` is the calling key; where there is none, the key's own user is its creator. The values are valid only once the
    /// reading has ended.
    #[must_use]
    pub fn take(
        fields: &mut Fields,
        catalogue: &Catalogue,
        now: Timestamp,
        account_id: AccountId,
        company: String,
        creator: Option<&Caller>,
    ) -> Self {
        let user_id = fields.required_text("userId", Caller::MAX_TEXT);
        Self {
            account_id,
            company,
            created_by: creator.map_or(&user_id, |creator| &creator.user_id).clone(),
            created_by_key_id: creator.map(|creator| creator.key_id),
            user_id,
            username: fields.required_text("username", Caller::MAX_TEXT),
            operations: fields.operations(catalogue),
            traffic_type: fields.traffic_type(catalogue),
            name: fields.optional_text("name", 128),
            description: fields.optional_text("description", 512),
            expires_at: fields.optional_expiry("expiresAt", now),
            allowed_ips: fields.allowed_ips(),
            limits: fields.limits(),
        }
    }

    /// A key with every operation, which its own user has created: an account's first, or one that recovers it.
    #[must_use]
    pub fn first(
        account_id: AccountId,
        company: String,
        user_id: String,
        username: String,
        catalogue: &Catalogue,
    ) -> Self {
        Self {
            account_id,
            company,
            created_by: user_id.clone(),
            created_by_key_id: None,
            user_id,
            username,
            operations: catalogue.operations().clone(),
            traffic_type: catalogue.default_traffic_type(),
            name: None,
            description: None,
            expires_at: None,
            allowed_ips: None,
            limits: Limits::NONE,
        }
    }

    /// Makes the record to store and the value to hand out, once.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn issue(self, issuer: &Issuer, now: Timestamp) -> Result<(KeyRecord, KeyValue), NoRandomness> {
        let id = issuer.key_id(now)?;
        let value = issuer.value(Locator { account_id: self.account_id, id })?;
        Ok((self.into_record(id, value.hash(), now), value))
    }

    /// The fields, as clients spell them, that this key has otherwise. The order of operations says nothing.
    #[must_use]
    pub fn differs_from(&self, key: &KeyMetadata) -> Vec<&'static str> {
        let lacking = |a: &Operations, b: &Operations| !a.lacking(b).is_empty();
        let fields = [
            ("userId", self.user_id != key.user_id),
            ("username", self.username != key.username),
            ("operations", lacking(&self.operations, &key.operations) || lacking(&key.operations, &self.operations)),
            ("trafficType", self.traffic_type != key.traffic_type),
            ("name", self.name != key.name),
            ("description", self.description != key.description),
            ("expiresAt", self.expires_at != key.expires_at),
            ("allowedIps", self.allowed_ips != key.allowed_ips),
            ("limits", self.limits != key.limits),
        ];
        fields.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
    }

    /// The record of a key of that id, whose value has that hash.
    #[must_use]
    pub fn into_record(self, id: KeyId, key_hash: KeyHash, created_at: Timestamp) -> KeyRecord {
        let metadata = KeyMetadata {
            id,
            company: self.company,
            user_id: self.user_id,
            username: self.username,
            created_by: self.created_by,
            created_by_key_id: self.created_by_key_id,
            operations: self.operations,
            traffic_type: self.traffic_type,
            name: self.name,
            description: self.description,
            created_at,
            enabled: true,
            expires_at: self.expires_at,
            last_used_at: None,
            allowed_ips: self.allowed_ips,
            limits: self.limits,
        };
        KeyRecord::new(self.account_id, key_hash, metadata)
    }
}
