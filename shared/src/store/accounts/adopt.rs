//! Completing the accounts of releases before 0.2, whose company only their keys name.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::key::{AccountId, KeyMetadata, Timestamp};
use crate::request::Origin;
use crate::store::accounts::item::{Account, AccountItem};
use crate::store::accounts::listing::listing_item;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::transaction::{Retries, put};
use crate::store::events::event::{EventType, FieldChange};
use crate::store::keys::item as key_item;
use crate::store::keys::item::value;
use crate::store::{AccountRefusal, KeyStore, TableError, WriteError};

impl KeyStore {
    /// An account as it is at this moment. One of a release before 0.2 is described by its oldest key.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn account(&self, account_id: AccountId) -> Result<Account, WriteError> {
        let item = self.existing_account(account_id).await?;
        if let Some(account) = item.shown(account_id) {
            return Ok(account);
        }
        let described = self.described_by_keys(account_id, &item, None).await?;
        Ok(described.shown(account_id).ok_or(AccountRefusal::Nameless)?)
    }

    /// Makes an account of a release before 0.2 complete and listed. Whether it was not.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn adopt(
        &self,
        account_id: AccountId,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(Account, bool), WriteError> {
        let (item, adopted) = self.adopted(account_id, None, origin, now).await?;
        Ok((item.shown(account_id).ok_or(AccountRefusal::Nameless)?, adopted))
    }

    /// The account's item, made complete first where it is not. `company` is what an account without keys is called.
    pub(in crate::store) async fn adopted(
        &self,
        account_id: AccountId,
        company: Option<(&str, Timestamp)>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(AccountItem, bool), WriteError> {
        let retries = Retries::from_now();
        loop {
            let read = self.existing_account(account_id).await?;
            if read.shown(account_id).is_some() {
                return Ok((read, false));
            }
            let complete = self.described_by_keys(account_id, &read, company).await?;
            let Account { company, created_at, .. } = complete.shown(account_id).ok_or(AccountRefusal::Nameless)?;
            let mut update = Expression::default();
            update.write("company", Some(value(&company)?));
            update.write("createdAt", Some(value(&created_at)?));
            let listing = listing_item(account_id, &company, created_at)?;
            let listing = put(&self.table, listing, "attribute_not_exists(id)", [])?;
            let mut event = self.event(EventType::AccountChanged, None, origin, now)?;
            event.changes.push(FieldChange::of_account("company", &(), &company)?);
            let last_event = Some(event.id);
            if self.write_account(account_id, &read, update, event, Some(listing), retries).await? {
                return Ok((AccountItem { last_event, ..complete }, true));
            }
            if !retries.are_left() {
                return Err(WriteError::Contended);
            }
        }
    }

    /// The item with the company and the time of the account's oldest key, or else with those that are given.
    async fn described_by_keys(
        &self,
        account_id: AccountId,
        item: &AccountItem,
        given: Option<(&str, Timestamp)>,
    ) -> Result<AccountItem, WriteError> {
        let oldest = self.oldest_key(account_id).await?.map(|key| (key.company, key.created_at));
        let given = given.map(|(company, created_at)| (company.to_owned(), created_at));
        let (company, created_at) = oldest.or(given).unzip();
        Ok(AccountItem { company, created_at, ..item.clone() })
    }

    async fn oldest_key(&self, account_id: AccountId) -> Result<Option<KeyMetadata>, TableError> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .limit(1)
            .key_condition_expression("accountId = :account")
            .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
            .send()
            .await
            .map_err(|cause| TableError::caused("the table did not list an account's keys", cause))?;
        page.items.unwrap_or_default().into_iter().next().map(key_item::from_item).transpose()
    }
}
