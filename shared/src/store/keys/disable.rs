//! Switching a key off, whatever it is.

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::ENABLED;
use super::reader::KeyReader;
use super::write::Keys;
use crate::key::{KeyRecord, Locator, Timestamp};
use crate::request::{KeyPatch, Origin};
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::events::event::EventType;

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
            match self.update(&read, &KeyPatch::disabling(), origin, now).await {
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
        let mut event = self.tables.event(EventType::KeyChanged, Some(place.id), origin, now)?;
        event.add_differences(&(), &KeyPatch::disabling())?;
        let mut update = Expression::default();
        update.write(ENABLED, Some(AttributeValue::Bool(false)));
        self.write(place, &event, update, None).await
    }
}
