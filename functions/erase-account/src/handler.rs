//! Removes all that is kept of a suspended account, but one event of the erasure. On no route: an operator invokes it.

use std::time::{Duration, SystemTime};

use api_keys::key::AccountId;
use api_keys::lambda::{Invocation, OperatorError, invoke};
use api_keys::request::Fields;
use api_keys::store::{Eraser, Erasing, ErasingTime};
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::value::RawValue;

/// How long an invocation goes on; then it answers how far it came.
pub const TIME: Duration = Duration::from_secs(40);
/// After that, everything shows that a transaction wrote.
pub const PAUSE: Duration = Duration::from_secs(1);
/// The one cursor: what is left shows where to go on.
const CURSOR: &str = "more";
/// The time limit of an invocation, shorter than the function's own time-out.
const LONGEST: Duration = Duration::from_secs(50);

/// How far it came.
#[derive(Debug, Serialize)]
pub struct Progress {
    /// Whether nothing is left. If not, the same payload continues, with or without the cursor.
    done: bool,
    /// How many keys, events and other items this invocation removed.
    removed: u64,
    cursor: Option<&'static str>,
}

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Removes all that is kept of an account.
    pub eraser: &'a Eraser,
    /// How long an invocation goes on, [`TIME`].
    pub time: Duration,
    /// See [`PAUSE`].
    pub pause: Duration,
}

/// Answers one invocation: `{"accountId","confirm"}`, both the account's id. `operator`, who asks, may be given for the
/// event.
///
/// # Errors
/// [`OperatorError`], with every wrong field of the payload.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    deps: &Deps<'_>,
    now: SystemTime,
) -> Result<Progress, OperatorError> {
    let erase = async |account_id, Invocation { origin, now, begun, .. }: &Invocation| {
        let time = ErasingTime { end: *begun + deps.time, pause: deps.pause };
        let Erasing { done, removed } = deps.eraser.erase(account_id, time, origin, *now).await?;
        Ok(Progress { done, removed, cursor: (!done).then_some(CURSOR) })
    };
    invoke(&event, "erase-account", LONGEST, now.into(), |fields| Ok(take(fields)), erase).await
}

fn take(fields: &mut Fields) -> AccountId {
    let account_id = fields.account_id();
    if fields.take("confirm").is_none_or(|confirm| confirm.as_str() != Some(account_id.as_str())) {
        fields.wrong("confirm", "must be the same as accountId");
    }
    if fields.take("cursor").is_some_and(|cursor| cursor.as_str() != Some(CURSOR)) {
        fields.wrong("cursor", "must be the cursor of an earlier answer");
    }
    account_id
}
