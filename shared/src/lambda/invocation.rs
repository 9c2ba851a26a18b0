//! The shell of the functions on no route, which operators invoke: no status, but every wrong field in words.

use std::fmt;
use std::time::Duration;

use lambda_http::LambdaEvent;
use lambda_http::lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};

use super::error::Error;
use super::log;
use crate::key::Timestamp;
use crate::request::{Caller, Fields, InvalidRequest, Origin};

/// One invocation by an operator.
#[derive(Debug)]
pub struct Invocation {
    /// Who asks, for the events of what is written.
    pub origin: Origin,
    /// The clock's time.
    pub now: Timestamp,
    /// When it began.
    pub begun: Instant,
}

/// Carries out one invocation: `take` takes what the payload says beside `operator`, who asks, and `work` does it.
///
/// `longest` is shorter than the function's own time-out, which would tell the operator nothing.
///
/// # Errors
/// [`OperatorError`], with every wrong field of the payload.
pub async fn invoke<Q, A>(
    event: &LambdaEvent<Box<RawValue>>,
    longest: Duration,
    now: Timestamp,
    take: impl FnOnce(&mut Fields) -> Result<Q, InvalidRequest>,
    work: impl AsyncFnOnce(Q, &Invocation) -> Result<A, Error>,
) -> Result<A, OperatorError> {
    let request_id = &event.context.request_id;
    let begun = Instant::now();
    let work = async {
        let (query, operator) = Fields::read_raw(&event.payload, |fields| {
            let operator = fields.optional_text("operator", Caller::MAX_TEXT);
            Ok::<_, InvalidRequest>((take(fields)?, operator))
        })?;
        let invocation = Invocation { origin: Origin::operator(operator, request_id), now, begun };
        work(query, &invocation).await
    };
    // Boxed where it begins: see the crate's documentation on futures.
    let done = timeout(longest, Box::pin(work)).await;
    let done = done.unwrap_or_else(|_| Err(Error::internal("the invocation took too long")));
    done.map_err(|error| OperatorError::new(error, request_id))
}

/// Why an invocation, or a part of it, was not carried out.
#[derive(Debug)]
pub struct OperatorError(Error);

impl OperatorError {
    /// Takes an error; a failure of the service is logged.
    #[must_use]
    pub fn new(error: Error, request_id: &str) -> Self {
        if matches!(error, Error::Internal(_)) {
            log::failure(request_id, &error);
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
            Error::Internal(_) => "InternalError",
            _ => "InvalidRequest",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}
