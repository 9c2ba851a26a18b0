//! The account's own item: how many keys it has, exact however many are made at once.
//!
//! The count is never below the number of keys: the transaction that stores a key raises it. Nothing lowers it when a
//! key goes: a deletion must not depend on it, and DynamoDB's time to live reports to nobody. So at the limit, and only
//! there, the keys are counted again.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, Select, Update};

use super::key_item::value;
use super::transaction::{Backoff, Retries};
use super::{ACCOUNT_ID, ID, Item, TableError, WriteError, key};
use crate::key::{AccountId, KeyId, Timestamp};

/// At its limit, without a deletion, an account's keys are counted at most once in this time: some may have been removed
/// by their time to live.
const RECOUNT_INTERVAL: Duration = Duration::from_mins(1);

const KEY_COUNT: &str = "keyCount";
const LAST_KEY: &str = "lastKeyId";
const RECOUNTS: &str = "recounts";
const DELETIONS: &str = "deletions";
const DELETIONS_COUNTED: &str = "deletionsCounted";
const COUNTED_AT: &str = "countedAt";

/// The count of one account's keys.
pub(super) struct Count<'a> {
    pub(super) client: &'a Client,
    pub(super) table: &'a str,
    pub(super) account_id: AccountId,
}

/// What the item says.
#[derive(Default)]
struct Seen {
    keys: Option<u64>,
    last_key: Option<KeyId>,
    recounts: u64,
    deletions: u64,
    deletions_counted: u64,
    counted_at: Option<Timestamp>,
}

impl Count<'_> {
    /// The part of a transaction that makes room for one more key, or stops it.
    pub(super) fn reserve(&self, new_key: KeyId, max_keys: u64) -> Result<Update, TableError> {
        Update::builder()
            .table_name(self.table)
            .set_key(Some(self.key()))
            .update_expression("SET lastKeyId = :key ADD keyCount :one")
            .condition_expression("keyCount < :max")
            .expression_attribute_values(":key", value(&new_key)?)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(max_keys))
            .build()
            .map_err(|cause| TableError::caused("a count could not be written", cause))
    }

    /// The item of an account with one key.
    pub(super) fn first(&self, key_id: KeyId) -> Item {
        let mut item = self.key();
        item.insert(KEY_COUNT.into(), number(1));
        item.insert(LAST_KEY.into(), AttributeValue::S(key_id.to_string()));
        item.insert(RECOUNTS.into(), number(0));
        item
    }

    /// Remembers that a key was deleted. Not required: the keys are counted all the same, only later.
    pub(super) async fn note_deletion(&self) -> Result<(), WriteError> {
        let update = self.update("ADD deletions :one").expression_attribute_values(":one", number(1));
        self.send(update, Retries::from_now()).await?;
        Ok(())
    }

    /// Checks whether there is room after all when the count says that there is none. `true`: try again.
    pub(super) async fn recount(&self, max_keys: u64, now: Timestamp, retries: Retries) -> Result<bool, WriteError> {
        let seen = self.read().await?;
        let lately = seen.counted_at.is_some_and(|at| now < at.plus(RECOUNT_INTERVAL));
        match seen.keys {
            Some(keys) if keys < max_keys => return Ok(true),
            Some(_) if lately && seen.deletions == seen.deletions_counted => return Ok(false),
            _ => {}
        }
        let keys = self.count_keys(seen.last_key, max_keys, retries).await?;
        Ok(!self.replace(&seen, keys, now, retries).await? || keys < max_keys)
    }

    async fn read(&self) -> Result<Seen, TableError> {
        let item = self.get(self.key()).await?.unwrap_or_default();
        let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        Ok(Seen {
            keys: number(KEY_COUNT),
            last_key: text(LAST_KEY).and_then(|id| KeyId::parse(id)),
            recounts: number(RECOUNTS).unwrap_or(0),
            deletions: number(DELETIONS).unwrap_or(0),
            deletions_counted: number(DELETIONS_COUNTED).unwrap_or(0),
            counted_at: text(COUNTED_AT).and_then(|at| Timestamp::parse(at)),
        })
    }

    async fn get(&self, key: Item) -> Result<Option<Item>, TableError> {
        let read = self.client.get_item().table_name(self.table).set_key(Some(key)).consistent_read(true).send().await;
        Ok(read.map_err(|cause| TableError::caused("the table did not read a count", cause))?.item)
    }

    /// Counts the account's keys, up to `max_keys` and for as long as there is time: more need not be known.
    ///
    /// A query is read-committed: it may miss the key of a transaction whose count a read already shows. That can only
    /// be the last one, since each changes the same count. A read is serialized with transactions, so reading that key
    /// first makes sure that the query, which comes after it, sees the key, or sees that it was deleted since.
    async fn count_keys(&self, last_key: Option<KeyId>, max_keys: u64, retries: Retries) -> Result<u64, TableError> {
        if let Some(id) = last_key {
            self.get(key(self.account_id, id)).await?;
        }
        let mut keys = 0;
        let mut pages = self
            .client
            .query()
            .table_name(self.table)
            .consistent_read(true)
            .select(Select::Count)
            .key_condition_expression("accountId = :account")
            .expression_attribute_values(":account", AttributeValue::S(self.account_id.to_string()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|cause| TableError::caused("the table did not count an account's keys", cause))?;
            keys += u64::try_from(page.count).unwrap_or(0);
            if keys >= max_keys {
                return Ok(keys);
            }
            if !retries.are_left() {
                return Ok(max_keys);
            }
        }
        Ok(keys)
    }

    /// Writes a new count, unless a key was made since the old one was read. Whether it did.
    async fn replace(&self, seen: &Seen, keys: u64, now: Timestamp, retries: Retries) -> Result<bool, WriteError> {
        let update = self
            .update("SET keyCount = :keys, recounts = :next, deletionsCounted = :deletions, countedAt = :now")
            .expression_attribute_values(":keys", number(keys))
            .expression_attribute_values(":next", number(seen.recounts + 1))
            .expression_attribute_values(":deletions", number(seen.deletions))
            .expression_attribute_values(":now", value(&now)?);
        let update = match seen.keys {
            None => update.condition_expression("attribute_not_exists(keyCount)"),
            // Between two counts it only grows: the same number of the same count means that no key was made.
            Some(old) => update
                .condition_expression("keyCount = :old AND recounts = :recounts")
                .expression_attribute_values(":old", number(old))
                .expression_attribute_values(":recounts", number(seen.recounts)),
        };
        self.send(update, retries).await
    }

    fn update(&self, expression: &str) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(self.table).set_key(Some(self.key())).update_expression(expression)
    }

    /// Sends a plain update; whether its condition held. DynamoDB refuses it while a transaction holds the item, which
    /// the SDK does not try again.
    async fn send(&self, update: UpdateItemFluentBuilder, retries: Retries) -> Result<bool, WriteError> {
        let mut backoff = Backoff::default();
        loop {
            match outcome(update.clone().send().await)? {
                Some(written) => return Ok(written),
                None if retries.are_left() => backoff.wait().await,
                None => return Err(WriteError::Contended),
            }
        }
    }

    fn key(&self) -> Item {
        Item::from([
            (ACCOUNT_ID.into(), AttributeValue::S(format!("{}#quota", self.account_id))),
            (ID.into(), AttributeValue::S("quota".into())),
        ])
    }
}

/// Whether the update was written; `None` when a transaction held the item.
fn outcome(sent: Result<UpdateItemOutput, SdkError<UpdateItemError>>) -> Result<Option<bool>, TableError> {
    let Err(error) = sent else {
        return Ok(Some(true));
    };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(Some(false)),
        Some(UpdateItemError::TransactionConflictException(_)) => Ok(None),
        _ => Err(TableError::caused("the table did not write a count", error)),
    }
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
