//! `list`: all accounts, a page at a time, in no order that means anything.

use api_keys::key::AccountId;
use api_keys::lambda::Error;
use api_keys::request::Fields;
use serde::Serialize;

use crate::answer::{Answer, Shown};
use crate::{Invocation, MAX_LIMIT};

/// A page of accounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    accounts: Vec<Shown>,
    next_cursor: Option<AccountId>,
}

pub(crate) async fn list(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let limit = fields.page_size(MAX_LIMIT, MAX_LIMIT);
    let cursor = fields.id("cursor", AccountId::parse, "must be the nextCursor of an earlier answer");
    fields.finish()?;
    let with = invocation.with;
    let page = with.account_list.page(limit, cursor).await?;
    let accounts = page.accounts.into_iter().map(|account| Shown::of(account, with.max_keys)).collect();
    Ok(Answer::List(Listed { accounts, next_cursor: page.next }))
}
