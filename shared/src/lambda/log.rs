//! The one line that a failure leaves in the log.

use std::error::Error as StdError;

use serde_json::json;

use crate::table::DroppedUse;

/// Writes a failure and its causes to standard error, as one line of JSON with the request's id.
///
/// There is no other log and no tracing subscriber: the libraries' own events contain requests and bodies.
pub fn failure(request_id: &str, error: &dyn StdError) {
    let causes = causes(error);
    eprintln!("{}", json!({"level": "ERROR", "requestId": request_id, "message": error.to_string(), "causes": causes}));
}

/// Writes that a last use was dropped, in the form that `CloudWatch` counts as the metric `ApiKeys/DroppedLastUses`.
///
/// Source: the embedded metric format of `CloudWatch`.
pub fn dropped_last_use(dropped: &DroppedUse) {
    let metric = json!({
        "Timestamp": dropped.at.unix_millis(),
        "CloudWatchMetrics": [{
            "Namespace": "ApiKeys",
            "Dimensions": [[]],
            "Metrics": [{"Name": "DroppedLastUses", "Unit": "Count"}]
        }]
    });
    let line = json!({
        "_aws": metric,
        "level": "WARN",
        "message": dropped.to_string(),
        "causes": causes(dropped),
        "DroppedLastUses": 1,
        "droppedSinceStart": dropped.since_start,
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
