//! Changing keys. Each write requires the key as it was read, so its event names exactly what it replaced.

use super::item::{
    ENABLED, GRACE_END, KEY_HASH, PREVIOUS_KEY_HASH, PREVIOUS_VALID_UNTIL, attribute_changes, hash_value,
};
use super::write::Keys;
use crate::key::{KeyHash, KeyRecord, PreviousValue, Timestamp};
use crate::request::{KeyPatch, Origin};
use crate::store::dynamo::attribute::{PURGE_AT, optional, value};
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::events::event::EventType;

impl Keys {
    /// Gives a key these settings and leaves all else as it is. What changes nothing is not written.
    ///
    /// `None` when the key is no longer as it was read.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn update(
        &self,
        read: &KeyRecord,
        patch: &KeyPatch,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<KeyRecord>, WriteError> {
        let mut key = read.clone();
        patch.apply(&mut key.metadata.settings);
        let mut event = self.tables.event(EventType::KeyChanged, Some(key.metadata.id), origin, now)?;
        event.add_differences(&read.metadata.settings, patch)?;
        if event.changes.is_empty() {
            return Ok(Some(key));
        }
        let mut update = Expression::default();
        for change in attribute_changes(&read.metadata.settings, &key.metadata.settings)? {
            // It follows from the end, which is required.
            if change.attribute != PURGE_AT {
                update.require(&change.attribute, change.from);
            }
            update.write(&change.attribute, change.to);
        }
        let written = self.replace(read, event, update, None).await?;
        Ok(written.map(|event| KeyRecord { last_event: Some(event), ..key }))
    }

    /// Gives a key another value; the one it had works until `grace_end`, if there is one and nobody else knows it.
    ///
    /// `None` when the key is no longer as it was read.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn rotate(
        &self,
        read: &KeyRecord,
        new: &KeyHash,
        grace_end: Option<Timestamp>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<KeyRecord>, WriteError> {
        let grace_end = grace_end.filter(|_| !read.is_exposed());
        let mut event = self.tables.event(EventType::KeyRotated, Some(read.metadata.id), origin, now)?;
        let before = read.previous.as_ref().map(|previous| previous.valid_until);
        if before != grace_end {
            event.add_change(GRACE_END, &before, &grace_end)?;
        }
        let old = hash_value(&read.key_hash);
        let mut update = Expression::default();
        update.write(KEY_HASH, Some(hash_value(new)));
        update.write(PREVIOUS_KEY_HASH, grace_end.map(|_| old.clone()));
        update.write(PREVIOUS_VALID_UNTIL, optional(grace_end.as_ref())?);
        update.require(KEY_HASH, Some(old));
        update.require(ENABLED, Some(value(&read.metadata.settings.enabled)?));
        let written = self.replace(read, event, update, None).await?;
        let previous = grace_end.map(|end| PreviousValue { key_hash: read.key_hash.clone(), valid_until: end });
        Ok(written.map(|event| KeyRecord { key_hash: new.clone(), previous, last_event: Some(event), ..read.clone() }))
    }
}
