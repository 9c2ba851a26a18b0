//! The sum of all that can stop a request, beside `problem`, which turns it into statuses.

use std::error::Error as StdError;
use std::fmt;

use crate::key::{Etag, KeyId, KeyStatus, NoRandomness};
use crate::request::{Forbidden, InvalidRequest};
use crate::store::{AccountError, AccountRefusal, NamedRequestError, TableError, WriteError};

/// Why a request could not be served.
#[derive(Debug)]
pub enum Error {
    /// The request has wrong fields.
    Invalid(InvalidRequest),
    /// The key would live longer than it may.
    LifetimeExceeded(InvalidRequest),
    /// The caller's key may not do this.
    Forbidden(Forbidden),
    /// The account has no such key.
    NotFound,
    /// There is no such route.
    NoRoute,
    /// The key is disabled or expired, and this would not change that.
    NotActive(KeyStatus),
    /// The key is of another version than those that `If-Match` names.
    PreconditionFailed,
    /// The request was carried out before, under the same name.
    RequestDone {
        /// The key that it made or rotated.
        key_id: KeyId,
        /// The version that it gave the key.
        etag: Etag,
    },
    /// Another request had the same name.
    RequestDiffers,
    /// The account has reached its limit of keys.
    QuotaReached {
        /// The quota.
        max_keys: u64,
    },
    /// Other writers changed the same item all the while.
    Contended,
    /// The account is not in the state for it.
    Account(AccountRefusal),
    /// The service failed. The cause is for the log alone.
    Internal(Box<dyn StdError + Send + Sync>),
    /// What the service depends on failed; the client may try again. The cause is for the log alone.
    Unavailable(Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// A failure of the service, in fixed words.
    #[must_use]
    pub fn internal(what: &'static str) -> Self {
        Self::Internal(what.into())
    }

    /// A failure of what the service depends on, in fixed words.
    #[must_use]
    pub fn unavailable(what: &'static str) -> Self {
        Self::Unavailable(what.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(fields) | Self::LifetimeExceeded(fields) => fields.fmt(f),
            Self::Forbidden(why) => why.fmt(f),
            Self::NotFound => f.write_str("the account has no such key"),
            Self::NoRoute => f.write_str("no such route"),
            Self::NotActive(status) => write!(f, "the key is {status}"),
            Self::PreconditionFailed => f.write_str("the key is of another version"),
            Self::RequestDone { .. } => f.write_str("the request was carried out before"),
            Self::RequestDiffers => f.write_str("another request had the same name"),
            Self::QuotaReached { max_keys } => write!(f, "the account has reached its limit of {max_keys} keys"),
            Self::Contended => f.write_str("other writers changed the same item all the while"),
            Self::Account(why) => why.fmt(f),
            Self::Internal(cause) | Self::Unavailable(cause) => cause.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Internal(cause) | Self::Unavailable(cause) => cause.source(),
            _ => None,
        }
    }
}

impl From<InvalidRequest> for Error {
    fn from(fields: InvalidRequest) -> Self {
        Self::Invalid(fields)
    }
}

impl From<Forbidden> for Error {
    fn from(why: Forbidden) -> Self {
        Self::Forbidden(why)
    }
}

impl From<NamedRequestError> for Error {
    fn from(error: NamedRequestError) -> Self {
        match error {
            NamedRequestError::Done { key_id, etag } => Self::RequestDone { key_id, etag },
            NamedRequestError::Differs => Self::RequestDiffers,
            NamedRequestError::Table(cause) => cause.into(),
        }
    }
}

impl From<NoRandomness> for Error {
    fn from(cause: NoRandomness) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<TableError> for Error {
    fn from(cause: TableError) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Contended => Self::Contended,
            WriteError::Throttled(cause) | WriteError::Table(cause) => cause.into(),
        }
    }
}

impl From<AccountError> for Error {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::QuotaReached { max_keys } => Self::QuotaReached { max_keys },
            AccountError::LifetimeExceeded(why) => Self::LifetimeExceeded(why),
            AccountError::Refused(why) => Self::Account(why),
            AccountError::Write(error) => error.into(),
        }
    }
}
