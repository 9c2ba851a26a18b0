//! What an action is, and its answer in JSON.

use std::fmt;
use std::pin::Pin;

use api_keys::key::Timestamp;
use api_keys::lambda::{Error, Invocation};
use api_keys::request::Fields;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::Deps;

/// One action, as its payload describes it.
pub(crate) trait Action: Send + Sized + 'static {
    /// What it answers.
    type Answer: Serialize;

    /// Takes all that the payload has beside `action` and `operator`.
    fn take(fields: &mut Fields, deps: &Deps<'_>, now: Timestamp) -> Self;

    /// Carries it out.
    fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// An action that has been read, to be carried out.
pub(crate) type Ready =
    Box<dyn for<'a> FnOnce(&'a Deps<'_>, &'a Invocation) -> Pin<Box<dyn Future<Output = Done> + Send + 'a>> + Send>;

type Done = Result<Answer, Error>;

/// What reads an action.
pub(crate) type Read = fn(&mut Fields, &Deps<'_>, Timestamp) -> Ready;

/// Reads an action of that kind.
pub(crate) fn read<A: Action>(fields: &mut Fields, deps: &Deps<'_>, now: Timestamp) -> Ready {
    let action = A::take(fields, deps, now);
    Box::new(|deps, invocation| {
        Box::pin(async move {
            let answer = to_raw_value(&action.act(deps, invocation).await?);
            answer.map(Answer).map_err(|cause| Error::Internal(cause.into()))
        })
    })
}

/// What an action answers, as JSON. It may have a value of a key in it.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Answer(Box<RawValue>);

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}
