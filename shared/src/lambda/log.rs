//! The lines of the log: failures, and counts.

use std::error::Error as StdError;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::metrics::Metrics;
use crate::check::ReasonCounts;
use crate::key::{AccountId, ImportedKeys, KeyId, KeyValue, Timestamp};
use crate::store::{DroppedUsage, DroppedUse};

/// What a failure is about, for the operator who acts on it. It never has a value or a hash.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// The gateway's id of the request, or Lambda's of an invocation.
    pub request_id: String,
    /// What was being done: a route's method and pattern, or a function and its action.
    pub operation: String,
    /// The account that it was done for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The key that it was done to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// The key that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_key_id: Option<KeyId>,
}

impl Subject {
    /// A check of what is presented as a key's value. It names the key that this service's values name.
    #[must_use]
    pub fn of_check(request_id: String, operation: &str, value: Option<&str>, imported: ImportedKeys) -> Self {
        let key = value.and_then(|text| KeyValue::parse(text, imported)?.locator());
        let (account_id, key_id) = (key.map(|key| key.account_id), key.map(|key| key.id));
        Self { request_id, operation: operation.to_owned(), account_id, key_id, ..Self::default() }
    }

    /// The same of that key.
    #[must_use]
    pub fn of_key(&self, account_id: AccountId, key_id: KeyId) -> Self {
        Self { account_id: Some(account_id), key_id: Some(key_id), ..self.clone() }
    }

    fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }
}

/// Writes a failure and its causes to standard error, as one line of JSON.
///
/// There is no other log and no tracing subscriber: the libraries' own events contain requests and bodies.
pub fn failure(subject: &Subject, error: &dyn StdError) {
    let mut line = described("ERROR", error);
    line.extend(subject.fields());
    write(line);
}

/// Writes a failure that is counted as that metric.
pub fn counted(metrics: &Metrics, metric: &str, now: Timestamp, subject: &Subject, error: &dyn StdError) {
    write(counted_line(metrics, (metric, 1), now, error, subject.fields()));
}

/// Writes how often requests were let through or refused, and why.
pub fn verdicts(metrics: &Metrics, counted: &ReasonCounts) {
    write(metrics.verdicts(counted));
}

/// Writes that requests are missing in the usage, counted as the metric `DroppedUsage`.
pub fn dropped_usage(metrics: &Metrics, dropped: &DroppedUsage) {
    let count = ("DroppedUsage", dropped.requests);
    let unit = Map::from_iter([("unit".to_owned(), json!("requests"))]);
    write(counted_line(metrics, count, dropped.at, dropped, unit));
}

/// Writes that a last use was dropped, counted as the metric `DroppedLastUses`.
pub fn dropped_last_use(metrics: &Metrics, dropped: &DroppedUse) {
    let since_start = Map::from_iter([("droppedSinceStart".to_owned(), json!(dropped.since_start))]);
    write(counted_line(metrics, ("DroppedLastUses", 1), dropped.at, dropped, since_start));
}

fn counted_line(
    metrics: &Metrics,
    count: (&str, u64),
    at: Timestamp,
    error: &dyn StdError,
    more: Map<String, Value>,
) -> Map<String, Value> {
    let mut line = described("WARN", error);
    line.extend(metrics.line(at, [count]));
    line.extend(more);
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
#[expect(clippy::disallowed_methods, reason = "only the log has this time; nothing is decided by it")]
fn write(line: Map<String, Value>) {
    let line = stamped(line, SystemTime::now().into());
    #[cfg(feature = "simulation")]
    if kept::keep(&line) {
        return;
    }
    eprintln!("{line}");
}

/// Lines that a simulation reads instead of standard error.
#[cfg(feature = "simulation")]
pub mod kept {
    use std::cell::RefCell;

    use serde_json::Value;

    thread_local! {
        static LINES: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
    }

    /// The lines of this thread since the last call. From the first call on they are kept.
    #[must_use]
    pub fn take() -> Vec<Value> {
        LINES.with_borrow_mut(|lines| lines.replace(Vec::new()).unwrap_or_default())
    }

    pub(super) fn keep(line: &Value) -> bool {
        LINES.with_borrow_mut(|lines| lines.as_mut().map(|lines| lines.push(line.clone())).is_some())
    }
}

/// Lambda takes a line without a `timestamp` as INFO, with any `level`, and a filter of levels would drop it.
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
        let subject = Subject { request_id: "r".to_owned(), ..Subject::default() };
        let line = counted_line(&metrics, ("ModifiedEvents", 1), at, &std::fmt::Error, subject.fields());
        let line = Value::Object(line);
        let description = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&line["Stack"], &line["ModifiedEvents"]), (&json!("a-stack"), &json!(1)));
        assert_eq!(description["Dimensions"], json!([["Stack"]]));
        assert_eq!(description["Metrics"], json!([{"Name": "ModifiedEvents", "Unit": "Count"}]));
        assert_eq!((&line["level"], &line["requestId"]), (&json!("WARN"), &json!("r")));
    }
}
