//! Reading an account's item, and writing it in one transaction with its event.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::error::{AccountError, AccountRefusal};
use super::item::{AccountItem, account_key, from_item};
use crate::key::{AccountId, Lifetime, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::attribute::{LAST_EVENT, optional, value};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::transaction::{Part, Transacted, Transaction};
use crate::store::events::event::{Event, EventType};
use crate::store::events::tables::Tables;

/// Reads and changes accounts, each write with its event. They are made by [`NewKeys`](crate::store::NewKeys), with their
/// first key.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub(super) tables: Tables,
}

impl Accounts {
    /// Writes to these tables.
    #[must_use]
    pub fn new(tables: &Tables) -> Self {
        Self { tables: tables.clone() }
    }

    /// An account's item as it is at this moment.
    pub(super) async fn read(&self, account_id: AccountId) -> Result<Option<AccountItem>, TableError> {
        self.tables.keys.read("an account", account_key(account_id)).await?.map(from_item).transpose()
    }

    pub(super) async fn existing(&self, account_id: AccountId) -> Result<AccountItem, AccountError> {
        Ok(self.read(account_id).await?.ok_or(AccountRefusal::Unknown)?)
    }

    /// Makes the event of a write to an account that was read.
    pub(super) fn event(
        &self,
        r#type: EventType,
        read: &AccountItem,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Event, TableError> {
        let event = self.tables.event(r#type, None, origin, now)?;
        Ok(Event { previous_event: read.last_event, external_id: read.external_id.clone(), ..event })
    }

    /// The operator's own id of an account, as it is at this moment; `None` also for an account that there is not.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn external_id(&self, account_id: AccountId) -> Result<Option<String>, TableError> {
        Ok(self.read(account_id).await?.and_then(|account| account.external_id))
    }

    /// How long values of an account's keys may live, as it is at this moment, in a stack that lets them live so long.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn lifetime(
        &self,
        account_id: AccountId,
        of_stack: Option<Lifetime>,
    ) -> Result<Option<Lifetime>, TableError> {
        Ok(self.read(account_id).await?.map_or(of_stack, |account| account.lifetime(of_stack)))
    }

    /// Writes to an account's item and appends the event, unless another event of the account came after it was read.
    /// Whether it did.
    pub(super) async fn write(
        &self,
        account_id: AccountId,
        read: &AccountItem,
        mut update: Expression,
        event: Event,
        listing: Option<TransactWriteItem>,
        retries: Retries,
    ) -> Result<bool, AccountError> {
        update.require(LAST_EVENT, optional(read.last_event.as_ref())?);
        update.write(LAST_EVENT, Some(value(&event.id)?));
        let item = account_key(account_id);
        let mut transaction = Transaction::writing(event.r#type.name(), item.clone(), event.id)
            .with(Part::Account, update.on(&self.tables.keys.name, item)?)
            .with(Part::Event, self.tables.events.append(account_id, &event)?);
        if let Some(listing) = listing {
            transaction = transaction.with(Part::Listing, listing);
        }
        match transaction.send(&self.tables.keys, retries).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(Part::Account) => Ok(false),
            Transacted::Refused(_) => {
                Err(TableError::new("an account and its item in the list of all disagree").into())
            }
        }
    }
}
