//! The codes of problems: which there are, with which status, and whether trying again can help.

use std::fmt;

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};

/// Whether the same request can succeed when it is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not as it is.
    Never,
    /// After a while, with increasing delays.
    Later,
    /// After something else has changed: the key, the account, or what the client knows of them.
    Changed,
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "no",
            Self::Later => "later",
            Self::Changed => "after a change",
        })
    }
}

macro_rules! codes {
    ($(#[doc = $meaning:literal] $code:ident $status:ident $retry:ident;)*) => {
        /// What went wrong, in a word for programs: one for each cause that a client can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum Code {
            $(#[doc = $meaning] $code,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// The status that comes with it.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$code => StatusCode::$status,)*
                }
            }

            /// When it comes, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => $meaning.trim_ascii(),)*
                }
            }

            /// Whether trying again can help.
            #[must_use]
            pub fn retry(self) -> Retry {
                match self {
                    $(Self::$code => Retry::$retry,)*
                }
            }
        }
    };
}

codes! {
    /// The body, the query, a header or the path is wrong.
    InvalidRequest BAD_REQUEST Never;
    /// The key would live longer than the account's keys may, or without an end.
    LifetimeExceeded BAD_REQUEST Never;
    /// The request has no live key.
    Unauthorized UNAUTHORIZED Changed;
    /// The key may not be used from this address.
    Address FORBIDDEN Changed;
    /// The key lacks the operation that the route needs.
    Operation FORBIDDEN Changed;
    /// The key or its account is over a limit. On an attached API alone.
    Limited FORBIDDEN Later;
    /// The key would give an operation that it lacks.
    CannotGrant FORBIDDEN Changed;
    /// The key to change or rotate has an operation that the calling key lacks.
    CannotChange FORBIDDEN Changed;
    /// The gateway does not let the request in, such as a web ACL's refusal.
    Forbidden FORBIDDEN Changed;
    /// The account has no such key.
    NotFound NOT_FOUND Never;
    /// There is no such route.
    NoRoute NOT_FOUND Never;
    /// The key is disabled.
    KeyDisabled CONFLICT Changed;
    /// The key has expired.
    KeyExpired CONFLICT Changed;
    /// The key's value is known to others.
    KeyExposed CONFLICT Changed;
    /// The account has as many keys as it may have.
    QuotaReached CONFLICT Changed;
    /// The account is suspended or gone.
    AccountSuspended CONFLICT Changed;
    /// Other requests kept changing the same item.
    Contended CONFLICT Later;
    /// The request of this `Idempotency-Key` was carried out before.
    RequestDone CONFLICT Never;
    /// The key is of another version than `If-Match` names.
    PreconditionFailed PRECONDITION_FAILED Changed;
    /// The body has more bytes than the gateway takes. AWS sends its own body in place of this one.
    TooLarge PAYLOAD_TOO_LARGE Never;
    /// Another request had this `Idempotency-Key`.
    RequestDiffers UNPROCESSABLE_ENTITY Never;
    /// There are more requests than the gateway lets through.
    Throttled TOO_MANY_REQUESTS Later;
    /// The service failed.
    Internal INTERNAL_SERVER_ERROR Later;
    /// A function failed, and the gateway answers for it.
    BadGateway BAD_GATEWAY Later;
    /// What the service depends on failed.
    Unavailable SERVICE_UNAVAILABLE Later;
    /// A function did not answer in time.
    Timeout GATEWAY_TIMEOUT Later;
}
