//! `list`: all accounts, a page at a time, in no order that means anything.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::{AccountQuery, Caller, Fields};
use serde::Serialize;

use crate::Deps;
use crate::account_view::AccountView;
use crate::action::Action;

pub(crate) struct List {
    query: AccountQuery,
    /// The accounts of this company alone.
    company: Option<String>,
}

/// A page of accounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountPageView {
    accounts: Vec<AccountView>,
    next_cursor: Option<AccountId>,
}

impl Action for List {
    type Answer = AccountPageView;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self { query: AccountQuery::take(fields), company: fields.optional_text("company", Caller::MAX_TEXT) }
    }

    async fn act(self, deps: &Deps<'_>, _invocation: &Invocation) -> Result<AccountPageView, Error> {
        let Self { query: AccountQuery { limit, cursor }, company } = self;
        let page = deps.account_list.page(company.as_deref(), limit, cursor).await?;
        let accounts = page.accounts.into_iter().map(|account| AccountView::of(account, deps)).collect();
        Ok(AccountPageView { accounts, next_cursor: page.next })
    }
}
