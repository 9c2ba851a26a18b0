//! Why requests were let through or refused, as metrics: one line a minute for each environment.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::metrics::Metrics;
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
#[derive(Debug)]
pub struct Reasons {
    metrics: Metrics,
    state: Mutex<State>,
}

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
    /// Counts for that stack's metrics.
    #[must_use]
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics, state: Mutex::default() }
    }

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
        self.state().over.take().map(|minute| minute.line(&self.metrics))
    }

    /// The lines of all that is left, since no other time comes.
    #[must_use]
    pub fn rest(&self) -> Vec<Value> {
        let mut state = self.state();
        [state.over.take(), state.counting.take()]
            .into_iter()
            .flatten()
            .map(|minute| minute.line(&self.metrics))
            .collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, so the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Minute {
    /// It has no key and no account.
    fn line(&self, metrics: &Metrics) -> Value {
        let mut line = metrics.line(self.since, self.counts.iter().map(|(reason, count)| (reason.name(), *count)));
        line.insert("level".to_owned(), json!("INFO"));
        line.insert("message".to_owned(), json!("verdicts"));
        Value::Object(line)
    }
}
