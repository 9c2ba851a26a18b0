//! Decides before every request whether its `X-API-Key` opens anything: one parse, one read, one policy.

mod event;
mod policy;

use std::fmt;

use api_keys::{Caller, ImportedKeys, KeyReader, KeyValue, log};
use lambda_runtime::{Diagnostic, LambdaEvent};

use crate::event::ApiKeyHeader;
pub use crate::event::AuthorizerEvent;
pub use crate::policy::Verdict;

/// Answers one request with what its key opens.
///
/// # Errors
/// [`Refusal`]: there is no verdict that denies.
pub async fn handle(
    event: LambdaEvent<AuthorizerEvent>,
    reader: &KeyReader,
    imported: ImportedKeys,
) -> Result<Verdict, Refusal> {
    let AuthorizerEvent { stage, api_key, request_context } = event.payload;
    let ApiKeyHeader::Once(api_key) = api_key else {
        return Err(Refusal::Unauthorized);
    };
    let value = KeyValue::parse(&api_key, imported).ok_or(Refusal::Unauthorized)?;
    match reader.resolve(&value).await {
        Ok(Some(record)) => Ok(Verdict::allow(Caller::from(record), &stage)),
        Ok(None) => Err(Refusal::Unauthorized),
        Err(error) => {
            log::failure(&request_context.request_id, &error);
            Err(Refusal::Unavailable)
        }
    }
}

/// Why there is no verdict. The gateway makes a 401 of the first, by its exact words, and a 500 of any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No live key has this value.
    Unauthorized,
    /// The table did not answer: the key may well be good.
    Unavailable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized => "Unauthorized",
            Self::Unavailable => "The key could not be checked",
        })
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        let error_type = match refusal {
            Refusal::Unauthorized => "Unauthorized",
            Refusal::Unavailable => "Unavailable",
        };
        Self { error_type: error_type.to_owned(), error_message: refusal.to_string() }
    }
}
