//! Several writes, all or nothing.

use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::attribute::{ACCOUNT_ID, ID, Item, LAST_EVENT, text};
use super::error::{TableError, WriteError};
use super::failure::Failure;
use super::retries::{Backoff, Retries};
use super::table::Table;
use crate::aws::Cause;
use crate::key::EventId;

/// The writes of one transaction, each with a name, and the event among them.
pub(in crate::store) struct Transaction {
    pub(in crate::store) event: EventId,
    /// What it does, for errors.
    name: String,
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
    /// That a request which its client has named is carried out.
    Request,
    /// The event.
    Event,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Transacted {
    /// Everything was written.
    Done,
    /// Nothing was: the condition of this part did not hold.
    Refused(Part),
}

impl Transaction {
    /// A transaction of that name that writes a key's or an account's item, with that event as its last one.
    pub(in crate::store) fn writing(name: String, target: Item, event: EventId) -> Self {
        Self { event, name, target, deletes: false, parts: Vec::new() }
    }

    /// A transaction that deletes a key.
    pub(in crate::store) fn deleting(name: String, target: Item, event: EventId) -> Self {
        Self { deletes: true, ..Self::writing(name, target, event) }
    }

    /// Adds a write.
    pub(in crate::store) fn with(mut self, part: Part, item: TransactWriteItem) -> Self {
        self.parts.push((part, item));
        self
    }

    /// Sends it until it is written, refused, or the time for retries is over.
    ///
    /// Each attempt is byte for byte the same under one `ClientRequestToken`, the event's id, so that DynamoDB answers an
    /// attempt after a lost answer with the first one's success. Where all answers are lost, the item shows what was done; an item that
    /// is gone does not show by whom, so then a deletion is sent once more.
    /// The SDK sends nothing again by itself: it would hide that an attempt had no answer.
    ///
    /// # Errors
    /// [`WriteError::Contended`] and [`WriteError::Throttled`] when each attempt had an answer, and nothing was written until the
    /// time was over; [`WriteError::Table`] when the table fails, and whether anything was or will be written is unknown.
    pub(in crate::store) async fn send(self, table: &Table, retries: Retries) -> Result<Transacted, WriteError> {
        let items: Vec<_> = self.parts.iter().map(|(_, item)| item.clone()).collect();
        let mut backoff = Backoff::default();
        let (mut may_be_written, mut is_last, mut is_corrected) = (false, false, false);
        loop {
            let sent = table
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(self.event.as_str())
                .customize()
                .config_override(Config::builder().retry_config(RetryConfig::disabled()))
                .send()
                .await;
            let Err(error) = sent else {
                return Ok(Transacted::Done);
            };
            let failure = Failure::of(&error);
            may_be_written |= matches!(failure, Failure::Lost | Failure::InProgress);
            match failure {
                Failure::Refused(at) => {
                    let (part, _) = self.parts.get(at).ok_or(TableError::new("a reason has no part"))?;
                    return Ok(Transacted::Refused(*part));
                }
                Failure::Conflict | Failure::InProgress | Failure::Throttled if retries.are_left() => {
                    backoff.wait().await;
                }
                Failure::Skewed if !is_corrected => is_corrected = true,
                Failure::Lost if self.deletes && retries.are_left() => backoff.wait().await,
                _ if self.deletes && may_be_written && !is_last => is_last = true,
                // The item does not always show what was done. The token does.
                Failure::Lost if retries.leave_a_call() => backoff.wait().await,
                // An earlier attempt may have been written all the same: its answer may have been lost or late.
                _ if !self.deletes && self.was_written(table).await => return Ok(Transacted::Done),
                Failure::Conflict if !may_be_written => return Err(WriteError::Contended),
                Failure::Throttled if !may_be_written => return Err(WriteError::Throttled(self.error(error))),
                _ => return Err(self.error(error).into()),
            }
        }
    }

    fn error(&self, cause: impl Into<Cause>) -> TableError {
        let [account, id] = [ACCOUNT_ID, ID].map(|name| text(&self.target, name));
        // A deletion reads nothing first, so what it names may be no id.
        let of = if self.deletes { account.to_owned() } else { format!("{account} {id}") };
        TableError::caused(format!("could not write transaction `{}` of {of}", self.name), cause)
    }

    /// After an unknown outcome: whether the item is as the transaction leaves it. `false` when that cannot be read.
    async fn was_written(&self, table: &Table) -> bool {
        let read = table
            .client
            .get_item()
            .table_name(&table.name)
            .set_key(Some(self.target.clone()))
            .projection_expression(LAST_EVENT)
            .consistent_read(true)
            .send()
            .await;
        read.is_ok_and(|output| output.item.is_some_and(|item| text(&item, LAST_EVENT) == self.event.as_str()))
    }
}

#[cfg(test)]
mod tests;
