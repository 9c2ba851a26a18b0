//! The one line that a failure leaves in the log.

use std::error::Error as StdError;

use serde_json::json;

use crate::timestamp::Timestamp;

/// Writes a failure and its causes to standard error, as one line of JSON beside the request's id.
///
/// There is no other log and no tracing subscriber: the libraries' own events carry requests and bodies.
pub fn failure(request_id: &str, error: &dyn StdError) {
    let causes = causes(error);
    eprintln!("{}", json!({"level": "ERROR", "requestId": request_id, "message": error.to_string(), "causes": causes}));
}

/// Writes that a last use was dropped, in the form that `CloudWatch` counts as the metric `ApiKeys/DroppedLastUses`.
///
/// Source: the embedded metric format of `CloudWatch`.
pub(crate) fn dropped_last_use(dropped: u64, at: Timestamp, error: &dyn StdError) {
    let metric = json!({
        "Timestamp": at.unix_millis(),
        "CloudWatchMetrics": [{
            "Namespace": "ApiKeys",
            "Dimensions": [[]],
            "Metrics": [{"Name": "DroppedLastUses", "Unit": "Count"}]
        }]
    });
    let line = json!({
        "_aws": metric,
        "level": "WARN",
        "message": "a last use was not written",
        "cause": error.to_string(),
        "causes": causes(error),
        "DroppedLastUses": 1,
        "droppedSinceStart": dropped,
    });
    eprintln!("{line}");
}

fn causes(error: &dyn StdError) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}
