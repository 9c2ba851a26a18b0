//! Publishing again, out of the table, what the bus never got.

use std::time::Duration;

use api_keys::{AccountId, Caller, Error, EventId, Fields, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{Outcome, Published, Publisher};

/// The time limit of an invocation. It is shorter than the function's time-out, so that the cursor is not lost.
const TIME: Duration = Duration::from_secs(40);
const PAGE: usize = 100;

/// Publishes the events of an account from `from` until before `to`, newest first:
/// `{"accountId","from","to","cursor"?}` → `{"published","failed","done","cursor"}`.
///
/// Where `done` is false, the caller invokes again with `cursor`. `failed` counts events that the bus will never take.
///
/// # Errors
/// [`Error::Invalid`]; [`Error::Internal`] when the table or the bus does not answer.
pub(crate) async fn republish(payload: &RawValue, with: &Publisher) -> Result<Value, Error> {
    let Request { account_id, from, to, cursor } = parse(payload)?;
    let end = Instant::now() + TIME;
    let (mut published, mut failed) = (0, 0);
    let mut cursor = Some(cursor.unwrap_or_else(|| EventId::first_at(to)));
    while cursor.is_some() && Instant::now() < end {
        let page = with.events.page(account_id, None, None, PAGE, cursor).await?;
        let in_time = page.events.iter().filter(|event| event.id >= EventId::first_at(from));
        let events: Vec<_> = in_time.map(|event| Published { account_id, event: event.clone() }).collect();
        let outcomes = with.bus.publish(&events).await;
        if outcomes.contains(&Outcome::Failed) {
            return Err(Error::internal("EventBridge did not take the events"));
        }
        let poisoned = outcomes.iter().filter(|outcome| **outcome == Outcome::Poisoned).count();
        published += events.len() - poisoned;
        failed += poisoned;
        cursor = page.next.filter(|_| events.len() == page.events.len());
    }
    Ok(json!({ "published": published, "failed": failed, "done": cursor.is_none(), "cursor": cursor }))
}

struct Request {
    account_id: AccountId,
    from: Timestamp,
    to: Timestamp,
    cursor: Option<EventId>,
}

fn parse(payload: &RawValue) -> Result<Request, Error> {
    let mut fields = Fields::from_raw(payload)?;
    let account_id = fields.id("accountId", AccountId::parse, "must be the id of an account");
    let from = fields.time("from");
    let to = fields.time("to");
    let cursor = fields.id("cursor", EventId::parse, "must be the cursor of an earlier answer");
    // Taken so that it is known: publishing again writes nothing, so it has no event.
    fields.optional_text("operator", Caller::MAX_TEXT);
    for (name, missing) in [("accountId", account_id.is_none()), ("from", from.is_none()), ("to", to.is_none())] {
        if missing {
            fields.wrong(name, "is required");
        }
    }
    fields.finish()?;
    let (Some(account_id), Some(from), Some(to)) = (account_id, from, to) else { return Err(Error::NotFound) };
    Ok(Request { account_id, from, to, cursor })
}
