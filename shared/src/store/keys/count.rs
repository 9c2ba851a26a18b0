//! Counting an account's keys.

use aws_sdk_dynamodb::types::{AttributeValue, Select};

use super::item::key;
use crate::key::{AccountId, KeyId, Locator};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::table::Table;

/// What counting an account's keys found.
pub(in crate::store) enum Counted {
    All(u64),
    /// At least as many as the quota allows, or as many as there was time for; more may follow.
    Part,
}

/// Counts the account's keys, up to `quota` and for as long as there is time: more need not be known.
///
/// A query is read-committed: it may miss what an ongoing transaction writes, though a read shows the count of it
/// already. At most the last key's is ongoing: each transaction writes the account's item, and two that are ongoing
/// conflict. So the queries leave that key out, and a read behind them, which is serialized with transactions,
/// shows whether it is there.
///
/// Source: AWS, "Amazon DynamoDB Transactions: How it works", on isolation levels and on conflicts.
pub(in crate::store) async fn count(
    table: &Table,
    account_id: AccountId,
    last_key: Option<KeyId>,
    quota: u64,
    retries: Retries,
) -> Result<Counted, TableError> {
    let last_key = last_key.unwrap_or(KeyId::NONE);
    let mut keys = 0;
    for others in ["id < :last", "id > :last"] {
        let mut pages = table
            .client
            .query()
            .table_name(&table.name)
            .consistent_read(true)
            .select(Select::Count)
            .key_condition_expression(format!("accountId = :account AND {others}"))
            .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
            .expression_attribute_values(":last", AttributeValue::S(last_key.to_string()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|cause| TableError::caused("could not count an account's keys", cause))?;
            keys += u64::try_from(page.count).unwrap_or(0);
            let more = page.last_evaluated_key.is_some();
            if more && (keys >= quota || !retries.are_left()) {
                return Ok(Counted::Part);
            }
        }
    }
    let last_is_there =
        table.read("an account's last new key", key(Locator { account_id, id: last_key })).await?.is_some();
    Ok(Counted::All(keys + u64::from(last_is_there)))
}
