//! The list of all accounts: one small item for each, all in one partition, in the order of their ids.
//!
//! It lists the accounts; the rest is in their own items.

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::item::{self, Account, account_key};
use crate::aws::Aws;
use crate::key::{AccountId, Timestamp};
use crate::store::dynamo::attribute::{ACCOUNT_ID, ID, Item, primary_key, text, value};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::page::{Conditions, Pages};
use crate::store::dynamo::retries::Backoff;
use crate::store::dynamo::table::Table;

/// The partition of all listing items; no account has an id of this shape.
pub(in crate::store) const ACCOUNTS: &str = "accounts";
/// DynamoDB reads no more items in one batch.
const BATCH: usize = 100;
const COMPANY: &str = "company";

/// Some of all accounts, in no order that means anything.
#[derive(Debug, Clone)]
pub struct AccountPage {
    /// At most as many as were asked for. A page may be shorter, even empty, and not be the last.
    pub accounts: Vec<Account>,
    /// Where the next page begins: after this account. `None` on the last page.
    pub next: Option<AccountId>,
}

/// Lists accounts.
#[derive(Debug, Clone)]
pub struct AccountList {
    table: Table,
}

impl AccountList {
    /// Lists from the table of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { table: Table::new(aws, table) }
    }

    /// A page of all accounts that were created or adopted since release 0.2, each as it is at this moment.
    ///
    /// `company` keeps those of a company of that name, in whichever case it is written; the whole list is looked through for it.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn page(
        &self,
        company: Option<&str>,
        limit: usize,
        after: Option<AccountId>,
    ) -> Result<AccountPage, TableError> {
        const STRANGE_ID: &str = "the table lists an account with a strange id";
        let partition = ACCOUNTS.to_owned();
        let pages = Pages { table: &self.table, partition, conditions: Conditions::default() };
        let parse = |id: &str| AccountId::parse(id).ok_or(TableError::new(STRANGE_ID));
        let company = company.map(str::to_lowercase);
        let is_wanted =
            |item: &Item| company.as_ref().is_none_or(|company| text(item, COMPANY).to_lowercase() == *company);
        let read = |item| is_wanted(&item).then(|| parse(text(&item, ID))).transpose();
        let (ids, next) = pages.page(limit, after.map(|id| id.to_string()), read).await?;
        let mut accounts = Vec::new();
        for batch in ids.chunks(BATCH) {
            let mut items = self.items(batch).await?;
            // In the list's order. One that was erased just now is not among them.
            for id in batch {
                let at = items.iter().position(|found| found.get(ACCOUNT_ID) == account_key(*id).get(ACCOUNT_ID));
                if let Some(at) = at {
                    accounts.extend(item::from_item(items.swap_remove(at))?.shown(*id));
                }
            }
        }
        Ok(AccountPage { accounts, next: next.map(|id| parse(&id)).transpose()? })
    }

    /// The items of these accounts, as they are at this moment, in any order.
    async fn items(&self, accounts: &[AccountId]) -> Result<Vec<Item>, TableError> {
        const WHAT: &str = "could not read the listed accounts";
        let mut items = Vec::new();
        let mut keys: Vec<_> = accounts.iter().map(|id| account_key(*id)).collect();
        let mut backoff = Backoff::default();
        loop {
            let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
            let wanted = wanted.map_err(|cause| TableError::caused(WHAT, cause))?;
            let read = self.table.client.batch_get_item().request_items(&self.table.name, wanted).send().await;
            let read = read.map_err(|cause| TableError::caused(WHAT, cause))?;
            items.extend(
                read.responses.into_iter().flat_map(|mut found| found.remove(&self.table.name).unwrap_or_default()),
            );
            // What DynamoDB had no capacity for.
            let left = read.unprocessed_keys.and_then(|mut left| left.remove(&self.table.name));
            keys = match left.map(|left| left.keys) {
                Some(left) if !left.is_empty() => left,
                _ => return Ok(items),
            };
            backoff.wait().await;
        }
    }
}

/// The primary key of an account's listing item.
pub(super) fn listing_key(account_id: AccountId) -> Item {
    primary_key(ACCOUNTS, account_id.as_str())
}

pub(super) fn listing_item(account_id: AccountId, company: &str, created_at: Timestamp) -> Result<Item, TableError> {
    let mut item = listing_key(account_id);
    item.insert(COMPANY.into(), AttributeValue::S(company.to_owned()));
    item.insert("createdAt".into(), value(&created_at)?);
    Ok(item)
}
