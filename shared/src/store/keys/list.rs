//! An account's keys, a page at a time.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::from_item;
use crate::aws::Aws;
use crate::key::{AccountId, KeyId, KeyRecord, KeyStatus, Tags, Timestamp};
use crate::request::{KeyFilter, KeyQuery};
use crate::store::dynamo::attribute::value;
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::page::{Conditions, Pages};
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

    /// The keys of an account that are wanted as they are at that moment, those made since the last call included, newest first.
    ///
    /// The key that the cursor names need not exist any more.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn page(&self, account_id: AccountId, query: &KeyQuery, now: Timestamp) -> Result<KeyPage, TableError> {
        let KeyQuery { filter, limit, cursor } = query;
        let conditions = conditions(filter, now)?;
        let pages = Pages { table: &self.table, partition: account_id.to_string(), conditions };
        let read = |item| Ok(Some(from_item(item)?).filter(|key| filter.keeps(key, now)));
        let (keys, next) = pages.page(*limit, cursor.map(|id| id.to_string()), read).await?;
        let next = next.map(|id| KeyId::parse(&id).ok_or(TableError::new(STRANGE_ID))).transpose()?;
        Ok(KeyPage { keys, next })
    }
}

/// What DynamoDB can check of a filter, so that it hands out few keys that are not wanted. [`KeyFilter::keeps`] decides.
fn conditions(filter: &KeyFilter, now: Timestamp) -> Result<Conditions, TableError> {
    let mut all = Conditions::default();
    if let Some(user) = &filter.user_id {
        all.require("(userId = :user OR createdBy = :user)", [(":user", value(user)?)]);
    }
    if let Some(user) = &filter.assigned_to {
        all.require("userId = :assigned", [(":assigned", value(user)?)]);
    }
    if let Some(operation) = &filter.operation {
        all.require("contains(operations, :operation)", [(":operation", value(operation)?)]);
    }
    if let Some(id) = filter.created_by_key_id {
        all.require("createdByKeyId = :creator", [(":creator", value(&id)?)]);
    }
    if let Some(end) = filter.expires_before {
        all.require("expiresAt < :end", [(":end", value(&end)?)]);
    }
    if filter.exceeds_lifetime == Some(true) {
        all.require("attribute_not_exists(lifetimeExempt)", []);
    }
    if let Some(start) = filter.unused_since {
        let expression = "(lastUsedAt < :start OR (attribute_not_exists(lastUsedAt) AND createdAt < :start))";
        all.require(expression, [(":start", value(&start)?)]);
    }
    for (at, (name, text)) in filter.tags.iter().enumerate() {
        // A pair as it is stored, or within a longer one. No key has a tag that does not fit.
        if let Ok(pair) = Tags::of(&BTreeMap::from([(name.clone(), text.clone())])) {
            let placeholder = format!(":tag{at}");
            let pair = AttributeValue::S(pair.into_text());
            all.require(&format!("contains(tags, {placeholder})"), [(&placeholder, pair)]);
        }
    }
    let (now, on) = ((":now", value(&now)?), (":on", AttributeValue::Bool(true)));
    match filter.status {
        None => {}
        Some(KeyStatus::Active) => {
            all.require("enabled = :on AND (attribute_not_exists(expiresAt) OR expiresAt > :now)", [on, now]);
        }
        Some(KeyStatus::Disabled) => all.require("enabled <> :on", [on]),
        Some(KeyStatus::Expired) => all.require("expiresAt <= :now", [now]),
        Some(KeyStatus::Exposed) => all.require("exposedHash = keyHash", []),
        // No expression can check whether a count is odd.
        Some(KeyStatus::Suspended) => all.require("(attribute_exists(suspension) OR attribute_exists(held))", []),
    }
    Ok(all)
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
