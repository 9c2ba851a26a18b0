//! Suspending an account and resuming it.
//!
//! Both raise the account's counter first, in one transaction with the event; then a sweep writes each key. From the raise on
//! new keys copy it. A repeat of one that ended early raises nothing and writes the remaining keys.

use tokio::time::Instant;

use super::cursor::SweepCursor;
use super::error::{AccountError, AccountRefusal};
use super::sweep::{Aspect, Sweep};
use super::write::Accounts;
use crate::key::{AccountId, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::attribute::number;
use crate::store::dynamo::error::WriteError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::events::event::EventType;
use crate::store::keys::account_state::SUSPENSION;

impl Accounts {
    /// Makes every key of an account fail from the next request on, or work again as far as it worked before. It holds
    /// when the sweep has no cursor; with one it is continued.
    ///
    /// # Errors
    /// [`AccountError`], also when another operator has done the opposite meanwhile.
    pub async fn set_suspended(
        &self,
        account_id: AccountId,
        suspended: bool,
        cursor: Option<SweepCursor>,
        end: Instant,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Sweep, AccountError> {
        // Continued, it must not undo what another operator did meanwhile.
        if cursor.is_none() {
            self.raise(account_id, suspended, end, origin, now).await?;
        }
        self.sweep(account_id, Aspect::Suspended(suspended), cursor, end).await
    }

    /// Raises the account's counter, unless it is as wanted. It must win, so it is tried again until the end.
    async fn raise(
        &self,
        account_id: AccountId,
        suspended: bool,
        end: Instant,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let retries = Retries::until(end);
        let (r#type, from, to) = if suspended {
            (EventType::AccountSuspended, "ACTIVE", "SUSPENDED")
        } else {
            (EventType::AccountResumed, "SUSPENDED", "ACTIVE")
        };
        loop {
            let (account, _) = self.adopted(account_id, None, origin, now).await?;
            if account.is_suspended() == suspended {
                return Ok(());
            }
            if account.erasing {
                return Err(AccountRefusal::Erasing.into());
            }
            let mut event = self.event(r#type, &account, origin, now)?;
            event.add_change("status", &from, &to)?;
            let mut update = Expression::default();
            update.write(SUSPENSION, Some(number(account.suspension + 1)));
            if self.write(account_id, &account, update, event, None, retries).await? {
                return Ok(());
            }
            if !retries.are_left() {
                return Err(WriteError::Contended.into());
            }
        }
    }
}
