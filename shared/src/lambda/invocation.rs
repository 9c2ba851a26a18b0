//! What an operator reads who invokes a function that is on no route: no status, but every wrong field in words.

use std::fmt;

use lambda_http::lambda_runtime::Diagnostic;

use super::error::Error;
use super::log;

/// Why an invocation, or a part of it, was not carried out.
#[derive(Debug)]
pub struct Refusal(Error);

impl Refusal {
    /// Takes an error; a failure of the service is logged.
    #[must_use]
    pub fn new(error: Error, request_id: &str) -> Self {
        if matches!(error, Error::Internal(_)) {
            log::failure(request_id, &error);
        }
        Self(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        let error_type = match refusal.0 {
            Error::Internal(_) => "InternalError",
            _ => "InvalidRequest",
        };
        Self { error_type: error_type.to_owned(), error_message: refusal.to_string() }
    }
}
