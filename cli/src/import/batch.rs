//! One invocation of `import-keys`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api_keys::key::AccountId;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use crate::aws::Service;
use crate::failure::Failure;
use crate::invocation::{Effect, Repeats};

/// Lines, and why the key there was not imported.
pub(super) type FailedLines = BTreeMap<usize, String>;

/// Where the keys go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) account: AccountId,
    /// Whether values work again that have ended.
    pub(super) revives: bool,
}

/// Before the keys that failed for a moment are sent again.
const PAUSES: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];

/// Keys that are sent together, each with its line in the file.
pub(super) struct Batch {
    pub(super) rows: Vec<(usize, Map<String, Value>)>,
}

/// What became of a batch.
pub(super) enum BatchOutcome {
    /// The function answered for each key what became of it.
    Done(Results),
    /// None was imported.
    NotDone(Failure),
    /// Some may be imported.
    Unknown(Failure),
}

/// What became of the keys.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Results {
    pub(super) imported: usize,
    /// How many were keys of the account before, with the same fields.
    pub(super) present: usize,
    pub(super) failed: FailedLines,
}

impl Batch {
    /// Imports it, and again the keys for which the service failed for a moment. Sent again, a key that is there is present.
    pub(super) async fn send(mut self, target: &Target, service: &Service) -> BatchOutcome {
        let mut results = Results::default();
        let mut pauses = PAUSES.iter();
        let mut sent_before = false;
        loop {
            let answer = match self.send_once(target, service).await {
                Ok(answer) => answer,
                Err(BatchOutcome::NotDone(why)) if sent_before => return BatchOutcome::Unknown(why),
                Err(outcome) => return outcome,
            };
            let Some(again) = self.take_in(answer, &mut results) else {
                let why = "the function's answer lacks the result of a key";
                return BatchOutcome::Unknown(Failure::action(why));
            };
            let Some(pause) = pauses.next().filter(|_| !again.is_empty()) else { return BatchOutcome::Done(results) };
            self.rows.retain(|(line, _)| again.contains(line));
            sent_before = true;
            sleep(*pause).await;
        }
    }

    async fn send_once(&self, target: &Target, service: &Service) -> Result<Value, BatchOutcome> {
        let keys: Vec<_> = self.rows.iter().map(|(_, key)| key).collect();
        let mut payload = json!({ "accountId": target.account, "keys": keys });
        if target.revives
            && let Some(payload) = payload.as_object_mut()
        {
            payload.insert("revive".to_owned(), Value::Bool(true));
        }
        match service.invoke("ImportKeysFunctionName", &payload, Repeats::AreSafe).await {
            Ok(answer) => Ok(answer),
            Err(error) if error.effect == Effect::Unknown => Err(BatchOutcome::Unknown(error.into())),
            Err(error) => Err(BatchOutcome::NotDone(error.into())),
        }
    }

    /// Adds an answer to the results. The lines that are to be sent again; `None` when the answer does not have each key once.
    fn take_in(&self, answer: Value, results: &mut Results) -> Option<BTreeSet<usize>> {
        #[derive(Deserialize)]
        struct ImportReport {
            imported: Vec<Imported>,
            // A stack of before 0.2 has none.
            #[serde(default)]
            present: Vec<Present>,
            failed: Vec<FailedKey>,
        }
        #[derive(Deserialize)]
        struct Imported {
            index: usize,
        }
        #[derive(Deserialize)]
        struct Present {
            index: usize,
            id: String,
            equal: bool,
            differs: Vec<String>,
        }
        #[derive(Deserialize)]
        struct FailedKey {
            index: usize,
            reason: String,
            #[serde(default)]
            retry: bool,
        }
        let ImportReport { imported, present, failed } = serde_json::from_value(answer).ok()?;
        let answered = imported.iter().map(|key| key.index);
        let answered = answered.chain(present.iter().map(|key| key.index)).chain(failed.iter().map(|key| key.index));
        let mut answered: Vec<_> = answered.collect();
        answered.sort_unstable();
        if !answered.into_iter().eq(0..self.rows.len()) {
            return None;
        }
        let line_of = |index: usize| self.rows.get(index).map(|(line, _)| *line);
        // The outcome of an attempt before no longer holds for these keys.
        for (line, _) in &self.rows {
            results.failed.remove(line);
        }
        results.imported += imported.len();
        for Present { index, id, equal, differs } in present {
            if equal {
                results.present += 1;
            } else {
                let reason = format!("is the key {id} already, with other values of {}", differs.join(", "));
                results.failed.insert(line_of(index)?, reason);
            }
        }
        let mut again = BTreeSet::new();
        for FailedKey { index, mut reason, retry } in failed {
            if retry {
                reason += "; it may have been imported all the same: import it again";
                again.insert(line_of(index)?);
            }
            results.failed.insert(line_of(index)?, reason);
        }
        Some(again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(lines: &[usize]) -> Batch {
        Batch { rows: lines.iter().map(|line| (*line, Map::new())).collect() }
    }

    fn answer() -> Value {
        json!({
            "imported": [{"index": 1, "id": "x"}],
            "present": [
                {"index": 0, "id": "y", "equal": true, "differs": []},
                {"index": 3, "id": "z", "equal": false, "differs": ["name", "limits"]},
            ],
            "failed": [
                {"index": 2, "code": "TAKEN", "reason": "no"},
                {"index": 4, "code": "UNAVAILABLE", "reason": "later", "retry": true},
            ],
        })
    }

    #[test]
    fn each_key_is_counted_by_what_became_of_it() {
        let mut results = Results::default();
        let again = batch(&[7, 8, 9, 10, 11]).take_in(answer(), &mut results).unwrap();
        assert_eq!((again, results.imported, results.present), (BTreeSet::from([11]), 1, 1));
        let differs = "is the key z already, with other values of name, limits";
        let failed = [(9, "no"), (10, differs), (11, "later; it may have been imported all the same: import it again")]
            .map(|(line, reason)| (line, reason.to_owned()));
        assert_eq!(results.failed, FailedLines::from(failed));
    }

    #[test]
    fn an_answer_has_every_key_once() {
        for lines in [4, 6] {
            let batch = batch(&(0..lines).collect::<Vec<_>>());
            assert_eq!(batch.take_in(answer(), &mut Results::default()), None);
        }
    }
}
