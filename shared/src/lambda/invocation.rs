//! The shell of the functions on no route, which operators invoke: no status, but every wrong field in words.

use std::fmt;
use std::time::Duration;

use lambda_http::LambdaEvent;
use lambda_http::lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};

use super::error::Error;
use super::log::{self, Subject};
use crate::key::{AccountId, Timestamp};
use crate::request::{Caller, Fields, InvalidRequest, Origin};
use crate::store::AccountRefusal;

/// One invocation by an operator.
#[derive(Debug)]
pub struct Invocation {
    /// Who asks, for the events of what is written.
    pub origin: Origin,
    /// The clock's time.
    pub now: Timestamp,
    /// When it began.
    pub begun: Instant,
    /// What its failures are logged as.
    pub subject: Subject,
}

/// Carries out one invocation: `take` takes what the payload has beside `operator`, who asks, and `work` does it.
///
/// `operation` names it in the log, with the payload's `action` where it has one. `longest` is shorter than the
/// function's own time-out, which would give the operator no cause.
///
/// # Errors
/// [`OperatorError`], with every wrong field of the payload.
pub async fn invoke<Q, A>(
    event: &LambdaEvent<Box<RawValue>>,
    operation: &str,
    longest: Duration,
    now: Timestamp,
    take: impl FnOnce(&mut Fields) -> Result<Q, InvalidRequest>,
    work: impl AsyncFnOnce(Q, &Invocation) -> Result<A, Error>,
) -> Result<A, OperatorError> {
    let begun = Instant::now();
    let mut subject = Subject { request_id: event.context.request_id.clone(), ..Subject::default() };
    let read = Fields::read_raw(&event.payload, |fields| {
        subject.account_id = fields.text_of("accountId").and_then(AccountId::parse);
        subject.operation =
            [Some(operation), fields.text_of("action")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let operator = fields.optional_text("operator", Caller::MAX_TEXT);
        Ok::<_, InvalidRequest>((take(fields)?, operator))
    });
    let (query, operator) = read.map_err(|invalid| OperatorError(invalid.into()))?;
    let origin = Origin::operator(operator, &subject.request_id);
    let invocation = Invocation { origin, now, begun, subject };
    // Boxed where it begins: see the crate's documentation on futures.
    let done = timeout(longest, Box::pin(work(query, &invocation))).await;
    let done = done.unwrap_or_else(|_| Err(Error::internal("the invocation took too long")));
    done.map_err(|error| OperatorError::new(error, &invocation.subject))
}

/// Why an invocation, or a part of it, was not carried out.
#[derive(Debug)]
pub struct OperatorError(Error);

impl OperatorError {
    /// Takes an error; a failure of the service is logged.
    #[must_use]
    pub fn new(error: Error, subject: &Subject) -> Self {
        if matches!(error, Error::Internal(_)) {
            log::failure(subject, &error);
        }
        Self(error)
    }
}

impl fmt::Display for OperatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<OperatorError> for Diagnostic {
    fn from(error: OperatorError) -> Self {
        let error_type = match error.0 {
            Error::Invalid(_) | Error::LifetimeExceeded(_) => "InvalidRequest",
            Error::NotFound | Error::NoRoute | Error::Account(AccountRefusal::Unknown) => "NotFound",
            Error::Internal(_) | Error::Unavailable(_) => "InternalError",
            Error::Forbidden(_)
            | Error::NotActive(_)
            | Error::PreconditionFailed
            | Error::RequestDone { .. }
            | Error::RequestDiffers
            | Error::QuotaReached { .. }
            | Error::Contended
            | Error::Account(_) => "Conflict",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}
