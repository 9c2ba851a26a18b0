//! Why requests are let through or refused.

use serde::Serialize;

use crate::key::{Denial, KeyStatus, Use};

/// Why a request was let through or refused; callers see it in the form of the codes of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The key opens it.
    Allowed,
    /// No key has this value, or there is none.
    Unknown,
    /// The key has expired.
    Expired,
    /// The key is disabled.
    Disabled,
    /// The key's account is suspended.
    Suspended,
    /// The key's value is known to others.
    Exposed,
    /// The key may not be used from this address.
    Address,
    /// The key lacks the operation.
    Operation,
    /// The key or its account is over a limit.
    Limited,
    /// The table did not answer.
    Unavailable,
}

impl Reason {
    /// Its name in the log, which is its metric's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::Unknown => "Unknown",
            Self::Expired => "Expired",
            Self::Disabled => "Disabled",
            Self::Suspended => "Suspended",
            Self::Exposed => "Exposed",
            Self::Address => "Address",
            Self::Operation => "Operation",
            Self::Limited => "Limited",
            Self::Unavailable => "Unavailable",
        }
    }

    /// What a key of that status is refused for; `None` for one that is not.
    #[must_use]
    pub fn of(status: KeyStatus) -> Option<Self> {
        match status {
            KeyStatus::Active => None,
            KeyStatus::Disabled => Some(Self::Disabled),
            KeyStatus::Expired => Some(Self::Expired),
            KeyStatus::Exposed => Some(Self::Exposed),
            KeyStatus::Suspended => Some(Self::Suspended),
        }
    }

    /// How it counts as the key's usage; `None` where no key is known, or nothing of it.
    #[must_use]
    pub fn usage(self) -> Option<Use> {
        let denial = match self {
            Self::Allowed => return Some(Use::Allowed),
            Self::Limited => return Some(Use::Limited),
            Self::Unknown | Self::Unavailable => return None,
            Self::Expired => Denial::Expired,
            Self::Disabled => Denial::Disabled,
            Self::Suspended => Denial::Suspended,
            Self::Exposed => Denial::Exposed,
            Self::Address => Denial::Address,
            Self::Operation => Denial::Operation,
        };
        Some(Use::Denied(denial))
    }
}
