//! Writing an item of a key, in one transaction with its event.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::item::key;
use crate::key::{EventId, KeyRecord, Locator};
use crate::store::dynamo::attribute::{LAST_EVENT, optional, value};
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::transaction::{Part, Transacted, Transaction};
use crate::store::events::event::Event;
use crate::store::events::tables::Tables;

/// Changes and ends keys, each write with its event. New keys are made by [`NewKeys`](crate::store::NewKeys).
#[derive(Debug, Clone)]
pub struct Keys {
    pub(super) tables: Tables,
}

impl Keys {
    /// Writes to these tables.
    #[must_use]
    pub fn new(tables: &Tables) -> Self {
        Self { tables: tables.clone() }
    }

    /// Writes to the key that was read, unless a management write came between; and with it `beside`, if it is given. The
    /// event's id if it did.
    pub(super) async fn replace(
        &self,
        read: &KeyRecord,
        event: Event,
        mut update: Expression,
        beside: Option<(Part, TransactWriteItem)>,
    ) -> Result<Option<EventId>, WriteError> {
        update.require(LAST_EVENT, optional(read.last_event.as_ref())?);
        // Functions of releases before 0.2 write no lastEvent, and may still run during a deployment.
        update.require("operations", Some(value(&read.metadata.settings.operations)?));
        let event = Event { previous_event: read.last_event, external_id: read.external_id.clone(), ..event };
        let written = self.write(read.place(), &event, update, beside).await?;
        Ok(written.then_some(event.id))
    }

    pub(super) async fn write(
        &self,
        place: Locator,
        event: &Event,
        mut update: Expression,
        beside: Option<(Part, TransactWriteItem)>,
    ) -> Result<bool, WriteError> {
        update.write(LAST_EVENT, Some(value(&event.id)?));
        let item = key(place);
        let mut transaction = Transaction::writing(event.r#type.name(), item.clone(), event.id)
            .with(Part::Key, update.on(&self.tables.keys.name, item)?)
            .with(Part::Event, self.tables.events.append(place.account_id, event)?);
        if let Some((part, write)) = beside {
            transaction = transaction.with(part, write);
        }
        match transaction.send(&self.tables.keys, Retries::from_now()).await? {
            Transacted::Done => Ok(true),
            // Then the same request has come before.
            Transacted::Refused(Part::Key | Part::Request) => Ok(false),
            Transacted::Refused(_) => Err(TableError::new("an event id was used before").into()),
        }
    }
}
