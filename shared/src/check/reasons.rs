//! How often requests were let through or refused, and why: counted by the minute.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use super::reason::Reason;
use crate::key::Timestamp;
use crate::lock::lock;

/// So long requests are counted together, at least.
const INTERVAL: Duration = Duration::from_mins(1);

/// Counts reasons until they are written into the log.
#[derive(Debug, Default)]
pub struct Reasons {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counting: Option<ReasonCounts>,
    over: Option<ReasonCounts>,
}

/// What was counted in a minute. It has no key and no account.
#[derive(Debug)]
pub struct ReasonCounts {
    /// When the first of the requests came.
    pub since: Timestamp,
    /// How many requests had each reason.
    pub counts: BTreeMap<Reason, u64>,
}

impl Reasons {
    /// Counts a request. Writes nothing.
    pub fn note(&self, reason: Reason, now: Timestamp) {
        let mut state = lock(&self.state);
        if state.counting.as_ref().is_some_and(|minute| minute.since.plus(INTERVAL) <= now) {
            state.over = state.counting.take();
        }
        let minute = state.counting.get_or_insert_with(|| ReasonCounts { since: now, counts: BTreeMap::new() });
        *minute.counts.entry(reason).or_default() += 1;
    }

    /// A minute that is over, once; to be written when the answer has gone out.
    #[must_use]
    pub fn take_over(&self) -> Option<ReasonCounts> {
        lock(&self.state).over.take()
    }

    /// All that is left, since no other time comes.
    #[must_use]
    pub fn take_rest(&self) -> Vec<ReasonCounts> {
        let mut state = lock(&self.state);
        [state.over.take(), state.counting.take()].into_iter().flatten().collect()
    }
}
