//! The quota: how many keys an account has, exact however many are made at once.
//!
//! The count is never below the number of keys: the transaction that stores a key raises it. Nothing lowers it when a
//! key goes, since a deletion must depend on nothing, and DynamoDB's time to live tells nobody. So at the limit, and only
//! there, the keys are counted again.

use std::time::Duration;

use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use tokio::time::{Instant, sleep, timeout_at};

use crate::key::{AccountId, KeyId, Timestamp};
use crate::store::accounts::item::{AccountItem, account_key};
use crate::store::dynamo::bulk::{Sent, send};
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::transaction::Retries;
use crate::store::keys::item::value;
use crate::store::{KeyStore, TableError, WriteError, key};

/// At its limit, without a deletion, an account's keys are counted at most once in this time: some may have been removed
/// by their time to live.
const RECOUNT_INTERVAL: Duration = Duration::from_mins(1);

/// A key that is older by its id is stored everywhere: the request that made it has ended.
const ENDED: Duration = Duration::from_secs(10);

/// A transaction that shows in one item shows in all of them after that time. AWS documents no bound: it is a margin.
const SETTLED: Duration = Duration::from_secs(1);

/// The time limit of a note that keys were deleted: its answer waits for it.
const NOTE_TIME: Duration = Duration::from_secs(1);

/// Room for one more key, by the account's own quota or else the stack's.
const ROOM: &str =
    "((attribute_exists(maxKeys) AND keyCount < maxKeys) OR (attribute_not_exists(maxKeys) AND keyCount < :max))";

/// What counting an account's keys found.
enum Counted {
    All(u64),
    /// At least as many as the quota allows, or as many as there was time for; more may follow.
    Part,
}

impl Expression {
    /// Makes room for one more key in an account's item, or stops the transaction.
    pub(in crate::store) fn reserve(&mut self, new_key: KeyId, max_keys: u64) -> Result<(), TableError> {
        self.write("lastKeyId", Some(value(&new_key)?));
        self.add("keyCount", number(1));
        self.require_that(ROOM, [(":max", number(max_keys))]);
        Ok(())
    }
}

impl KeyStore {
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
        match timeout_at(end, Box::pin(send(Retries::before(end), note))).await {
            Ok(Ok(Sent::Done | Sent::Unmet)) => Ok(()),
            Ok(Ok(Sent::Busy)) => Err(WriteError::Contended),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(TableError::new("the table took too long to note a deletion").into()),
        }
    }

    /// Whether there is room for one more key, or may be by now. Where the count says that there is none, the keys are
    /// counted again if some may have gone.
    pub(in crate::store) async fn has_room(
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
        if seen.last_key_id.is_some_and(|last| last >= KeyId::first_at(now.minus(ENDED))) {
            sleep(SETTLED).await;
        }
        let keys = match self.count_keys(account_id, seen.last_key_id, quota, retries).await? {
            Counted::All(keys) => keys,
            // The old count stays the upper bound.
            Counted::Part => seen.key_count,
        };
        let replaced = self.replace_count(account_id, seen, keys, now, retries).await?;
        Ok(!replaced || keys < quota)
    }

    /// Counts the account's keys, up to `quota` and for as long as there is time: more need not be known.
    ///
    /// A query is read-committed: it may miss what an ongoing transaction writes, though a read shows the count of it
    /// already. At most the last key's is ongoing: each transaction writes the account's item, and two that are ongoing
    /// conflict. So the queries leave that key out, and a read behind them, which is serialized with transactions,
    /// says whether it is there.
    ///
    /// Source: AWS, "Amazon DynamoDB Transactions: How it works", on isolation levels and on conflicts.
    async fn count_keys(
        &self,
        account_id: AccountId,
        last_key: Option<KeyId>,
        quota: u64,
        retries: Retries,
    ) -> Result<Counted, TableError> {
        let last_key = last_key.unwrap_or(KeyId::NONE);
        let mut keys = 0;
        for others in ["id < :last", "id > :last"] {
            let mut pages = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .select(Select::Count)
                .key_condition_expression(format!("accountId = :account AND {others}"))
                .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
                .expression_attribute_values(":last", AttributeValue::S(last_key.to_string()))
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page =
                    page.map_err(|cause| TableError::caused("the table did not count an account's keys", cause))?;
                keys += u64::try_from(page.count).unwrap_or(0);
                let more = page.last_evaluated_key.is_some();
                if more && (keys >= quota || !retries.are_left()) {
                    return Ok(Counted::Part);
                }
            }
        }
        let last_is_there = self.read(key(account_id, last_key)).await?.is_some();
        Ok(Counted::All(keys + u64::from(last_is_there)))
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
        send_plain(update, retries).await
    }

    fn update_account_item(&self, account_id: AccountId, expression: &str) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.table).update_expression(expression);
        update.set_key(Some(account_key(account_id)))
    }
}

/// Whether the update's condition held.
async fn send_plain(update: UpdateItemFluentBuilder, retries: Retries) -> Result<bool, WriteError> {
    match send(retries, || update.clone().send()).await? {
        Sent::Done => Ok(true),
        Sent::Unmet => Ok(false),
        Sent::Busy => Err(WriteError::Contended),
    }
}

pub(in crate::store) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
