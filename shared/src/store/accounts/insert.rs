//! New keys, within the account's quota, as the account is at that moment.
//!
//! A new key copies the account's state, and its transaction requires that the account still has it. A query may not yet show
//! the key of a transaction that was just carried out, so a sweep that began meanwhile may miss it. Therefore the account is
//! read again before anybody learns the key's value, and the key is updated here where the sweep would have done it.

use super::error::{AccountError, AccountRefusal};
use super::insertion::{Insertion, creation, key_and_event};
use super::item::{AccountItem, LIFETIME};
use super::listing::listing_item;
use super::quota::Quota;
use super::write::Accounts;
use crate::key::{AccountLimits, KeyHash, KeyRecord, Lifetime, Locator, Timestamp};
use crate::request::{NamedRequest, Origin, require_lifetime};
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::part::put_new;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::transaction::{Part, Transacted, Transaction};
use crate::store::events::event::EventType;
use crate::store::events::tables::Tables;
use crate::store::keys::account_state::{ACCOUNT_LIMITS, AccountState, EXTERNAL_ID, StateUpdate};
use crate::store::keys::exposed_value;
use crate::store::keys::import_claim::{self, ImportClaim};
use crate::store::keys::item::key;

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

/// Makes keys within their account's quota, and accounts with their first key, each write with its event.
#[derive(Debug, Clone)]
pub struct NewKeys {
    accounts: Accounts,
    quota: Quota,
    tables: Tables,
}

impl NewKeys {
    /// Writes to these tables.
    #[must_use]
    pub fn new(tables: &Tables) -> Self {
        Self { accounts: Accounts::new(tables), quota: Quota::new(tables), tables: tables.clone() }
    }

    /// Stores an account and its first key. The key as it was stored. `max_key_lifetime` is how long values of the account's keys
    /// may live at most.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn insert_first(
        &self,
        record: &KeyRecord,
        max_key_lifetime: Option<Lifetime>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<KeyRecord, AccountError> {
        let mut event = creation(&self.tables, EventType::AccountCreated, record, origin, now)?;
        if let Some(external_id) = &record.external_id {
            event.add_change(EXTERNAL_ID, &(), external_id)?;
            event.external_id = Some(external_id.clone());
        }
        if let Some(lifetime) = max_key_lifetime {
            event.add_change(LIFETIME, &(), &lifetime)?;
        }
        let AccountLimits { plan, limits } = record.account_limits;
        if !limits.is_none() {
            event.add_change(ACCOUNT_LIMITS, &(), &limits)?;
        }
        let external_id = record.external_id.clone();
        let state = AccountState { plan, external_id, account_limits: limits, ..AccountState::default() };
        let company = &record.metadata.company;
        let account = AccountItem::first(record, max_key_lifetime, event.id, now)?;
        let listing = listing_item(record.account_id, company, now)?;
        let transaction = key_and_event(&self.tables, record, &state, &event)?
            .with(Part::Account, put_new(&self.tables.keys.name, account)?)
            .with(Part::Listing, put_new(&self.tables.keys.name, listing)?);
        match transaction.send(&self.tables.keys, Retries::from_now()).await? {
            Transacted::Done => self.confirm(record.place(), &state).await?,
            Transacted::Refused(_) => return Err(used_before().into()),
        }
        Ok(KeyRecord { last_event: Some(event.id), ..record.clone() })
    }

    /// Stores a new key, if the account has fewer than `max_keys` or its own quota, and the key ends within `lifetime` or the
    /// account's own. The key as it was stored. `named` is the request, if its client has named it.
    ///
    /// # Errors
    /// [`AccountError`]; the name may have been used meanwhile.
    pub async fn insert(
        &self,
        record: &KeyRecord,
        max_keys: u64,
        lifetime: Option<Lifetime>,
        named: Option<&NamedRequest>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<KeyRecord, AccountError> {
        let mut new = Insertion::of(EventType::KeyCreated, record, max_keys, origin, now);
        (new.named, new.lifetime) = (named, lifetime);
        self.insert_counted(&new).await?.map_err(|_| used_before().into())
    }

    /// Stores a key that an operator makes for an account which lost its last manager. The key as it was stored.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn recover(
        &self,
        record: &KeyRecord,
        max_keys: u64,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<KeyRecord, AccountError> {
        let new = Insertion::of(EventType::AccountRecovered, record, max_keys, origin, now);
        self.insert_counted(&new).await?.map_err(|_| used_before().into())
    }

    /// Stores a key that another system issued, and with it the claim that no other key has its value.
    ///
    /// `replaces` is where an older claim to it leads, to a key that is gone or has another value by now: then the value works
    /// again, which the event shows. Its holder knows the value already, so the key is held back until it is confirmed that the
    /// account was not suspended meanwhile.
    ///
    /// # Errors
    /// [`AccountError`]. A key that was stored all the same stays held back until [`Self::release`].
    pub async fn import(
        &self,
        record: &KeyRecord,
        replaces: Option<Locator>,
        max_keys: u64,
        lifetime: Option<Lifetime>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Imported, AccountError> {
        let table = &self.tables.keys.name;
        let mut new = Insertion::of(EventType::KeyImported, record, max_keys, origin, now);
        new.claim.push((Part::Mark, exposed_value::requiring_none(table, &record.key_hash)?));
        new.claim.extend(ImportClaim::of(record).parts(table, replaces, now)?);
        (new.revives, new.lifetime) = (replaces.is_some(), lifetime);
        Ok(self.insert_counted(&new).await?.map_or_else(|refused| refused, |_| Imported::Done))
    }

    /// Whether the claim to a value still leads to that key, and the key has the value no more. A read does not always show what
    /// another import is writing, so a transaction that writes nothing looks: it conflicts with the other one, or finds what that
    /// has written.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn has_ended(&self, hash: &KeyHash, claimed: Locator, now: Timestamp) -> Result<bool, AccountError> {
        let (table, id) = (&self.tables.keys, self.tables.event_id(now)?);
        let transaction = Transaction::writing("look for a claimed value".to_owned(), key(claimed), id)
            .with(Part::Claim, import_claim::requiring_claim(&table.name, hash, claimed)?)
            .with(Part::Claim, import_claim::requiring_no_value(&table.name, hash, claimed, now)?);
        Ok(transaction.send(table, Retries::from_now()).await? == Transacted::Done)
    }

    /// Lets an imported key work that was held back, because the import ended early or the account was suspended.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn release(&self, place: Locator) -> Result<(), AccountError> {
        self.confirm(place, &AccountState::default()).await?;
        Ok(import_claim::activate(&self.tables.keys, place).await?)
    }

    /// The key as it was stored, or why a value of another system was refused.
    async fn insert_counted(&self, new: &Insertion<'_>) -> Result<Result<KeyRecord, Imported>, AccountError> {
        let retries = Retries::from_now();
        let mut record = new.record.clone();
        loop {
            let account = self.accounts.existing(record.account_id).await?;
            account.must_be_active()?;
            require_lifetime(&record.metadata, account.lifetime(new.lifetime))
                .map_err(AccountError::LifetimeExceeded)?;
            if !self.quota.has_room(record.account_id, &account, new.max_keys, new.now, retries).await? {
                return Err(AccountError::QuotaReached { max_keys: account.quota(new.max_keys) });
            }
            if let Some(company) = &account.company {
                record.metadata.company.clone_from(company);
            }
            record.ceiling = account.ceiling;
            record.external_id.clone_from(&account.external_id);
            record.account_limits = AccountLimits { plan: account.plan, limits: account.account_limits };
            let transaction = new.transaction(&self.tables, &record, &account)?;
            record.last_event = Some(transaction.event);
            match transaction.send(&self.tables.keys, retries).await? {
                Transacted::Done => {
                    self.confirm(record.place(), &account.state()).await?;
                    if new.r#type == EventType::KeyImported {
                        import_claim::activate(&self.tables.keys, record.place()).await?;
                    }
                    return Ok(Ok(record));
                }
                Transacted::Refused(Part::Mark) => return Ok(Err(Imported::Exposed)),
                Transacted::Refused(Part::Claim) => return Ok(Err(Imported::Taken)),
                // The account is no longer as it was read.
                Transacted::Refused(Part::Room) if retries.are_left() => {}
                // Or the same request has come before.
                Transacted::Refused(Part::Room | Part::Request) => return Err(WriteError::Contended.into()),
                Transacted::Refused(_) => return Err(used_before().into()),
            }
        }
    }

    /// Reads the account again after a key was stored, and updates the key where a sweep has updated the others since.
    async fn confirm(&self, place: Locator, copied: &AccountState) -> Result<(), AccountError> {
        let item = self.accounts.read(place.account_id).await?.ok_or(AccountRefusal::Unknown)?;
        let account = item.state();
        if account.suspension != copied.suspension {
            StateUpdate::of_suspension(&account).send_to_one(&self.tables.keys, place).await?;
        }
        if account.revision != copied.revision {
            StateUpdate::of_profile(&account)?.send_to_one(&self.tables.keys, place).await?;
        }
        if account.plan != copied.plan {
            StateUpdate::of_plan(&account)?.send_to_one(&self.tables.keys, place).await?;
        }
        Ok(item.must_be_active()?)
    }
}

fn used_before() -> TableError {
    TableError::new("an id was used before")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::aws::scripted::{Arrival, Reply, ScriptedTable};
    use crate::key::Random;
    use crate::store::events::table::EventTable;

    #[tokio::test(start_paused = true)]
    async fn an_account_that_changes_all_the_while_is_read_again_until_the_time_is_over() {
        let (table, aws, _) = ScriptedTable::start(move |Arrival { operation, number, .. }| {
            assert!(number < 2_000, "it never ends");
            if operation == "TransactWriteItems" {
                let reasons = ["None", "None", "ConditionalCheckFailed"].map(|code| json!({ "Code": code }));
                let body = json!({"__type": "TransactionCanceledException", "CancellationReasons": reasons});
                return Reply::Answer(400, body);
            }
            Reply::Answer(200, json!({"Item": {"company": {"S": "Example"}, "keyCount": {"N": "1"}}}))
        });
        let events = EventTable { name: "events".to_owned(), retention: Duration::from_hours(24) };
        let keys = NewKeys::new(&Tables::new(&aws, "keys".to_owned(), events, Random::system()));
        let record = KeyRecord::example();
        let (origin, now, start) = (Origin::service("request"), record.metadata.created_at, Instant::now());

        let inserted = keys.insert(&record, 10, None, None, &origin, now).await;

        assert!(matches!(inserted, Err(AccountError::Write(WriteError::Contended))), "{inserted:?}");
        assert!(table.calls().iter().filter(|(operation, _)| operation == "GetItem").count() > 2);
        assert_eq!(start.elapsed().as_secs(), 5);
    }
}
