//! `show`: one account.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::Fields;

use crate::Deps;
use crate::account_view::AccountView;
use crate::action::Action;

pub(crate) struct Show {
    account_id: AccountId,
}

impl Action for Show {
    type Answer = AccountView;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self { account_id: fields.account_id() }
    }

    async fn act(self, deps: &Deps<'_>, _invocation: &Invocation) -> Result<AccountView, Error> {
        let account = deps.accounts.show(self.account_id).await?;
        Ok(AccountView::of(account, deps))
    }
}
