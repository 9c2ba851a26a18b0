//! An account's events, a page at a time.

use super::event::Event;
use super::table::from_item;
use super::tables::Tables;
use crate::aws::Aws;
use crate::key::{AccountId, EventId, KeyId};
use crate::store::dynamo::attribute::value;
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::page::{Conditions, Pages};
use crate::store::dynamo::table::Table;

const STRANGE_ID: &str = "the table has an item with a strange id";

/// Some of an account's events, newest first.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// At most as many as were asked for. A page may be shorter, even empty, and not be the last.
    pub events: Vec<Event>,
    /// Where the next page begins: after this event. `None` on the last page.
    pub next: Option<EventId>,
}

/// Lists events.
#[derive(Debug, Clone)]
pub struct EventList {
    table: Table,
}

impl EventList {
    /// Lists from the table of events of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { table: Table::new(aws, table) }
    }

    /// Lists from the table that events are written to.
    pub(in crate::store) fn of(tables: &Tables) -> Self {
        Self { table: Table { client: tables.keys.client.clone(), name: tables.events.name.clone() } }
    }

    /// The events of an account, newest first: of one key, by one key, or all.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn page(
        &self,
        account_id: AccountId,
        key_id: Option<KeyId>,
        actor_key_id: Option<KeyId>,
        limit: usize,
        after: Option<EventId>,
    ) -> Result<EventPage, TableError> {
        let mut conditions = Conditions::default();
        if let Some(id) = key_id {
            conditions.require("keyId = :key", [(":key", value(&id)?)]);
        }
        if let Some(id) = actor_key_id {
            conditions.require("actor.keyId = :actor", [(":actor", value(&id)?)]);
        }
        let pages = Pages { table: &self.table, partition: account_id.to_string(), conditions };
        let read = |item| from_item(item).map(Some);
        let (events, next) = pages.page(limit, after.map(|id| id.to_string()), read).await?;
        let next = next.map(|id| EventId::parse(&id).ok_or(TableError::new(STRANGE_ID))).transpose()?;
        Ok(EventPage { events, next })
    }
}
