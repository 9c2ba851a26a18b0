//! Which accounts there are, and which of their keys may have a notice. These reads need not be consistent: what is written
//! requires the key as it was read, and what they miss is found a day later.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::key::{AccountId, KeyId, Timestamp};
use crate::store::accounts::listing::ACCOUNTS;
use crate::store::dynamo::attribute::{ID, Item, primary_key, text, value};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::table::Table;
use crate::store::keys::item::ENABLED;

/// So many accounts are looked at at once.
pub(super) const ACCOUNTS_AT_ONCE: i32 = 16;

/// So many keys are looked at in one call: of each of [`ACCOUNTS_AT_ONCE`] they are here, and read, in the time of an attempt.
const KEYS_AT_ONCE: i32 = 1_000;

const STRANGE_ID: &str = "the table has an item with a strange id";

/// Some of an account's keys that end soon enough, the oldest first.
pub(super) struct Keys {
    pub(super) items: Vec<(KeyId, Item)>,
    /// Behind which key the others follow; `None` where there are none.
    pub(super) next: Option<KeyId>,
}

/// The accounts that are listed behind that one.
pub(super) async fn accounts(table: &Table, after: Option<AccountId>) -> Result<Vec<AccountId>, TableError> {
    let after = after.map(|id| id.to_string());
    let query = query(table, ACCOUNTS, after.as_deref()).projection_expression(ID).limit(ACCOUNTS_AT_ONCE);
    let page = query.send().await.map_err(|cause| TableError::caused("could not list accounts for notices", cause))?;
    let id_of = |item: &Item| AccountId::parse(text(item, ID)).ok_or(TableError::new(STRANGE_ID));
    page.items().iter().map(id_of).collect()
}

/// Keys of an account behind that one which are switched on and end before the horizon.
pub(super) async fn keys(
    table: Table,
    account_id: AccountId,
    after: Option<KeyId>,
    horizon: Timestamp,
) -> Result<Keys, TableError> {
    let after = after.map(|id| id.to_string());
    let query = query(&table, account_id.as_str(), after.as_deref())
        .limit(KEYS_AT_ONCE)
        .filter_expression("expiresAt < :horizon AND #enabled = :on")
        .expression_attribute_names("#enabled", ENABLED)
        .expression_attribute_values(":horizon", value(&horizon)?)
        .expression_attribute_values(":on", AttributeValue::Bool(true));
    let page = query.send().await;
    let page = page.map_err(|cause| TableError::caused("could not list an account's keys for notices", cause))?;
    let id_of = |item: &Item| KeyId::parse(text(item, ID)).ok_or(TableError::new(STRANGE_ID));
    let next = page.last_evaluated_key.as_ref().map(id_of).transpose()?;
    let items = page.items.unwrap_or_default();
    let items = items.into_iter().map(|item| Ok((id_of(&item)?, item))).collect::<Result<_, TableError>>()?;
    Ok(Keys { items, next })
}

fn query(table: &Table, partition: &str, after: Option<&str>) -> QueryFluentBuilder {
    let start: Option<HashMap<_, _>> = after.map(|id| primary_key(partition, id));
    let query = table.client.query().table_name(&table.name).key_condition_expression("accountId = :partition");
    let partition = AttributeValue::S(partition.to_owned());
    query.expression_attribute_values(":partition", partition).set_exclusive_start_key(start)
}
