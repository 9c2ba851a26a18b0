//! Changing keys. Each write requires the key as it was read, so its event names exactly what it replaced.

use std::time::Duration;

use super::done_request::recording;
use super::item::{
    ENABLED, EXPIRES_AT, GRACE_END, KEY_HASH, PREVIOUS_KEY_HASH, PREVIOUS_LAST_USED_AT, PREVIOUS_LAST_USED_OF,
    PREVIOUS_VALID_UNTIL, VALUE_CREATED_AT, attribute_changes, end_previous_value, hash_value,
};
use super::write::Keys;
use crate::key::{KeyHash, KeyRecord, PreviousValue, Timestamp};
use crate::request::{KeyPatch, NamedRequest, OldValues, Origin, Rotation};
use crate::store::dynamo::attribute::{PURGE_AT, optional, value};
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::transaction::Part;
use crate::store::events::event::EventType;

/// An authorizer's clock may be so far behind this one: there a value still works that has ended here.
const LONGEST_SKEW: Duration = Duration::from_mins(1);

impl Keys {
    /// Gives a key these settings, ends the value before if that is asked for, and leaves all else as it is. What changes
    /// nothing is not written.
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
        patch.apply(&mut key.metadata);
        let mut event = self.tables.event(EventType::KeyChanged, Some(key.metadata.id), origin, now)?;
        event.add_differences(&read.metadata, patch)?;
        let ended =
            key.previous.take_if(|previous| patch.ends_previous_value && previous.works(now.minus(LONGEST_SKEW)));
        if let Some(previous) = &ended {
            event.add_change(GRACE_END, &previous.valid_until, &())?;
        }
        if event.changes.is_empty() {
            return Ok(Some(key));
        }
        let mut update = Expression::default();
        for change in attribute_changes(&read.metadata, &key.metadata)? {
            // It follows from the end, which is required.
            if change.attribute != PURGE_AT {
                update.require(&change.attribute, change.from);
            }
            update.write(&change.attribute, change.to);
        }
        if let Some(previous) = &ended {
            update.require(PREVIOUS_KEY_HASH, Some(hash_value(&previous.key_hash)));
            end_previous_value(&mut update);
        }
        let written = self.replace(read, event, update, None).await?;
        Ok(written.map(|event| KeyRecord { last_event: Some(event), ..key }))
    }

    /// Gives a key another value, and another end if the rotation has one. No value lives on that others know. `named` is the
    /// request, if its client has named it.
    ///
    /// `None` when the key is no longer as it was read, or the name was used meanwhile.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn rotate(
        &self,
        read: &KeyRecord,
        new: &KeyHash,
        rotation: Rotation,
        named: Option<&NamedRequest>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<KeyRecord>, WriteError> {
        let previous = match rotation.old_values {
            OldValues::KeepPrevious => read.previous.clone(),
            OldValues::Grace(grace) => (!grace.is_zero() && !read.is_exposed()).then(|| PreviousValue {
                key_hash: read.key_hash.clone(),
                valid_until: now.plus(grace),
                last_used_at: None,
            }),
        };
        let [end_before, end] = [&read.previous, &previous].map(|value| value.as_ref().map(|value| value.valid_until));
        let mut event = self.tables.event(EventType::KeyRotated, Some(read.metadata.id), origin, now)?;
        if end_before != end {
            event.add_change(GRACE_END, &end_before, &end)?;
        }
        let mut key = KeyRecord { key_hash: new.clone(), previous: previous.clone(), ..read.clone() };
        if rotation.expires_at.is_some() {
            let patch = KeyPatch { expires_at: Some(rotation.expires_at), ..KeyPatch::default() };
            event.add_differences(&read.metadata, &patch)?;
            patch.apply(&mut key.metadata);
        }
        let mut update = Expression::default();
        for change in attribute_changes(&read.metadata, &key.metadata)? {
            update.write(&change.attribute, change.to);
        }
        // What becomes of the end was decided by the one that was read.
        update.require(EXPIRES_AT, optional(read.metadata.settings.expires_at.as_ref())?);
        key.metadata.value_created_at = Some(now);
        update.write(VALUE_CREATED_AT, Some(value(&now)?));
        update.write(KEY_HASH, Some(hash_value(new)));
        update.write(PREVIOUS_KEY_HASH, previous.as_ref().map(|value| hash_value(&value.key_hash)));
        update.write(PREVIOUS_VALID_UNTIL, optional(end.as_ref())?);
        if rotation.old_values != OldValues::KeepPrevious {
            update.write(PREVIOUS_LAST_USED_AT, None);
            update.write(PREVIOUS_LAST_USED_OF, None);
        }
        update.require(KEY_HASH, Some(hash_value(&read.key_hash)));
        update.require(ENABLED, Some(value(&read.metadata.settings.enabled)?));
        let recording = |request| recording(&self.tables.keys.name, request, read.metadata.id, event.id, now);
        let beside = named.map(recording).transpose()?.map(|item| (Part::Request, item));
        let written = self.replace(read, event, update, beside).await?;
        Ok(written.map(|event| KeyRecord { last_event: Some(event), ..key }))
    }
}
