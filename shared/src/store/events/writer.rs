//! Management writes: each is one transaction that changes a key and appends the event which tells of it.

use std::fmt;

use aws_sdk_dynamodb::Client;

use crate::aws::Aws;
use crate::key::{EventId, KeyId, Random, Timestamp};
use crate::request::Origin;
use crate::store::TableError;
use crate::store::events::event::{Event, EventTable, EventType};

/// Writes keys, each write with its event.
pub struct KeyStore {
    pub(in crate::store) client: Client,
    pub(in crate::store) table: String,
    pub(in crate::store) events: EventTable,
    random: Random,
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyStore({}, {})", self.table, self.events.name)
    }
}

impl KeyStore {
    /// Writes keys to the table of that name, and events to theirs.
    #[must_use]
    pub fn new(aws: &Aws, table: String, events: EventTable, random: Random) -> Self {
        Self { client: Client::new(&aws.config), table, events, random }
    }

    /// Makes the event of a write that is about to be made.
    pub(in crate::store) fn event(
        &self,
        r#type: EventType,
        key_id: Option<KeyId>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Event, TableError> {
        let random = self.random.bytes().map_err(|cause| TableError::caused("no event id could be made", cause))?;
        let id = EventId::from_time_and_random(now.unix_millis(), random);
        Ok(Event::new(id, r#type, key_id, origin, now))
    }
}
