//! Completing the accounts of releases before 0.2, whose company only their keys name.

use super::error::{AccountError, AccountRefusal};
use super::item::{Account, AccountItem};
use super::listing::listing_item;
use super::write::Accounts;
use crate::key::{AccountId, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::attribute::value;
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::part::put_new;
use crate::store::dynamo::retries::Retries;
use crate::store::events::event::EventType;
use crate::store::keys::list::oldest;

impl Accounts {
    /// An account as it is at this moment. One of a release before 0.2 is described by its oldest key.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn show(&self, account_id: AccountId) -> Result<Account, AccountError> {
        let item = self.existing(account_id).await?;
        if let Some(account) = item.shown(account_id) {
            return Ok(account);
        }
        let described = self.described_by_keys(account_id, &item, None).await?;
        Ok(described.shown(account_id).ok_or(AccountRefusal::Nameless)?)
    }

    /// Stops where there is no such account, whether or not anything names its company.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn must_exist(&self, account_id: AccountId) -> Result<(), AccountError> {
        self.existing(account_id).await.map(drop)
    }

    /// Makes an account of a release before 0.2 complete and listed. Whether it was not.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn adopt(
        &self,
        account_id: AccountId,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(Account, bool), AccountError> {
        let (item, adopted) = self.adopted(account_id, None, origin, now).await?;
        Ok((item.shown(account_id).ok_or(AccountRefusal::Nameless)?, adopted))
    }

    /// The account's item, made complete first where it is not. `company` is what an account without keys is called.
    pub(super) async fn adopted(
        &self,
        account_id: AccountId,
        company: Option<(&str, Timestamp)>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(AccountItem, bool), AccountError> {
        let retries = Retries::from_now();
        loop {
            let read = self.existing(account_id).await?;
            if read.shown(account_id).is_some() {
                return Ok((read, false));
            }
            let complete = self.described_by_keys(account_id, &read, company).await?;
            let Account { company, created_at, .. } = complete.shown(account_id).ok_or(AccountRefusal::Nameless)?;
            let mut update = Expression::default();
            update.write("company", Some(value(&company)?));
            update.write("createdAt", Some(value(&created_at)?));
            let listing = listing_item(account_id, &company, created_at)?;
            let listing = put_new(&self.tables.keys.name, listing)?;
            let mut event = self.event(EventType::AccountChanged, &read, origin, now)?;
            event.add_change("company", &(), &company)?;
            let last_event = Some(event.id);
            if self.write(account_id, &read, update, event, Some(listing), retries).await? {
                return Ok((AccountItem { last_event, ..complete }, true));
            }
            if !retries.are_left() {
                return Err(WriteError::Contended.into());
            }
        }
    }

    /// The item with the company and the time of the account's oldest key, or else with those that are given.
    async fn described_by_keys(
        &self,
        account_id: AccountId,
        item: &AccountItem,
        given: Option<(&str, Timestamp)>,
    ) -> Result<AccountItem, AccountError> {
        let oldest =
            oldest(&self.tables.keys, account_id).await?.map(|key| (key.metadata.company, key.metadata.created_at));
        let given = given.map(|(company, created_at)| (company.to_owned(), created_at));
        let (company, created_at) = oldest.or(given).unzip();
        Ok(AccountItem { company, created_at, ..item.clone() })
    }
}
