//! What an environment keeps from one request to the next, and what it does with it while no client waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::known_rules::{KnownRules, MalformedStage};
use super::reason::Reason;
use super::reasons::{ReasonCounts, Reasons};
use super::rules::RouteRules;
use crate::key::{Locator, Timestamp};
use crate::store::{DroppedUsage, DroppedUse, KeyReader, LastUse, Leases, Usage};

/// Of how many keys, and of how many accounts, an environment holds leases: some 3 MB each.
pub const LEASES: usize = 8_192;

/// The time limit of all that follows an answer. The environment serves no request meanwhile, and with the 3 s of the
/// answer it is less than the function's time-out, which would end the environment and lose its counts.
pub const AFTER_ANSWER: Duration = Duration::from_secs(2);

/// What an environment keeps from one request to the next.
#[derive(Debug)]
pub struct EnvironmentState {
    /// Reads keys.
    pub reader: KeyReader,
    /// Writes when they were used.
    pub last_use: LastUse,
    /// Counts requests of keys that have limits, or whose account has.
    pub leases: Leases,
    /// Counts all requests, for those who manage the keys; `None` where that is switched off.
    pub usage: Option<Usage>,
    /// Counts why requests were let through or refused, for those who run the service.
    pub reasons: Reasons,
    /// Remembers the rules of APIs' stages.
    pub rules: KnownRules,
}

/// What the log is to have of what followed an answer.
#[derive(Debug)]
#[must_use]
pub struct LogEntries {
    /// A last use that was not written.
    pub dropped_use: Option<DroppedUse>,
    /// Requests that are in no usage.
    pub dropped_usage: Option<DroppedUsage>,
    /// The reasons of a minute that is over.
    pub reasons: Option<ReasonCounts>,
}

impl EnvironmentState {
    /// Reads keys by that reader, and writes the usage into the table of that name.
    #[must_use]
    pub fn new(reader: KeyReader, usage_table: Option<String>) -> Self {
        let (last_use, leases) = (LastUse::new(&reader), Leases::new(&reader, LEASES));
        let usage = usage_table.map(|table| Usage::new(&reader, table));
        Self { reader, last_use, leases, usage, reasons: Reasons::default(), rules: KnownRules::default() }
    }

    /// Which operation which route of an API needs, by its stage's rules; an error there counts as a request that could not be
    /// decided.
    ///
    /// # Errors
    /// [`MalformedStage`].
    pub fn route_rules(&self, text: Result<&str, &str>, now: Timestamp) -> Result<Arc<RouteRules>, MalformedStage> {
        let rules = text.map_or_else(|what| Err(self.rules.malformed(what, now)), |text| self.rules.of(text, now));
        rules.inspect_err(|_| self.count(Reason::Unavailable, None, now))
    }

    /// Counts a request, of a key if one is known.
    pub(super) fn count(&self, reason: Reason, of: Option<Locator>, now: Timestamp) {
        self.reasons.note(reason, now);
        if let (Some(usage), Some(r#use), Some(key)) = (&self.usage, reason.usage(), of) {
            usage.note(key.account_id, key.id, r#use, now);
        }
    }

    /// Writes what is to be written behind an answer. What has no time waits for the next one.
    pub async fn after_answer(&self) -> LogEntries {
        let end = Instant::now() + AFTER_ANSWER;
        let dropped_use = self.last_use.write().await;
        let dropped_usage = match &self.usage {
            Some(usage) => usage.write(end).await,
            None => None,
        };
        LogEntries { dropped_use, dropped_usage, reasons: self.reasons.take_over() }
    }

    /// Writes what is left at the end of the environment, at `now` by its clock, until then. What comes back is what was
    /// lost, for the log.
    pub async fn finish(&self, now: Timestamp, end: Instant) -> Option<DroppedUsage> {
        let half_of_the_time = Instant::now() + end.saturating_duration_since(Instant::now()) / 2;
        self.leases.give_back(now, half_of_the_time).await;
        match &self.usage {
            Some(usage) => usage.finish(end).await,
            None => None,
        }
    }
}
