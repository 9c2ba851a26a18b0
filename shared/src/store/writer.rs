//! Management writes: each is one transaction that changes a key and appends the event which tells of it.

use std::fmt;

use aws_sdk_dynamodb::Client;

use super::TableError;
use super::event::{Event, EventTable, EventType};
use crate::aws::Aws;
use crate::key::{EventId, KeyId, Random, Timestamp};
use crate::request::Origin;

/// Writes keys, each write with its event.
pub struct KeyStore {
    pub(super) client: Client,
    pub(super) table: String,
    pub(super) events: EventTable,
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
    pub(super) fn event(
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
