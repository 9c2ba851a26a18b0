//! Several writes, all or nothing.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tokio::time::{Instant, sleep};

use super::{Item, KeyStore, LAST_EVENT, TableError};
use crate::key::EventId;

/// For how long a write is tried again. The last attempt may take 2.5 s more, and both end before the 8 s of a request.
const RETRY_TIME: Duration = Duration::from_secs(5);

/// The writes of one transaction, each with a name, and the event among them.
pub(super) struct Transaction {
    event: EventId,
    target: Item,
    deletes: bool,
    parts: Vec<(Part, TransactWriteItem)>,
}

/// A write in a transaction, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Makes room in the account for one more key.
    Room,
    /// The account's own item.
    Account,
    /// The account's item in the list of all.
    Listing,
    /// The key's own item.
    Key,
    /// The claim to an imported value.
    Claim,
    /// What leads to the claim.
    Trace,
    /// The event.
    Event,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Everything was written.
    Done,
    /// Nothing was: the condition of this part did not hold.
    Refused(Part),
    /// Nothing was: other writers held an item, or the table was throttled, all the while.
    Contended,
}

impl Transaction {
    /// A transaction that writes a key's or an account's item, with that event as its last one.
    pub(super) fn writing(target: Item, event: EventId) -> Self {
        Self { event, target, deletes: false, parts: Vec::new() }
    }

    /// A transaction that deletes a key.
    pub(super) fn deleting(target: Item, event: EventId) -> Self {
        Self { deletes: true, ..Self::writing(target, event) }
    }

    /// Adds a write.
    pub(super) fn with(mut self, part: Part, item: TransactWriteItem) -> Self {
        self.parts.push((part, item));
        self
    }
}

impl KeyStore {
    /// Sends a transaction until it is written, refused, or the time for retries is over.
    ///
    /// Each attempt is byte for byte the same under one `ClientRequestToken`, the event's id, so that DynamoDB tells an
    /// attempt after a lost answer of the first one's success. Where all answers are lost, the item says what was done.
    ///
    /// # Errors
    /// [`TableError`] when the table fails, and whether anything was written is unknown.
    pub(super) async fn transact(&self, transaction: &Transaction, retries: Retries) -> Result<Outcome, TableError> {
        let items: Vec<_> = transaction.parts.iter().map(|(_, item)| item.clone()).collect();
        let mut backoff = Backoff::default();
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(transaction.event.as_str())
                .send()
                .await;
            let Err(error) = sent else {
                return Ok(Outcome::Done);
            };
            match Cancelled::of(&error) {
                Some(Cancelled::Refused(at)) => {
                    let (part, _) = transaction.parts.get(at).ok_or(TableError::new("a reason has no part"))?;
                    return Ok(Outcome::Refused(*part));
                }
                Some(Cancelled::Busy) if retries.are_left() => backoff.wait().await,
                Some(Cancelled::Busy) => return Ok(Outcome::Contended),
                None if self.was_written(transaction).await => return Ok(Outcome::Done),
                None => return Err(TableError::caused("the table did not write", error)),
            }
        }
    }

    /// After an unknown outcome: whether the item is as the transaction leaves it. `false` when that cannot be read.
    async fn was_written(&self, transaction: &Transaction) -> bool {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(transaction.target.clone()))
            .projection_expression(LAST_EVENT)
            .consistent_read(true)
            .send()
            .await;
        match read.map(|output| output.item) {
            Ok(None) => transaction.deletes,
            Ok(Some(item)) => {
                let last = item.get(LAST_EVENT).and_then(|last| last.as_s().ok());
                last.is_some_and(|last| last == transaction.event.as_str())
            }
            Err(_) => false,
        }
    }
}

/// Until when a write is tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retries(Instant);

impl Retries {
    /// The usual time from now on.
    pub(super) fn from_now() -> Self {
        Self(Instant::now() + RETRY_TIME)
    }

    /// Until then, but no less than the usual time.
    pub(super) fn until(end: Instant) -> Self {
        Self(end.max(Instant::now() + RETRY_TIME))
    }

    /// Whether there is time for another attempt.
    pub(super) fn are_left(self) -> bool {
        Instant::now() < self.0
    }
}

/// Why nothing was written.
enum Cancelled {
    /// The condition of the item at that place did not hold.
    Refused(usize),
    /// Another transaction holds an item, or the table is throttled: the same transaction may do better later.
    Busy,
}

impl Cancelled {
    fn of(error: &SdkError<TransactWriteItemsError>) -> Option<Self> {
        let reasons = match error.as_service_error()? {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled.cancellation_reasons(),
            TransactWriteItemsError::TransactionInProgressException(_) => return Some(Self::Busy),
            _ => return None,
        };
        let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap_or("None")).collect();
        if let Some(at) = codes.iter().position(|code| *code == "ConditionalCheckFailed") {
            return Some(Self::Refused(at));
        }
        let passing = ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
        let busy = codes.iter().any(|code| *code != "None") && codes.iter().all(|code| passing.contains(code));
        busy.then_some(Self::Busy)
    }
}

/// Waits between attempts: random, so that writers who collided spread, and ever longer.
pub(super) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(Duration::from_millis(20))
    }
}

impl Backoff {
    pub(super) async fn wait(&mut self) {
        sleep(self.0.mul_f64(fastrand::f64())).await;
        self.0 = (self.0 * 2).min(Duration::from_millis(500));
    }
}

/// A conditional put as a part of a transaction.
pub(super) fn put<const N: usize>(
    table: &str,
    item: Item,
    condition: &str,
    values: [(&str, AttributeValue); N],
) -> Result<TransactWriteItem, TableError> {
    let mut put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    for (name, value) in values {
        put = put.expression_attribute_values(name, value);
    }
    let put = put.build().map_err(|cause| TableError::caused("a write could not be built", cause))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
