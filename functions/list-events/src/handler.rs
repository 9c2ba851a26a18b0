//! `GET /authentication/events`: what was done to the account's keys, newest first, a page at a time.

use api_keys::key::{EventId, KeyId};
use api_keys::lambda::{Error, http};
use api_keys::request::Fields;
use api_keys::store::{Event, EventList};
use lambda_http::{Body, Request, Response};
use serde::Serialize;

const MAX_LIMIT: usize = 1000;
const DEFAULT_LIMIT: usize = 100;

/// Answers one request.
pub async fn handle(request: Request, events: &EventList) -> Response<Body> {
    http::serve(&request, list_events(&request, events)).await
}

async fn list_events(request: &Request, events: &EventList) -> Result<Response<Body>, Error> {
    let (caller, Query { key_id, actor_key_id, limit, cursor }) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok(Query::take(fields))
    })?;
    let page = events.page(caller.account_id, key_id, actor_key_id, limit, cursor).await?;
    http::ok(&Page { events: page.events, next_cursor: page.next })
}

/// Which events, and how many of them.
#[derive(Debug)]
pub struct Query {
    /// Those of that key; of all when `None`.
    pub key_id: Option<KeyId>,
    /// Those by that key; by anyone when `None`.
    pub actor_key_id: Option<KeyId>,
    /// No more than that: 1 to 1000.
    pub limit: usize,
    /// Those behind that event; from the newest on when `None`.
    pub cursor: Option<EventId>,
}

impl Query {
    /// Takes the query string's parameters.
    pub fn take(fields: &mut Fields) -> Self {
        Self {
            key_id: fields.key_id("keyId"),
            actor_key_id: fields.key_id("actorKeyId"),
            limit: fields.limit(DEFAULT_LIMIT, MAX_LIMIT),
            cursor: fields.id("cursor", EventId::parse, "must be the nextCursor of an earlier answer"),
        }
    }
}

/// A page of the events.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EventPage))]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Newest first.
    events: Vec<Event>,
    /// What `cursor` takes to get the next page; `null` on the last one. Opaque.
    next_cursor: Option<EventId>,
}
