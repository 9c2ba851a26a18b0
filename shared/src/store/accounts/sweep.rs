//! Updating every key of an account to what its operators decided. It is a pass over the keys, and another one as long as a pass
//! has changed something.

use tokio::time::Instant;

use super::cursor::SweepCursor;
use super::error::{AccountError, AccountRefusal};
use super::item::{Account, AccountItem};
use super::write::Accounts;
use crate::key::{AccountId, Locator};
use crate::store::dynamo::bulk::{AT_ONCE, Bulk};
use crate::store::keys::account_state::StateUpdate;

/// How far a sweep has come.
#[derive(Debug)]
pub struct Sweep {
    /// The account at the end.
    pub account: Account,
    /// How many keys were updated.
    pub changed: u64,
    /// What continues it; `None` when no key is older.
    pub cursor: Option<SweepCursor>,
}

/// Which part of its state keys repeat by it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aspect {
    /// Whether the account is suspended. A sweep that finds it otherwise than wanted ends.
    Suspended(bool),
    /// Company and ceiling.
    Profile,
    /// The external id and the account's own limits.
    Plan,
}

impl Aspect {
    fn state_update(self, account: &AccountItem) -> Result<StateUpdate, AccountError> {
        match self {
            Self::Suspended(wanted) if wanted != account.is_suspended() => Err(AccountRefusal::Overtaken.into()),
            Self::Suspended(_) => Ok(StateUpdate::of_suspension(&account.state())),
            Self::Profile => Ok(StateUpdate::of_profile(&account.state())?),
            Self::Plan => Ok(StateUpdate::of_plan(&account.state())?),
        }
    }

    fn start(self, version: u64) -> SweepCursor {
        SweepCursor { of_plan: matches!(self, Self::Plan), version, changed: false, after: None }
    }
}

impl Accounts {
    /// Updates every key, until a whole pass changed nothing or the time is over. Each call comes further, however short
    /// the time.
    pub(super) async fn sweep(
        &self,
        account_id: AccountId,
        aspect: Aspect,
        from: Option<SweepCursor>,
        end: Instant,
    ) -> Result<Sweep, AccountError> {
        let mut account = self.existing(account_id).await?;
        let mut update = aspect.state_update(&account)?;
        let mut at = from.filter(|from| from.version == update.version).unwrap_or(aspect.start(update.version));
        let (mut changed, mut bulk) = (0, Bulk::default());
        let cursor = 'pass: loop {
            let (keys, next) = update.older_keys(&self.tables.keys, account_id, at.after).await?;
            for some in keys.chunks(AT_ONCE) {
                let writes = some.iter().map(|id| update.send(&self.tables.keys, Locator { account_id, id: *id }));
                let (updated, busy) = bulk.send(writes).await?;
                changed += updated;
                at.changed |= updated > 0;
                if busy {
                    break 'pass Some(at);
                }
                at.after = some.last().copied();
                if Instant::now() >= end {
                    break 'pass Some(at);
                }
            }
            at.after = next;
            if next.is_none() {
                account = self.existing(account_id).await?;
                update = aspect.state_update(&account)?;
                if !at.changed && update.version == at.version {
                    break None;
                }
                at = aspect.start(update.version);
            }
            if Instant::now() >= end {
                break Some(at);
            }
        };
        let account = account.shown(account_id).ok_or(AccountRefusal::Nameless)?;
        Ok(Sweep { account, changed, cursor })
    }
}
