//! An account's own item: what its operators decided, and the count of its keys (`count`).
//!
//! Accounts of releases before 0.2 have only the count; `adopt` completes them.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::Deserialize;

use crate::key::{AccountId, EventId, KeyId, KeyRecord, Limits, Timestamp};
use crate::store::accounts::quota::number;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::transaction::{Outcome, Part, Retries, Transaction};
use crate::store::events::event::Event;
use crate::store::keys::item::value;
use crate::store::{
    ACCOUNT_ID, AccountRefusal, CEILING, ID, Item, KeyStore, LAST_EVENT, REVISION, SUSPENSION, TableError, WriteError,
};

/// An account as its operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The name of the company.
    pub company: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether none of its keys may be used.
    pub suspended: bool,
    /// How many keys it has. Keys that their time to live removed count until the next recount.
    pub key_count: u64,
    /// How many it may have; the stack's number when `None`.
    pub max_keys: Option<u64>,
    /// The ceiling of its keys' limits.
    pub limits: Limits,
}

/// The stored item; what is absent has its default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::store) struct AccountItem {
    pub(in crate::store) company: Option<String>,
    pub(in crate::store) created_at: Option<Timestamp>,
    /// Raised by suspending and by resuming: odd is suspended.
    pub(in crate::store) suspension: u64,
    /// Raised by each change of what every key is told: company and ceiling.
    pub(in crate::store) revision: u64,
    pub(in crate::store) max_keys: Option<u64>,
    pub(in crate::store) ceiling: Limits,
    /// The account's last event; those of single keys are not among them.
    pub(in crate::store) last_event: Option<EventId>,
    /// Nothing but erasing is possible any more.
    pub(in crate::store) erasing: bool,
    pub(in crate::store) key_count: u64,
    pub(in crate::store) last_key_id: Option<KeyId>,
    pub(in crate::store) recounts: u64,
    pub(in crate::store) deletions: u64,
    pub(in crate::store) deletions_counted: u64,
    pub(in crate::store) counted_at: Option<Timestamp>,
}

impl AccountItem {
    /// The item of a new account, with its first key.
    pub(in crate::store) fn first(record: &KeyRecord, event: EventId, now: Timestamp) -> Result<Item, TableError> {
        let mut item = account_key(record.account_id);
        item.insert("company".into(), value(&record.metadata.company)?);
        item.insert("createdAt".into(), value(&now)?);
        item.insert("keyCount".into(), number(1));
        item.insert("lastKeyId".into(), value(&record.metadata.id)?);
        item.insert("recounts".into(), number(0));
        item.insert(LAST_EVENT.into(), value(&event)?);
        Ok(item)
    }

    /// Writes on a new key what the sweeps have told all others.
    pub(in crate::store) fn stamp(&self, item: &mut Item) -> Result<(), TableError> {
        for (attribute, version) in [(SUSPENSION, self.suspension), (REVISION, self.revision)] {
            item.extend(stored(version).map(|version| (attribute.to_owned(), version)));
        }
        if !self.ceiling.is_none() {
            item.insert(CEILING.into(), value(&self.ceiling)?);
        }
        Ok(())
    }

    /// Stops a transaction when sweeps have begun since the item was read.
    pub(in crate::store) fn require_stamps(&self, account: &mut Expression) {
        account.require(SUSPENSION, stored(self.suspension));
        account.require(REVISION, stored(self.revision));
    }

    pub(in crate::store) fn must_be_active(&self) -> Result<(), AccountRefusal> {
        if self.is_suspended() { Err(AccountRefusal::Suspended) } else { Ok(()) }
    }

    pub(in crate::store) fn is_suspended(&self) -> bool {
        self.suspension % 2 == 1
    }

    /// How many keys the account may have, in a stack that allows so many.
    pub(in crate::store) fn quota(&self, max_keys: u64) -> u64 {
        self.max_keys.unwrap_or(max_keys)
    }

    /// What operators see. `None` when the item is not complete.
    pub(in crate::store) fn shown(&self, id: AccountId) -> Option<Account> {
        Some(Account {
            id,
            company: self.company.clone()?,
            created_at: self.created_at?,
            suspended: self.is_suspended(),
            // The count itself is only ever raised; what was deleted since is noted beside it.
            key_count: self.key_count.saturating_sub(self.deletions.saturating_sub(self.deletions_counted)),
            max_keys: self.max_keys,
            limits: self.ceiling,
        })
    }
}

/// How a counter is stored: 0 is absent.
fn stored(version: u64) -> Option<AttributeValue> {
    (version > 0).then(|| number(version))
}

/// The primary key of an account's item.
pub(in crate::store) fn account_key(account_id: AccountId) -> Item {
    Item::from([
        (ACCOUNT_ID.into(), AttributeValue::S(format!("{account_id}#quota"))),
        (ID.into(), AttributeValue::S("quota".into())),
    ])
}

pub(in crate::store) fn from_item(item: Item) -> Result<AccountItem, TableError> {
    serde_dynamo::from_item(item).map_err(|cause| TableError::caused("an item is not an account", cause))
}

impl KeyStore {
    /// An account's item as it is at this moment.
    pub(in crate::store) async fn read_account(
        &self,
        account_id: AccountId,
    ) -> Result<Option<AccountItem>, TableError> {
        self.read(account_key(account_id)).await?.map(from_item).transpose()
    }

    pub(in crate::store) async fn existing_account(&self, account_id: AccountId) -> Result<AccountItem, WriteError> {
        Ok(self.read_account(account_id).await?.ok_or(AccountRefusal::Unknown)?)
    }

    /// Writes to an account's item and appends the event, unless another event of the account came after it was read.
    /// Whether it did.
    pub(in crate::store) async fn write_account(
        &self,
        account_id: AccountId,
        read: &AccountItem,
        mut update: Expression,
        event: Event,
        listing: Option<TransactWriteItem>,
        retries: Retries,
    ) -> Result<bool, WriteError> {
        let event = Event { previous_event: read.last_event, ..event };
        update.require(LAST_EVENT, read.last_event.as_ref().map(value).transpose()?);
        update.write(LAST_EVENT, Some(value(&event.id)?));
        let item = account_key(account_id);
        let mut transaction = Transaction::writing(item.clone(), event.id)
            .with(Part::Account, update.on(&self.table, item)?)
            .with(Part::Event, self.events.append(account_id, &event)?);
        if let Some(listing) = listing {
            transaction = transaction.with(Part::Listing, listing);
        }
        match self.transact(&transaction, retries).await? {
            Outcome::Done => Ok(true),
            Outcome::Refused(Part::Account) => Ok(false),
            Outcome::Refused(_) => Err(TableError::new("an account and its place in the list disagree").into()),
        }
    }

    pub(in crate::store) async fn read(&self, key: Item) -> Result<Option<Item>, TableError> {
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true).send().await;
        Ok(read.map_err(|cause| TableError::caused("the table did not read an item", cause))?.item)
    }
}
