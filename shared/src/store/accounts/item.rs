//! An account's own item: what its operators decided, and the count of its keys (`quota`).
//!
//! Accounts of releases before 0.2 have only the count; `adopt` completes them.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::error::AccountRefusal;
use crate::key::{AccountId, AccountLimits, EventId, KeyId, KeyRecord, Lifetime, Limits, Timestamp};
use crate::store::dynamo::attribute::{Item, LAST_EVENT, number, primary_key, value};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::expression::Expression;
use crate::store::keys::account_state::{
    ACCOUNT_LIMITS, AccountState, EXTERNAL_ID, PLAN, REVISION, SUSPENSION, counter,
};

/// How long values of the account's keys may live, as its item and its events have it.
pub(super) const LIFETIME: &str = "maxKeyLifetimeDays";

/// An account as its operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The name of the company.
    pub company: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether none of its keys may be used.
    pub suspended: bool,
    /// How many keys it has. Keys that their time to live removed count until the next recount.
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

/// The stored item; what is absent has its default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AccountItem {
    pub(super) company: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    /// Raised by suspending and by resuming: odd is suspended.
    pub(super) suspension: u64,
    /// Raised by each change of company and ceiling, which every key repeats.
    pub(super) revision: u64,
    /// The same of the external id and the account's own limits.
    pub(super) plan: u64,
    pub(super) external_id: Option<String>,
    pub(super) account_limits: Limits,
    pub(super) max_keys: Option<u64>,
    pub(super) ceiling: Limits,
    #[serde(rename = "maxKeyLifetimeDays")]
    pub(super) max_key_lifetime: Option<Lifetime>,
    /// The account's last event; those of single keys are not among them.
    pub(super) last_event: Option<EventId>,
    /// Nothing but erasing is possible any more.
    pub(super) erasing: bool,
    pub(super) key_count: u64,
    pub(super) last_key_id: Option<KeyId>,
    pub(super) recounts: u64,
    pub(super) deletions: u64,
    pub(super) deletions_counted: u64,
    pub(super) counted_at: Option<Timestamp>,
}

impl AccountItem {
    /// The item of a new account, with its first key.
    pub(super) fn first(
        record: &KeyRecord,
        max_key_lifetime: Option<Lifetime>,
        event: EventId,
        now: Timestamp,
    ) -> Result<Item, TableError> {
        let mut item = account_key(record.account_id);
        item.insert("company".into(), value(&record.metadata.company)?);
        item.insert("createdAt".into(), value(&now)?);
        item.insert("keyCount".into(), number(1));
        item.insert("lastKeyId".into(), value(&record.metadata.id)?);
        item.insert("recounts".into(), number(0));
        item.insert(LAST_EVENT.into(), value(&event)?);
        item.extend(max_key_lifetime.map(|lifetime| (LIFETIME.into(), lifetime_value(lifetime))));
        if let Some(external_id) = &record.external_id {
            item.insert(EXTERNAL_ID.into(), value(external_id)?);
        }
        let AccountLimits { plan, limits } = record.account_limits;
        if !limits.is_none() {
            item.insert(ACCOUNT_LIMITS.into(), value(&limits)?);
        }
        item.extend(counter(plan).map(|plan| (PLAN.into(), plan)));
        Ok(item)
    }

    /// What the account's keys repeat of it.
    pub(super) fn state(&self) -> AccountState {
        let Self { suspension, revision, ceiling, plan, account_limits, .. } = *self;
        let (company, external_id) = (self.company.clone(), self.external_id.clone());
        AccountState { suspension, revision, company, ceiling, plan, external_id, account_limits }
    }

    /// Stops a transaction when sweeps have begun, or the longest lifetime was changed, since the item was read.
    pub(super) fn require_state(&self, account: &mut Expression) {
        account.require(LIFETIME, self.max_key_lifetime.map(lifetime_value));
        account.require(SUSPENSION, counter(self.suspension));
        account.require(REVISION, counter(self.revision));
        account.require(PLAN, counter(self.plan));
    }

    pub(super) fn must_be_active(&self) -> Result<(), AccountRefusal> {
        if self.is_suspended() { Err(AccountRefusal::Suspended) } else { Ok(()) }
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.suspension % 2 == 1
    }

    /// How many keys the account may have, in a stack that allows so many.
    pub(super) fn quota(&self, max_keys: u64) -> u64 {
        self.max_keys.unwrap_or(max_keys)
    }

    /// How long values of its keys may live, in a stack that lets them live so long.
    pub(super) fn lifetime(&self, of_stack: Option<Lifetime>) -> Option<Lifetime> {
        Lifetime::shorter(self.max_key_lifetime, of_stack)
    }

    /// The count itself is only ever raised; what was deleted since is noted beside it.
    pub(super) fn present_keys(&self) -> u64 {
        self.key_count.saturating_sub(self.deletions.saturating_sub(self.deletions_counted))
    }

    /// What operators see. `None` when the item is not complete.
    pub(super) fn shown(&self, id: AccountId) -> Option<Account> {
        Some(Account {
            id,
            company: self.company.clone()?,
            created_at: self.created_at?,
            suspended: self.is_suspended(),
            key_count: self.present_keys(),
            max_keys: self.max_keys,
            limits: self.ceiling,
            external_id: self.external_id.clone(),
            max_key_lifetime: self.max_key_lifetime,
            account_limits: self.account_limits,
        })
    }
}

/// How a lifetime is stored.
pub(super) fn lifetime_value(lifetime: Lifetime) -> AttributeValue {
    number(lifetime.days().into())
}

/// The primary key of an account's item.
pub(super) fn account_key(account_id: AccountId) -> Item {
    primary_key(&format!("{account_id}#quota"), "quota")
}

pub(super) fn from_item(item: Item) -> Result<AccountItem, TableError> {
    serde_dynamo::from_item(item).map_err(|cause| TableError::caused("an item is not an account", cause))
}
