//! Deleting keys. Nothing is read first, so nothing that a key says can stand in the way.

use super::item::key;
use super::must_win::must_win;
use super::write::Keys;
use crate::key::{Locator, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::part;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::transaction::{Part, Transacted, Transaction};
use crate::store::events::event::{Event, EventType};
use crate::store::events::tables::Tables;

impl Keys {
    /// Removes a key for good. It must win. `false` when the account has no such key.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn delete(&self, place: Locator, origin: &Origin, now: Timestamp) -> Result<bool, WriteError> {
        // One event and so one token: a transaction that is still under way is not told as a deletion by somebody else.
        let event = self.tables.event(EventType::KeyDeleted, Some(place.id), origin, now)?;
        must_win(|_| self.try_to_delete(place, &event)).await
    }

    async fn try_to_delete(&self, place: Locator, event: &Event) -> Result<Option<bool>, WriteError> {
        let Tables { keys, events, .. } = &self.tables;
        let transaction = Transaction::deleting(event.r#type.name(), key(place), event.id)
            .with(Part::Key, part::delete(&keys.name, key(place))?)
            .with(Part::Event, events.append(place.account_id, event)?);
        match transaction.send(keys, Retries::from_now()).await? {
            Transacted::Done => Ok(Some(true)),
            Transacted::Refused(Part::Key) => Ok(Some(false)),
            Transacted::Refused(_) => Err(TableError::new("an event id was used before").into()),
        }
    }
}
