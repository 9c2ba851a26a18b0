//! Makes an account and its first key, which may do everything. On no route: an operator invokes it.

use std::time::{Duration, SystemTime};

use api_keys::key::{AccountLimits, Catalogue, Issuer, Limits};
use api_keys::lambda::{Invocation, IssuedKey, OperatorError, invoke};
use api_keys::request::{Caller, Fields, NewKey};
use api_keys::store::NewKeys;
use lambda_runtime::LambdaEvent;
use serde_json::value::RawValue;

/// The time limit of an invocation, shorter than the function's own time-out.
const LONGEST: Duration = Duration::from_secs(15);

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Makes keys.
    pub new_keys: &'a NewKeys,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// Makes values of keys.
    pub issuer: &'a Issuer,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
}

/// Answers one invocation: `{"company","userId","username"}` gives the account's id and its first key. `externalId`, the
/// operator's own id of the account, `maxKeyLifetimeDays`, and `accountLimits`, the limits of all of its keys together, may be given,
/// and `operator`, who asks, for the event.
///
/// # Errors
/// [`OperatorError`], with every wrong field of the payload.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    deps: &Deps<'_>,
    now: SystemTime,
) -> Result<IssuedKey, OperatorError> {
    let take = |fields: &mut Fields| {
        let texts = ["company", "userId", "username"].map(|field| fields.required_text(field, Caller::MAX_TEXT));
        Ok((texts, fields.external_id(), fields.account_limits(), fields.max_key_lifetime()))
    };
    let create = async |(texts, external_id, limits, lifetime): ([String; 3], Option<String>, Limits, _),
                        invocation: &Invocation| {
        let [company, user_id, username] = texts;
        let now = invocation.now;
        let new = NewKey::first(deps.issuer.account_id()?, company, user_id, username, deps.catalogue);
        let (mut record, value) = new.issue(deps.issuer, now)?;
        record.account_limits = AccountLimits { plan: u64::from(external_id.is_some() || !limits.is_none()), limits };
        record.external_id = external_id;
        let key = deps.new_keys.insert_first(&record, lifetime, &invocation.origin, now).await?;
        Ok(IssuedKey { account_id: Some(key.account_id), key, value, now, ceiling: deps.ceiling })
    };
    invoke(&event, "create-account", LONGEST, now.into(), take, create).await
}
