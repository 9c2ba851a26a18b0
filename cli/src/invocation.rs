//! One invocation of a function, repeated where that is safe.

use std::fmt;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::failure::{Failure, chain};

const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Whether an invocation may be sent again when nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// It comes to the same.
    AreSafe,
    /// It would be done twice.
    AreNot,
}

/// Why an invocation has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InvocationError {
    /// Nothing was done; it would be refused again.
    Refused(String),
    /// Nothing was done; it may work later.
    Throttled(String),
    /// Nobody knows whether it was done.
    Unknown(String),
}

/// Invokes a function. What was throttled is always sent again, as it was not begun.
pub(crate) async fn invoke(
    client: &Client,
    function: &str,
    payload: &Value,
    repeats: Repeats,
) -> Result<Value, InvocationError> {
    let (mut attempt, mut pause, mut repeated) = (1, FIRST_PAUSE, false);
    loop {
        let error = match attempt_once(client, function, payload).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let again = match error {
            InvocationError::Refused(_) => false,
            InvocationError::Throttled(_) => true,
            InvocationError::Unknown(_) => repeats == Repeats::AreSafe,
        };
        if !again || attempt == ATTEMPTS {
            return Err(if repeated { InvocationError::Unknown(error.to_string()) } else { error });
        }
        repeated |= matches!(error, InvocationError::Unknown(_));
        sleep(pause).await;
        (attempt, pause) = (attempt + 1, pause * 2);
    }
}

async fn attempt_once(client: &Client, function: &str, payload: &Value) -> Result<Value, InvocationError> {
    let sent = client.invoke().function_name(function).payload(Blob::new(payload.to_string())).send();
    let answer = Box::pin(sent).await.map_err(|error| InvocationError::from_sdk(&error))?;
    let body = answer.payload().map(Blob::as_ref).unwrap_or_default();
    if answer.function_error().is_some() {
        return Err(InvocationError::from_function(body));
    }
    serde_json::from_slice(body).map_err(|_| InvocationError::Unknown("the function's answer is not JSON".into()))
}

impl InvocationError {
    fn from_sdk(error: &SdkError<InvokeError>) -> Self {
        let Some(message) = error.as_service_error().and_then(ProvideErrorMetadata::message) else {
            return Self::Unknown(format!("the function did not answer: {}", chain(error)));
        };
        match error.raw_response().map_or(0, |response| response.status().as_u16()) {
            429 => Self::Throttled(format!("Lambda throttles the function: {message}")),
            500.. => Self::Unknown(format!("Lambda failed: {message}")),
            _ => Self::Refused(format!("the function cannot be invoked: {message}")),
        }
    }

    fn from_function(body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Problem {
            error_type: String,
            error_message: String,
        }
        let Problem { error_type, error_message } = serde_json::from_slice(body).unwrap_or_default();
        if error_type == "InvalidRequest" {
            Self::Refused(error_message)
        } else if error_message.is_empty() {
            Self::Unknown("the function failed: see its log".into())
        } else {
            Self::Unknown(format!("the function failed: {error_message}"))
        }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(what) | Self::Throttled(what) | Self::Unknown(what)) = self;
        f.write_str(what)
    }
}

impl From<InvocationError> for Failure {
    fn from(error: InvocationError) -> Self {
        Self::action(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_error_is_a_refusal_or_unknown() {
        let refused = br#"{"errorType":"InvalidRequest","errorMessage":"company is required"}"#;
        assert_eq!(InvocationError::from_function(refused), InvocationError::Refused("company is required".into()));
        let timed_out = br#"{"errorMessage":"Task timed out after 60.00 seconds"}"#;
        assert!(matches!(InvocationError::from_function(timed_out), InvocationError::Unknown(_)));
        assert!(matches!(InvocationError::from_function(b"?"), InvocationError::Unknown(_)));
    }
}
