//! An account as operators see it.

use api_keys::key::{AccountId, Lifetime, Limits, Timestamp};
use api_keys::store::Account;
use serde::Serialize;

use crate::Deps;

/// An account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountView {
    account_id: AccountId,
    company: String,
    external_id: Option<String>,
    created_at: Timestamp,
    status: &'static str,
    key_count: u64,
    max_keys: Option<u64>,
    effective_max_keys: u64,
    limits: Limits,
    max_key_lifetime_days: Option<Lifetime>,
    effective_max_key_lifetime_days: Option<Lifetime>,
    account_limits: Limits,
}

impl AccountView {
    /// As it is in that stack.
    pub(crate) fn of(account: Account, stack: &Deps<'_>) -> Self {
        Self {
            account_id: account.id,
            company: account.company,
            external_id: account.external_id,
            created_at: account.created_at,
            status: if account.suspended { "SUSPENDED" } else { "ACTIVE" },
            key_count: account.key_count,
            max_keys: account.max_keys,
            effective_max_keys: account.max_keys.unwrap_or(stack.max_keys),
            limits: account.limits,
            max_key_lifetime_days: account.max_key_lifetime,
            effective_max_key_lifetime_days: Lifetime::shorter(account.max_key_lifetime, stack.lifetime),
            account_limits: account.account_limits,
        }
    }
}
