//! One invocation of `import-keys`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use super::Failed;
use crate::aws::Service;
use crate::invocation::{InvocationError, Repeats};

/// What `import-keys` says of a value that is there already, perhaps from an attempt before.
const TAKEN: &str = "is of a value that a key has already";

/// Before a batch is sent again.
const PAUSES: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];

/// Keys that are sent together.
pub(super) struct Batch {
    pub(super) payload: Value,
    /// Where they are in the file.
    pub(super) lines: Vec<usize>,
    /// Whether an earlier run sent it, and nobody knows what became of it.
    pub(super) sent_before: bool,
}

/// What became of a batch.
pub(super) enum Outcome {
    /// All were imported but these.
    Done(Failed),
    /// None was imported.
    NotDone(String),
    /// Some may be imported.
    Unknown(String),
}

impl Batch {
    /// Imports it, and again while the service fails for single keys. After an attempt whose effect nobody knows, a value
    /// that is there already is the work of that attempt.
    pub(super) async fn send(mut self, service: &Service) -> Outcome {
        let mut pauses = PAUSES.iter();
        loop {
            let (outcome, is_transient) = self.send_once(service).await;
            let Some(pause) = pauses.next().filter(|_| is_transient) else { return outcome };
            self.sent_before = true;
            sleep(*pause).await;
        }
    }

    /// Whether the next attempt may come further, too.
    async fn send_once(&self, service: &Service) -> (Outcome, bool) {
        let answer = match service.invoke("ImportKeysFunctionName", &self.payload, Repeats::AreSafe).await {
            Ok(answer) => answer,
            Err(InvocationError::Unknown(why)) => return (Outcome::Unknown(why), false),
            Err(error) if self.sent_before => return (Outcome::Unknown(error.to_string()), false),
            Err(error) => return (Outcome::NotDone(error.to_string()), false),
        };
        match failed(answer.body, &self.lines, self.sent_before || answer.repeated) {
            Some((failed, is_transient)) => (Outcome::Done(failed), is_transient),
            None => (Outcome::Unknown("the function's answer does not tell of every key".into()), false),
        }
    }
}

/// The lines that failed, and whether one of them is to be sent again; `None` when the answer does not tell of each key
/// once.
fn failed(answer: Value, lines: &[usize], sent_before: bool) -> Option<(Failed, bool)> {
    #[derive(Deserialize)]
    struct Report {
        imported: Vec<Imported>,
        failed: Vec<FailedKey>,
    }
    #[derive(Deserialize)]
    struct Imported {
        index: usize,
    }
    #[derive(Deserialize)]
    struct FailedKey {
        index: usize,
        reason: String,
        #[serde(default)]
        retry: bool,
    }
    let Report { imported, failed } = serde_json::from_value(answer).ok()?;
    let mut told = imported.iter().map(|key| key.index).chain(failed.iter().map(|key| key.index)).collect::<Vec<_>>();
    told.sort_unstable();
    if !told.into_iter().eq(0..lines.len()) {
        return None;
    }
    let is_transient = failed.iter().any(|key| key.retry);
    let failed = failed.into_iter().filter(|key| !(sent_before && key.reason.contains(TAKEN)));
    let failed = failed.map(|key| Some((*lines.get(key.index)?, key.reason))).collect::<Option<_>>()?;
    Some((failed, is_transient))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Value {
        let taken = format!("sha256 {TAKEN}");
        let failed = json!([{"index": 0, "reason": taken}, {"index": 2, "reason": "no"}]);
        json!({ "imported": [{"index": 1, "id": "x"}], "failed": failed })
    }

    #[test]
    fn a_value_that_is_there_already_is_a_failure_unless_it_was_sent_before() {
        let lines = |sent_before| {
            let (failed, is_transient) = failed(answer(), &[7, 8, 9], sent_before).unwrap();
            assert!(!is_transient);
            failed.into_keys().collect::<Vec<_>>()
        };
        assert_eq!((lines(false), lines(true)), (vec![7, 9], vec![9]));
    }

    #[test]
    fn an_answer_tells_of_every_key_once() {
        assert_eq!(failed(answer(), &[7, 8], false), None);
        assert_eq!(failed(answer(), &[7, 8, 9, 10], false), None);
    }
}
