//! How many keys an account may have, exact however many are made at once.
//!
//! One item for each account, in a partition of its own, holds a count that is never below the number of keys: the
//! transaction that stores a key raises it. Nothing lowers it when a key goes: a deletion must depend on nothing, and
//! DynamoDB's time to live tells nobody. So at the limit, and only there, the keys are counted again.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Select, Update};

use super::key_item::value;
use super::{ACCOUNT_ID, ID, Item, TableError};
use crate::key::{AccountId, Timestamp};

/// At its limit, without a deletion, an account's keys are counted at most once in this time: some may have been removed
/// by their time to live.
const RECOUNT_INTERVAL: Duration = Duration::from_mins(1);

const KEY_COUNT: &str = "keyCount";
const RECOUNTS: &str = "recounts";
const DELETIONS: &str = "deletions";
const DELETIONS_COUNTED: &str = "deletionsCounted";
const COUNTED_AT: &str = "countedAt";

/// The count of one account's keys.
pub(crate) struct Quota<'a> {
    pub(crate) client: &'a Client,
    pub(crate) table: &'a str,
    pub(crate) account_id: AccountId,
}

/// What the item says.
#[derive(Default)]
struct Count {
    keys: Option<u64>,
    recounts: u64,
    deletions: u64,
    deletions_counted: u64,
    counted_at: Option<Timestamp>,
}

impl Quota<'_> {
    /// The part of a transaction that makes room for one more key, or stops it.
    pub(crate) fn reserve(&self, max_keys: u64) -> Result<Update, TableError> {
        Update::builder()
            .table_name(self.table)
            .set_key(Some(self.key()))
            .update_expression("ADD keyCount :one")
            .condition_expression("keyCount < :max")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(max_keys))
            .build()
            .map_err(|cause| TableError::caused("a count could not be written", cause))
    }

    /// The item of an account with one key.
    pub(crate) fn first(&self) -> Item {
        let mut item = self.key();
        item.insert(KEY_COUNT.into(), number(1));
        item.insert(RECOUNTS.into(), number(0));
        item
    }

    /// Remembers that a key was deleted. Best done, but not needed: the keys are counted all the same, only later.
    pub(crate) async fn note_deletion(&self) -> Result<(), TableError> {
        self.client
            .update_item()
            .table_name(self.table)
            .set_key(Some(self.key()))
            .update_expression("ADD deletions :one")
            .expression_attribute_values(":one", number(1))
            .send()
            .await
            .map_err(|cause| TableError::caused("the table did not note a deletion", cause))?;
        Ok(())
    }

    /// Looks whether there is room after all, when the count says that there is none. `true` is worth another try.
    pub(crate) async fn recount(&self, max_keys: u64, now: Timestamp) -> Result<bool, TableError> {
        let seen = self.read().await?;
        let lately = seen.counted_at.is_some_and(|at| now < at.plus(RECOUNT_INTERVAL));
        match seen.keys {
            Some(keys) if keys < max_keys => return Ok(true),
            Some(_) if lately && seen.deletions == seen.deletions_counted => return Ok(false),
            _ => {}
        }
        let keys = self.count_keys().await?;
        Ok(!self.replace(&seen, keys, now).await? || keys < max_keys)
    }

    async fn read(&self) -> Result<Count, TableError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table)
            .set_key(Some(self.key()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|cause| TableError::caused("the table did not read a count", cause))?;
        let item = output.item.unwrap_or_default();
        let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
        let time = |name: &str| item.get(name).and_then(|value| Timestamp::parse(value.as_s().ok()?));
        Ok(Count {
            keys: number(KEY_COUNT),
            recounts: number(RECOUNTS).unwrap_or(0),
            deletions: number(DELETIONS).unwrap_or(0),
            deletions_counted: number(DELETIONS_COUNTED).unwrap_or(0),
            counted_at: time(COUNTED_AT),
        })
    }

    async fn count_keys(&self) -> Result<u64, TableError> {
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
        let mut keys = 0;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|cause| TableError::caused("the table did not count an account's keys", cause))?;
            keys += u64::try_from(page.count).unwrap_or(0);
        }
        Ok(keys)
    }

    /// Writes a new count, unless a key was made since the old one was read. Whether it did.
    async fn replace(&self, seen: &Count, keys: u64, now: Timestamp) -> Result<bool, TableError> {
        const WHAT: &str = "the table did not take a count";
        let update = self
            .client
            .update_item()
            .table_name(self.table)
            .set_key(Some(self.key()))
            .update_expression(
                "SET keyCount = :keys, recounts = :next, deletionsCounted = :deletions, countedAt = :now",
            )
            .expression_attribute_values(":keys", number(keys))
            .expression_attribute_values(":next", number(seen.recounts + 1))
            .expression_attribute_values(":deletions", number(seen.deletions))
            .expression_attribute_values(":now", value(&now)?);
        let update = match seen.keys {
            None => update.condition_expression("attribute_not_exists(keyCount)"),
            // Between two counts it only grows: the same number of the same count means that none was made.
            Some(old) => update
                .condition_expression("keyCount = :old AND recounts = :recounts")
                .expression_attribute_values(":old", number(old))
                .expression_attribute_values(":recounts", number(seen.recounts)),
        };
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(TableError::caused(WHAT, error)),
            },
        }
    }

    fn key(&self) -> Item {
        Item::from([
            (ACCOUNT_ID.into(), AttributeValue::S(format!("{}#quota", self.account_id))),
            (ID.into(), AttributeValue::S("quota".into())),
        ])
    }
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
