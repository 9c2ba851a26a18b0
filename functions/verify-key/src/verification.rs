//! The answer: whether the key opens it, why, whose it is, and what is left of its limits.

use api_keys::check::{Decision, Reason};
use api_keys::key::{AccountId, KeyId, Operations, Period, Tags, TrafficType};
use api_keys::request::Caller;
use api_keys::store::Standing;
use serde::{Serialize, Serializer};

/// What became of a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    allowed: bool,
    reason: Reason,
    /// After how many seconds a request that was refused for its limit may come again; 0 for any other.
    retry_after: u64,
    /// `null` for a value that no key has.
    caller: Option<CallerView>,
    /// Of a request that was counted in them.
    limits: Vec<LimitView>,
}

/// The key that has the value: what services behind a gateway find in its context.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CallerView {
    account_id: AccountId,
    external_id: Option<String>,
    key_id: KeyId,
    user_id: String,
    username: String,
    company: String,
    operations: Operations,
    traffic_type: TrafficType,
    #[serde(serialize_with = "write_tags")]
    tags: Tags,
}

/// What is left of a limit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LimitView {
    of: LimitOf,
    per: Period,
    requests: u32,
    remaining: u64,
    reset_seconds: u64,
}

/// Whose requests a limit counts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum LimitOf {
    /// The key's own.
    Key,
    /// Those of all keys of its account together.
    Account,
}

impl Verification {
    /// The answer to that decision about a key that stands so to its limits.
    pub(crate) fn of(decision: Decision, standings: Vec<Standing>) -> Self {
        let Decision { reason, caller, admission, .. } = decision;
        let retry_after = admission.filter(|admission| !admission.allowed);
        Self {
            allowed: reason == Reason::Allowed,
            reason,
            retry_after: retry_after.map_or(0, |admission| admission.reset_seconds.max(1)),
            caller: caller.map(CallerView::from),
            limits: standings.into_iter().map(LimitView::from).collect(),
        }
    }
}

impl From<Caller> for CallerView {
    fn from(caller: Caller) -> Self {
        Self {
            account_id: caller.account_id,
            external_id: Some(caller.external_id).filter(|id| !id.is_empty()),
            key_id: caller.key_id,
            user_id: caller.user_id,
            username: caller.username,
            company: caller.company,
            operations: caller.operations,
            traffic_type: caller.traffic_type,
            tags: Tags::of_stored(caller.tags),
        }
    }
}

impl From<Standing> for LimitView {
    fn from(Standing { limit, of_account, remaining, reset_seconds }: Standing) -> Self {
        let of = if of_account { LimitOf::Account } else { LimitOf::Key };
        Self { of, per: limit.per, requests: limit.requests, remaining, reset_seconds }
    }
}

fn write_tags<S: Serializer>(tags: &Tags, serializer: S) -> Result<S::Ok, S::Error> {
    tags.shown().serialize(serializer)
}
