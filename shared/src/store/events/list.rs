//! An account's keys and events, a page at a time.

use aws_sdk_dynamodb::Client;

use crate::aws::Aws;
use crate::key::{AccountId, EventId, KeyId, KeyMetadata};
use crate::store::TableError;
use crate::store::dynamo::page::Pages;
use crate::store::events::event::{self, Event};
use crate::store::keys::item as key_item;

const STRANGE_ID: &str = "the table has an item with a strange id";

/// Some of an account's keys, newest first.
#[derive(Debug, Clone)]
pub struct KeyPage {
    /// At most as many as were asked for. A page may be shorter, even empty, and not be the last.
    pub keys: Vec<KeyMetadata>,
    /// Where the next page begins: after this key. `None` on the last page.
    pub next: Option<KeyId>,
}

/// Lists keys.
#[derive(Debug, Clone)]
pub struct KeyList {
    client: Client,
    table: String,
}

impl KeyList {
    /// Lists from the table of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: Client::new(&aws.config), table }
    }

    /// The keys of an account, those made since the last call included, newest first.
    ///
    /// `user` keeps the keys created by or assigned to that user; `after` begins behind a key, which need not
    /// exist any more.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn page(
        &self,
        account_id: AccountId,
        user: Option<&str>,
        limit: usize,
        after: Option<KeyId>,
    ) -> Result<KeyPage, TableError> {
        let filters = user.map(|user| ("(userId = :user OR createdBy = :user)", ":user", user.to_owned()));
        let filters = filters.into_iter().collect();
        let pages = Pages { client: &self.client, table: &self.table, partition: account_id.to_string(), filters };
        let (items, next) = pages.page(limit, after.map(|id| id.to_string())).await?;
        let keys = items.into_iter().map(key_item::from_item).collect::<Result<_, _>>()?;
        let next = next.map(|id| KeyId::parse(&id).ok_or(TableError::new(STRANGE_ID))).transpose()?;
        Ok(KeyPage { keys, next })
    }
}

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
    client: Client,
    table: String,
}

impl EventList {
    /// Lists from the table of events of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: Client::new(&aws.config), table }
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
        let of_key = key_id.map(|id| ("keyId = :key", ":key", id.to_string()));
        let by_key = actor_key_id.map(|id| ("actor.keyId = :actor", ":actor", id.to_string()));
        let filters = of_key.into_iter().chain(by_key).collect();
        let pages = Pages { client: &self.client, table: &self.table, partition: account_id.to_string(), filters };
        let (items, next) = pages.page(limit, after.map(|id| id.to_string())).await?;
        let events = items.into_iter().map(event::from_item).collect::<Result<_, _>>()?;
        let next = next.map(|id| EventId::parse(&id).ok_or(TableError::new(STRANGE_ID))).transpose()?;
        Ok(EventPage { events, next })
    }
}
