//! Deleting keys. Unless the caller asks for it, nothing is read first, so no state of a key can stand in the way.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::item::key;
use super::must_win::must_win;
use super::write::Keys;
use crate::key::{KeyRecord, Locator, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::attribute::value;
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::part;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::transaction::{Part, Transacted, Transaction};
use crate::store::events::event::{Event, EventType};
use crate::store::events::tables::Tables;

/// The key is as it was read.
const AS_READ: &str = "lastEvent = :read";
/// The same of a key that no release with events has written.
const WITHOUT_EVENT: &str = "attribute_exists(id) AND attribute_not_exists(lastEvent)";

impl Keys {
    /// Removes a key for good. It must win. `false` when the account has no such key.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn delete(&self, place: Locator, origin: &Origin, now: Timestamp) -> Result<bool, WriteError> {
        // One event and so one token: a transaction of ours that is still under way is not taken for another's deletion.
        let event = self.tables.event(EventType::KeyDeleted, Some(place.id), origin, now)?;
        must_win(|_| self.try_to_delete(place, &event)).await
    }

    /// Removes a key for good, as it was read. `false` when it is no longer that.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn delete_as_read(&self, read: &KeyRecord, origin: &Origin, now: Timestamp) -> Result<bool, WriteError> {
        let place = read.place();
        let event = self.tables.event(EventType::KeyDeleted, Some(place.id), origin, now)?;
        let event = Event { previous_event: read.last_event, external_id: read.external_id.clone(), ..event };
        let delete = match read.last_event {
            Some(last) => part::delete_if(&self.tables.keys.name, key(place), AS_READ, [(":read", value(&last)?)]),
            None => part::delete_if(&self.tables.keys.name, key(place), WITHOUT_EVENT, []),
        };
        self.send_deletion(place, &event, delete?).await
    }

    async fn try_to_delete(&self, place: Locator, event: &Event) -> Result<Option<bool>, WriteError> {
        let delete = part::delete(&self.tables.keys.name, key(place))?;
        self.send_deletion(place, event, delete).await.map(Some)
    }

    /// `false` when the condition of the deletion does not hold.
    async fn send_deletion(
        &self,
        place: Locator,
        event: &Event,
        delete: TransactWriteItem,
    ) -> Result<bool, WriteError> {
        let Tables { keys, events, .. } = &self.tables;
        let transaction = Transaction::deleting(event.r#type.name(), key(place), event.id)
            .with(Part::Key, delete)
            .with(Part::Event, events.append(place.account_id, event)?);
        match transaction.send(keys, Retries::from_now()).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(Part::Key) => Ok(false),
            Transacted::Refused(_) => Err(TableError::new("an event id was used before").into()),
        }
    }
}
