//! What is decided of a key before it exists.

use super::caller::Caller;
use super::field_change::FieldChange;
use super::fields::Fields;
use super::settings;
use crate::key::{
    AccountId, Catalogue, Issuer, KeyHash, KeyId, KeyMetadata, KeyRecord, KeySettings, KeyValue, Locator, NoRandomness,
    Timestamp,
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
    /// See [`KeyMetadata::lifetime_exempt`].
    pub lifetime_exempt: bool,
    /// See [`KeyMetadata::settings`].
    pub settings: KeySettings,
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
        let user_id = settings::user_id(fields);
        Self {
            account_id,
            company,
            created_by: creator.map_or(&user_id, |creator| &creator.user_id).clone(),
            created_by_key_id: creator.map(|creator| creator.key_id),
            lifetime_exempt: false,
            user_id,
            username: settings::username(fields),
            settings: settings::take(fields, catalogue, now),
        }
    }

    /// A key with every operation, which its own user has created: an account's first, or one that recovers it. It need not end,
    /// so that an account does not lose its last manager by the calendar.
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
            lifetime_exempt: true,
            user_id,
            username,
            settings: KeySettings::new(catalogue.operations().clone(), catalogue.default_traffic_type()),
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

    /// The fields, as clients spell them, that this key has otherwise. The order of operations means nothing, and it may have been
    /// disabled since.
    ///
    /// # Errors
    /// When a field cannot be written as JSON.
    pub fn differs_from(&self, key: &KeyMetadata) -> serde_json::Result<Vec<String>> {
        let mut wanted = KeySettings { enabled: key.settings.enabled, ..self.settings.clone() };
        let old = &key.settings.operations;
        if wanted.operations.are_those_of(old) {
            wanted.operations.clone_from(old);
        }
        let holder = [("userId", &self.user_id, &key.user_id), ("username", &self.username, &key.username)];
        let differing = holder.into_iter().filter(|(_, new, old)| new != old).map(|(field, ..)| field.to_owned());
        let settings = FieldChange::between(&key.settings, &wanted)?;
        Ok(differing.chain(settings.into_iter().map(|change| change.field)).collect())
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
            created_at,
            value_created_at: None,
            lifetime_exempt: self.lifetime_exempt,
            last_used_at: None,
            settings: self.settings,
        };
        KeyRecord::new(self.account_id, key_hash, metadata)
    }
}
