//! Makes an account and its first key, which may do everything. On no route: an operator invokes it.

use std::fmt;
use std::time::SystemTime;

use api_keys::{Catalogue, Error, Fields, IssuedKey, Issuer, KeyStore, NewKey, log};
use lambda_runtime::{Diagnostic, LambdaEvent};
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
    now: SystemTime,
) -> Result<IssuedKey, Refusal> {
    create_account(event.payload, store, catalogue, issuer, now).await.map_err(|error| {
        if matches!(error, Error::Internal { .. }) {
            log::failure(&event.context.request_id, &error);
        }
        Refusal(error)
    })
}

async fn create_account(
    payload: Value,
    store: &KeyStore,
    catalogue: &Catalogue,
    issuer: &Issuer,
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
    };
    let (record, value) = issuer.issue(new, now)?;
    store.insert(&record).await?;
    Ok(IssuedKey { account_id: Some(record.account_id), metadata: record.metadata, value })
}

/// Why there is no account, in the words that the operator reads.
#[derive(Debug)]
pub struct Refusal(Error);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Error::Invalid(fields) => {
                for (at, wrong) in fields.iter().enumerate() {
                    write!(f, "{}{} {}", if at == 0 { "" } else { "; " }, wrong.field, wrong.message)?;
                }
                Ok(())
            }
            error => error.fmt(f),
        }
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        let error_type = match refusal.0 {
            Error::Invalid(_) => "InvalidRequest",
            _ => "InternalError",
        };
        Self { error_type: error_type.to_owned(), error_message: refusal.to_string() }
    }
}
