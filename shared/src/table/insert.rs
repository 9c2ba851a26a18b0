//! New keys, within the account's quota.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use super::event::{Event, EventType, FieldChange};
use super::import_claim::ImportClaim;
use super::key_item::to_item;
use super::transaction::{Outcome, Part, Retries, Transaction, put};
use super::{KeyStore, TableError, WriteError};
use crate::key::{KeyRecord, Locator, Timestamp};
use crate::request::Origin;

/// What became of a key of another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is a key of the account now.
    Done,
    /// Another import took the same value at this moment.
    Taken,
}

impl KeyStore {
    /// Stores an account's first key.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn insert_first(&self, record: &KeyRecord, origin: &Origin, now: Timestamp) -> Result<(), WriteError> {
        let event = self.creation(EventType::AccountCreated, record, origin, now)?;
        let first = self.count(record.account_id).first(record.metadata.id);
        let room = put(&self.table, first, "attribute_not_exists(id)", [])?;
        let transaction = self.insertion(record, &event, room)?;
        match self.transact(&transaction, Retries::from_now()).await? {
            Outcome::Done => Ok(()),
            Outcome::Refused(_) => Err(used_before().into()),
        }
    }

    /// Stores a new key, if the account has fewer than `max_keys`.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn insert(
        &self,
        record: &KeyRecord,
        max_keys: u64,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let event = self.creation(EventType::KeyCreated, record, origin, now)?;
        match self.insert_counted(record, &event, None, max_keys, now).await? {
            Outcome::Done => Ok(()),
            Outcome::Refused(_) => Err(used_before().into()),
        }
    }

    /// Stores a key that another system issued, and with it the claim that no other key has its value.
    ///
    /// `replaces` is where an older claim to it leads, to a key that is gone or has another value by now.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn import(
        &self,
        record: &KeyRecord,
        replaces: Option<Locator>,
        max_keys: u64,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Imported, WriteError> {
        let claim = ImportClaim::of(record);
        let claim = match replaces {
            None => put(&self.table, claim.to_item(), "attribute_not_exists(id)", [])?,
            Some(old) => put(
                &self.table,
                claim.to_item(),
                // Ids of keys are never used twice, in no account.
                "keyId = :id",
                [(":id", AttributeValue::S(old.id.to_string()))],
            )?,
        };
        let event = self.creation(EventType::KeyImported, record, origin, now)?;
        match self.insert_counted(record, &event, Some(claim), max_keys, now).await? {
            Outcome::Done => Ok(Imported::Done),
            Outcome::Refused(Part::Claim) => Ok(Imported::Taken),
            Outcome::Refused(_) => Err(used_before().into()),
        }
    }

    /// Tries until there is no room after all. Refusals, counts and conflicts share one time for retries.
    async fn insert_counted(
        &self,
        record: &KeyRecord,
        event: &Event,
        claim: Option<TransactWriteItem>,
        max_keys: u64,
        now: Timestamp,
    ) -> Result<Outcome, WriteError> {
        let count = self.count(record.account_id);
        let room = count.reserve(record.metadata.id, max_keys)?;
        let mut transaction = self.insertion(record, event, TransactWriteItem::builder().update(room).build())?;
        if let Some(claim) = claim {
            transaction = transaction.with(Part::Claim, claim);
        }
        let retries = Retries::from_now();
        loop {
            match self.transact(&transaction, retries).await? {
                Outcome::Refused(Part::Room) => {}
                outcome => return Ok(outcome),
            }
            if !count.recount(max_keys, now, retries).await? {
                return Err(WriteError::QuotaReached { max_keys });
            }
            if !retries.are_left() {
                return Err(WriteError::Contended);
            }
        }
    }

    fn insertion(&self, record: &KeyRecord, event: &Event, room: TransactWriteItem) -> Result<Transaction, TableError> {
        let record = KeyRecord { last_event: Some(event.id), ..record.clone() };
        let place = Locator { account_id: record.account_id, id: record.metadata.id };
        Ok(Transaction::writing(place, event.id)
            .with(Part::Room, room)
            .with(Part::Key, put(&self.table, to_item(&record)?, "attribute_not_exists(id)", [])?)
            .with(Part::Event, self.events.append(record.account_id, event)?))
    }

    /// The event of a new key: all that was decided of it.
    fn creation(
        &self,
        r#type: EventType,
        record: &KeyRecord,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Event, TableError> {
        let event = self.event(r#type, record.metadata.id, origin, now)?;
        Ok(Event { changes: FieldChange::of_new(&record.metadata)?, ..event })
    }
}

fn used_before() -> TableError {
    TableError::new("an id was used before")
}
