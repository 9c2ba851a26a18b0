//! The leases that an environment holds: claimed for requests, and given back at its end.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::time::{Instant, sleep, timeout_at};

use super::lease_item;
use super::recent::Recent;
use crate::aws::{CALL_TIME, CallError, Dynamodb};
use crate::key::{
    AccountId, AccountLease, AccountLimits, Claim, Consumer, Counters, GiveBack, KeyRecord, Lease, Limit, Limits,
    Locator, Period, Step, Timestamp,
};
use crate::lock::lock;
use crate::store::dynamo::error::TableError;
use crate::store::keys::reader::KeyReader;

const UPDATE: &str = "DynamoDB_20120810.UpdateItem";

/// The time limit of one attempt.
const ATTEMPT_TIME: Duration = Duration::from_millis(1_100);
/// The longest wait after an attempt that failed.
const BACKOFF: Duration = Duration::from_millis(50);
/// Leases of so many accounts, and of so many keys, are given back at most: those of which it is the largest part of a limit.
const GIVEN_BACK: usize = 16;

/// Whether a request is within the limits of its key and of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Whether it is let through.
    pub allowed: bool,
    /// The limits of the key that hold.
    pub limits: Limits,
    /// The limits of the account, for all of its keys together.
    pub account_limits: Limits,
    /// Whether the one that has the least left is the account's.
    pub of_account: bool,
    /// The period that has the least left.
    pub period: Period,
    /// How many requests are left in it, in this environment's view.
    pub remaining: u64,
    /// How many seconds it goes on.
    pub reset_seconds: u64,
}

/// How a key stands to one of its limits, or its account to one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub limit: Limit,
    /// Whether it is the account's, for all of its keys together.
    pub of_account: bool,
    /// How many requests are left in it, in this environment's view.
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

/// Counts requests of keys that have limits, or whose account has.
#[derive(Debug)]
pub struct Leases {
    dynamodb: Arc<Dynamodb>,
    table: String,
    held: Mutex<Held>,
}

/// What an environment holds.
#[derive(Debug)]
struct Held {
    keys: Recent<Locator, Lease>,
    accounts: Recent<AccountId, AccountLease>,
}

/// One request, and the limits that it is to be within.
#[derive(Debug, Clone, Copy)]
struct Limited {
    key: Locator,
    /// Of the key; none where only its account has some.
    limits: Limits,
    /// Of the account, as the key repeats them.
    copy: AccountLimits,
}

impl Leases {
    /// Counts in the table that the reader reads, over the same connection. Leases of at most so many keys and of as many accounts
    /// are held at once, and then the one that was used least recently is dropped; each takes some 350 bytes.
    #[must_use]
    pub fn new(reader: &KeyReader, most: usize) -> Self {
        let held = Mutex::new(Held { keys: Recent::new(most), accounts: Recent::new(most) });
        Self { dynamodb: Arc::clone(&reader.dynamodb), table: reader.table.clone(), held }
    }

    /// When a request that begins now must have its answer: the time limit of a read and of a lease together.
    #[must_use]
    pub fn deadline() -> Instant {
        Instant::now() + CALL_TIME
    }

    /// Whether requests of a key have to be counted that has these limits itself: for them, or for its account's.
    #[must_use]
    pub fn are_needed(&self, key: &KeyRecord, limits: Limits) -> bool {
        // An older copy may lack the limits that another key has shown.
        !limits.is_none() || !key.account_limits.limits.is_none() || lock(&self.held).accounts.has(&key.account_id)
    }

    /// Counts one request of a key that has these limits, and of its account. It is counted in the windows of `now`, or in later
    /// ones that another environment's clock has begun. `None` where neither has limits.
    ///
    /// It claims until every lease has a request left, and takes one of each in one step. What it claimed stays in the leases.
    ///
    /// # Errors
    /// [`TableError`] when the table did not grant it before `end`. Then it may be beyond the limits.
    pub async fn admit(
        &self,
        key: &KeyRecord,
        limits: Limits,
        now: Timestamp,
        end: Instant,
    ) -> Result<Option<Admission>, TableError> {
        let request = Limited { key: key.place(), limits, copy: key.account_limits };
        loop {
            let (whose, claim) = match self.step(request, now) {
                Ok(admission) => return Ok(admission),
                Err(claim) => claim,
            };
            let time = end.saturating_duration_since(Instant::now()).min(ATTEMPT_TIME);
            if time.is_zero() {
                return Err(TableError::new("could not count a request for its limits in time"));
            }
            let body = lease_item::claim(&self.table, whose, &claim, now);
            let sent = Box::pin(self.dynamodb.call_once(UPDATE, body, time)).await;
            if self.learn(whose, &claim, sent, now)? == Next::AskLater {
                sleep(BACKOFF.mul_f64(fastrand::f64())).await;
            }
        }
    }

    /// Takes in what became of a claim.
    fn learn(
        &self,
        whose: Consumer,
        claim: &Claim,
        sent: Result<Bytes, CallError>,
        now: Timestamp,
    ) -> Result<Next, TableError> {
        let mut held = lock(&self.held);
        let Some(lease) = held.lease_of(whose) else { return Ok(Next::Ask) };
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
            Err(error) => return Err(TableError::caused("could not count a request for its limits", error)),
        }
        Ok(Next::Ask)
    }

    /// Gives back what is left of the leases, until that time: at the end of the environment, at `now` by its clock.
    ///
    /// Nothing of it can be spent any more, or be given back a second time. What cannot be written is lost, which is less
    /// than may be let through and never more.
    pub async fn give_back(&self, now: Timestamp, end: Instant) {
        let left = Mutex::new(self.take_left(now).into_iter());
        let lane = async || {
            loop {
                let next = lock(&left).next();
                let Some((whose, give_back)) = next else { return };
                Box::pin(self.send_back(whose, give_back)).await;
            }
        };
        // Each waits for its answers, so several get further.
        drop(timeout_at(end, async { tokio::join!(lane(), lane(), lane(), lane()) }).await);
    }

    fn take_left(&self, now: Timestamp) -> Vec<(Consumer, GiveBack)> {
        let mut held = lock(&self.held);
        let Held { keys, accounts } = &mut *held;
        let of_accounts = accounts.iter_mut().filter_map(|(account_id, known)| {
            Some((Consumer { account_id: *account_id, key_id: None }, known.lease.give_back(now)?))
        });
        let of_keys = keys.iter_mut().filter_map(|(key, lease)| Some((of_key(*key), lease.give_back(now)?)));
        let mut left = largest(of_accounts.collect());
        left.extend(largest(of_keys.collect()));
        left
    }

    async fn send_back(&self, whose: Consumer, give_back: GiveBack) {
        let read = self.dynamodb.call("DynamoDB_20120810.GetItem", lease_item::read(&self.table, whose)).await;
        let Ok(Ok(Some(seen))) = read.map(|answer| lease_item::of_read(&answer)) else { return };
        if let Some(give_back) = give_back.to(seen) {
            let body = lease_item::give_back(&self.table, whose, &give_back);
            drop(self.dynamodb.call_once(UPDATE, body, ATTEMPT_TIME).await);
        }
    }

    /// How a key whose request was counted so stands to its limits, and then to its account's, of each the shortest period first.
    #[must_use]
    pub fn standings(&self, key: Locator, admission: &Admission, now: Timestamp) -> Vec<Standing> {
        let mut held = lock(&self.held);
        let Held { keys, accounts } = &mut *held;
        let of_key = keys.get_mut(&key).map(|lease| (&*lease, admission.limits, false));
        let of_account = accounts.get_mut(&key.account_id).map(|known| (&known.lease, admission.account_limits, true));
        let standings = |(lease, limits, of_account): (&Lease, Limits, bool)| {
            let standing = |limit: Limit| {
                let (remaining, left) = lease.standing(limit.per, now)?;
                Some(Standing { limit, of_account, remaining, reset_seconds: whole_seconds(left) })
            };
            limits.iter().filter_map(standing).collect::<Vec<_>>()
        };
        of_key.into_iter().chain(of_account).flat_map(standings).collect()
    }

    /// Of how many keys it holds leases.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.held).keys.len()
    }

    /// Of how many accounts it holds leases, or the removal of their limits.
    #[must_use]
    pub fn accounts(&self) -> usize {
        lock(&self.held).accounts.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the leases answer, or the claim that must be written first, and of whose limits.
    fn step(&self, request: Limited, now: Timestamp) -> Result<Option<Admission>, (Consumer, Claim)> {
        let mut held = lock(&self.held);
        let Held { keys, accounts } = &mut *held;
        let Limited { key, limits, copy } = request;
        let own = (!limits.is_none()).then(|| (keys.touch(key, || Lease::new(limits, now)), limits));
        let has_own = own.is_some();
        let account = accounts.touch_if(key.account_id, !copy.limits.is_none(), || AccountLease::new(copy, now));
        let account = account.and_then(|account| {
            account.learn(copy);
            account.limited()
        });
        let account_limits = account.as_ref().map_or(Limits::NONE, |(_, limits)| *limits);
        let mut leases: Vec<_> = own.into_iter().chain(account).collect();
        let (at, step) = Lease::step_of_all(&mut leases, now);
        let allowed = match step {
            Step::Allow => true,
            Step::Refuse => false,
            Step::Ask(claim) => {
                let key_id = (has_own && at == 0).then_some(key.id);
                return Err((Consumer { account_id: key.account_id, key_id }, claim));
            }
        };
        let of_each = leases.iter().enumerate().filter_map(|(at, (lease, _))| Some((lease.tightest(now)?, at)));
        let tightest = of_each.min_by_key(|((_, rest, end), _)| (*rest, Reverse(*end)));
        let Some(((period, rest, left), at)) = tightest else { return Ok(None) };
        let remaining = if allowed { rest } else { 0 };
        let reset_seconds = whole_seconds(left);
        let of_account = !has_own || at > 0;
        Ok(Some(Admission { allowed, limits, account_limits, of_account, period, remaining, reset_seconds }))
    }
}

/// A second that has begun counts as a whole one, so that no client comes back too early.
fn whole_seconds(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

impl Held {
    fn lease_of(&mut self, whose: Consumer) -> Option<&mut Lease> {
        match whose.key_id {
            Some(id) => self.keys.get_mut(&Locator { account_id: whose.account_id, id }),
            None => self.accounts.get_mut(&whose.account_id).map(|account| &mut account.lease),
        }
    }
}

fn of_key(key: Locator) -> Consumer {
    Consumer { account_id: key.account_id, key_id: Some(key.id) }
}

/// Of what is left, the largest parts of a limit.
fn largest(mut left: Vec<(Consumer, GiveBack)>) -> Vec<(Consumer, GiveBack)> {
    left.sort_by_key(|(whose, give_back)| (Reverse(give_back.share()), *whose));
    left.truncate(GIVEN_BACK);
    left
}

#[cfg(test)]
mod tests;
