//! `suspend` and `resume`: when it is done, every key of the account fails on its next request, or works as before.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::Fields;
use api_keys::store::SweepCursor;
use serde::Serialize;

use crate::Deps;
use crate::account_view::AccountView;
use crate::action::Action;

pub(crate) struct SetSuspended<const SUSPENDED: bool> {
    account_id: AccountId,
    cursor: Option<SweepCursor>,
}

/// An account that is suspended or resumed, and how far its keys have been updated.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Suspended {
    account: AccountView,
    done: bool,
    #[serde(rename = "keysMarked")]
    keys_changed: u64,
    cursor: Option<SweepCursor>,
}

impl<const SUSPENDED: bool> Action for SetSuspended<SUSPENDED> {
    type Answer = Suspended;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        let account_id = fields.account_id();
        let cursor = fields.id("cursor", SweepCursor::parse, "must be the cursor of an earlier answer");
        Self { account_id, cursor }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<Suspended, Error> {
        let Self { account_id, cursor } = self;
        let Invocation { origin, now, begun, .. } = invocation;
        let end = *begun + deps.time;
        let sweep = deps.accounts.set_suspended(account_id, SUSPENDED, cursor, end, origin, *now).await?;
        Ok(Suspended {
            account: AccountView::of(sweep.account, deps),
            done: sweep.cursor.is_none(),
            keys_changed: sweep.changed,
            cursor: sweep.cursor,
        })
    }
}
