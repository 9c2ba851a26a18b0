//! What can go wrong with the table.

use std::error::Error as StdError;
use std::fmt;

use crate::aws::Cause;

/// The table did not do what it was asked, or holds what it should not.
#[derive(Debug)]
pub struct TableError {
    what: &'static str,
    cause: Option<Cause>,
}

impl TableError {
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, cause: None }
    }

    pub(crate) fn caused(what: &'static str, cause: impl Into<Cause>) -> Self {
        Self { what, cause: Some(cause.into()) }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl StdError for TableError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// Why a management write was not made.
#[derive(Debug)]
pub enum WriteError {
    /// The account has reached its limit of keys.
    QuotaReached {
        /// The quota.
        max_keys: u64,
    },
    /// Other writers held the same items all the while.
    Contended,
    /// The table was throttled all the while.
    Throttled(TableError),
    /// The account is not in the state for it.
    Account(AccountRefusal),
    /// The table failed.
    Table(TableError),
}

impl WriteError {
    /// Whether the same write may do better later. Nothing was written.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Contended | Self::Throttled(_))
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QuotaReached { max_keys } => write!(f, "the account has reached its limit of {max_keys} keys"),
            Self::Contended => f.write_str("other writers held the same items all the while"),
            Self::Account(why) => why.fmt(f),
            Self::Throttled(error) | Self::Table(error) => error.fmt(f),
        }
    }
}

impl StdError for WriteError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Throttled(error) | Self::Table(error) => error.source(),
            Self::QuotaReached { .. } | Self::Contended | Self::Account(_) => None,
        }
    }
}

impl From<TableError> for WriteError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl From<AccountRefusal> for WriteError {
    fn from(why: AccountRefusal) -> Self {
        Self::Account(why)
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
    /// Somebody else suspended or resumed it while its keys were being marked.
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
            Self::Overtaken => "somebody else suspended or resumed the account meanwhile: look at it first",
            Self::Erasing => "the account is being erased",
            Self::Nameless => "the account has no key that names its company: update it with its company first",
        })
    }
}

impl StdError for AccountRefusal {}
