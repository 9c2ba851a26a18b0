//! What a check found.

use std::fmt;

use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use serde::Serialize;

use crate::failure::chain;
use crate::output::clean;

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Sign {
    Ok,
    /// It works, and one thing is weaker than it could be.
    Warning,
    /// It does not work, or a promise does not hold.
    Fault,
    /// The check has no result.
    Unknown,
}

/// What a check found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) sign: Sign,
    pub(super) cause: String,
    /// What to type.
    pub(super) fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, cause: impl Into<String>) -> Self {
        Self { check, sign: Sign::Ok, cause: cause.into(), fix: None }
    }

    pub(super) fn warning(check: &'static str, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, sign: Sign::Warning, cause: cause.into(), fix: Some(fix.into()) }
    }

    pub(super) fn fault(check: &'static str, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, sign: Sign::Fault, cause: cause.into(), fix: Some(fix.into()) }
    }

    /// `fix` shows how to find out.
    pub(super) fn unknown(check: &'static str, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, sign: Sign::Unknown, cause: cause.into(), fix: Some(fix.into()) }
    }
}

impl Finding {
    /// What emulators have otherwise than AWS, such as settings that they do not take from a template, means nothing there.
    pub(super) fn unless_emulated(self, is_emulated: bool) -> Self {
        if !is_emulated || [Sign::Ok, Sign::Unknown].contains(&self.sign) {
            return self;
        }
        let cause = format!("{}; an emulator answers, and may not have this as AWS has", self.cause);
        Self { sign: Sign::Unknown, cause, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.sign {
            Sign::Ok => "ok",
            Sign::Warning => "warning",
            Sign::Fault => "FAULT",
            Sign::Unknown => "unknown",
        };
        write!(f, "{sign:7}  {:13}  {}", self.check, clean(&self.cause))?;
        self.fix.iter().try_for_each(|fix| write!(f, "\n{:26}{}", "", clean(fix)))
    }
}

/// `1 account`, `2 accounts`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Why AWS gives no answer, in a sentence.
pub(super) fn unanswered<E: ProvideErrorMetadata + std::error::Error + 'static>(
    asked: &str,
    error: &SdkError<E>,
) -> String {
    let why = match error.as_service_error().map(|error| (error.code(), error.message())) {
        Some((Some(code), Some(message))) => format!("{code}: {message}"),
        Some((Some(code), None)) => code.to_owned(),
        _ => chain(error),
    };
    format!("{asked} is not answered: {why}")
}
