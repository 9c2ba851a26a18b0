//! What operators do with accounts. On no route: they invoke it with one `action`, which has a file of its own here.

mod adopt;
mod answer;
mod disable_keys;
mod each_key;
mod events;
mod list;
mod list_keys;
mod recover;
mod revoke_keys;
mod show;
mod suspend;
mod update;
mod usage;

use std::time::{Duration, SystemTime};

use api_keys::key::{Catalogue, Issuer, Limits, Timestamp};
use api_keys::lambda::{Error, Refusal};
use api_keys::request::{Caller, Fields, InvalidRequest, Origin};
use api_keys::store::{AccountList, Accounts, EventList, KeyList, KeyReader, Keys, NewKeys, Quota, UsageList};
use lambda_runtime::LambdaEvent;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};

pub use crate::answer::Answer;

/// How long an invocation goes on with many keys; then it answers how far it came.
pub const TIME: Duration = Duration::from_secs(40);
/// A page has no more of accounts, keys or events.
const MAX_LIMIT: usize = 1000;
/// The time limit of an invocation, shorter than the function's own time-out.
const LONGEST: Duration = Duration::from_secs(50);

const ACTIONS: &str = "must be one of list, show, update, suspend, resume, recover, list-keys, revoke-keys, disable-keys, events, usage, \
     adopt";

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Lists accounts.
    pub account_list: &'a AccountList,
    /// Reads and changes accounts.
    pub accounts: &'a Accounts,
    /// Lists an account's keys.
    pub key_list: &'a KeyList,
    /// Reads single keys.
    pub reader: &'a KeyReader,
    /// Disables and deletes keys.
    pub keys: &'a Keys,
    /// Makes the key that recovers an account.
    pub new_keys: &'a NewKeys,
    /// Notes that keys were deleted.
    pub quota: &'a Quota,
    /// Lists an account's events.
    pub events: &'a EventList,
    /// Reads how much an account or a key was used.
    pub usage: &'a UsageList,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// Makes values of keys.
    pub issuer: &'a Issuer,
    /// How many keys an account may have that has no number of its own.
    pub max_keys: u64,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// How long an invocation goes on with many keys, [`TIME`].
    pub time: Duration,
}

/// One invocation.
struct Invocation<'a> {
    with: &'a Deps<'a>,
    origin: Origin,
    now: Timestamp,
    end: Instant,
}

/// Answers one invocation: `{"action", …}`. `operator`, who asks, may be given for the events.
///
/// # Errors
/// [`Refusal`], with every wrong field of the payload.
pub async fn handle(event: LambdaEvent<Box<RawValue>>, deps: &Deps<'_>, now: SystemTime) -> Result<Answer, Refusal> {
    let request_id = &event.context.request_id;
    let work = Box::pin(act(&event.payload, deps, now.into(), request_id));
    let done = timeout(LONGEST, work).await;
    let answer = done.unwrap_or_else(|_| Err(Error::internal("the invocation took too long")));
    answer.map_err(|error| Refusal::new(error, request_id))
}

async fn act(payload: &RawValue, deps: &Deps<'_>, now: Timestamp, request_id: &str) -> Result<Answer, Error> {
    let end = Instant::now() + deps.time;
    let mut fields = Fields::from_raw(payload)?;
    let action = fields.required_text("action", 32);
    let origin = Origin::operator(fields.optional_text("operator", Caller::MAX_TEXT), request_id);
    let invocation = Invocation { with: deps, origin, now, end };
    match &*action {
        "list" => list::list(fields, &invocation).await,
        "show" => show::show(fields, &invocation).await,
        "update" => update::update(fields, &invocation).await,
        "suspend" => suspend::set_suspended(true, fields, &invocation).await,
        "resume" => suspend::set_suspended(false, fields, &invocation).await,
        "recover" => recover::recover(fields, &invocation).await,
        "list-keys" => list_keys::list_keys(fields, &invocation).await,
        "revoke-keys" => revoke_keys::revoke_keys(fields, &invocation).await,
        "disable-keys" => disable_keys::disable_keys(fields, &invocation).await,
        "events" => events::events(fields, &invocation).await,
        "usage" => usage::usage(fields, &invocation).await,
        "adopt" => adopt::adopt(fields, &invocation).await,
        // Which fields there may be is unknown then.
        _ => Err(InvalidRequest::of("action", ACTIONS).into()),
    }
}
