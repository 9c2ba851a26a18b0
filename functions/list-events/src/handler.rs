//! `GET /authentication/events`: what was done to the account's keys, newest first, a page at a time.

use api_keys::lambda::{Error, EventPageView, http};
use api_keys::request::EventQuery;
use api_keys::store::EventList;
use lambda_http::{Body, Request, Response};

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Lists events.
    pub events: &'a EventList,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>) -> Response<Body> {
    http::serve(&request, list_events(&request, deps)).await
}

async fn list_events(request: &Request, deps: &Deps<'_>) -> Result<Response<Body>, Error> {
    let (caller, EventQuery { key_id, actor_key_id, limit, cursor }) = http::read(request, |caller, fields| {
        caller.must_read()?;
        Ok(EventQuery::take(fields))
    })?;
    let page = deps.events.page(caller.account_id, key_id, actor_key_id, limit, cursor).await?;
    http::ok(&EventPageView::from(page))
}
