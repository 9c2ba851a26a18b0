//! Why an account, or a new key in it, was not written.

use std::error::Error as StdError;
use std::fmt;

use crate::request::InvalidRequest;
use crate::store::dynamo::error::{TableError, WriteError};

/// Why an account, or a new key in it, was not written.
#[derive(Debug)]
pub enum AccountError {
    /// The account has reached its limit of keys.
    QuotaReached {
        /// The quota.
        max_keys: u64,
    },
    /// The key would live longer than the account's keys may.
    LifetimeExceeded(InvalidRequest),
    /// The account is not in the state for it.
    Refused(AccountRefusal),
    /// The write was not made.
    Write(WriteError),
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QuotaReached { max_keys } => write!(f, "the account has reached its limit of {max_keys} keys"),
            Self::LifetimeExceeded(why) => why.fmt(f),
            Self::Refused(why) => why.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl StdError for AccountError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Write(error) => error.source(),
            Self::QuotaReached { .. } | Self::LifetimeExceeded(_) | Self::Refused(_) => None,
        }
    }
}

impl From<AccountRefusal> for AccountError {
    fn from(why: AccountRefusal) -> Self {
        Self::Refused(why)
    }
}

impl From<WriteError> for AccountError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl From<TableError> for AccountError {
    fn from(error: TableError) -> Self {
        Self::Write(error.into())
    }
}

/// Why the state of an account stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountRefusal {
    /// There is no such account.
    Unknown,
    /// It is suspended.
    Suspended,
    /// It is not suspended, which erasing requires.
    NotSuspended,
    /// Another operator suspended or resumed it while its keys were being marked.
    Overtaken,
    /// Its erasing has begun.
    Erasing,
    /// It is of a release before 0.2 and has no key that would name its company.
    Nameless,
}

impl fmt::Display for AccountRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such account",
            Self::Suspended => "the account is suspended",
            Self::NotSuspended => "the account is not suspended: suspend it first",
            Self::Overtaken => "another operator suspended or resumed the account meanwhile: look at it first",
            Self::Erasing => "the account is being erased",
            Self::Nameless => "the account has no key that names its company: update it with its company first",
        })
    }
}

impl StdError for AccountRefusal {}
