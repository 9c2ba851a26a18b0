//! Erasing an account: all that is kept of it goes, but one event.
//!
//! The first step marks the account, in one transaction with that event: nothing else is possible from then on. Then its
//! partitions are emptied one after the other, each until a query finds nothing, and its own two items go last. So it can
//! be repeated from any point, and nothing is made meanwhile: every key write requires a key, and new keys an account
//! that is not suspended.

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::Instant;

use super::error::{AccountError, AccountRefusal};
use super::item::{AccountItem, account_key};
use super::listing::listing_key;
use super::removal::Removal;
use super::write::Accounts;
use crate::key::{AccountId, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::events::event::{Event, EventType};
use crate::store::events::list::EventList;
use crate::store::events::tables::Tables;
use crate::store::keys::done_request;
use crate::store::keys::import_claim::trace_partition;
use crate::store::limits::lease_item;

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
        end: Instant,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Erasing, AccountError> {
        let account = self.begin_erasing(account_id, end, origin, now).await?;
        let mut removal = Removal::new(&self.tables.keys, account_id, end);
        let table = &self.tables.keys.name;
        let (keys, traces) = (account_id.to_string(), trace_partition(account_id));
        let Some(account) = account else {
            // An authorizer may have written late what it had counted before.
            let done = removal.empty(table, &lease_item::partition(account_id), None).await?
                // The functions of the code before this release know nothing of it.
                && removal.empty(table, &done_request::partition(account_id), None).await?
                && removal.empty(&self.usage, &keys, None).await?;
            return Ok(Erasing { done, removed: removal.removed });
        };
        let last_event = account.last_event.map(|id| id.to_string()).unwrap_or_default();
        let done = removal.empty(table, &keys, None).await?
            && removal.empty(table, &traces, None).await?
            && removal.empty(table, &done_request::partition(account_id), None).await?
            && removal.empty(table, &lease_item::partition(account_id), None).await?
            && removal.empty(&self.usage, &keys, None).await?
            && removal.empty(&self.tables.events.name, &keys, Some(&last_event)).await?
            && removal.remove(table, &[listing_key(account_id)]).await?
            && removal.remove(table, &[account_key(account_id)]).await?;
        Ok(Erasing { done, removed: removal.removed })
    }

    /// Marks the account. `None` when it was erased before.
    async fn begin_erasing(
        &self,
        account_id: AccountId,
        end: Instant,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<AccountItem>, AccountError> {
        loop {
            let Some(account) = self.accounts.read(account_id).await? else {
                return match self.last_event(account_id).await? {
                    Some(event) if event.r#type == EventType::AccountErased => Ok(None),
                    _ => Err(AccountRefusal::Unknown.into()),
                };
            };
            if account.erasing {
                return Ok(Some(account));
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

    async fn last_event(&self, account_id: AccountId) -> Result<Option<Event>, TableError> {
        let newest = self.events.page(account_id, None, None, 1, None).await?;
        Ok(newest.events.into_iter().next())
    }
}
