//! The lines of the log: failures, and counts.

use std::error::Error as StdError;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::metrics::Metrics;
use crate::check::ReasonCounts;
use crate::key::Timestamp;
use crate::store::{DroppedUsage, DroppedUse};

/// Writes a failure and its causes to standard error, as one line of JSON with the request's id.
///
/// There is no other log and no tracing subscriber: the libraries' own events contain requests and bodies.
pub fn failure(request_id: &str, error: &dyn StdError) {
    let mut line = described("ERROR", error);
    line.insert("requestId".to_owned(), json!(request_id));
    write(line);
}

/// Writes a failure that is counted as that metric.
pub fn counted(metrics: &Metrics, metric: &str, now: Timestamp, request_id: &str, error: &dyn StdError) {
    write(counted_line(metrics, (metric, 1), now, error, ("requestId", json!(request_id))));
}

/// Writes how often requests were let through or refused, and why.
pub fn verdicts(metrics: &Metrics, counted: &ReasonCounts) {
    write(metrics.verdicts(counted));
}

/// Writes that requests are missing in the usage, counted as the metric `DroppedUsage`.
pub fn dropped_usage(metrics: &Metrics, dropped: &DroppedUsage) {
    let count = ("DroppedUsage", dropped.requests);
    write(counted_line(metrics, count, dropped.at, dropped, ("unit", json!("requests"))));
}

/// Writes that a last use was dropped, counted as the metric `DroppedLastUses`.
pub fn dropped_last_use(metrics: &Metrics, dropped: &DroppedUse) {
    let since_start = ("droppedSinceStart", json!(dropped.since_start));
    write(counted_line(metrics, ("DroppedLastUses", 1), dropped.at, dropped, since_start));
}

fn counted_line(
    metrics: &Metrics,
    count: (&str, u64),
    at: Timestamp,
    error: &dyn StdError,
    (more, value): (&str, Value),
) -> Map<String, Value> {
    let mut line = described("WARN", error);
    line.extend(metrics.line(at, [count]));
    line.insert(more.to_owned(), value);
    line
}

fn described(level: &str, error: &dyn StdError) -> Map<String, Value> {
    Map::from_iter([
        ("level".to_owned(), json!(level)),
        ("message".to_owned(), json!(error.to_string())),
        ("causes".to_owned(), json!(causes(error))),
    ])
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

/// Every line of the log goes through here.
#[expect(clippy::disallowed_methods, reason = "only the log says this time; nothing is decided by it")]
fn write(line: Map<String, Value>) {
    eprintln!("{}", stamped(line, SystemTime::now().into()));
}

/// Lambda takes a line without a `timestamp` as INFO, whatever its `level`, and a filter of levels would drop it.
///
/// Source: AWS Lambda Developer Guide, "Log-level filtering".
fn stamped(mut line: Map<String, Value>, now: Timestamp) -> Value {
    line.insert("timestamp".to_owned(), json!(now));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_level_and_the_time_that_lambda_reads() {
        let now = Timestamp::parse("2026-11-26T14:07:08.009Z").unwrap();
        let line = stamped(described("ERROR", &std::fmt::Error), now);
        assert_eq!((&line["level"], &line["timestamp"]), (&json!("ERROR"), &json!("2026-11-26T14:07:08.009Z")));
    }

    #[test]
    fn a_failure_that_is_counted_names_its_stack() {
        let (metrics, at) = (Metrics::of("a-stack".to_owned()), Timestamp::parse("2026-11-26T14:07:08.009Z").unwrap());
        let more = ("requestId", json!("r"));
        let line = Value::Object(counted_line(&metrics, ("ModifiedEvents", 1), at, &std::fmt::Error, more));
        let description = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&line["Stack"], &line["ModifiedEvents"]), (&json!("a-stack"), &json!(1)));
        assert_eq!(description["Dimensions"], json!([["Stack"]]));
        assert_eq!(description["Metrics"], json!([{"Name": "ModifiedEvents", "Unit": "Count"}]));
        assert_eq!((&line["level"], &line["requestId"]), (&json!("WARN"), &json!("r")));
    }
}
