//! The quota: how many keys an account has, exact however many are made at once.
//!
//! The count is never below the number of keys: the transaction that stores a key raises it. Nothing lowers it when a
//! key goes, since a deletion must depend on nothing, and DynamoDB's time to live gives no notice. So at the limit, and only
//! there, the keys are counted again.

use std::time::Duration;

use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use tokio::time::{Instant, sleep, timeout_at};

use super::item::{AccountItem, account_key};
use crate::key::{AccountId, KeyId, Timestamp};
use crate::store::dynamo::attribute::{number, value};
use crate::store::dynamo::bulk::{Sent, send};
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::table::Table;
use crate::store::events::tables::Tables;
use crate::store::keys::count::{Counted, count};

/// At its limit, without a deletion, an account's keys are counted at most once in this time: some may have been removed
/// by their time to live.
const RECOUNT_INTERVAL: Duration = Duration::from_mins(1);

/// A transaction that shows in one item shows in all of them after that time. AWS documents no bound: it is a margin. Whether a
/// key was made a moment ago is not looked at: its id has the time of another machine's clock, which may be wrong.
const SETTLED: Duration = Duration::from_secs(1);

/// The time limit of a note that keys were deleted: its answer waits for it.
const NOTE_TIME: Duration = Duration::from_secs(1);

/// Room for one more key, by the account's own quota or else the stack's.
const ROOM: &str =
    "((attribute_exists(maxKeys) AND keyCount < maxKeys) OR (attribute_not_exists(maxKeys) AND keyCount < :max))";

/// Counts accounts' keys against their quota.
#[derive(Debug, Clone)]
pub struct Quota {
    table: Table,
}

impl Quota {
    /// Counts in the table of accounts.
    #[must_use]
    pub fn new(tables: &Tables) -> Self {
        Self { table: tables.keys.clone() }
    }

    /// After deletions: lets an account at its quota count its keys again at once. Takes at most a second.
    ///
    /// What may have been written is not sent again, so no deletion is noted twice.
    ///
    /// # Errors
    /// [`WriteError`]; the keys are then counted within a minute all the same.
    pub async fn note_deletions(&self, account_id: AccountId, count: u64) -> Result<(), WriteError> {
        let end = Instant::now() + NOTE_TIME;
        let update = self
            .update_account_item(account_id, "ADD deletions :count")
            // An update would make the item of an account that is being erased anew.
            .condition_expression("attribute_exists(id)")
            .expression_attribute_values(":count", number(count));
        // The SDK would repeat it after an answer that was lost.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let note = || update.clone().customize().config_override(once.clone()).send();
        match timeout_at(end, Box::pin(send("the note of a deletion", Retries::before(end), note))).await {
            Ok(Ok(Sent::Done | Sent::Unmet)) => Ok(()),
            Ok(Ok(Sent::Busy)) => Err(WriteError::Contended),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(TableError::new("could not write the note of a deletion in time").into()),
        }
    }

    /// Whether there is room for one more key, or may be by now. Where the count leaves none, the keys are
    /// counted again if some may have gone.
    pub(super) async fn has_room(
        &self,
        account_id: AccountId,
        seen: &AccountItem,
        max_keys: u64,
        now: Timestamp,
        retries: Retries,
    ) -> Result<bool, WriteError> {
        let quota = seen.quota(max_keys);
        let lately = seen.counted_at.is_some_and(|at| now < at.plus(RECOUNT_INTERVAL));
        if seen.key_count < quota {
            return Ok(true);
        }
        if lately && seen.deletions == seen.deletions_counted {
            return Ok(false);
        }
        sleep(SETTLED).await;
        let keys = match count(&self.table, account_id, seen.last_key_id, quota, retries).await? {
            Counted::All(keys) => keys,
            // The old count stays the upper bound.
            Counted::Part => seen.key_count,
        };
        let replaced = self.replace_count(account_id, seen, keys, now, retries).await?;
        Ok(!replaced || keys < quota)
    }

    /// Writes a new count, unless a key was made since the old one was read. Whether it did.
    async fn replace_count(
        &self,
        account_id: AccountId,
        seen: &AccountItem,
        keys: u64,
        now: Timestamp,
        retries: Retries,
    ) -> Result<bool, WriteError> {
        const NEW: &str = "SET keyCount = :keys, recounts = :next, deletionsCounted = :deletions, countedAt = :now";
        let update = self
            .update_account_item(account_id, NEW)
            .expression_attribute_values(":keys", number(keys))
            .expression_attribute_values(":next", number(seen.recounts + 1))
            .expression_attribute_values(":deletions", number(seen.deletions))
            .expression_attribute_values(":now", value(&now)?);
        // Between two counts it only grows: the same number of the same count means that no key was made.
        let update = update
            .condition_expression("keyCount = :old AND recounts = :recounts")
            .expression_attribute_values(":old", number(seen.key_count))
            .expression_attribute_values(":recounts", number(seen.recounts));
        match send("an account's new count of keys", retries, || update.clone().send()).await? {
            Sent::Done => Ok(true),
            Sent::Unmet => Ok(false),
            Sent::Busy => Err(WriteError::Contended),
        }
    }

    fn update_account_item(&self, account_id: AccountId, expression: &str) -> UpdateItemFluentBuilder {
        let update = self.table.client.update_item().table_name(&self.table.name).update_expression(expression);
        update.set_key(Some(account_key(account_id)))
    }
}

/// Makes room for one more key in an account's item, or stops the transaction.
pub(super) fn reserve(account: &mut Expression, new_key: KeyId, max_keys: u64) -> Result<(), TableError> {
    account.write("lastKeyId", Some(value(&new_key)?));
    account.add("keyCount", number(1));
    account.require_that(ROOM, [(":max", number(max_keys))]);
    Ok(())
}
