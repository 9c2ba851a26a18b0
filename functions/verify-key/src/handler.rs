//! Answers whether a key opens something, for services without a gateway that asks the authorizer: invoked directly, or by the
//! function's URL.

mod question;
mod verification;

use std::fmt;
use std::time::SystemTime;

use api_keys::check::{Asked, Check, EnvironmentState, Settings};
use api_keys::lambda::log::{self, Subject};
use api_keys::lambda::{Error, UrlAnswer, UrlRequest, http};
use api_keys::store::Leases;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::question::Question;
pub use crate::verification::Verification;

/// Answers one question, and counts the request of the key.
///
/// # Errors
/// [`Failure`], where the function was invoked directly. By its URL every answer has a status.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    kept: &EnvironmentState,
    settings: Settings,
    now: SystemTime,
) -> Result<Answer, Failure> {
    let request_id = event.context.request_id;
    match UrlRequest::read(&event.payload) {
        Some(request) => {
            let verified = verify(request.body(), &request_id, kept, settings, now).await;
            let answer = verified.and_then(|verification| http::ok(&verification));
            Ok(Answer::OfUrl(UrlAnswer::of(&request_id, answer)))
        }
        None => match verify(event.payload.get().as_bytes(), &request_id, kept, settings, now).await {
            Ok(verification) => Ok(Answer::Direct(verification)),
            Err(error) => Err(Failure(error)),
        },
    }
}

/// An error is an outage, or a question that is wrong; never a verdict.
async fn verify(
    question: &[u8],
    request_id: &str,
    kept: &EnvironmentState,
    settings: Settings,
    now: SystemTime,
) -> Result<Verification, Error> {
    let Question { value, operation, source_ip } = Question::read(question)?;
    let now = now.into();
    let check = Check {
        value: Some(&value),
        asked: operation.as_ref().map_or(Asked::NoOperation, Asked::Operation),
        source_ip,
        now,
        deadline: Leases::deadline(),
    };
    match kept.check(check, settings).await {
        Ok(decision) => {
            let standings = kept.standings(&decision, now);
            Ok(Verification::of(decision, standings))
        }
        Err(error) => {
            let subject = Subject::of_check(request_id.to_owned(), "verify", check.value, settings.imported);
            log::failure(&subject, &error);
            Err(Error::Unavailable(error.into()))
        }
    }
}

/// What Lambda hands on.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To a service that invoked the function.
    Direct(Verification),
    /// To the function's URL, which makes an HTTP response of it.
    OfUrl(UrlAnswer),
}

/// Why an invocation has no verdict.
#[derive(Debug)]
pub struct Failure(Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Error::Invalid(fields) => fields.fmt(f),
            _ => f.write_str("The key could not be checked"),
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = if matches!(failure.0, Error::Invalid(_)) { "InvalidRequest" } else { "Unavailable" };
        Self { error_type: error_type.to_owned(), error_message: failure.to_string() }
    }
}
