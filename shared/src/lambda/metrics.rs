//! Lines of the log that `CloudWatch` counts: its embedded metric format, in the namespace `ApiKeys`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::check::ReasonCounts;
use crate::key::Timestamp;

/// Writes metrics of one stack, whose name is their only dimension: without it two stacks in a region would count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    stack: Arc<str>,
}

impl Metrics {
    /// The metrics of the stack of that name.
    #[must_use]
    pub fn of(stack: String) -> Self {
        Self { stack: stack.into() }
    }

    /// A line with these counts, by the metrics' names, of that time. It names nothing else.
    ///
    /// Source: AWS, "Specification: Embedded metric format".
    pub(crate) fn line<'a>(
        &self,
        at: Timestamp,
        counts: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Map<String, Value> {
        let mut line = Map::from_iter([("Stack".to_owned(), json!(&*self.stack))]);
        line.extend(counts.into_iter().map(|(name, count)| (name.to_owned(), json!(count))));
        let named = line.keys().filter(|name| *name != "Stack");
        let metrics: Vec<_> = named.map(|name| json!({"Name": name, "Unit": "Count"})).collect();
        let description = json!({
            "Timestamp": at.unix_millis(),
            "CloudWatchMetrics": [{"Namespace": "ApiKeys", "Dimensions": [["Stack"]], "Metrics": metrics}]
        });
        line.insert("_aws".to_owned(), description);
        line
    }

    /// The line of what was counted in a minute.
    #[must_use]
    pub fn verdicts(&self, counted: &ReasonCounts) -> Map<String, Value> {
        let counts = counted.counts.iter().map(|(reason, count)| (reason.name(), *count));
        let mut line = self.line(counted.since, counts);
        line.insert("level".to_owned(), json!("INFO"));
        line.insert("message".to_owned(), json!("verdicts"));
        line
    }
}
