//! The answers, one for each kind of action.

use api_keys::key::{AccountId, Limits, Timestamp};
use api_keys::lambda::IssuedKey;
use api_keys::store::{Account, SweepCursor};
use serde::Serialize;

use crate::disable_keys::DisableReport;
use crate::events::Events;
use crate::list::Listed;
use crate::list_keys::Keys;
use crate::revoke_keys::RevokeReport;
use crate::usage::Usage;

/// What an action answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// `list`.
    List(Listed),
    /// `show`.
    Show(Shown),
    /// `update`.
    Update(Updated),
    /// `suspend` and `resume`.
    Suspend(Swept),
    /// `recover`.
    Recover(Box<IssuedKey>),
    /// `list-keys`.
    ListKeys(Keys),
    /// `revoke-keys`.
    RevokeKeys(RevokeReport),
    /// `disable-keys`.
    DisableKeys(DisableReport),
    /// `events`.
    Events(Events),
    /// `usage`.
    Usage(Usage),
    /// `adopt`.
    Adopt(Adopted),
}

/// An account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    account_id: AccountId,
    company: String,
    created_at: Timestamp,
    status: &'static str,
    key_count: u64,
    max_keys: Option<u64>,
    effective_max_keys: u64,
    limits: Limits,
}

impl Shown {
    /// `max_keys` is the stack's.
    pub(crate) fn of(account: Account, max_keys: u64) -> Self {
        Self {
            account_id: account.id,
            company: account.company,
            created_at: account.created_at,
            status: if account.suspended { "SUSPENDED" } else { "ACTIVE" },
            key_count: account.key_count,
            max_keys: account.max_keys,
            effective_max_keys: account.max_keys.unwrap_or(max_keys),
            limits: account.limits,
        }
    }
}

/// An account after a change, and how far its keys have been told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Updated {
    pub(crate) account: Shown,
    pub(crate) done: bool,
    pub(crate) keys_changed: u64,
    pub(crate) cursor: Option<SweepCursor>,
}

/// An account that is suspended or resumed, and how far its keys have been told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    pub(crate) account: Shown,
    pub(crate) done: bool,
    pub(crate) keys_marked: u64,
    pub(crate) cursor: Option<SweepCursor>,
}

/// An account, and whether it was not complete before.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Adopted {
    pub(crate) account: Shown,
    pub(crate) adopted: bool,
}
