//! Erasing an account: all that is kept of it goes, but one event.
//!
//! The first step marks the account, in one transaction with that event: nothing else is possible from then on. Then its
//! partitions are emptied one after the other, each until a query finds nothing, and its own two items go last. So it can
//! be repeated from any point, and nothing is made meanwhile: every key write requires a key, and new keys an account
//! that is not suspended.

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::Instant;

use crate::key::{AccountId, KeyHash, Timestamp};
use crate::request::Origin;
use crate::store::accounts::item::{AccountItem, account_key};
use crate::store::accounts::listing::listing_key;
use crate::store::dynamo::bulk::{AT_ONCE, Bulk, Sent, send};
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::page::Pages;
use crate::store::dynamo::transaction::Retries;
use crate::store::events::event::{self, Event, EventType};
use crate::store::keys::import_claim::{claim_key, is_trace, trace_partition};
use crate::store::limits::lease_item;
use crate::store::{
    ACCOUNT_ID, AccountRefusal, ID, Item, KEY_HASH, KeyStore, PREVIOUS_KEY_HASH, TableError, WriteError,
};

/// How far an erasing has come.
#[derive(Debug)]
pub struct Erasing {
    /// Whether nothing is left.
    pub done: bool,
    /// How many items were removed.
    pub removed: u64,
}

impl KeyStore {
    /// Removes all that is kept of a suspended account, but one event; `usage` is the table of usage. It is continued by
    /// another call.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn erase_account(
        &self,
        account_id: AccountId,
        usage: &str,
        end: Instant,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Erasing, WriteError> {
        let account = self.begin_erasing(account_id, end, origin, now).await?;
        let mut removal = Removal { store: self, account_id, end, bulk: Bulk::default(), removed: 0 };
        let (keys, traces) = (account_id.to_string(), trace_partition(account_id));
        let Some(account) = account else {
            // An authorizer may have written late what it had counted before.
            let done = removal.empty(&self.table, &lease_item::partition(account_id), None).await?
                && removal.empty(usage, &keys, None).await?;
            return Ok(Erasing { done, removed: removal.removed });
        };
        let last_event = account.last_event.map(|id| id.to_string()).unwrap_or_default();
        let done = removal.empty(&self.table, &keys, None).await?
            && removal.empty(&self.table, &traces, None).await?
            && removal.empty(&self.table, &lease_item::partition(account_id), None).await?
            && removal.empty(usage, &keys, None).await?
            && removal.empty(&self.events.name, &keys, Some(&last_event)).await?
            && removal.remove(&self.table, &[listing_key(account_id)]).await?
            && removal.remove(&self.table, &[account_key(account_id)]).await?;
        Ok(Erasing { done, removed: removal.removed })
    }

    /// Marks the account. `None` when it was erased before.
    async fn begin_erasing(
        &self,
        account_id: AccountId,
        end: Instant,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<AccountItem>, WriteError> {
        loop {
            let Some(account) = self.read_account(account_id).await? else {
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
            let event = self.event(EventType::AccountErased, None, origin, now)?;
            let mut update = Expression::default();
            update.write("erasing", Some(AttributeValue::Bool(true)));
            self.write_account(account_id, &account, update, event, None, Retries::until(end)).await?;
        }
    }

    async fn last_event(&self, account_id: AccountId) -> Result<Option<Event>, TableError> {
        let partition = account_id.to_string();
        let pages = Pages { client: &self.client, table: &self.events.name, partition, filters: Vec::new() };
        let (events, _) = pages.page(1, None).await?;
        events.into_iter().next().map(event::from_item).transpose()
    }
}

/// Items on their way out.
struct Removal<'a> {
    store: &'a KeyStore,
    account_id: AccountId,
    end: Instant,
    bulk: Bulk,
    removed: u64,
}

impl Removal<'_> {
    /// Removes every item of a partition but that one. `false` when the time was over before.
    async fn empty(&mut self, table: &str, partition: &str, but: Option<&str>) -> Result<bool, WriteError> {
        loop {
            let mut items = self.some_of(table, partition).await?;
            items.retain(|item| but.is_none_or(|kept| text(item, ID) != kept));
            if items.is_empty() {
                return Ok(true);
            }
            for some in items.chunks(AT_ONCE) {
                if !self.remove(table, some).await? || Instant::now() >= self.end {
                    return Ok(false);
                }
            }
        }
    }

    /// Removes these items. `false` when the table was busy all the while.
    async fn remove(&mut self, table: &str, items: &[Item]) -> Result<bool, WriteError> {
        let writes = items.iter().map(|item| self.store.removing(table, item, self.account_id));
        let (removed, busy) = self.bulk.send(writes).await?;
        self.removed += removed;
        Ok(!busy)
    }

    async fn some_of(&self, table: &str, partition: &str) -> Result<Vec<Item>, TableError> {
        let page = self
            .store
            .client
            .query()
            .table_name(table)
            .consistent_read(true)
            .key_condition_expression("accountId = :partition")
            .expression_attribute_values(":partition", AttributeValue::S(partition.to_owned()))
            .projection_expression(format!("{ACCOUNT_ID}, {ID}, {KEY_HASH}, {PREVIOUS_KEY_HASH}"))
            .send()
            .await
            .map_err(|cause| TableError::caused("the table did not list what is to be removed", cause))?;
        Ok(page.items.unwrap_or_default())
    }
}

impl KeyStore {
    /// Removes an item, and before it the claims that it leads to, as long as they are of this account.
    fn removing(
        &self,
        table: &str,
        item: &Item,
        account_id: AccountId,
    ) -> impl Future<Output = Result<Sent, TableError>> + Send + 'static {
        let key = item.iter().filter(|(name, _)| [ACCOUNT_ID, ID].contains(&name.as_str()));
        let key = key.map(|(name, value)| (name.clone(), value.clone())).collect();
        let delete = self.client.delete_item().table_name(table).set_key(Some(key));
        let claims: Vec<_> = hashes_of(item)
            .into_iter()
            .map(|hash| {
                self.client
                    .delete_item()
                    .table_name(&self.table)
                    .set_key(Some(claim_key(&hash)))
                    .condition_expression("keyAccountId = :account")
                    .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
            })
            .collect();
        async move {
            for claim in claims {
                if send(Retries::from_now(), || claim.clone().send()).await? == Sent::Busy {
                    return Ok(Sent::Busy);
                }
            }
            send(Retries::from_now(), || delete.clone().send()).await
        }
    }
}

/// The hashes, in hexadecimal, to which there may be a claim. Those of a key are for imports of releases before 0.2, which
/// left nothing else.
fn hashes_of(item: &Item) -> Vec<String> {
    let of_key = [KEY_HASH, PREVIOUS_KEY_HASH].into_iter().filter_map(|name| item.get(name)?.as_b().ok());
    let of_key = of_key.filter_map(|bytes| KeyHash::from_bytes(bytes.as_ref())).map(|hash| hash.to_hex());
    let of_trace = is_trace(text(item, ACCOUNT_ID)).then(|| text(item, ID).to_owned());
    of_key.chain(of_trace).collect()
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
