//! What an operator reads who invokes a function that is on no route: no statuses, but every wrong field in words.

use std::fmt;

use lambda_http::lambda_runtime::Diagnostic;

use crate::error::Error;
use crate::log;

/// Why an invocation, or a part of it, was not carried out.
#[derive(Debug)]
pub struct Refusal(Error);

impl Refusal {
    /// Logs what is our fault.
    #[must_use]
    pub fn new(error: Error, request_id: &str) -> Self {
        if matches!(error, Error::Internal { .. }) {
            log::failure(request_id, &error);
        }
        Self(error)
    }
}

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
            Error::Internal { .. } => "InternalError",
            _ => "InvalidRequest",
        };
        Self { error_type: error_type.to_owned(), error_message: refusal.to_string() }
    }
}
