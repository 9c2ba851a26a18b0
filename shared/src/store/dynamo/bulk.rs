//! Writes outside of transactions, one or many at once.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::error::{TableError, WriteError};
use super::retries::{Backoff, Retries};
use crate::aws::is_throttling;

/// So many writes are sent at once, and the next ones not before [`EACH`] is over: at most 500 a second.
///
/// An account's keys are one item collection, in one partition unless DynamoDB has split it, and a partition takes 1,000
/// writes of a kilobyte a second. Half of that is left to others.
pub(in crate::store) const AT_ONCE: usize = 25;
const EACH: Duration = Duration::from_millis(50);

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Sent {
    /// It was carried out.
    Done,
    /// Its condition did not hold.
    Unmet,
    /// A transaction held the item, or the table was throttled, all the while.
    Busy,
}

impl Sent {
    /// Of a write that needs nothing where its condition does not hold.
    pub(in crate::store) fn unless_busy(self) -> Result<(), WriteError> {
        match self {
            Self::Done | Self::Unmet => Ok(()),
            Self::Busy => Err(WriteError::Contended),
        }
    }
}

/// Sends a write of `what`, in words, until it is carried out, its condition does not hold, or the time for retries is over.
///
/// DynamoDB refuses a plain write while a transaction holds the item, which the SDK does not try again.
pub(in crate::store) async fn send<T, E, F>(
    what: &str,
    retries: Retries,
    attempt: impl Fn() -> F,
) -> Result<Sent, TableError>
where
    F: Future<Output = Result<T, SdkError<E>>>,
    SdkError<E>: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let mut backoff = Backoff::default();
    loop {
        let Err(error) = attempt().await else {
            return Ok(Sent::Done);
        };
        match error.code() {
            Some("ConditionalCheckFailedException") => return Ok(Sent::Unmet),
            Some("TransactionConflictException") => {}
            Some(code) if is_throttling(code) => {}
            _ => return Err(TableError::caused(format!("could not write {what}"), error)),
        }
        if !retries.are_left() {
            return Ok(Sent::Busy);
        }
        backoff.wait().await;
    }
}

/// Sends many writes at the rate of [`AT_ONCE`].
#[derive(Default)]
pub(in crate::store) struct Bulk {
    not_before: Option<Instant>,
}

impl Bulk {
    /// Sends at most [`AT_ONCE`] writes. How many were carried out, and whether one of them found the table busy to the end; or
    /// how the first one failed, when the others have ended too.
    pub(in crate::store) async fn send<F>(&mut self, writes: impl Iterator<Item = F>) -> Result<(u64, bool), TableError>
    where
        F: Future<Output = Result<Sent, TableError>> + Send + 'static,
    {
        if let Some(start) = self.not_before {
            sleep_until(start).await;
        }
        self.not_before = Some(Instant::now() + EACH);
        // They end with this future.
        let mut tasks: JoinSet<_> = writes.collect();
        let (mut done, mut busy, mut failed) = (0, false, None);
        while let Some(sent) = tasks.join_next().await {
            let sent = sent.unwrap_or_else(|cause| Err(TableError::caused("one of many writes ended early", cause)));
            match sent {
                Ok(Sent::Done) => done += 1,
                Ok(Sent::Unmet) => {}
                Ok(Sent::Busy) => busy = true,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok((done, busy)), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use tokio::task::yield_now;

    use super::*;

    /// What becomes of a write to which DynamoDB answers that, at first or each time; and how often it was sent.
    async fn sent(code: &'static str, times: u8, retries: Retries) -> (Result<Sent, TableError>, u8) {
        let attempts = AtomicU8::new(0);
        let attempt = || {
            let is_refused = attempts.fetch_add(1, Ordering::Relaxed) < times;
            let error = UpdateItemError::generic(ErrorMetadata::builder().code(code).build());
            let answer = HttpResponse::new(StatusCode::try_from(400).unwrap(), SdkBody::empty());
            ready(if is_refused { Err(SdkError::service_error(error, answer)) } else { Ok(()) })
        };
        let sent = send("a thing", retries, attempt).await;
        (sent, attempts.load(Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_is_sent_again_while_the_table_is_busy_and_there_is_time() {
        for code in ["TransactionConflictException", "ThrottlingException", "ProvisionedThroughputExceededException"] {
            let (after_two, attempts) = sent(code, 2, Retries::from_now()).await;
            assert_eq!((after_two.unwrap(), attempts), (Sent::Done, 3), "{code}");
            let (never, attempts) = sent(code, u8::MAX, Retries::from_now()).await;
            assert!(never.unwrap() == Sent::Busy && attempts > 3, "{code}: {attempts}");
        }
        let (unmet, attempts) = sent("ConditionalCheckFailedException", 1, Retries::from_now()).await;
        assert_eq!((unmet.unwrap(), attempts), (Sent::Unmet, 1));
        let (failed, attempts) = sent("ValidationException", 1, Retries::from_now()).await;
        assert_eq!((failed.is_err(), attempts), (true, 1), "and what no repetition helps is an error");
    }

    #[tokio::test]
    async fn one_that_fails_ends_no_other() {
        let ended = Arc::new(AtomicU8::new(0));
        let write = |fails: bool| {
            let ended = Arc::clone(&ended);
            async move {
                if fails {
                    return Err(TableError::new("it fails"));
                }
                for _ in 0..9 {
                    yield_now().await;
                }
                ended.fetch_add(1, Ordering::Relaxed);
                Ok(Sent::Done)
            }
        };
        let sent = Bulk::default().send([false, true, false].into_iter().map(write)).await;
        assert_eq!((sent.is_err(), ended.load(Ordering::Relaxed)), (true, 2));
    }
}
