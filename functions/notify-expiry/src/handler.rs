//! Writes notices of keys that end soon or have ended: events, each once. On no route: a schedule invokes it every hour, and an
//! operator may do so at any time.

use std::time::{Duration, SystemTime};

use api_keys::lambda::{Invocation, OperatorError, invoke};
use api_keys::request::Origin;
use api_keys::store::{NoticeRun, Noticed, Notifier};
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::value::RawValue;

/// How long an invocation goes on; the next one goes on from there.
pub const TIME: Duration = Duration::from_mins(4);
/// The time limit of an invocation, shorter than the function's own time-out.
const LONGEST: Duration = Duration::from_secs(290);

/// How far it came.
#[derive(Debug, Serialize)]
pub struct Progress {
    /// Whether the keys of every listed account were looked through on this day. If not, the next invocation goes on.
    done: bool,
    /// How many accounts this invocation came to the end of.
    accounts: u64,
    /// How many notices it wrote.
    notices: u64,
}

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Writes the notices.
    pub notifier: &'a Notifier,
    /// How long an invocation goes on, [`TIME`].
    pub time: Duration,
}

/// Answers one invocation, whose payload is `{}`.
///
/// # Errors
/// [`OperatorError`], when the table does not answer. The next invocation goes on behind what failed.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    deps: &Deps<'_>,
    now: SystemTime,
) -> Result<Progress, OperatorError> {
    let notify = async |(), Invocation { now, begun, subject, .. }: &Invocation| {
        let run = NoticeRun { now: *now, begun: *begun, end: *begun + deps.time };
        let noticed = deps.notifier.run(run, &Origin::service(&subject.request_id)).await?;
        let Noticed { is_done, accounts, notices } = noticed;
        Ok(Progress { done: is_done, accounts, notices })
    };
    invoke(&event, "notify-expiry", LONGEST, now.into(), |_| Ok(()), notify).await
}
