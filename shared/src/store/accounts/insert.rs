//! New keys, within the account's quota, as the account is at that moment.
//!
//! A key is stamped with what the account's item says, and its transaction requires that the item still says so. A query
//! may not yet show the key of a transaction that was just carried out, so a sweep that began meanwhile may miss it.
//! Therefore the account is read again before anybody learns the key's value, and what the sweep would have told the key
//! it is told here.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use crate::key::{KeyMetadata, KeyRecord, Locator, Timestamp};
use crate::request::Origin;
use crate::store::accounts::item::{AccountItem, account_key};
use crate::store::accounts::listing::listing_item;
use crate::store::accounts::sweep::Mark;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::transaction::{Outcome, Part, Retries, Transaction, put};
use crate::store::events::event::{Event, EventType, FieldChange};
use crate::store::keys::exposed_value;
use crate::store::keys::import_claim::ImportClaim;
use crate::store::keys::item::{to_item, value};
use crate::store::{AccountRefusal, HELD, KeyStore, LAST_EVENT, TableError, WriteError, key};

/// What became of a key of another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is a key of the account now.
    Done,
    /// Another import took the same value at this moment.
    Taken,
    /// The value was reported as known to others.
    Exposed,
}

/// A key that is to be stored in an account that exists.
struct New<'a> {
    r#type: EventType,
    record: &'a KeyRecord,
    /// What else is stored of a key of another system.
    claim: Vec<(Part, TransactWriteItem)>,
    /// Whether its value was in use before, and works again by this.
    revives: bool,
    max_keys: u64,
    origin: &'a Origin,
    now: Timestamp,
}

impl KeyStore {
    /// Stores an account and its first key.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn insert_first(&self, record: &KeyRecord, origin: &Origin, now: Timestamp) -> Result<(), WriteError> {
        let event = self.creation(EventType::AccountCreated, record, origin, now)?;
        let company = &record.metadata.company;
        let account = AccountItem::first(record, event.id, now)?;
        let listing = listing_item(record.account_id, company, now)?;
        let transaction = self
            .insertion(record, &AccountItem::default(), &event)?
            .with(Part::Account, put(&self.table, account, "attribute_not_exists(id)", [])?)
            .with(Part::Listing, put(&self.table, listing, "attribute_not_exists(id)", [])?);
        match self.transact(&transaction, Retries::from_now()).await? {
            Outcome::Done => self.confirm(place(record), &AccountItem::default()).await,
            Outcome::Refused(_) => Err(used_before().into()),
        }
    }

    /// Stores a new key, if the account has fewer than `max_keys` or its own quota. The key as it was stored.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn insert(
        &self,
        record: &KeyRecord,
        max_keys: u64,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<KeyMetadata, WriteError> {
        let new =
            New { r#type: EventType::KeyCreated, record, claim: Vec::new(), revives: false, max_keys, origin, now };
        self.insert_counted(&new).await?.map_err(|_| used_before().into())
    }

    /// Stores a key that an operator makes for an account which lost its last manager. The key as it was stored.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn recover(
        &self,
        record: &KeyRecord,
        max_keys: u64,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<KeyMetadata, WriteError> {
        let new = New {
            r#type: EventType::AccountRecovered,
            record,
            claim: Vec::new(),
            revives: false,
            max_keys,
            origin,
            now,
        };
        self.insert_counted(&new).await?.map_err(|_| used_before().into())
    }

    /// Stores a key that another system issued, and with it the claim that no other key has its value.
    ///
    /// `replaces` is where an older claim to it leads, to a key that is gone or has another value by now: then the value works
    /// again, which the event says. Its holder knows the value already, so the key is held back until it is confirmed that the
    /// account was not suspended meanwhile.
    ///
    /// # Errors
    /// [`WriteError`]. A key that was stored all the same stays held back until [`KeyStore::release`].
    pub async fn import(
        &self,
        record: &KeyRecord,
        replaces: Option<Locator>,
        max_keys: u64,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Imported, WriteError> {
        let mut claim = vec![(Part::Mark, exposed_value::requiring_none(&self.table, &record.key_hash)?)];
        claim.extend(ImportClaim::of(record).parts(&self.table, replaces)?);
        let revives = replaces.is_some();
        let new = New { r#type: EventType::KeyImported, record, claim, revives, max_keys, origin, now };
        Ok(self.insert_counted(&new).await?.map_or_else(|refused| refused, |_| Imported::Done))
    }

    /// Lets an imported key work that was held back, because the import ended early or the account was suspended.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn release(&self, place: Locator) -> Result<(), WriteError> {
        self.confirm(place, &AccountItem::default()).await?;
        self.let_go(place).await
    }

    /// The key as it was stored, or why a value of another system was refused.
    async fn insert_counted(&self, new: &New<'_>) -> Result<Result<KeyMetadata, Imported>, WriteError> {
        let retries = Retries::from_now();
        let mut record = new.record.clone();
        loop {
            let account = self.existing_account(record.account_id).await?;
            account.must_be_active()?;
            if !self.has_room(record.account_id, &account, new.max_keys, new.now, retries).await? {
                return Err(WriteError::QuotaReached { max_keys: account.quota(new.max_keys) });
            }
            if let Some(company) = &account.company {
                record.metadata.company.clone_from(company);
            }
            record.metadata.ceiling = account.ceiling;
            let transaction = self.counted_insertion(new, &record, &account)?;
            match self.transact(&transaction, retries).await? {
                Outcome::Done => {
                    self.confirm(place(&record), &account).await?;
                    if new.r#type == EventType::KeyImported {
                        self.let_go(place(&record)).await?;
                    }
                    return Ok(Ok(record.metadata));
                }
                Outcome::Refused(Part::Mark) => return Ok(Err(Imported::Exposed)),
                Outcome::Refused(Part::Claim) => return Ok(Err(Imported::Taken)),
                // The account is no longer as it was read.
                Outcome::Refused(Part::Room) if retries.are_left() => {}
                Outcome::Refused(Part::Room) => return Err(WriteError::Contended),
                Outcome::Refused(_) => return Err(used_before().into()),
            }
        }
    }

    fn counted_insertion(
        &self,
        new: &New<'_>,
        record: &KeyRecord,
        account: &AccountItem,
    ) -> Result<Transaction, TableError> {
        let mut event = self.creation(new.r#type, record, new.origin, new.now)?;
        if new.revives {
            event.changes.push(FieldChange::of_revival());
        }
        let mut room = Expression::default();
        room.reserve(record.metadata.id, new.max_keys)?;
        account.require_stamps(&mut room);
        if new.r#type == EventType::AccountRecovered {
            event.previous_event = account.last_event;
            room.require(LAST_EVENT, account.last_event.as_ref().map(value).transpose()?);
            room.write(LAST_EVENT, Some(value(&event.id)?));
        }
        let mut transaction = self.insertion(record, account, &event)?;
        transaction = transaction.with(Part::Room, room.on(&self.table, account_key(record.account_id))?);
        for (part, item) in &new.claim {
            transaction = transaction.with(*part, item.clone());
        }
        Ok(transaction)
    }

    /// What all new keys have in common: the key, as the account stamps it, and its event.
    fn insertion(&self, record: &KeyRecord, account: &AccountItem, event: &Event) -> Result<Transaction, TableError> {
        let record = KeyRecord { last_event: Some(event.id), ..record.clone() };
        let mut item = to_item(&record)?;
        account.stamp(&mut item)?;
        if event.r#type == EventType::KeyImported {
            item.insert(HELD.into(), AttributeValue::Bool(true));
        }
        Ok(Transaction::writing(key(record.account_id, record.metadata.id), event.id)
            .with(Part::Key, put(&self.table, item, "attribute_not_exists(id)", [])?)
            .with(Part::Event, self.events.append(record.account_id, event)?))
    }

    /// Reads the account again after a key was stored, and tells the key what a sweep has told the others since.
    async fn confirm(&self, place: Locator, stamped: &AccountItem) -> Result<(), WriteError> {
        let account = self.read_account(place.account_id).await?.ok_or(AccountRefusal::Unknown)?;
        if account.suspension != stamped.suspension {
            self.mark(place, &Mark::of_suspension(&account)).await?;
        }
        if account.revision != stamped.revision {
            self.mark(place, &Mark::of_profile(&account)?).await?;
        }
        Ok(account.must_be_active()?)
    }

    /// The event of a new key: all that was decided of it.
    fn creation(
        &self,
        r#type: EventType,
        record: &KeyRecord,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Event, TableError> {
        let event = self.event(r#type, Some(record.metadata.id), origin, now)?;
        Ok(Event { changes: FieldChange::of_new(&record.metadata)?, ..event })
    }
}

fn place(record: &KeyRecord) -> Locator {
    Locator { account_id: record.account_id, id: record.metadata.id }
}

fn used_before() -> TableError {
    TableError::new("an id was used before")
}
