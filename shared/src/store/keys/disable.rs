//! Switching a key off, in any state.

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::ENABLED;
use super::must_win::{Attempt, must_win};
use super::reader::KeyReader;
use super::write::Keys;
use crate::key::{KeyRecord, Locator, Timestamp};
use crate::request::{KeyPatch, Origin};
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::events::event::EventType;

impl Keys {
    /// Switches a key off, in any state. `None` when the account has no such key.
    ///
    /// It must win. Where it is done without what was read, its event cannot name what was replaced.
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
        must_win(|how| self.try_to_disable(how, reader, place, origin, now)).await
    }

    async fn try_to_disable(
        &self,
        how: Attempt,
        reader: &KeyReader,
        place: Locator,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<Option<KeyRecord>>, WriteError> {
        match how {
            Attempt::AsRead => {
                let Some(read) = reader.get(place.account_id, place.id).await? else { return Ok(Some(None)) };
                Ok(self.update(&read, &KeyPatch::disabling(), origin, now).await?.map(Some))
            }
            Attempt::Unread if self.disable_unread(place, origin, now).await? => {
                Ok(Some(reader.get(place.account_id, place.id).await?))
            }
            Attempt::Unread => Ok(Some(None)),
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
