//! Switching a key off, whatever it is.

use super::item::attributes;
use super::reader::KeyReader;
use super::write::Keys;
use crate::key::{KeyRecord, Locator, Timestamp};
use crate::request::{Change, Origin};
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::events::event::EventType;
use crate::store::events::field_change::FieldChange;

/// How often the key is read again after another writer changed it between our read and our write.
const ATTEMPTS: usize = 5;

impl Keys {
    /// Switches a key off, whatever it is. `None` when the account has no such key.
    ///
    /// It must win, so where other writers come between again and again, it is done without reading first, until the time of
    /// the request is over. Its event then cannot name what was replaced.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn disable(
        &self,
        reader: &KeyReader,
        place: Locator,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<KeyRecord>, WriteError> {
        for _ in 0..ATTEMPTS {
            let Some(read) = reader.get(place.account_id, place.id).await? else { return Ok(None) };
            match self.update(&read, &[Change::Enabled(false)], origin, now).await {
                Ok(Some(disabled)) => return Ok(Some(disabled)),
                Ok(None) => {}
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(error),
            }
        }
        loop {
            match self.disable_unread(place, origin, now).await {
                Ok(true) => return Ok(reader.get(place.account_id, place.id).await?),
                Ok(false) => return Ok(None),
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Switches a key off without reading it. `false` when the account has no such key.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn disable_unread(&self, place: Locator, origin: &Origin, now: Timestamp) -> Result<bool, WriteError> {
        let change = Change::Enabled(false);
        let mut event = self.tables.event(EventType::KeyChanged, Some(place.id), origin, now)?;
        event.changes.push(FieldChange::of(&change, None)?);
        let mut update = Expression::default();
        for (attribute, value) in attributes(&change)? {
            update.write(attribute, value);
        }
        self.write(place, &event, update, None).await
    }
}
