//! `GET /authentication/account`: the caller's account, and what may be decided of its keys.

use std::time::SystemTime;

use api_keys::key::{AccountId, Catalogue, Counters, Lifetime, Limits, Operations, Period, Timestamp, TrafficType};
use api_keys::lambda::{Error, http};
use api_keys::request::Caller;
use api_keys::store::{AccountReader, AccountRefusal, AccountSummary};
use lambda_http::{Body, Request, Response};
use serde::Serialize;

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Reads accounts.
    pub accounts: &'a AccountReader,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// How many keys an account may have that has no number of its own.
    pub max_keys: u64,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// How long values of keys may live at most, in any account.
    pub lifetime: Option<Lifetime>,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, read_account(&request, deps, now.into())).await
}

async fn read_account(request: &Request, deps: &Deps<'_>, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, ()) = http::read(request, |caller, _| caller.must_read())?;
    let account = deps.accounts.read(caller.account_id).await?;
    // It was erased since the authorizer let the key in.
    let account = account.ok_or(Error::Account(AccountRefusal::Unknown))?;
    let counters = match account.account_limits {
        limits if limits.is_none() => Counters::default(),
        _ => deps.accounts.counters(caller.account_id).await?,
    };
    let left = LimitLeft::of_all(account.account_limits, counters, now);
    http::ok(&AccountView::of(account, left, &caller, deps.catalogue, deps.max_keys, deps.ceiling, deps.lifetime))
}

/// The account of the calling key, and what may be decided of its keys.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Account))]
#[serde(rename_all = "camelCase")]
pub struct AccountView<'a> {
    /// Its id.
    account_id: AccountId,
    /// The name of the company.
    company: String,
    /// The operator's own id of the account; `null` when it has none.
    external_id: Option<String>,
    status: AccountStatus,
    /// How many keys it has. Keys that were removed after their expiry count until the quota is reached.
    key_count: u64,
    /// How many keys it may have.
    max_keys: u64,
    /// The catalogue: what keys of this service may open. A key may have `AUTHENTICATION_READ` beside, which is in no catalogue.
    operations: &'a Operations,
    /// What the calling key may give to a key: those of `operations` that it has itself, and `AUTHENTICATION_READ`. Nothing where
    /// it may not manage keys.
    // The list of a key is never empty, and this one is for a reader.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeSet<api_keys::key::Operation>))]
    grantable_operations: Operations,
    /// The kinds of messages that a key may be meant for.
    traffic_types: &'a [TrafficType],
    /// The operator's ceilings for each key of the account: for each period the tightest; none when `null`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<api_keys::key::EffectiveLimits>))]
    ceilings: Limits,
    /// For how many days a value of a key may live, from its making to the key's end, as the operator decided; for ever when
    /// `null`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u16>))]
    max_key_lifetime_days: Option<Lifetime>,
    /// How often all keys of the account together may be used, as the operator decided, and what is left of that; as often as
    /// one likes when `null`.
    account_limits: Option<Vec<LimitLeft>>,
}

/// A limit of an account, and what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LimitLeft {
    /// How many requests are let through in each period.
    requests: u32,
    /// In which time. Periods begin with those of the calendar, in UTC.
    per: Period,
    /// At least so many are left in the present one. What environments of the authorizer hold for their next requests does not count.
    remaining: u64,
    /// In how many seconds the next period begins.
    reset_seconds: u64,
}

impl LimitLeft {
    /// Of each limit, by counters that were read at that moment. `None` where there is no limit.
    #[must_use]
    pub fn of_all(limits: Limits, counters: Counters, now: Timestamp) -> Option<Vec<Self>> {
        let of_each = limits.iter().map(|limit| {
            let (remaining, end) = counters.left(limit, now);
            // A second that has begun counts as a whole one.
            let reset_seconds = end.saturating_sub(now.unix_millis() / 1000);
            Self { requests: limit.requests, per: limit.per, remaining, reset_seconds }
        });
        (!limits.is_none()).then(|| of_each.collect())
    }
}

/// Whether the account's keys may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountStatus {
    /// They may, as far as each one works.
    Active,
    /// None may.
    Suspended,
}

impl<'a> AccountView<'a> {
    /// As the holder of a key sees it, with what is left of its limits, in a stack of that catalogue, quota, ceiling and longest lifetime.
    #[must_use]
    pub fn of(
        account: AccountSummary,
        account_limits: Option<Vec<LimitLeft>>,
        caller: &Caller,
        catalogue: &'a Catalogue,
        max_keys: u64,
        ceiling: Limits,
        lifetime: Option<Lifetime>,
    ) -> Self {
        Self {
            account_id: caller.account_id,
            // An account of a release before 0.2 has it on its keys alone.
            company: account.company.unwrap_or_else(|| caller.company.clone()),
            external_id: account.external_id,
            status: if account.suspended { AccountStatus::Suspended } else { AccountStatus::Active },
            key_count: account.key_count,
            max_keys: account.max_keys.unwrap_or(max_keys),
            operations: catalogue.operations(),
            grantable_operations: caller.grantable(&catalogue.operations_of_keys()),
            traffic_types: catalogue.traffic_types(),
            ceilings: account.limits.tightest(ceiling),
            max_key_lifetime_days: Lifetime::shorter(account.max_key_lifetime, lifetime),
            account_limits,
        }
    }
}
