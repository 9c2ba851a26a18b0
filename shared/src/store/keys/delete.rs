//! Deleting keys. Nothing is read first, so nothing that a key says can stand in the way.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};

use crate::key::{Locator, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::transaction::{Outcome, Part, Retries, Transaction};
use crate::store::events::event::EventType;
use crate::store::{KeyStore, TableError, WriteError, key};

impl KeyStore {
    /// Removes a key for good. `false` when the account has no such key.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn delete(&self, place: Locator, origin: &Origin, now: Timestamp) -> Result<bool, WriteError> {
        let event = self.event(EventType::KeyDeleted, Some(place.id), origin, now)?;
        let item = key(place.account_id, place.id);
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(item.clone()))
            .condition_expression("attribute_exists(id)")
            .build()
            .map_err(|cause| TableError::caused("a deletion could not be built", cause))?;
        let transaction = Transaction::deleting(item, event.id)
            .with(Part::Key, TransactWriteItem::builder().delete(delete).build())
            .with(Part::Event, self.events.append(place.account_id, &event)?);
        match self.transact(&transaction, Retries::from_now()).await? {
            Outcome::Done => Ok(true),
            Outcome::Refused(Part::Key) => Ok(false),
            Outcome::Refused(_) => Err(TableError::new("an event id was used before").into()),
        }
    }
}
