//! Exact limits at about one write for five requests: an environment takes a lease of some requests by one conditional write, and
//! spends them from memory.
//!
//! Nothing here reads a clock or a table. [`Lease::step`] returns what to do with a request; where that is to ask the table,
//! the answer goes into [`Lease::granted`], [`Lease::refused`] or [`Lease::lost`], and then the next step is asked for.
//!
//! What is left is kept for each period by itself: a new minute is claimed anew, and what the day has granted is spent on. It is
//! forgotten where its own window ends or its own limit is another, and an environment that ends gives it back. So a counter
//! may also fall, and an environment that has seen it at the limit asks again after a while.

use std::cmp::Reverse;
use std::time::Duration;

use super::counters::{Claim, ClaimPart, Counters, GiveBack, GiveBackPart};
use super::limits::{Limits, PerPeriod, Period};
use super::timestamp::Timestamp;

/// No lease takes more than this part of what is left: what is not spent of it is lost to the others.
const SHARE: u64 = 32;
/// At the pace of the one before, a lease is spent in this part of what is left of the window.
const SOON: u64 = 3;
/// The same where the limit is not reached if requests go on as they came.
const SOON_ENOUGH: u64 = 2;
/// A lease of no more than this part of what is left may be more than is spent soon: where a limit is nearly reached, it is nothing.
const HARMLESS: u64 = 128;
/// A lease that was spent in less time is followed by one twice as large.
const FAST: Duration = Duration::from_secs(9);
/// One that lasted longer is followed by one half as large.
const SLOW: Duration = Duration::from_secs(20);
/// How long a limit counts as reached once it was seen so. A minute's counts so until the minute ends.
const REACHED: Duration = Duration::from_mins(1);
/// Nothing is given back to a window that ends sooner.
const WORTH_GIVING_BACK: Duration = Duration::from_mins(5);

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Let it through.
    Allow,
    /// Refuse it: the limit is reached.
    Refuse,
    /// Ask the table first.
    Ask(Claim),
}

/// An environment's view of the limits of one key, or of one account.
#[derive(Debug, Clone)]
pub struct Lease {
    limits: Limits,
    windows: PerPeriod<u64>,
    /// What was granted in each window and is not spent.
    left: PerPeriod<u32>,
    seen: Counters,
    seen_at: Timestamp,
    /// How many requests the last claim was for.
    size: u32,
    /// The largest of them in this window.
    largest: u32,
    taken_at: Timestamp,
}

impl Lease {
    /// Of a key or an account that this environment has not seen yet.
    #[must_use]
    pub fn new(limits: Limits, now: Timestamp) -> Self {
        let seen = Counters::default();
        Self {
            limits,
            windows: PerPeriod::default(),
            left: PerPeriod::default(),
            seen,
            seen_at: now,
            size: 0,
            largest: 0,
            taken_at: now,
        }
    }

    /// What to do with a request to a key that has these limits. One that is let through is taken.
    pub fn step(&mut self, limits: Limits, now: Timestamp) -> Step {
        let step = self.look(limits, now);
        if step == Step::Allow {
            self.take();
        }
        step
    }

    /// What to do with a request that has to be within the limits of several leases: it takes one of each, or nothing. A claim is
    /// of the lease at that place.
    pub fn step_of_all(leases: &mut [(&mut Self, Limits)], now: Timestamp) -> (usize, Step) {
        // Each is looked at, also where another one refuses: the answer has what is left of each, in its present window.
        let mut steps: Vec<_> = leases.iter_mut().map(|(lease, limits)| lease.look(*limits, now)).collect();
        let first = |is_wanted: fn(&Step) -> bool| steps.iter().position(is_wanted);
        // Where one refuses, nothing is claimed for another.
        let decides = first(|step| *step == Step::Refuse).or_else(|| first(|step| *step != Step::Allow));
        if let Some(at) = decides {
            return (at, steps.swap_remove(at));
        }
        for (lease, _) in leases {
            lease.take();
        }
        (0, Step::Allow)
    }

    /// Takes one request of each period.
    fn take(&mut self) {
        for left in &mut self.left {
            *left = left.saturating_sub(1);
        }
    }

    /// What to do with a request, of which nothing is taken yet.
    fn look(&mut self, limits: Limits, now: Timestamp) -> Step {
        self.keep_what_holds(limits, now);
        let lacks = |period: Period| limits.of(period).is_some() && self.left(period) == 0;
        if !Period::ALL.into_iter().any(lacks) {
            return Step::Allow;
        }
        if Period::ALL.into_iter().any(|period| lacks(period) && self.is_reached(period, now)) {
            return Step::Refuse;
        }
        Step::Ask(self.claim(now))
    }

    /// The claim was written; `seen` are the counters since.
    pub fn granted(&mut self, claim: &Claim, seen: Counters, now: Timestamp) {
        (self.seen, self.seen_at) = (seen, now);
        for part in &claim.parts {
            // Another request may have begun a new window meanwhile, or met another limit.
            let is_current =
                part.is_of(self.window(part.period)) && self.limits.of(part.period) == claim.limits.of(part.period);
            if let Some(left) = self.left.get_mut(part.period.index()).filter(|_| is_current) {
                *left = left.saturating_add(part.requests);
            }
        }
        (self.size, self.taken_at) = (self.spendable(), now);
        self.largest = self.largest.max(self.size);
    }

    /// The claim's condition did not hold; `seen` are the counters that stood against it.
    pub fn refused(&mut self, seen: Counters, now: Timestamp) {
        (self.seen, self.seen_at) = (seen, now);
    }

    /// Whether the claim was written is unknown. It counts as written, and nothing of it may be spent or given back.
    pub fn lost(&mut self) {
        self.size = 0;
    }

    /// Takes out what is left, which is then neither spent nor given back a second time. `None` when that is nothing that is
    /// worth a write.
    pub fn give_back(&mut self, now: Timestamp) -> Option<GiveBack> {
        let left = std::mem::take(&mut self.left);
        let soon = now.plus(WORTH_GIVING_BACK).unix_millis() / 1000;
        let part = |(period, left): (Period, u32)| {
            let (limit, window) = (self.limits.of(period)?, self.window(period));
            (left > 0 && period.end(window) > soon).then(|| GiveBackPart::new(period, window, left, limit))
        };
        let parts: Vec<_> = Period::ALL.into_iter().zip(left).filter_map(part).collect();
        (!parts.is_empty()).then_some(GiveBack { after: self.seen.given_back, parts })
    }

    /// How many requests of a period are granted and not spent.
    #[must_use]
    pub fn left(&self, period: Period) -> u32 {
        self.left.get(period.index()).copied().unwrap_or(0)
    }

    /// The period that is exhausted, or else the one that has the least left for all environments, in this one's
    /// view; how much that is, and how long its window goes on.
    #[must_use]
    pub fn tightest(&self, now: Timestamp) -> Option<(Period, u64, Duration)> {
        let of = |period| self.standing(period, now).map(|(rest, end)| (period, rest, end));
        // Of several that are exhausted the one that goes on longest.
        Period::ALL.into_iter().filter_map(of).min_by_key(|(_, rest, end)| (*rest, Reverse(*end)))
    }

    /// How many requests of a period are left for all environments, in this one's view, and how long its window goes on;
    /// `None` where it has no limit.
    #[must_use]
    pub fn standing(&self, period: Period, now: Timestamp) -> Option<(u64, Duration)> {
        self.limits.of(period)?;
        let end = Duration::from_secs(period.end(self.window(period)));
        let rest = self.rest(period) + u64::from(self.left(period));
        Some((rest, end.saturating_sub(Duration::from_millis(now.unix_millis()))))
    }

    /// The window in which requests are counted, the later one of the clock's and the stored one.
    #[must_use]
    pub fn window(&self, period: Period) -> u64 {
        self.windows.get(period.index()).copied().unwrap_or(0)
    }

    /// Forgets what was granted for windows that are over, or for other limits.
    fn keep_what_holds(&mut self, limits: Limits, now: Timestamp) {
        let before = self.limits;
        self.limits = limits;
        let windows = self.windows_at(now);
        if windows == self.windows && limits == before {
            return;
        }
        for (period, left) in Period::ALL.into_iter().zip(&mut self.left) {
            let index = period.index();
            if windows.get(index) != self.windows.get(index) || limits.of(period) != before.of(period) {
                *left = 0;
            }
        }
        // A new window goes on at the pace of the one before; other limits start small.
        self.size = if limits == before { self.largest / 2 } else { 0 };
        (self.windows, self.largest) = (windows, 0);
    }

    /// The later of the clock's window and the stored one: clocks differ, and windows that were left are never entered
    /// again.
    fn windows_at(&self, now: Timestamp) -> PerPeriod<u64> {
        Period::ALL.map(|period| match self.limits.of(period) {
            Some(_) => period.window(now).max(self.seen.window(period)),
            None => 0,
        })
    }

    /// Whether nothing is to be had of a period for now.
    fn is_reached(&self, period: Period, now: Timestamp) -> bool {
        self.rest(period) == 0 && (period == Period::Minute || now < self.seen_at.plus(REACHED))
    }

    /// How many requests of a period no environment has taken yet, in this one's view.
    fn rest(&self, period: Period) -> u64 {
        let limit = u64::from(self.limits.of(period).unwrap_or(0));
        limit.saturating_sub(self.seen.used(period, self.window(period)))
    }

    /// How many requests every period has left.
    fn spendable(&self) -> u32 {
        let left = |period| self.limits.of(period).map(|_| self.left(period));
        Period::ALL.into_iter().filter_map(left).min().unwrap_or(0)
    }

    /// How many requests are to be spendable after the next claim.
    fn next_size(&self, now: Timestamp) -> u32 {
        let lasted = now.unix_millis().saturating_sub(self.taken_at.unix_millis());
        let wanted = if now < self.taken_at.plus(FAST) {
            self.size.saturating_mul(2)
        } else if now < self.taken_at.plus(SLOW) {
            self.size
        } else {
            self.size / 2
        };
        // At the pace of the last one, so many are spent in a part of what is left of the window.
        let pace = |period: Period| {
            let part = if self.may_be_reached(period) { SOON } else { SOON_ENOUGH };
            let soon = u64::from(self.size) * self.time_left(period, now) / (lasted.max(1) * part);
            self.limits.of(period).map(|_| soon)
        };
        let pace = Period::ALL.into_iter().filter_map(pace).min().unwrap_or(0);
        let most = |share: u64| {
            let of =
                |period| self.limits.of(period).map(|_| u64::from(self.left(period)).max(self.rest(period) / share));
            Period::ALL.into_iter().filter_map(of).min().unwrap_or(0)
        };
        let most = most(SHARE).min(pace.max(most(HARMLESS)));
        wanted.min(u32::try_from(most).unwrap_or(u32::MAX)).max(1)
    }

    /// The milliseconds until the window of a period ends.
    fn time_left(&self, period: Period, now: Timestamp) -> u64 {
        (period.end(self.window(period)) * 1000).saturating_sub(now.unix_millis())
    }

    /// Whether a limit may be reached within its window: if as many requests come in the rest of it, and a third more, as had come
    /// when the counters were last seen. That is so where nothing is known yet.
    fn may_be_reached(&self, period: Period) -> bool {
        let window = self.window(period);
        let whole = period.end(window).saturating_sub(period.end(window.saturating_sub(1)));
        let left = (self.time_left(period, self.seen_at) / 1000).min(whole);
        let used = self.seen.used(period, window);
        used == 0 || used * left * 4 >= self.rest(period) * (whole - left) * 3
    }

    /// What brings every period to the next size.
    fn claim(&self, now: Timestamp) -> Claim {
        let size = self.next_size(now);
        let part = |period: Period| {
            let limit = self.limits.of(period)?;
            let (window, lacking) = (self.window(period), size.saturating_sub(self.left(period)));
            let is_begun = self.seen.window(period) == window;
            (lacking > 0).then(|| ClaimPart::new(period, window, lacking, limit, is_begun))
        };
        let end = |period: Period| self.limits.of(period).map(|_| period.end(self.window(period)));
        Claim {
            limits: self.limits,
            parts: Period::ALL.into_iter().filter_map(part).collect(),
            end: Period::ALL.into_iter().filter_map(end).max().unwrap_or(0),
        }
    }
}
