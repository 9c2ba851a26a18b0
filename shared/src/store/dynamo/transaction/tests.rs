//! What a transaction comes to, attempt by attempt.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::aws::scripted::{Arrival, Reply, ScriptedTable};
use crate::store::dynamo::attribute::primary_key;
use crate::store::dynamo::part::put;

const TRANSACT: &str = "TransactWriteItems";
const READ: &str = "GetItem";
/// More calls than any transaction has time for.
const TOO_MANY: usize = 300;

/// What DynamoDB makes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Written,
    Lost,
    Conflict,
    Throttled,
    InProgress,
    Refused,
    Skewed,
    Unknown,
}

use Attempt::{Conflict, InProgress, Lost, Refused, Skewed, Throttled, Unknown, Written};

fn event() -> EventId {
    EventId::from_time_and_random(1_795_428_930_000, [7; 10])
}

fn reply(attempt: Attempt) -> Reply {
    let cancelled = |code: &str| {
        Reply::Answer(400, json!({"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": code}]}))
    };
    let error = |code: &str| Reply::Answer(400, json!({ "__type": code }));
    match attempt {
        Written => Reply::Answer(200, json!({})),
        Lost => Reply::Cut,
        Conflict => cancelled("TransactionConflict"),
        Throttled => cancelled("ThrottlingError"),
        Refused => cancelled("ConditionalCheckFailed"),
        InProgress => error("TransactionInProgressException"),
        Skewed => error("InvalidSignatureException"),
        Unknown => error("ValidationException"),
    }
}

/// What became of it, and the calls: the operation and the body of each.
struct Outcome {
    result: Result<Transacted, WriteError>,
    calls: Vec<(String, String)>,
}

impl Outcome {
    fn count(&self, operation: &str) -> usize {
        self.calls.iter().filter(|(called, _)| called == operation).count()
    }

    /// There was time for many attempts, and no endless number of them.
    fn is_retried(&self) {
        assert!((10..60).contains(&self.count(TRANSACT)), "{}", self.count(TRANSACT));
    }

    /// Whether it is done, and after how many attempts and reads.
    fn is_done_after(&self, attempts: usize, reads: usize) {
        assert!(matches!(self.result, Ok(Transacted::Done)), "{:?}", self.result);
        assert_eq!((self.count(TRANSACT), self.count(READ)), (attempts, reads));
    }

    /// Whether it is unknown if it is written, after how many attempts and reads.
    fn is_unknown_after(&self, attempts: usize, reads: usize) {
        assert!(matches!(self.result, Err(WriteError::Table(_))), "{:?}", self.result);
        assert_eq!((self.count(TRANSACT), self.count(READ)), (attempts, reads));
    }
}

/// The attempts go so, and then like the last of them; `is_there` where a read finds what was to be written.
struct Plan<'a> {
    attempts: &'a [Attempt],
    is_there: bool,
    deletes: bool,
    retries: Retries,
}

impl Plan<'_> {
    async fn carry_out(self) -> Outcome {
        let Self { attempts, is_there, deletes, retries } = self;
        let attempts = attempts.to_vec();
        let last_event = if is_there { event().to_string() } else { "another".to_owned() };
        let mut attempt = 0;
        let decide = move |Arrival { operation, number, .. }: Arrival| {
            assert!(number + 1 < TOO_MANY, "it never ends");
            if operation == READ {
                return Reply::Answer(200, json!({"Item": {LAST_EVENT: {"S": last_event}}}));
            }
            attempt += 1;
            reply(attempts[(attempt - 1).min(attempts.len() - 1)])
        };
        let (scripted, aws, _) = ScriptedTable::start(decide);
        let (table, item) = (Table::new(&aws, "keys".to_owned()), primary_key("account", "key"));
        let make = if deletes { Transaction::deleting } else { Transaction::writing };
        let transaction =
            make("test".to_owned(), item.clone(), event()).with(Part::Key, put(&table.name, item).unwrap());
        let result = transaction.send(&table, retries).await;
        Outcome { result, calls: scripted.calls() }
    }
}

/// A transaction that writes, with time for as many attempts as usual.
async fn write(attempts: &[Attempt], is_there: bool) -> Outcome {
    Plan { attempts, is_there, deletes: false, retries: Retries::from_now() }.carry_out().await
}

/// A transaction for which there is no time but for one attempt.
async fn at_last(attempts: &[Attempt], is_there: bool, deletes: bool) -> Outcome {
    Plan { attempts, is_there, deletes, retries: Retries::before(Instant::now()) }.carry_out().await
}

#[tokio::test(start_paused = true)]
async fn conflicts_and_throttling_are_retried_ever_more_slowly_until_the_time_is_over() {
    let start = Instant::now();
    write(&[Conflict, Throttled, Conflict, Written], false).await.is_done_after(4, 0);

    for attempt in [Conflict, Throttled] {
        let outcome = write(&[attempt], false).await;
        match attempt {
            Conflict => assert!(matches!(outcome.result, Err(WriteError::Contended)), "{:?}", outcome.result),
            _ => assert!(matches!(outcome.result, Err(WriteError::Throttled(_))), "{:?}", outcome.result),
        }
        outcome.is_retried();
    }
    assert!(start.elapsed().as_secs() >= 10);
    assert!(matches!(at_last(&[Conflict], false, false).await.result, Err(WriteError::Contended)));
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_the_same_to_the_byte() {
    let outcome = write(&[Lost, Conflict, Written], false).await;
    outcome.is_done_after(3, 0);
    let token = |body: &str| serde_json::from_str::<Value>(body).unwrap()["ClientRequestToken"].clone();
    assert!(outcome.calls.iter().all(|(_, body)| *body == outcome.calls[0].1), "{:?}", outcome.calls);
    assert_eq!(token(&outcome.calls[0].1), *event().as_str());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_asked_for_under_the_same_token_and_not_read_from_the_item() {
    write(&[Lost, Written], false).await.is_done_after(2, 0);
    assert_eq!(write(&[Lost, Refused], true).await.result.unwrap(), Transacted::Refused(Part::Key));
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_may_have_written_stays_unknown_unless_the_item_shows_it() {
    for attempts in [&[Lost, Conflict][..], &[Lost, Throttled], &[InProgress], &[InProgress, Conflict]] {
        let outcome = write(attempts, true).await;
        assert!(matches!(outcome.result, Ok(Transacted::Done)) && outcome.count(READ) == 1, "{attempts:?}");
        outcome.is_retried();
        let outcome = write(attempts, false).await;
        assert!(matches!(outcome.result, Err(WriteError::Table(_))) && outcome.count(READ) == 1, "{attempts:?}");
        outcome.is_retried();
    }
    write(&[InProgress, Written], false).await.is_done_after(2, 0);
    write(&[Lost, Unknown], true).await.is_done_after(2, 1);
    write(&[Lost, Unknown], false).await.is_unknown_after(2, 1);
    at_last(&[Lost], true, false).await.is_done_after(1, 1);
    at_last(&[Lost], false, false).await.is_unknown_after(1, 1);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_was_lost_is_sent_again_and_at_the_last_once_more() {
    // It has no time for another call without an answer, so only a deletion is sent again.
    let retries = Retries::before(Instant::now() + Duration::from_secs(1));
    let attempts = &[Lost, Lost, Lost, Written];
    Plan { attempts, is_there: false, deletes: true, retries }.carry_out().await.is_done_after(4, 0);
    at_last(&[Lost, Written], false, true).await.is_done_after(2, 0);
    at_last(&[Lost], false, true).await.is_unknown_after(2, 0);
    // No answer was lost, so there is nothing to learn.
    assert!(matches!(at_last(&[Conflict], false, true).await.result, Err(WriteError::Contended)));
    at_last(&[Unknown, Written], false, true).await.is_unknown_after(1, 0);
}

#[tokio::test(start_paused = true)]
async fn a_time_that_was_refused_is_corrected_once() {
    write(&[Skewed, Written], false).await.is_done_after(2, 0);
    write(&[Skewed, Skewed, Written], false).await.is_unknown_after(2, 1);
}
