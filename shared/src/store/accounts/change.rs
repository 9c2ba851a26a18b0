//! What operators change of an account. The quota and the longest lifetime hold at once; company, ceiling, external id and the account's own limits are
//! copied to every key.

use aws_sdk_dynamodb::types::TransactWriteItem;
use tokio::time::Instant;

use super::cursor::SweepCursor;
use super::error::{AccountError, AccountRefusal};
use super::item::{AccountItem, LIFETIME, lifetime_value};
use super::listing::listing_key;
use super::sweep::{Aspect, Sweep};
use super::write::Accounts;
use crate::key::{AccountId, Timestamp};
use crate::request::{AccountChange, Origin};
use crate::store::dynamo::attribute::{number, optional, value};
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::events::event::{Event, EventType};
use crate::store::keys::account_state::{ACCOUNT_LIMITS, CEILING, EXTERNAL_ID, PLAN, REVISION};

impl Accounts {
    /// Changes an account and copies that to its keys. It is done when the sweep has no cursor; with one it is continued.
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
        // Continued, it must not undo what another operator changed meanwhile.
        if cursor.is_none() {
            self.write_change(account_id, change, origin, now).await?;
        }
        let (profile, plan) = (change.company.is_some() || change.limits.is_some(), change.is_of_plan());
        let is_in_plan = cursor.as_ref().is_some_and(|cursor| cursor.of_plan);
        let mut changed = 0;
        if profile && !is_in_plan {
            let sweep = self.sweep(account_id, Aspect::Profile, cursor.clone(), end).await?;
            if sweep.cursor.is_some() || !plan {
                return Ok(sweep);
            }
            changed = sweep.changed;
        }
        if plan {
            let sweep = self.sweep(account_id, Aspect::Plan, cursor.filter(|_| is_in_plan), end).await?;
            return Ok(Sweep { changed: changed.max(sweep.changed), ..sweep });
        }
        Ok(Sweep { account: self.show(account_id).await?, changed: 0, cursor: None })
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
            let mut event = self.event(EventType::AccountChanged, &account, origin, now)?;
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
        let (mut update, mut listing, mut of_plan) = (Expression::default(), None, false);
        if let Some(max_keys) = change.max_keys.filter(|wanted| *wanted != account.max_keys) {
            event.add_change("maxKeys", &account.max_keys, &max_keys)?;
            update.write("maxKeys", max_keys.map(number));
        }
        if let Some(lifetime) = change.max_key_lifetime.filter(|wanted| *wanted != account.max_key_lifetime) {
            event.add_change(LIFETIME, &account.max_key_lifetime, &lifetime)?;
            update.write(LIFETIME, lifetime.map(lifetime_value));
        }
        if let Some(external_id) = change.external_id.as_ref().filter(|wanted| **wanted != account.external_id) {
            event.add_change(EXTERNAL_ID, &account.external_id, external_id)?;
            event.external_id.clone_from(external_id);
            update.write(EXTERNAL_ID, optional(external_id.as_ref())?);
            of_plan = true;
        }
        if let Some(limits) = change.account_limits.filter(|wanted| *wanted != account.account_limits) {
            event.add_change(ACCOUNT_LIMITS, &account.account_limits, &limits)?;
            update.write(ACCOUNT_LIMITS, (!limits.is_none()).then(|| value(&limits)).transpose()?);
            of_plan = true;
        }
        if of_plan {
            update.write(PLAN, Some(number(account.plan + 1)));
        }
        let of_plan_alone = event.changes.len();
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
        if event.changes.len() > of_plan_alone {
            update.write(REVISION, Some(number(account.revision + 1)));
        }
        Ok((update, listing))
    }
}
