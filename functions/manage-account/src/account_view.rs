//! An account as operators see it.

use api_keys::key::{AccountId, Limits, Timestamp};
use api_keys::store::Account;
use serde::Serialize;

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
}

impl AccountView {
    /// `max_keys` is the stack's.
    pub(crate) fn of(account: Account, max_keys: u64) -> Self {
        Self {
            account_id: account.id,
            company: account.company,
            external_id: account.external_id,
            created_at: account.created_at,
            status: if account.suspended { "SUSPENDED" } else { "ACTIVE" },
            key_count: account.key_count,
            max_keys: account.max_keys,
            effective_max_keys: account.max_keys.unwrap_or(max_keys),
            limits: account.limits,
        }
    }
}
