//! `GET /authentication`: the keys of the caller's account, newest first, a page at a time.

use std::time::SystemTime;

use api_keys::key::{KeyId, KeyView, Limits, Timestamp};
use api_keys::lambda::{Error, http};
use api_keys::request::{Caller, Fields};
use api_keys::store::KeyList;
use lambda_http::{Body, Request, Response};
use serde::Serialize;

const MAX_LIMIT: usize = 1000;

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
    let (caller, Query { user_id, limit, cursor }) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok(Query::take(fields))
    })?;
    let page = keys.page(caller.account_id, user_id.as_deref(), limit, cursor).await?;
    let api_keys = page.keys.iter().map(|key| key.at(now, ceiling)).collect();
    http::ok(&Page { api_keys, next_cursor: page.next })
}

/// Which keys, and how many of them.
#[derive(Debug)]
pub struct Query {
    /// Those created by or assigned to that user; all when `None`.
    pub user_id: Option<String>,
    /// No more than that: 1 to 1000.
    pub limit: usize,
    /// Those behind that key; from the newest on when `None`.
    pub cursor: Option<KeyId>,
}

impl Query {
    /// Takes the query string's parameters.
    pub fn take(fields: &mut Fields) -> Self {
        Self {
            user_id: fields.optional_text("userId", Caller::MAX_TEXT),
            limit: fields.limit(MAX_LIMIT, MAX_LIMIT),
            cursor: fields.id("cursor", KeyId::parse, "must be the nextCursor of an earlier answer"),
        }
    }
}

/// A page of the keys.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = KeyPage))]
#[serde(rename_all = "camelCase")]
pub struct Page<'a> {
    /// Newest first.
    api_keys: Vec<KeyView<'a>>,
    // The id of the page's last key; clients must not rely on that.
    /// What `cursor` takes to get the next page; `null` on the last one. Opaque.
    next_cursor: Option<KeyId>,
}
