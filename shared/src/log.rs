//! The one line that a failure leaves in the log.

use std::error::Error as StdError;

use serde_json::json;

/// Writes a failure and its causes to standard error, as one line of JSON beside the request's id.
///
/// There is no other log and no tracing subscriber: the libraries' own events carry requests and bodies.
pub fn failure(request_id: &str, error: &dyn StdError) {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    eprintln!("{}", json!({"level": "ERROR", "requestId": request_id, "message": error.to_string(), "causes": causes}));
}
