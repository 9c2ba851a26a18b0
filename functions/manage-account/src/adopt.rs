//! `adopt`: makes an account of a release before 0.2 complete and listed.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::Fields;
use serde::Serialize;

use crate::Deps;
use crate::account_view::AccountView;
use crate::action::Action;

pub(crate) struct Adopt {
    account_id: AccountId,
}

/// An account, and whether it was not complete before.
#[derive(Debug, Serialize)]
pub(crate) struct Adopted {
    account: AccountView,
    adopted: bool,
}

impl Action for Adopt {
    type Answer = Adopted;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self { account_id: fields.account_id() }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<Adopted, Error> {
        let (account, adopted) = deps.accounts.adopt(self.account_id, &invocation.origin, invocation.now).await?;
        Ok(Adopted { account: AccountView::of(account, deps), adopted })
    }
}
