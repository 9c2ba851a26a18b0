//! `list`: all accounts, a page at a time, in no order that means anything.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::{AccountQuery, Fields};
use serde::Serialize;

use crate::Deps;
use crate::account_view::AccountView;
use crate::action::Action;

pub(crate) struct List(AccountQuery);

/// A page of accounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountPageView {
    accounts: Vec<AccountView>,
    next_cursor: Option<AccountId>,
}

impl Action for List {
    type Answer = AccountPageView;

    fn take(fields: &mut Fields, _now: Timestamp) -> Self {
        Self(AccountQuery::take(fields))
    }

    async fn act(self, deps: &Deps<'_>, _invocation: &Invocation) -> Result<AccountPageView, Error> {
        let page = deps.account_list.page(self.0.limit, self.0.cursor).await?;
        let accounts = page.accounts.into_iter().map(|account| AccountView::of(account, deps.max_keys)).collect();
        Ok(AccountPageView { accounts, next_cursor: page.next })
    }
}
