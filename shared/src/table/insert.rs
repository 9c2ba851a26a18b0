//! New keys, within the account's quota.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError as WriteError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Put, TransactWriteItem};
use tokio::time::{Instant, sleep};

use super::import_claim::ImportClaim;
use super::key_item::{hash_value, to_item};
use super::{InsertError, Item, KeyStore, TableError};
use crate::key::{KeyRecord, Locator, Timestamp};

const WHAT: &str = "the table did not take a new key";

/// Others make keys of the same account at the same moment: so long it is tried again.
const CONTENTION_TIME: Duration = Duration::from_secs(5);
/// Attempts at finding room, each after a count.
const ATTEMPTS: usize = 5;

/// What became of a key of another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is a key of the account now.
    Done,
    /// Somebody else imported the same value at this moment.
    Taken,
}

impl KeyStore {
    /// Stores the first key of an account.
    ///
    /// # Errors
    /// [`InsertError::Table`] when the table does not take it; [`InsertError::Contended`].
    pub async fn insert_first(&self, record: &KeyRecord) -> Result<(), InsertError> {
        let count = put(&self.table, self.quota(record.account_id).first(), "attribute_not_exists(id)", [])?;
        match self.transact(&[count, self.put_key(record)?]).await? {
            Outcome::Done => Ok(()),
            Outcome::Refused(_) => Err(TableError::new(WHAT).into()),
        }
    }

    /// Stores a new key, if the account has fewer than `max_keys`.
    ///
    /// Safe to repeat when an answer was lost: an item of the same id is replaced only if it is this very key.
    ///
    /// # Errors
    /// [`InsertError`].
    pub async fn insert(&self, record: &KeyRecord, max_keys: u64, now: Timestamp) -> Result<(), InsertError> {
        match self.insert_counted(record, None, max_keys, now).await? {
            Outcome::Done => Ok(()),
            Outcome::Refused(_) => Err(TableError::new(WHAT).into()),
        }
    }

    /// Stores a key that another system issued, and with it the claim that no other key has its value.
    ///
    /// `replaces` is where an older claim to it leads, to a key that is gone or has another value by now.
    ///
    /// # Errors
    /// [`InsertError`].
    pub async fn import(
        &self,
        record: &KeyRecord,
        replaces: Option<Locator>,
        max_keys: u64,
        now: Timestamp,
    ) -> Result<Imported, InsertError> {
        let claim = ImportClaim::of(record);
        let place = AttributeValue::S;
        let claim = match replaces {
            None => put(&self.table, claim.to_item(), "attribute_not_exists(id)", [])?,
            Some(old) => put(
                &self.table,
                claim.to_item(),
                "keyAccountId = :account AND keyId = :id",
                [(":account", place(old.account_id.to_string())), (":id", place(old.id.to_string()))],
            )?,
        };
        match self.insert_counted(record, Some(claim), max_keys, now).await? {
            Outcome::Done => Ok(Imported::Done),
            Outcome::Refused(CLAIM) => Ok(Imported::Taken),
            Outcome::Refused(_) => Err(TableError::new(WHAT).into()),
        }
    }

    async fn insert_counted(
        &self,
        record: &KeyRecord,
        claim: Option<TransactWriteItem>,
        max_keys: u64,
        now: Timestamp,
    ) -> Result<Outcome, InsertError> {
        let quota = self.quota(record.account_id);
        let room = TransactWriteItem::builder().update(quota.reserve(max_keys)?).build();
        let items: Vec<_> = [room, self.put_key(record)?].into_iter().chain(claim).collect();
        for _ in 0..ATTEMPTS {
            match self.transact(&items).await? {
                Outcome::Refused(ROOM) => {}
                outcome => return Ok(outcome),
            }
            if !quota.recount(max_keys, now).await? {
                return Err(InsertError::QuotaReached { max_keys });
            }
        }
        Err(InsertError::Contended)
    }

    fn put_key(&self, record: &KeyRecord) -> Result<TransactWriteItem, TableError> {
        const NEW_OR_THE_SAME: &str = "attribute_not_exists(id) OR keyHash = :hash";
        put(&self.table, to_item(record)?, NEW_OR_THE_SAME, [(":hash", hash_value(&record.key_hash))])
    }

    /// All of it or nothing.
    async fn transact(&self, items: &[TransactWriteItem]) -> Result<Outcome, InsertError> {
        let end = Instant::now() + CONTENTION_TIME;
        let mut longest = Duration::from_millis(20);
        loop {
            let sent = self.client.transact_write_items().set_transact_items(Some(items.to_vec())).send().await;
            let Err(error) = sent else {
                return Ok(Outcome::Done);
            };
            let reasons = match error.as_service_error() {
                Some(WriteError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
                _ => return Err(TableError::caused(WHAT, error).into()),
            };
            if let Some(refused) = reasons.iter().position(|reason| is(reason, "ConditionalCheckFailed")) {
                return Ok(Outcome::Refused(refused));
            }
            if !reasons.iter().any(|reason| is(reason, "TransactionConflict")) {
                return Err(TableError::caused(WHAT, error).into());
            }
            if Instant::now() >= end {
                return Err(InsertError::Contended);
            }
            // Chance spreads those who collided, ever wider.
            sleep(longest.mul_f64(fastrand::f64())).await;
            longest = (longest * 2).min(Duration::from_millis(500));
        }
    }
}

/// What became of a transaction.
enum Outcome {
    Done,
    /// The condition of the item at that place did not hold.
    Refused(usize),
}

/// Places in a transaction.
const ROOM: usize = 0;
const CLAIM: usize = 2;

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code() == Some(code)
}

fn put<const N: usize>(
    table: &str,
    item: Item,
    condition: &str,
    values: [(&str, AttributeValue); N],
) -> Result<TransactWriteItem, TableError> {
    let mut put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    for (name, value) in values {
        put = put.expression_attribute_values(name, value);
    }
    let put = put.build().map_err(|cause| TableError::caused(WHAT, cause))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
