//! Publishing again, out of the table, what the bus never got.

use api_keys::key::{AccountId, EventId, Timestamp};
use api_keys::lambda::Error;
use api_keys::request::Fields;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bus::{Deliveries, NotTaken};
use crate::{Delivery, Deps, Published};

const PAGE: usize = 100;

/// Publishes the events of an account from `from` until before `to`, newest first:
/// `{"accountId","from","to","cursor"?}` → `{"published","failed","done","cursor"}`.
///
/// Where `done` is false, the time was over, or the bus or the table failed after some events: the caller invokes again with
/// `cursor`. `failed` counts events that the bus will never take.
///
/// # Errors
/// [`Error::Internal`] when the bus or the table does not answer, and nothing was published.
pub(crate) async fn republish(mut rest: Rest, deps: &Deps, end: Instant) -> Result<Value, Error> {
    let mut counts = Counts::default();
    while rest.cursor.is_some() && Instant::now() < end {
        match publish_page(&mut rest, &mut counts, deps, end).await {
            Ok(()) => {}
            Err(error) if counts == Counts::default() => return Err(error),
            // The cursor must not be lost. If the cause lasts, the next invocation fails by it.
            Err(_) => break,
        }
    }
    let Counts { published, failed } = counts;
    Ok(json!({ "published": published, "failed": failed, "done": rest.cursor.is_none(), "cursor": rest.cursor }))
}

#[derive(Default, PartialEq)]
struct Counts {
    published: usize,
    failed: usize,
}

/// Publishes the next events, and moves the cursor behind those that the bus has taken or never will.
async fn publish_page(rest: &mut Rest, counts: &mut Counts, deps: &Deps, end: Instant) -> Result<(), Error> {
    let Rest { account_id, from, cursor } = *rest;
    let page = deps.events.page(account_id, None, None, PAGE, cursor).await?;
    let in_time = page.events.iter().filter(|event| event.id >= EventId::first_at(from));
    let events: Vec<_> = in_time.map(|event| Published { account_id, event: event.clone() }).collect();
    let Deliveries { mut outcomes, cause } = deps.bus.publish(&events, end).await;
    outcomes.truncate(outcomes.iter().take_while(|outcome| **outcome != Delivery::Failed).count());
    let poisoned = outcomes.iter().filter(|outcome| **outcome == Delivery::Poisoned).count();
    counts.published += outcomes.len() - poisoned;
    counts.failed += poisoned;
    if outcomes.len() < events.len() {
        let last = outcomes.len().checked_sub(1).and_then(|last| events.get(last));
        rest.cursor = last.map(|last| last.event.id).or(cursor);
        return Err(Error::Internal(NotTaken(cause).into()));
    }
    rest.cursor = page.next.filter(|_| events.len() == page.events.len());
    Ok(())
}

/// What is still to be published.
pub(crate) struct Rest {
    account_id: AccountId,
    from: Timestamp,
    /// Behind which event it begins; `None` when nothing is left.
    cursor: Option<EventId>,
}

impl Rest {
    /// Takes `accountId`, `from`, `to` and `cursor`.
    pub(crate) fn take(fields: &mut Fields) -> Self {
        let account_id = fields.account_id();
        let (from, to) = (fields.required_time("from"), fields.required_time("to"));
        let cursor = fields.id("cursor", EventId::parse, "must be the cursor of an earlier answer");
        Self { account_id, from, cursor: cursor.or_else(|| Some(EventId::first_at(to))) }
    }
}
