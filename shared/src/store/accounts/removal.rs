//! Emptying an account's partitions.

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::Instant;

use crate::key::{AccountId, KeyHash};
use crate::store::dynamo::attribute::{ACCOUNT_ID, ID, Item, text};
use crate::store::dynamo::bulk::{AT_ONCE, Bulk, Sent, send};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::table::Table;
use crate::store::keys::import_claim::{claim_key, is_trace};
use crate::store::keys::item::{KEY_HASH, PREVIOUS_KEY_HASH};

/// Items of one account on their way out.
pub(super) struct Removal<'a> {
    /// The table of keys and accounts.
    table: &'a Table,
    account_id: AccountId,
    end: Instant,
    bulk: Bulk,
    /// How many are gone.
    pub(super) removed: u64,
}

impl<'a> Removal<'a> {
    pub(super) fn new(table: &'a Table, account_id: AccountId, end: Instant) -> Self {
        Self { table, account_id, end, bulk: Bulk::default(), removed: 0 }
    }

    /// Removes every item of a partition but that one. `false` when the time was over before.
    pub(super) async fn empty(&mut self, table: &str, partition: &str, but: Option<&str>) -> Result<bool, TableError> {
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
    pub(super) async fn remove(&mut self, table: &str, items: &[Item]) -> Result<bool, TableError> {
        let writes = items.iter().map(|item| removing(self.table, table, item, self.account_id));
        let (removed, busy) = self.bulk.send(writes).await?;
        self.removed += removed;
        Ok(!busy)
    }

    async fn some_of(&self, table: &str, partition: &str) -> Result<Vec<Item>, TableError> {
        let page = self
            .table
            .client
            .query()
            .table_name(table)
            .consistent_read(true)
            .key_condition_expression("accountId = :partition")
            .expression_attribute_values(":partition", AttributeValue::S(partition.to_owned()))
            .projection_expression(format!("{ACCOUNT_ID}, {ID}, {KEY_HASH}, {PREVIOUS_KEY_HASH}"))
            .send()
            .await
            .map_err(|cause| TableError::caused("could not list what is to be removed", cause))?;
        Ok(page.items.unwrap_or_default())
    }
}

/// Removes an item, and before it the claims that it leads to, as long as they are of this account.
fn removing(
    keys: &Table,
    table: &str,
    item: &Item,
    account_id: AccountId,
) -> impl Future<Output = Result<Sent, TableError>> + Send + 'static {
    let key = item.iter().filter(|(name, _)| [ACCOUNT_ID, ID].contains(&name.as_str()));
    let key = key.map(|(name, value)| (name.clone(), value.clone())).collect();
    let delete = keys.client.delete_item().table_name(table).set_key(Some(key));
    let claims: Vec<_> = hashes_of(item)
        .into_iter()
        .map(|hash| {
            keys.client
                .delete_item()
                .table_name(&keys.name)
                .set_key(Some(claim_key(&hash)))
                .condition_expression("keyAccountId = :account")
                .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
        })
        .collect();
    async move {
        for claim in claims {
            if send("the removal of a claim", Retries::from_now(), || claim.clone().send()).await? == Sent::Busy {
                return Ok(Sent::Busy);
            }
        }
        send("the removal of an item", Retries::from_now(), || delete.clone().send()).await
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
