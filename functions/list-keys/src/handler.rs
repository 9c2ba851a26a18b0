//! `GET /authentication`: the keys of the caller's account, newest first, a page at a time.

use std::time::SystemTime;

use api_keys::key::{Limits, Timestamp};
use api_keys::lambda::{Error, KeyPageView, http};
use api_keys::request::KeyQuery;
use api_keys::store::KeyList;
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn handle(request: Request, keys: &KeyList, ceiling: Limits, now: SystemTime) -> Response<Body> {
    http::serve(&request, list_keys(&request, keys, ceiling, now.into())).await
}

async fn list_keys(
    request: &Request,
    keys: &KeyList,
    ceiling: Limits,
    now: Timestamp,
) -> Result<Response<Body>, Error> {
    let (caller, KeyQuery { user_id, limit, cursor }) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok(KeyQuery::take(fields))
    })?;
    let page = keys.page(caller.account_id, user_id.as_deref(), limit, cursor).await?;
    http::ok(&KeyPageView::of(page, now, ceiling))
}
