//! Why requests were let through or refused, as metrics: one line a minute for each environment.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::key::{KeyStatus, Timestamp, Use};

/// At most one line in this time.
const INTERVAL: Duration = Duration::from_mins(1);

/// Why a request was let through or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The key opens it.
    Allowed,
    /// No key has this value, or there is none.
    Unknown,
    /// The key has expired.
    Expired,
    /// The key is disabled.
    Disabled,
    /// The key's account is suspended.
    Suspended,
    /// The key's value is known to others.
    Exposed,
    /// The key may not be used from this address.
    Address,
    /// The key lacks the operation.
    Operation,
    /// The key is over a limit.
    Limited,
    /// The table did not answer.
    Unavailable,
}

impl Reason {
    /// The metric's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::Unknown => "Unknown",
            Self::Expired => "Expired",
            Self::Disabled => "Disabled",
            Self::Suspended => "Suspended",
            Self::Exposed => "Exposed",
            Self::Address => "Address",
            Self::Operation => "Operation",
            Self::Limited => "Limited",
            Self::Unavailable => "Unavailable",
        }
    }

    /// What a key of that status is refused for; `None` for one that is not.
    #[must_use]
    pub fn of(status: KeyStatus) -> Option<Self> {
        match status {
            KeyStatus::Active => None,
            KeyStatus::Disabled => Some(Self::Disabled),
            KeyStatus::Expired => Some(Self::Expired),
            KeyStatus::Exposed => Some(Self::Exposed),
            KeyStatus::Suspended => Some(Self::Suspended),
        }
    }

    /// How it counts as the key's usage; `None` where no key is known, or nothing of it.
    #[must_use]
    pub fn usage(self) -> Option<Use> {
        match self {
            Self::Allowed => Some(Use::Allowed),
            Self::Limited => Some(Use::Limited),
            Self::Unknown | Self::Unavailable => None,
            _ => Some(Use::Denied),
        }
    }
}

/// Counts reasons until their line is written.
#[derive(Debug, Default)]
pub struct Reasons(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    counting: Option<Minute>,
    over: Option<Minute>,
}

#[derive(Debug)]
struct Minute {
    since: Timestamp,
    counts: BTreeMap<Reason, u64>,
}

impl Reasons {
    /// Counts a request. Writes nothing.
    pub fn note(&self, reason: Reason, now: Timestamp) {
        let mut state = self.state();
        if state.counting.as_ref().is_some_and(|minute| minute.since.plus(INTERVAL) <= now) {
            state.over = state.counting.take();
        }
        let minute = state.counting.get_or_insert_with(|| Minute { since: now, counts: BTreeMap::new() });
        *minute.counts.entry(reason).or_default() += 1;
    }

    /// The line of a minute that is over, once; to be written when the answer has gone out.
    #[must_use]
    pub fn line(&self) -> Option<Value> {
        self.state().over.take().map(|minute| minute.line())
    }

    /// The lines of all that is left, since no other time comes.
    #[must_use]
    pub fn rest(&self) -> Vec<Value> {
        let mut state = self.state();
        [state.over.take(), state.counting.take()].into_iter().flatten().map(|minute| minute.line()).collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, so the state is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Minute {
    /// In the embedded metric format of `CloudWatch`. It has no key and no account.
    fn line(&self) -> Value {
        let metrics: Vec<_> =
            self.counts.keys().map(|reason| json!({"Name": reason.name(), "Unit": "Count"})).collect();
        let description = json!({
            "Timestamp": self.since.unix_millis(),
            "CloudWatchMetrics": [{"Namespace": "ApiKeys", "Dimensions": [[]], "Metrics": metrics}]
        });
        let mut line = json!({"_aws": description, "level": "INFO", "message": "verdicts"});
        if let Some(fields) = line.as_object_mut() {
            fields.extend(self.counts.iter().map(|(reason, count)| (reason.name().to_owned(), json!(count))));
        }
        line
    }
}
