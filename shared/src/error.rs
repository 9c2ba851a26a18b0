//! What can go wrong, without a word of HTTP.

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

use crate::operation::Operation;
use crate::status::KeyStatus;

type Cause = Box<dyn StdError + Send + Sync>;

/// Why a request could not be served.
#[derive(Debug)]
pub enum Error {
    /// The request is wrong; every wrong field of it is named.
    Invalid(Vec<FieldError>),
    /// The caller's key may not manage keys.
    NotManaging,
    /// The new key would have operations that its maker lacks.
    BeyondCaller(Vec<Operation>),
    /// The caller's key lacks operations of the key that it would change.
    BeyondReach(Vec<Operation>),
    /// The account has no such key.
    NotFound,
    /// The key is disabled or expired, and this would not change that.
    NotActive(KeyStatus),
    /// The account has as many keys as it may.
    QuotaReached {
        /// As many as that.
        max_keys: u64,
    },
    /// Others changed the same thing all the while.
    Contended,
    /// Our fault, or that of what we stand on. `what` is ours; the cause is for the log alone.
    Internal {
        /// What was being done, in fixed words.
        what: &'static str,
        /// What stood in the way.
        cause: Option<Cause>,
    },
}

impl Error {
    /// An answer that could not be written as JSON.
    pub(crate) fn unwritable(cause: serde_json::Error) -> Self {
        Self::caused("an answer could not be written", cause)
    }

    pub(crate) fn internal(what: &'static str) -> Self {
        Self::Internal { what, cause: None }
    }

    pub(crate) fn caused(what: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Internal { what, cause: Some(cause.into()) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(fields) => write!(f, "{} wrong fields", fields.len()),
            Self::NotManaging => f.write_str("the caller's key may not manage keys"),
            Self::BeyondCaller(_) => f.write_str("the caller's key lacks an operation that it would give"),
            Self::BeyondReach(_) => f.write_str("the caller's key lacks an operation of the key"),
            Self::NotFound => f.write_str("no such key"),
            Self::NotActive(status) => write!(f, "the key is {status}"),
            Self::QuotaReached { max_keys } => write!(f, "the account has {max_keys} keys, as many as it may"),
            Self::Contended => f.write_str("others changed the same thing meanwhile"),
            Self::Internal { what, .. } => f.write_str(what),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Internal { cause: Some(cause), .. } => Some(&**cause),
            _ => None,
        }
    }
}

/// One wrong field of a request and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field or parameter as the request spells it; `body` for the whole of it.
    pub field: String,
    /// A sentence without the value that was sent.
    pub message: String,
}
