//! The leases that an environment holds: claimed for requests, and given back at its end.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::time::{Instant, sleep, timeout_at};

use super::lease_item;
use super::recent::Recent;
use crate::aws::{CALL_TIME, CallError, Dynamodb};
use crate::key::{Claim, Counters, GiveBack, KeyRecord, Lease, Limit, Limits, Locator, Period, Step, Timestamp};
use crate::lock::lock;
use crate::store::dynamo::error::TableError;
use crate::store::keys::reader::KeyReader;

const UPDATE: &str = "DynamoDB_20120810.UpdateItem";

/// The time limit of one attempt.
const ATTEMPT_TIME: Duration = Duration::from_millis(1_100);
/// The longest wait after an attempt that failed.
const BACKOFF: Duration = Duration::from_millis(50);
/// Leases of so many keys are given back at most: those of which it is the largest part of a limit.
const GIVEN_BACK: usize = 16;

/// Whether a request is within its key's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Whether it is let through.
    pub allowed: bool,
    /// The limits that hold.
    pub limits: Limits,
    /// The period that has the least left.
    pub period: Period,
    /// How many requests are left in it, as far as this environment knows.
    pub remaining: u64,
    /// How many seconds it goes on.
    pub reset_seconds: u64,
}

/// How a key stands to one of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub limit: Limit,
    /// How many requests are left in it, as far as this environment knows.
    pub remaining: u64,
    /// How many seconds its period goes on.
    pub reset_seconds: u64,
}

/// When the lease is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// At once.
    Ask,
    /// When the table may have less to do.
    AskLater,
}

/// Counts requests of keys that have limits.
#[derive(Debug)]
pub struct Leases {
    dynamodb: Arc<Dynamodb>,
    table: String,
    held: Mutex<Recent<Locator, Lease>>,
}

impl Leases {
    /// Counts in the table that the reader reads, over the same connection. Leases of at most so many keys are held at
    /// once, and then the one that was used least recently is dropped; each takes some 350 bytes.
    #[must_use]
    pub fn new(reader: &KeyReader, most: usize) -> Self {
        let held = Mutex::new(Recent::new(most));
        Self { dynamodb: Arc::clone(&reader.dynamodb), table: reader.table.clone(), held }
    }

    /// When a request that begins now must have its answer: the time limit of a read and of a lease together.
    #[must_use]
    pub fn deadline() -> Instant {
        Instant::now() + CALL_TIME
    }

    /// Counts one request of a key that has these limits, of which there is one at least. It is counted in the windows of
    /// `now`, or in later ones that another environment's clock has begun.
    ///
    /// # Errors
    /// [`TableError`] when the table did not grant it before `end`. Then nothing says that it is within the limits.
    pub async fn admit(
        &self,
        key: &KeyRecord,
        limits: Limits,
        now: Timestamp,
        end: Instant,
    ) -> Result<Admission, TableError> {
        let key = Locator { account_id: key.account_id, id: key.metadata.id };
        loop {
            let claim = match self.step(key, limits, now) {
                Ok(admission) => return Ok(admission),
                Err(claim) => claim,
            };
            let time = end.saturating_duration_since(Instant::now()).min(ATTEMPT_TIME);
            if time.is_zero() {
                return Err(TableError::new("could not count a request for its key's limits in time"));
            }
            let body = lease_item::claim(&self.table, key, &claim, now);
            let sent = Box::pin(self.dynamodb.call_once(UPDATE, body, time)).await;
            if self.learn(key, &claim, sent, now)? == Next::AskLater {
                sleep(BACKOFF.mul_f64(fastrand::f64())).await;
            }
        }
    }

    /// Takes in what became of a claim.
    fn learn(
        &self,
        key: Locator,
        claim: &Claim,
        sent: Result<Bytes, CallError>,
        now: Timestamp,
    ) -> Result<Next, TableError> {
        let mut held = lock(&self.held);
        let Some(lease) = held.get_mut(&key) else { return Ok(Next::Ask) };
        match sent {
            Ok(answer) => lease.granted(claim, lease_item::of_claim(&answer)?, now),
            Err(CallError::Refused { item, code, .. }) if code == "ConditionalCheckFailedException" => {
                lease.refused(item.map_or(Ok(Counters::default()), |item| lease_item::counters(&item))?, now);
            }
            Err(error) if error.may_be_written() => {
                lease.lost();
                return Ok(Next::AskLater);
            }
            Err(error) if error.is_retryable() => return Ok(Next::AskLater),
            Err(error) => return Err(TableError::caused("could not count a request for its key's limits", error)),
        }
        Ok(Next::Ask)
    }

    /// Gives back what is left of the leases, until that time: at the end of the environment, whose clock says `now`.
    ///
    /// Nothing of it can be spent any more, or be given back a second time. What cannot be written is lost, which is less
    /// than may be let through and never more.
    pub async fn give_back(&self, now: Timestamp, end: Instant) {
        let left = Mutex::new(self.take_left(now).into_iter());
        let lane = async || {
            loop {
                let next = lock(&left).next();
                let Some((key, give_back)) = next else { return };
                Box::pin(self.send_back(key, give_back)).await;
            }
        };
        // Each waits for its answers, so several get further.
        drop(timeout_at(end, async { tokio::join!(lane(), lane(), lane(), lane()) }).await);
    }

    fn take_left(&self, now: Timestamp) -> Vec<(Locator, GiveBack)> {
        let mut held = lock(&self.held);
        let left = held.iter_mut().filter_map(|(key, lease)| Some((*key, lease.give_back(now)?)));
        let mut left: Vec<_> = left.collect();
        left.sort_by_key(|(key, give_back)| (Reverse(give_back.share()), *key));
        left.truncate(GIVEN_BACK);
        left
    }

    async fn send_back(&self, key: Locator, give_back: GiveBack) {
        let read = self.dynamodb.call("DynamoDB_20120810.GetItem", lease_item::read(&self.table, key)).await;
        let Ok(Ok(Some(seen))) = read.map(|answer| lease_item::of_read(&answer)) else { return };
        if let Some(give_back) = give_back.to(seen) {
            let body = lease_item::give_back(&self.table, key, &give_back);
            drop(self.dynamodb.call_once(UPDATE, body, ATTEMPT_TIME).await);
        }
    }

    /// How a key whose request was counted stands to these limits, the shortest period first.
    #[must_use]
    pub fn standings(&self, key: Locator, limits: Limits, now: Timestamp) -> Vec<Standing> {
        let mut held = lock(&self.held);
        let lease = held.get_mut(&key);
        let standing = |limit: Limit| {
            let (remaining, left) = lease.as_ref()?.standing(limit.per, now)?;
            Some(Standing { limit, remaining, reset_seconds: whole_seconds(left) })
        };
        limits.iter().filter_map(standing).collect()
    }

    /// Of how many keys it holds leases.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.held).len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the lease says, or the claim that must be written first.
    fn step(&self, key: Locator, limits: Limits, now: Timestamp) -> Result<Admission, Claim> {
        let mut held = lock(&self.held);
        let lease = held.touch(key, || Lease::new(limits, now));
        let allowed = match lease.step(limits, now) {
            Step::Allow => true,
            Step::Refuse => false,
            Step::Ask(claim) => return Err(claim),
        };
        let (period, rest, left) = lease.tightest(now).unwrap_or((Period::Minute, 0, Duration::ZERO));
        let remaining = if allowed { rest } else { 0 };
        Ok(Admission { allowed, limits, period, remaining, reset_seconds: whole_seconds(left) })
    }
}

/// A second that has begun counts as a whole one, so that nobody comes back too early.
fn whole_seconds(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}
