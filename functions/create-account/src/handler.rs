//! Makes an account and its first key, which may do everything. On no route: an operator invokes it.

use std::time::SystemTime;

use api_keys::{Catalogue, Error, Fields, IssuedKey, Issuer, KeyStore, Limits, NewKey, Refusal};
use lambda_runtime::LambdaEvent;
use serde_json::Value;

/// Answers one invocation: `{"company","userId","username"}` gives the account's id and its first key.
///
/// # Errors
/// [`Refusal`], with every wrong field of the payload.
pub async fn handle(
    event: LambdaEvent<Value>,
    store: &KeyStore,
    catalogue: &Catalogue,
    issuer: &Issuer,
    ceiling: Limits,
    now: SystemTime,
) -> Result<IssuedKey, Refusal> {
    let created = create_account(event.payload, store, catalogue, issuer, ceiling, now).await;
    created.map_err(|error| Refusal::new(error, &event.context.request_id))
}

async fn create_account(
    payload: Value,
    store: &KeyStore,
    catalogue: &Catalogue,
    issuer: &Issuer,
    ceiling: Limits,
    now: SystemTime,
) -> Result<IssuedKey, Error> {
    let mut fields = Fields::from_value(payload)?;
    let company = fields.required_text("company", 128);
    let user_id = fields.required_text("userId", 128);
    let username = fields.required_text("username", 128);
    fields.finish()?;
    let new = NewKey {
        account_id: issuer.account_id()?,
        company,
        created_by: user_id.clone(),
        user_id,
        username,
        operations: catalogue.operations().clone(),
        traffic_type: catalogue.default_traffic_type(),
        name: None,
        description: None,
        expires_at: None,
        allowed_ips: None,
        limits: Limits::NONE,
    };
    let (record, value) = new.issue(issuer, now.into())?;
    store.insert_first(&record).await?;
    Ok(IssuedKey { account_id: Some(record.account_id), metadata: record.metadata, value, ceiling })
}
