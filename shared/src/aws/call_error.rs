//! Why a call to DynamoDB has no answer, and what may be done about it.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use super::service_error::ServiceError;
use super::transport::Cause;

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The call or its answer was not delivered.
    Unreached(Cause),
    /// No answer arrived in time.
    TimedOut,
    /// DynamoDB answered with an error.
    /// `item` is what stood against a condition, where that was asked for.
    Refused { status: StatusCode, code: String, message: String, item: Option<Value> },
    /// DynamoDB refused the time of the signature; the next one has its time.
    Skewed { seconds: i64 },
    /// Credentials are missing, or the call could not be signed with them.
    Unsigned(Cause),
}

impl CallError {
    pub(super) fn unsigned(cause: impl Into<Cause>) -> Self {
        Self::Unsigned(cause.into())
    }

    pub(super) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let ServiceError { code, message, item } = ServiceError::read(body);
        Self::Refused { status, code, message, item }
    }

    /// Whether the call may have been carried out all the same.
    pub(crate) fn may_be_written(&self) -> bool {
        match self {
            Self::Unreached(_) | Self::TimedOut => true,
            Self::Refused { status, .. } => status.is_server_error(),
            Self::Skewed { .. } | Self::Unsigned(_) => false,
        }
    }

    /// Whether another attempt may do better.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Unreached(_) | Self::TimedOut | Self::Skewed { .. } => true,
            Self::Unsigned(_) => false,
            Self::Refused { status, code, .. } => {
                status.is_server_error() || self.has_expired_credentials() || is_throttling(code)
            }
        }
    }

    /// Whether a transaction held the item. Nothing was written.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "TransactionConflictException")
    }

    /// Whether the call's own condition was not met.
    pub(crate) fn is_unmet_condition(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "ConditionalCheckFailedException")
    }

    /// Whether a wrong time of the signature may be the cause.
    pub(super) fn may_be_of_skew(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if may_be_of_skew(code))
    }

    pub(super) fn has_expired_credentials(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "ExpiredTokenException")
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreached(_) => f.write_str("DynamoDB could not be reached"),
            Self::TimedOut => f.write_str("DynamoDB did not answer in time"),
            Self::Refused { status, code, message, .. } => write!(f, "DynamoDB answered {status} {code}: {message}"),
            Self::Skewed { seconds } => {
                write!(f, "DynamoDB refused the time of the signature: its clock differs by {seconds:+} s")
            }
            Self::Unsigned(_) => f.write_str("the call to DynamoDB could not be signed"),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreached(cause) | Self::Unsigned(cause) => Some(&**cause),
            Self::TimedOut | Self::Refused { .. } | Self::Skewed { .. } => None,
        }
    }
}

/// Whether that is the code of a call that DynamoDB throttles as a whole.
pub(crate) fn is_throttling(code: &str) -> bool {
    ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"].contains(&code)
}

/// Whether that may be the code of a call whose signature has a wrong time. The codes are those of the SDK.
pub(crate) fn may_be_of_skew(code: &str) -> bool {
    const CODES: [&str; 5] = [
        "AccessDeniedException",
        "AuthFailure",
        "InvalidSignatureException",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    ];
    CODES.contains(&code)
}
