//! What an environment keeps from one request to the next, and what it does with it when nobody waits.

use std::time::{Duration, SystemTime};

use api_keys::key::{Locator, Timestamp};
use api_keys::lambda::{Metrics, Reason, Reasons, log};
use api_keys::store::{KeyReader, LastUse, Leases, Usage};
use tokio::time::Instant;

/// Of how many keys an environment holds leases: some 3 MB.
pub const LEASES: usize = 8_192;

/// The time limit of all that follows an answer. The environment serves no request meanwhile, and with the 3 s of the
/// answer it is less than the function's time-out, which would end the environment and lose its counts.
pub const AFTER_ANSWER: Duration = Duration::from_secs(2);

/// What an environment keeps from one request to the next.
#[derive(Debug)]
pub struct Kept {
    /// Reads keys.
    pub reader: KeyReader,
    /// Writes when they were used.
    pub last_use: LastUse,
    /// Counts requests of keys that have limits.
    pub leases: Leases,
    /// Counts all requests, for those who manage the keys; `None` where that is switched off.
    pub usage: Option<Usage>,
    /// Counts why requests were let through or refused, for those who run the service.
    pub reasons: Reasons,
    /// Names the stack in what is counted.
    pub metrics: Metrics,
}

impl Kept {
    /// Reads keys by that reader, and writes the usage into the table of that name.
    #[must_use]
    pub fn new(reader: KeyReader, usage_table: Option<String>, metrics: Metrics) -> Self {
        let (last_use, leases) = (LastUse::new(&reader), Leases::new(&reader, LEASES));
        let usage = usage_table.map(|table| Usage::new(&reader, table));
        Self { reader, last_use, leases, usage, reasons: Reasons::new(metrics.clone()), metrics }
    }

    /// Counts a request, of a key if one is known.
    pub(crate) fn count(&self, reason: Reason, of: Option<Locator>, now: Timestamp) {
        self.reasons.note(reason, now);
        if let (Some(usage), Some(r#use), Some(key)) = (&self.usage, reason.usage(), of) {
            usage.note(key.account_id, key.id, r#use, now);
        }
    }

    /// Writes what is to be written behind an answer. What has no time waits for the next one.
    pub async fn after_answer(&self) {
        let end = Instant::now() + AFTER_ANSWER;
        if let Some(dropped) = self.last_use.write().await {
            log::dropped_last_use(&self.metrics, &dropped);
        }
        if let Some(usage) = &self.usage
            && let Some(dropped) = usage.write(end).await
        {
            log::dropped_usage(&self.metrics, &dropped);
        }
        if let Some(line) = self.reasons.line() {
            log::metrics(&line);
        }
    }

    /// Writes what is left at the end of the environment, whose clock says `now`, until then.
    pub async fn finish(&self, now: SystemTime, end: Instant) {
        for line in self.reasons.rest() {
            log::metrics(&line);
        }
        let half_of_the_time = Instant::now() + end.saturating_duration_since(Instant::now()) / 2;
        self.leases.give_back(now.into(), half_of_the_time).await;
        if let Some(usage) = &self.usage
            && let Some(dropped) = usage.finish(end).await
        {
            log::dropped_usage(&self.metrics, &dropped);
        }
    }
}
