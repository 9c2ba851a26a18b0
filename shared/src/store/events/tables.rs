//! The two tables of every management write: it changes an item of one, and appends its event to the other.

use super::event::{Event, EventType};
use super::table::EventTable;
use crate::aws::Aws;
use crate::key::{EventId, KeyId, Random, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::table::Table;

/// Where keys, accounts and events are written.
#[derive(Debug, Clone)]
pub struct Tables {
    pub(in crate::store) keys: Table,
    pub(in crate::store) events: EventTable,
    random: Random,
}

impl Tables {
    /// The table of that name for keys and accounts, and that of their events.
    #[must_use]
    pub fn new(aws: &Aws, keys: String, events: EventTable, random: Random) -> Self {
        Self { keys: Table::new(aws, keys), events, random }
    }

    /// Makes the event of a write that is about to be made.
    pub(in crate::store) fn event(
        &self,
        r#type: EventType,
        key_id: Option<KeyId>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Event, TableError> {
        Ok(Event::new(self.event_id(now)?, r#type, key_id, origin, now))
    }

    /// Makes the id of an event, or of a transaction without one: sent again under it, a transaction is carried out once.
    pub(in crate::store) fn event_id(&self, now: Timestamp) -> Result<EventId, TableError> {
        let random = self.random.bytes().map_err(|cause| TableError::caused("no event id could be made", cause))?;
        Ok(EventId::from_time_and_random(now.unix_millis(), random))
    }
}
