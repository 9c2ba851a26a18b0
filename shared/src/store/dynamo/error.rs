//! What can go wrong with the table.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::aws::Cause;

/// The table did not do what it was asked, or holds what it should not.
#[derive(Debug)]
pub struct TableError {
    what: Cow<'static, str>,
    cause: Option<Cause>,
}

impl TableError {
    /// `what` names what could not be done to which kind of item. It never has a value or a hash.
    pub(crate) fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), cause: None }
    }

    pub(crate) fn caused(what: impl Into<Cow<'static, str>>, cause: impl Into<Cause>) -> Self {
        Self { what: what.into(), cause: Some(cause.into()) }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
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
    /// Other writers held the same items all the while.
    Contended,
    /// The table was throttled all the while.
    Throttled(TableError),
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
            Self::Contended => f.write_str("other writers held the same items all the while"),
            Self::Throttled(error) | Self::Table(error) => error.fmt(f),
        }
    }
}

impl StdError for WriteError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Throttled(error) | Self::Table(error) => error.source(),
            Self::Contended => None,
        }
    }
}

impl From<TableError> for WriteError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}
