//! Several writes, all or nothing.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tokio::time::{Instant, sleep};

use crate::key::EventId;
use crate::store::{Item, KeyStore, LAST_EVENT, TableError, WriteError};

/// For how long a write is tried again. The last attempt may take 2.5 s more, and both end before the 8 s of a request.
const RETRY_TIME: Duration = Duration::from_secs(5);

const WHAT: &str = "the table did not write";

/// Codes of a call that is throttled as a whole.
const THROTTLING: [&str; 3] = ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"];

/// Codes of a transaction that is cancelled because one of its items is throttled.
const THROTTLED: [&str; 2] = ["ProvisionedThroughputExceeded", "ThrottlingError"];

/// The writes of one transaction, each with a name, and the event among them.
pub(in crate::store) struct Transaction {
    event: EventId,
    target: Item,
    deletes: bool,
    parts: Vec<(Part, TransactWriteItem)>,
}

/// A write in a transaction, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Part {
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
    /// The mark of a value that was reported.
    Mark,
    /// The event.
    Event,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Outcome {
    /// Everything was written.
    Done,
    /// Nothing was: the condition of this part did not hold.
    Refused(Part),
}

impl Transaction {
    /// A transaction that writes a key's or an account's item, with that event as its last one.
    pub(in crate::store) fn writing(target: Item, event: EventId) -> Self {
        Self { event, target, deletes: false, parts: Vec::new() }
    }

    /// A transaction that deletes a key.
    pub(in crate::store) fn deleting(target: Item, event: EventId) -> Self {
        Self { deletes: true, ..Self::writing(target, event) }
    }

    /// Adds a write.
    pub(in crate::store) fn with(mut self, part: Part, item: TransactWriteItem) -> Self {
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
    /// [`WriteError::Contended`] and [`WriteError::Throttled`] when nothing was written until the time was over;
    /// [`WriteError::Table`] when the table fails, and whether anything was written is unknown.
    pub(in crate::store) async fn transact(
        &self,
        transaction: &Transaction,
        retries: Retries,
    ) -> Result<Outcome, WriteError> {
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
            let failure = Failure::of(&error);
            match failure {
                Failure::Refused(at) => {
                    let (part, _) = transaction.parts.get(at).ok_or(TableError::new("a reason has no part"))?;
                    return Ok(Outcome::Refused(*part));
                }
                Failure::Conflict | Failure::Throttled if retries.are_left() => backoff.wait().await,
                // An earlier attempt may have been written all the same: its answer may have been lost or late.
                _ if self.was_written(transaction).await => return Ok(Outcome::Done),
                Failure::Conflict => return Err(WriteError::Contended),
                Failure::Throttled => return Err(WriteError::Throttled(TableError::caused(WHAT, error))),
                Failure::Unknown => return Err(TableError::caused(WHAT, error).into()),
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
pub(in crate::store) struct Retries(Instant);

impl Retries {
    /// The usual time from now on.
    pub(in crate::store) fn from_now() -> Self {
        Self(Instant::now() + RETRY_TIME)
    }

    /// Until then, however soon.
    pub(in crate::store) fn before(end: Instant) -> Self {
        Self(end)
    }

    /// Until then, but no less than the usual time.
    pub(in crate::store) fn until(end: Instant) -> Self {
        Self(end.max(Instant::now() + RETRY_TIME))
    }

    /// Whether there is time for another attempt.
    pub(in crate::store) fn are_left(self) -> bool {
        Instant::now() < self.0
    }
}

/// What a failed attempt says.
enum Failure {
    /// The condition of the item at that place did not hold.
    Refused(usize),
    /// Another transaction holds an item.
    Conflict,
    /// The table, or an item of it, has too many requests.
    Throttled,
    /// Anything else: whether something was written is unknown.
    Unknown,
}

impl Failure {
    fn of(error: &SdkError<TransactWriteItemsError>) -> Self {
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Self::Conflict,
            Some(other) if other.code().is_some_and(|code| THROTTLING.contains(&code)) => return Self::Throttled,
            _ => return Self::Unknown,
        };
        let codes: Vec<_> = reasons.iter().filter_map(|reason| reason.code()).collect();
        let is = |code: &str, any_of: &[&str]| any_of.contains(&code);
        if let Some(at) = codes.iter().position(|code| *code == "ConditionalCheckFailed") {
            return Self::Refused(at);
        }
        if codes.iter().any(|code| !is(code, &["None", "TransactionConflict"]) && !is(code, &THROTTLED)) {
            return Self::Unknown;
        }
        if codes.contains(&"TransactionConflict") {
            Self::Conflict
        } else if codes.iter().any(|code| is(code, &THROTTLED)) {
            Self::Throttled
        } else {
            Self::Unknown
        }
    }
}

/// Waits between attempts: random, so that writers who collided spread, and ever longer.
pub(in crate::store) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(Duration::from_millis(20))
    }
}

impl Backoff {
    pub(in crate::store) async fn wait(&mut self) {
        sleep(self.0.mul_f64(fastrand::f64())).await;
        self.0 = (self.0 * 2).min(Duration::from_millis(500));
    }
}

/// A conditional put as a part of a transaction.
pub(in crate::store) fn put<const N: usize>(
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
