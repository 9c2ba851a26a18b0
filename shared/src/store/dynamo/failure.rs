//! Why a transaction was not written.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use crate::aws::{is_throttling, may_be_of_skew};

/// Codes of a transaction that is cancelled because one of its items is throttled.
const THROTTLED: [&str; 2] = ["ProvisionedThroughputExceeded", "ThrottlingError"];

/// What a failed attempt means.
pub(super) enum Failure {
    /// The condition of the item at that place did not hold.
    Refused(usize),
    /// Another transaction holds an item.
    Conflict,
    /// The table, or an item of it, has too many requests.
    Throttled,
    /// The same transaction, sent before, is not done yet.
    InProgress,
    /// The time of the signature may be wrong. The SDK takes the right one from the answer.
    Skewed,
    /// No answer, or that DynamoDB failed: it may be written, or will be.
    Lost,
    /// Anything else.
    Unknown,
}

impl Failure {
    pub(super) fn of(error: &SdkError<TransactWriteItemsError>) -> Self {
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Self::InProgress,
            Some(other) if other.code().is_some_and(is_throttling) => return Self::Throttled,
            Some(other) if other.code().is_some_and(may_be_of_skew) => return Self::Skewed,
            _ if may_be_written(error) => return Self::Lost,
            _ => return Self::Unknown,
        };
        let codes: Vec<_> = reasons.iter().filter_map(|reason| reason.code()).collect();
        let is = |code: &str, any_of: &[&str]| any_of.contains(&code);
        if let Some(at) = codes.iter().position(|code| *code == "ConditionalCheckFailed") {
            return Self::Refused(at);
        }
        if codes.iter().any(|code| !is(code, &["None", "TransactionConflict"]) && !is(code, &THROTTLED)) {
            return Self::Unknown;
        }
        if codes.contains(&"TransactionConflict") {
            Self::Conflict
        } else if codes.iter().any(|code| is(code, &THROTTLED)) {
            Self::Throttled
        } else {
            Self::Unknown
        }
    }
}

fn may_be_written(error: &SdkError<TransactWriteItemsError>) -> bool {
    match error {
        // An answer that cannot be read is an error of the service to the SDK, too: one without a code.
        SdkError::ServiceError(refused) => refused.err().code().is_none() || refused.raw().status().is_server_error(),
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}
