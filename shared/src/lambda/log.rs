//! The one line that a failure leaves in the log.

use std::error::Error as StdError;

use serde_json::{Value, json};

use crate::key::Timestamp;
use crate::table::{DroppedUsage, DroppedUse};

/// Writes a failure and its causes to standard error, as one line of JSON with the request's id.
///
/// There is no other log and no tracing subscriber: the libraries' own events contain requests and bodies.
pub fn failure(request_id: &str, error: &dyn StdError) {
    let causes = causes(error);
    eprintln!("{}", json!({"level": "ERROR", "requestId": request_id, "message": error.to_string(), "causes": causes}));
}

/// Writes a failure in the form that `CloudWatch` counts as a metric in the namespace `ApiKeys`.
///
/// Source: the embedded metric format of `CloudWatch`.
pub fn counted(metric: &str, now: Timestamp, request_id: &str, error: &dyn StdError) {
    eprintln!("{}", metric_line(metric, now, error, "requestId", &json!(request_id)));
}

/// Writes a line that is a metric already.
pub fn metrics(line: &Value) {
    eprintln!("{line}");
}

/// Writes that requests are missing in the usage, counted as the metric `ApiKeys/DroppedUsage`.
pub fn dropped_usage(dropped: &DroppedUsage) {
    let mut line = metric_line("DroppedUsage", dropped.at, dropped, "unit", &json!("requests"));
    if let Some(count) = line.get_mut("DroppedUsage") {
        *count = json!(dropped.requests);
    }
    eprintln!("{line}");
}

/// Writes that a last use was dropped, counted as the metric `ApiKeys/DroppedLastUses`.
pub fn dropped_last_use(dropped: &DroppedUse) {
    let since_start = json!(dropped.since_start);
    eprintln!("{}", metric_line("DroppedLastUses", dropped.at, dropped, "droppedSinceStart", &since_start));
}

fn metric_line(metric: &str, at: Timestamp, error: &dyn StdError, more: &str, value: &Value) -> Value {
    let description = json!({
        "Timestamp": at.unix_millis(),
        "CloudWatchMetrics": [{
            "Namespace": "ApiKeys",
            "Dimensions": [[]],
            "Metrics": [{"Name": metric, "Unit": "Count"}]
        }]
    });
    json!({
        "_aws": description,
        "level": "WARN",
        "message": error.to_string(),
        "causes": causes(error),
        metric: 1,
        more: value,
    })
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
