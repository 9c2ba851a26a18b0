//! `update`: another company, external id, quota of keys, ceiling of limits, limits of all keys together, or longest lifetime of keys.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::{AccountChange, Fields};
use api_keys::store::SweepCursor;
use serde::Serialize;

use crate::Deps;
use crate::account_view::AccountView;
use crate::action::Action;

pub(crate) struct Update {
    account_id: AccountId,
    change: AccountChange,
    cursor: Option<SweepCursor>,
}

/// An account after a change, and how far its keys have been updated.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Updated {
    account: AccountView,
    done: bool,
    keys_changed: u64,
    cursor: Option<SweepCursor>,
}

impl Action for Update {
    type Answer = Updated;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        let (account_id, change) = (fields.account_id(), AccountChange::take(fields));
        let cursor = fields.id("cursor", SweepCursor::parse, "must be the cursor of an earlier answer");
        if !change.is_of_plan() && cursor.as_ref().is_some_and(|cursor: &SweepCursor| cursor.of_plan) {
            fields.wrong("cursor", "must be the cursor of an answer to the same update");
        }
        Self { account_id, change, cursor }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<Updated, Error> {
        let Self { account_id, change, cursor } = self;
        let Invocation { origin, now, begun, .. } = invocation;
        let end = *begun + deps.time;
        let sweep = deps.accounts.update(account_id, &change, cursor, end, origin, *now).await?;
        Ok(Updated {
            account: AccountView::of(sweep.account, deps),
            done: sweep.cursor.is_none(),
            keys_changed: sweep.changed,
            cursor: sweep.cursor,
        })
    }
}
