//! Makes an account and its first key, which may do everything. On no route: an operator invokes it.

use std::time::{Duration, SystemTime};

use api_keys::key::{Catalogue, Issuer, Limits, Timestamp};
use api_keys::lambda::{Error, IssuedKey, Refusal};
use api_keys::request::{Caller, Fields, NewKey, Origin};
use api_keys::store::NewKeys;
use lambda_runtime::LambdaEvent;
use serde_json::value::RawValue;
use tokio::time::timeout;

/// The time limit of an invocation, shorter than the function's own time-out.
const LONGEST: Duration = Duration::from_secs(15);

/// Answers one invocation: `{"company","userId","username"}` gives the account's id and its first key. `operator`, who
/// asks, may be given for the event.
///
/// # Errors
/// [`Refusal`], with every wrong field of the payload.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    keys: &NewKeys,
    catalogue: &Catalogue,
    issuer: &Issuer,
    ceiling: Limits,
    now: SystemTime,
) -> Result<IssuedKey, Refusal> {
    let request_id = &event.context.request_id;
    let work = Box::pin(create_account(&event.payload, keys, catalogue, issuer, ceiling, now.into(), request_id));
    let created = timeout(LONGEST, work).await;
    let created = created.unwrap_or_else(|_| Err(Error::internal("the invocation took too long")));
    created.map_err(|error| Refusal::new(error, request_id))
}

async fn create_account(
    payload: &RawValue,
    keys: &NewKeys,
    catalogue: &Catalogue,
    issuer: &Issuer,
    ceiling: Limits,
    now: Timestamp,
    request_id: &str,
) -> Result<IssuedKey, Error> {
    let mut fields = Fields::from_raw(payload)?;
    let company = fields.required_text("company", Caller::MAX_TEXT);
    let user_id = fields.required_text("userId", Caller::MAX_TEXT);
    let username = fields.required_text("username", Caller::MAX_TEXT);
    let operator = fields.optional_text("operator", Caller::MAX_TEXT);
    fields.finish()?;
    let new = NewKey::first(issuer.account_id()?, company, user_id, username, catalogue);
    let (record, value) = new.issue(issuer, now)?;
    keys.insert_first(&record, &Origin::operator(operator, request_id), now).await?;
    Ok(IssuedKey { account_id: Some(record.account_id), metadata: record.metadata, value, now, ceiling })
}
