//! One invocation of a function, repeated where that is safe.

use std::fmt;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::failure::{Failure, Kind, chain};

const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Whether an invocation whose effect is unknown may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// It comes to the same.
    AreSafe,
    /// It would be done twice.
    AreNot,
}

/// Why an invocation has no answer.
#[derive(Debug)]
pub(crate) struct InvocationError {
    pub(crate) effect: Effect,
    failure: Failure,
}

/// What an invocation without an answer has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing; it would be refused again.
    None,
    /// Nothing; it may work later.
    NotBegun,
    /// It may have taken effect.
    Unknown,
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
        let again = match error.effect {
            Effect::None => false,
            Effect::NotBegun => true,
            Effect::Unknown => repeats == Repeats::AreSafe,
        };
        if !again || attempt == ATTEMPTS {
            return Err(if repeated { InvocationError { effect: Effect::Unknown, ..error } } else { error });
        }
        repeated |= error.effect == Effect::Unknown;
        sleep(pause).await;
        (attempt, pause) = (attempt + 1, pause * 2);
    }
}

async fn attempt_once(client: &Client, function: &str, payload: &Value) -> Result<Value, InvocationError> {
    let sent = client.invoke().function_name(function).payload(Blob::new(payload.to_string())).send();
    let answer = Box::pin(sent).await.map_err(|error| InvocationError::from_sdk(&error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let body = answer.payload().map(Blob::as_ref).unwrap_or_default();
    if answer.function_error().is_some() {
        return Err(InvocationError::from_function(body, request_id));
    }
    serde_json::from_slice(body).map_err(|_| InvocationError {
        effect: Effect::Unknown,
        failure: Failure::action("the function's answer is not JSON").of_request(request_id),
    })
}

impl InvocationError {
    /// The stack has no such function.
    pub(crate) fn without_function(failure: Failure) -> Self {
        Self { effect: Effect::None, failure }
    }

    fn from_sdk(error: &SdkError<InvokeError>) -> Self {
        let of = |effect, kind, what: String| {
            let failure = Failure::new(kind, what).of_request(error.request_id().map(str::to_owned));
            Self { effect, failure }
        };
        let Some(message) = error.as_service_error().and_then(ProvideErrorMetadata::message) else {
            let why = format!("the function did not answer: {}", chain(error));
            return of(Effect::Unknown, Kind::Failed, why);
        };
        match error.raw_response().map_or(0, |response| response.status().as_u16()) {
            429 => of(Effect::NotBegun, Kind::Failed, format!("Lambda throttles the function: {message}")),
            500.. => of(Effect::Unknown, Kind::Failed, format!("Lambda failed: {message}")),
            _ => of(Effect::None, Kind::NoAccess, format!("the function cannot be invoked: {message}")),
        }
    }

    fn from_function(body: &[u8], request_id: Option<String>) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Problem {
            error_type: String,
            error_message: String,
        }
        let Problem { error_type, error_message } = serde_json::from_slice(body).unwrap_or_default();
        let kind = match &*error_type {
            "InvalidRequest" => Some(Kind::Input),
            "NotFound" => Some(Kind::NotFound),
            "Conflict" => Some(Kind::Refused),
            _ => None,
        };
        let (effect, failure) = if let Some(kind) = kind {
            (Effect::None, Failure::new(kind, error_message))
        } else {
            let id = request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
            let why = if error_message.is_empty() { "see its log" } else { &error_message };
            (Effect::Unknown, Failure::action(format!("the function failed: {why}{id}")))
        };
        Self { effect, failure: failure.of_request(request_id) }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl From<InvocationError> for Failure {
    fn from(error: InvocationError) -> Self {
        error.failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_error_is_a_refusal_or_unknown() {
        for (error_type, effect, kind) in [
            ("InvalidRequest", Effect::None, Kind::Input),
            ("NotFound", Effect::None, Kind::NotFound),
            ("Conflict", Effect::None, Kind::Refused),
            ("InternalError", Effect::Unknown, Kind::Failed),
            ("Runtime.ExitError", Effect::Unknown, Kind::Failed),
        ] {
            let body = format!(r#"{{"errorType":"{error_type}","errorMessage":"why"}}"#);
            let error = InvocationError::from_function(body.as_bytes(), Some("id-1".into()));
            assert_eq!((error.effect, error.failure.kind()), (effect, kind), "{error_type}");
            let shown = if kind == Kind::Failed { "the function failed: why (request id-1)" } else { "why" };
            assert_eq!(error.to_string(), shown);
        }
        for body in [&br#"{"errorMessage":"Task timed out after 60.00 seconds"}"#[..], b"?"] {
            assert_eq!(InvocationError::from_function(body, None).effect, Effect::Unknown);
        }
    }
}
