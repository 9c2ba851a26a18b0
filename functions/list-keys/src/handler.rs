//! `GET /authentication`: the keys of the caller's account, newest first, a page at a time.

use std::time::SystemTime;

use api_keys::key::{Lifetime, Limits, Timestamp};
use api_keys::lambda::{Error, KeyPageView, http};
use api_keys::request::KeyQuery;
use api_keys::store::{AccountReader, KeyList};
use lambda_http::{Body, Request, Response};

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Lists keys.
    pub key_list: &'a KeyList,
    /// Reads an account's longest lifetime of values.
    pub accounts: &'a AccountReader,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// How long values of keys may live at most, in any account.
    pub lifetime: Option<Lifetime>,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, list_keys(&request, deps, now.into())).await
}

async fn list_keys(request: &Request, deps: &Deps<'_>, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, mut query) = http::read(request, |caller, fields| {
        caller.must_read()?;
        Ok(KeyQuery::take(fields))
    })?;
    if query.filter.exceeds_lifetime.is_some() {
        query.filter.lifetime = deps.accounts.lifetime(caller.account_id, deps.lifetime).await?;
    }
    let page = deps.key_list.page(caller.account_id, &query, now).await?;
    http::ok(&KeyPageView::of(page, now, deps.ceiling))
}
