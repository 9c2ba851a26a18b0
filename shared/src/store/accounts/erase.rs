//! Erasing an account: all that is kept of it goes, but one event.
//!
//! The first step marks the account, in one transaction with that event: nothing else is possible from then on. Then its
//! partitions are emptied one after the other, each until a query finds nothing, and its own two items go last. So it can
//! be repeated from any point, and nothing is made meanwhile: every key write requires a key, and new keys an account
//! that is not suspended. A query may not see yet what a transaction has written that began before; so it pauses where one may
//! have, and what shows even later goes when the account is erased again.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::{Instant, sleep};

use super::error::{AccountError, AccountRefusal};
use super::item::account_key;
use super::listing::listing_key;
use super::removal::Removal;
use super::write::Accounts;
use crate::key::{AccountId, EventId, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::events::event::EventType;
use crate::store::events::list::EventList;
use crate::store::events::tables::Tables;
use crate::store::keys::done_request;
use crate::store::keys::import_claim::trace_partition;
use crate::store::limits::lease_item;

/// So many of the latest events of an account that is gone may be others than that it was erased.
const LATE_EVENTS: usize = 100;

/// How long an erasing may take.
#[derive(Debug, Clone, Copy)]
pub struct ErasingTime {
    /// When it stops and returns how far it came.
    pub end: Instant,
    /// The pause after which everything shows that a transaction wrote. AWS documents no bound for that: it is a margin.
    pub pause: Duration,
}

/// How far an erasing has come.
#[derive(Debug)]
pub struct Erasing {
    /// Whether nothing is left.
    pub done: bool,
    /// How many items were removed.
    pub removed: u64,
}

/// Removes accounts.
#[derive(Debug, Clone)]
pub struct Eraser {
    accounts: Accounts,
    tables: Tables,
    events: EventList,
    /// The table of usage.
    usage: String,
}

impl Eraser {
    /// Empties these tables, and the table of usage of that name.
    #[must_use]
    pub fn new(tables: &Tables, usage: String) -> Self {
        Self { accounts: Accounts::new(tables), tables: tables.clone(), events: EventList::of(tables), usage }
    }

    /// Removes all that is kept of a suspended account, but one event. It is continued by another call.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn erase(
        &self,
        account_id: AccountId,
        time: ErasingTime,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Erasing, AccountError> {
        let Begun { is_gone, event } = self.begin_erasing(account_id, time.end, origin, now).await?;
        if !is_gone {
            // Of a key that was made at this moment.
            sleep(time.pause).await;
        }
        let mut removal = Removal::new(&self.tables.keys, account_id, time.end);
        let (table, keys) = (&self.tables.keys.name, account_id.to_string());
        let no_key_is_left = removal.empty(table, &keys, None).await?;
        if removal.removed > 0 {
            // Of the last writes to these keys.
            sleep(time.pause).await;
        }
        // Of an account that is gone, an authorizer may have written late what it had counted before.
        let done = no_key_is_left
            && removal.empty(table, &trace_partition(account_id), None).await?
            && removal.empty(table, &done_request::partition(account_id), None).await?
            && removal.empty(table, &lease_item::partition(account_id), None).await?
            && removal.empty(&self.usage, &keys, None).await?
            && removal.empty(&self.tables.events.name, &keys, Some(event.as_str())).await?
            && (is_gone
                || removal.remove(table, &[listing_key(account_id)]).await?
                    && removal.remove(table, &[account_key(account_id)]).await?);
        Ok(Erasing { done, removed: removal.removed })
    }

    /// Marks the account, if it was not erased before.
    async fn begin_erasing(
        &self,
        account_id: AccountId,
        end: Instant,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Begun, AccountError> {
        loop {
            let Some(account) = self.accounts.read(account_id).await? else {
                let event = self.erased(account_id).await?.ok_or(AccountRefusal::Unknown)?;
                return Ok(Begun { is_gone: true, event });
            };
            if let (true, Some(event)) = (account.erasing, account.last_event) {
                return Ok(Begun { is_gone: false, event });
            }
            if !account.is_suspended() {
                return Err(AccountRefusal::NotSuspended.into());
            }
            let event = self.accounts.event(EventType::AccountErased, &account, origin, now)?;
            let mut update = Expression::default();
            update.write("erasing", Some(AttributeValue::Bool(true)));
            self.accounts.write(account_id, &account, update, event, None, Retries::until(end)).await?;
        }
    }

    /// The event that an account was erased. A late one of another request may be newer by its clock.
    async fn erased(&self, account_id: AccountId) -> Result<Option<EventId>, TableError> {
        let newest = self.events.page(account_id, None, None, LATE_EVENTS, None).await?;
        let erased = newest.events.into_iter().find(|event| event.r#type == EventType::AccountErased);
        Ok(erased.map(|event| event.id))
    }
}

/// An erasing that has begun, and its event.
struct Begun {
    is_gone: bool,
    event: EventId,
}
