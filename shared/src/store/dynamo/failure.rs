//! Why a transaction was not written.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use crate::aws::{is_throttling, may_be_of_skew};

/// Codes of a transaction that is cancelled because one of its items is throttled.
const THROTTLED: [&str; 2] = ["ProvisionedThroughputExceeded", "ThrottlingError"];

/// What a failed attempt means.
#[derive(Debug, PartialEq, Eq)]
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

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::types::CancellationReason;
    use aws_sdk_dynamodb::types::error::{TransactionCanceledException, TransactionInProgressException};
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answer(status: u16) -> HttpResponse {
        HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty())
    }

    fn of_answer(status: u16, error: TransactWriteItemsError) -> Failure {
        Failure::of(&SdkError::service_error(error, answer(status)))
    }

    fn cancelled(codes: &[&str]) -> Failure {
        let reasons = codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
        let cancelled = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons)).build();
        of_answer(400, TransactWriteItemsError::TransactionCanceledException(cancelled))
    }

    #[test]
    fn a_cancelled_transaction_has_failed_for_the_reason_that_decides_most() {
        assert_eq!(cancelled(&["None", "TransactionConflict", "ConditionalCheckFailed"]), Failure::Refused(2));
        assert_eq!(cancelled(&["ThrottlingError", "TransactionConflict", "None"]), Failure::Conflict);
        for code in THROTTLED {
            assert_eq!(cancelled(&["None", code]), Failure::Throttled);
        }
        for others in [&["ValidationError", "TransactionConflict"][..], &["ValidationError"], &["None"], &[]] {
            assert_eq!(cancelled(others), Failure::Unknown, "{others:?}");
        }
    }

    #[test]
    fn only_what_has_a_clear_answer_is_known_to_be_unwritten() {
        let under_way = TransactionInProgressException::builder().build();
        let under_way = TransactWriteItemsError::TransactionInProgressException(under_way);
        assert_eq!(of_answer(400, under_way), Failure::InProgress);
        for (status, code, expected) in [
            (400, Some("ThrottlingException"), Failure::Throttled),
            (400, Some("InvalidSignatureException"), Failure::Skewed),
            (400, Some("ValidationException"), Failure::Unknown),
            (500, Some("InternalServerError"), Failure::Lost),
            (200, None, Failure::Lost),
        ] {
            let mut error = ErrorMetadata::builder();
            if let Some(code) = code {
                error = error.code(code);
            }
            assert_eq!(of_answer(status, TransactWriteItemsError::generic(error.build())), expected, "{code:?}");
        }
        assert_eq!(Failure::of(&SdkError::timeout_error("late")), Failure::Lost);
        assert_eq!(Failure::of(&SdkError::response_error("torn", answer(200))), Failure::Lost);
        assert_eq!(Failure::of(&SdkError::construction_failure("never sent")), Failure::Unknown);
    }
}
