//! What DynamoDB answers when it refuses a call, as its JSON protocol has it.

use std::io;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::Bytes;
use serde_json::{Value, json};

pub(super) type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// Why a transaction is cancelled, named as the code in DynamoDB's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Another transaction holds the item.
    TransactionConflict,
    /// Writes are throttled, in a table with on-demand capacity.
    ThrottlingError,
    /// Writes are throttled, in a table with provisioned capacity.
    ProvisionedThroughputExceeded,
    /// The write is none that DynamoDB takes.
    ValidationError,
    /// Another write came between, so that the condition does not hold.
    ConditionalCheckFailed,
}

impl Reason {
    fn message(self) -> &'static str {
        match self {
            Self::TransactionConflict => ONGOING,
            Self::ThrottlingError => {
                "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your \
                 table or index so please try again shortly."
            }
            Self::ProvisionedThroughputExceeded => {
                "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
                 provisioning level with the UpdateTable API."
            }
            Self::ValidationError => "Item size has exceeded the maximum allowed size",
            Self::ConditionalCheckFailed => "The conditional request failed",
        }
    }
}

/// The message to a write that conflicts with a transaction.
pub(super) const ONGOING: &str = "Transaction is ongoing for the item";

/// Refuses a call with that code.
pub(super) fn refused(status: u16, code: &str, message: &str) -> Answer {
    problem(status, code, json!({"message": message}))
}

/// Cancels a transaction for these reasons, one for each of its items.
pub(super) fn cancelled(reasons: &[Option<Reason>]) -> Answer {
    let codes: Vec<_> = reasons.iter().map(|reason| reason.map_or("None".to_owned(), |it| format!("{it:?}"))).collect();
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    let reasons: Vec<_> = reasons
        .iter()
        .zip(&codes)
        .map(|(reason, code)| match reason {
            Some(reason) => json!({"Code": code, "Message": reason.message()}),
            None => json!({"Code": code}),
        })
        .collect();
    let message = format!("{message} [{}]", codes.join(", "));
    problem(400, "TransactionCanceledException", json!({"Message": message, "CancellationReasons": reasons}))
}

fn problem(status: u16, code: &str, mut body: Value) -> Answer {
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{code}"));
    Response::builder().status(status).body(whole(Bytes::from(body.to_string()))).unwrap()
}

/// A body that comes all at once.
pub(super) fn whole(body: Bytes) -> UnsyncBoxBody<Bytes, io::Error> {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}
