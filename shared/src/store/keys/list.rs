//! An account's keys, a page at a time.

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::from_item;
use crate::aws::Aws;
use crate::key::{AccountId, KeyId, KeyRecord};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::page::Pages;
use crate::store::dynamo::table::Table;

const STRANGE_ID: &str = "the table has an item with a strange id";

/// Some of an account's keys, newest first.
#[derive(Debug, Clone)]
pub struct KeyPage {
    /// At most as many as were asked for. A page may be shorter, even empty, and not be the last.
    pub keys: Vec<KeyRecord>,
    /// Where the next page begins: after this key. `None` on the last page.
    pub next: Option<KeyId>,
}

/// Lists keys.
#[derive(Debug, Clone)]
pub struct KeyList {
    table: Table,
}

impl KeyList {
    /// Lists from the table of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { table: Table::new(aws, table) }
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
        let pages = Pages { table: &self.table, partition: account_id.to_string(), filters };
        let (items, next) = pages.page(limit, after.map(|id| id.to_string())).await?;
        let keys = items.into_iter().map(from_item).collect::<Result<_, _>>()?;
        let next = next.map(|id| KeyId::parse(&id).ok_or(TableError::new(STRANGE_ID))).transpose()?;
        Ok(KeyPage { keys, next })
    }
}

/// The account's oldest key.
pub(in crate::store) async fn oldest(table: &Table, account_id: AccountId) -> Result<Option<KeyRecord>, TableError> {
    let page = table
        .client
        .query()
        .table_name(&table.name)
        .consistent_read(true)
        .limit(1)
        .key_condition_expression("accountId = :account")
        .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
        .send()
        .await
        .map_err(|cause| TableError::caused("could not list an account's keys", cause))?;
    page.items.unwrap_or_default().into_iter().next().map(from_item).transpose()
}
