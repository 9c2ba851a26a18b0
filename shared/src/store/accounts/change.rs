//! What operators change of an account. The quota holds at once; company and ceiling are told to every key.

use aws_sdk_dynamodb::types::TransactWriteItem;
use tokio::time::Instant;

use super::cursor::SweepCursor;
use super::error::{AccountError, AccountRefusal};
use super::item::AccountItem;
use super::listing::listing_key;
use super::sweep::{Aspect, Sweep};
use super::write::Accounts;
use crate::key::{AccountId, Timestamp};
use crate::request::{AccountChange, Origin};
use crate::store::dynamo::attribute::{number, value};
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::events::event::{Event, EventType};
use crate::store::keys::account_state::{CEILING, REVISION};

impl Accounts {
    /// Changes an account and tells its keys. It is done when the sweep has no cursor; with one it is continued.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn update(
        &self,
        account_id: AccountId,
        change: &AccountChange,
        cursor: Option<SweepCursor>,
        end: Instant,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Sweep, AccountError> {
        // Continued, it must not undo what somebody else changed meanwhile.
        if cursor.is_none() {
            self.write_change(account_id, change, origin, now).await?;
        }
        if change.company.is_none() && change.limits.is_none() {
            let account = self.show(account_id).await?;
            return Ok(Sweep { account, changed: 0, cursor: None });
        }
        self.sweep(account_id, Aspect::Profile, cursor, end).await
    }

    async fn write_change(
        &self,
        account_id: AccountId,
        change: &AccountChange,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let retries = Retries::from_now();
        loop {
            let company = change.company.as_deref().map(|company| (company, now));
            let (account, _) = self.adopted(account_id, company, origin, now).await?;
            if account.erasing {
                return Err(AccountRefusal::Erasing.into());
            }
            let mut event = self.tables.event(EventType::AccountChanged, None, origin, now)?;
            let (update, listing) = self.replacement(account_id, &account, change, &mut event)?;
            if event.changes.is_empty() || self.write(account_id, &account, update, event, listing, retries).await? {
                return Ok(());
            }
            if !retries.are_left() {
                return Err(WriteError::Contended.into());
            }
        }
    }

    /// What replaces the fields that differ, in the account's item and in the list.
    fn replacement(
        &self,
        account_id: AccountId,
        account: &AccountItem,
        change: &AccountChange,
        event: &mut Event,
    ) -> Result<(Expression, Option<TransactWriteItem>), AccountError> {
        let (mut update, mut listing) = (Expression::default(), None);
        if let Some(max_keys) = change.max_keys.filter(|wanted| *wanted != account.max_keys) {
            event.add_change("maxKeys", &account.max_keys, &max_keys)?;
            update.write("maxKeys", max_keys.map(number));
        }
        let untold = event.changes.len();
        if let Some(company) = change.company.as_ref().filter(|wanted| account.company.as_ref() != Some(wanted)) {
            event.add_change("company", &account.company, company)?;
            update.write("company", Some(value(company)?));
            let mut listed = Expression::default();
            listed.write("company", Some(value(company)?));
            listing = Some(listed.on(&self.tables.keys.name, listing_key(account_id))?);
        }
        if let Some(limits) = change.limits.filter(|wanted| *wanted != account.ceiling) {
            event.add_change("limits", &account.ceiling, &limits)?;
            update.write(CEILING, (!limits.is_none()).then(|| value(&limits)).transpose()?);
        }
        if event.changes.len() > untold {
            update.write(REVISION, Some(number(account.revision + 1)));
        }
        Ok((update, listing))
    }
}
