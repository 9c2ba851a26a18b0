//! Reading an account for its own managers.

use super::item::{AccountItem, account_key, from_item};
use crate::aws::Aws;
use crate::key::{AccountId, Counters, Lifetime, Limits};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::table::Table;
use crate::store::limits::lease_item;

/// Reads accounts, at the price of one strongly consistent read each.
#[derive(Debug, Clone)]
pub struct AccountReader {
    table: Table,
}

/// An account as its own managers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// The name of the company; `None` of a release before 0.2, whose keys name it.
    pub company: Option<String>,
    /// Whether none of its keys may be used.
    pub suspended: bool,
    /// See [`Account::key_count`](super::item::Account::key_count).
    pub key_count: u64,
    /// How many it may have; the stack's number when `None`.
    pub max_keys: Option<u64>,
    /// The ceiling of its keys' limits.
    pub limits: Limits,
    /// The operator's own id of it.
    pub external_id: Option<String>,
    /// How long values of its keys may live at most; as the stack has it when `None`.
    pub max_key_lifetime: Option<Lifetime>,
    /// The limits of all of its keys together.
    pub account_limits: Limits,
}

impl AccountReader {
    /// Reads from the table of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { table: Table::new(aws, table) }
    }

    /// An account as it is at this moment.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn read(&self, account_id: AccountId) -> Result<Option<AccountSummary>, TableError> {
        let item = self.table.read("an account", account_key(account_id)).await?;
        Ok(item.map(from_item).transpose()?.map(AccountSummary::from))
    }

    /// How long values of an account's keys may live, as it is at this moment, in a stack that lets them live so long.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn lifetime(
        &self,
        account_id: AccountId,
        of_stack: Option<Lifetime>,
    ) -> Result<Option<Lifetime>, TableError> {
        let account = self.read(account_id).await?;
        Ok(Lifetime::shorter(account.and_then(|account| account.max_key_lifetime), of_stack))
    }

    /// The counters of an account's own limits, as they are at this moment.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn counters(&self, account_id: AccountId) -> Result<Counters, TableError> {
        let item = self.table.read("the counters of an account", lease_item::account_key(account_id)).await?;
        item.map_or(Ok(Counters::default()), |item| lease_item::of_item(&item))
    }
}

impl From<AccountItem> for AccountSummary {
    fn from(item: AccountItem) -> Self {
        Self {
            suspended: item.is_suspended(),
            key_count: item.present_keys(),
            company: item.company,
            max_keys: item.max_keys,
            limits: item.ceiling,
            external_id: item.external_id,
            max_key_lifetime: item.max_key_lifetime,
            account_limits: item.account_limits,
        }
    }
}
