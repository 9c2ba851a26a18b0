//! `GET /authentication/events`: what was done to the account's keys, newest first, a page at a time.

use api_keys::lambda::{Error, EventPageView, http};
use api_keys::request::EventQuery;
use api_keys::store::EventList;
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn handle(request: Request, events: &EventList) -> Response<Body> {
    http::serve(&request, list_events(&request, events)).await
}

async fn list_events(request: &Request, events: &EventList) -> Result<Response<Body>, Error> {
    let (caller, EventQuery { key_id, actor_key_id, limit, cursor }) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok(EventQuery::take(fields))
    })?;
    let page = events.page(caller.account_id, key_id, actor_key_id, limit, cursor).await?;
    http::ok(&EventPageView::from(page))
}
