//! `events`: what was done to an account and its keys, newest first, a page at a time.

use api_keys::key::EventId;
use api_keys::lambda::Error;
use api_keys::request::Fields;
use api_keys::store::Event;
use serde::Serialize;

use crate::answer::Answer;
use crate::{Invocation, MAX_LIMIT};

const DEFAULT_LIMIT: usize = 100;

/// A page of events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Events {
    events: Vec<Event>,
    next_cursor: Option<EventId>,
}

pub(crate) async fn events(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    let key_id = fields.key_id("keyId");
    let actor_key_id = fields.key_id("actorKeyId");
    let limit = fields.page_size(DEFAULT_LIMIT, MAX_LIMIT);
    let cursor = fields.id("cursor", EventId::parse, "must be the nextCursor of an earlier answer");
    fields.finish()?;
    let page = invocation.with.events.page(account_id, key_id, actor_key_id, limit, cursor).await?;
    Ok(Answer::Events(Events { events: page.events, next_cursor: page.next }))
}
