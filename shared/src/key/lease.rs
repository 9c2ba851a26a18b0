//! Exact limits at a fraction of a write: an environment takes a lease of some requests by one conditional write, and
//! spends them from memory.
//!
//! Nothing here reads a clock or a table. [`Lease::step`] says what to do with a request; where that is to ask the table,
//! the answer goes into [`Lease::granted`], [`Lease::refused`] or [`Lease::lost`], and then the next step is asked for.
//!
//! The counter of a period is one number, `window × 10⁹ + used`. It only rises, so an environment that has seen it at the
//! limit knows for the rest of the window that it stays there. What is left of a lease at the end of a window is forgotten,
//! and so is everything when the limits are others.

use std::time::Duration;

use super::limits::{Limits, Period};
use super::timestamp::Timestamp;

/// What one window is apart from the next in a counter. [`Limit::MAX_REQUESTS`](super::Limit::MAX_REQUESTS) is less.
const WINDOW: u64 = 1_000_000_000;
/// No lease takes more than this part of what is left: what is not spent of it is lost to the others.
const SHARE: u64 = 32;
/// At the pace of the one before, a lease is spent in this part of what is left of the window.
const SOON: u64 = 4;
/// A lease that was spent in less time is followed by one twice as large.
const FAST: Duration = Duration::from_secs(5);
/// One that lasted longer is followed by one half as large.
const SLOW: Duration = Duration::from_secs(20);

/// What is stored of a key's limits, one number for each period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters([u64; 4]);

impl Counters {
    /// The number of a period; `None` when nothing was counted in it.
    #[must_use]
    pub fn of(self, period: Period) -> Option<u64> {
        self.0.get(period.index()).copied().filter(|counter| *counter > 0)
    }

    /// The same with another number for a period.
    #[must_use]
    pub fn with(mut self, period: Period, counter: u64) -> Self {
        if let Some(slot) = self.0.get_mut(period.index()) {
            *slot = counter;
        }
        self
    }

    fn window(self, period: Period) -> u64 {
        self.of(period).map_or(0, |counter| counter / WINDOW)
    }

    fn used(self, period: Period, window: u64) -> u64 {
        self.of(period).filter(|counter| counter / WINDOW == window).map_or(0, |counter| counter % WINDOW)
    }
}

/// What is to be written, all or nothing: so many requests more in each of these periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The limits that it is for.
    pub limits: Limits,
    /// How many requests.
    pub requests: u32,
    /// One for each limit.
    pub parts: Vec<ClaimPart>,
}

/// What is to be written of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimPart {
    /// The period.
    pub period: Period,
    /// The counter of its window before the first request.
    pub start: u64,
    /// Where the counter must be for the claim; it is then raised. `None` when it must be absent or below `start`: it
    /// is then `start` and the claim.
    pub from: Option<(u64, u64)>,
    /// The first second after the window, counted from 1970.
    pub end: u64,
}

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

/// What an environment knows of one key's limits.
#[derive(Debug, Clone)]
pub struct Lease {
    limits: Limits,
    windows: [u64; 4],
    seen: Counters,
    left: u32,
    size: u32,
    taken_at: Timestamp,
}

impl Lease {
    /// Of a key that this environment has not seen yet.
    #[must_use]
    pub fn new(limits: Limits, now: Timestamp) -> Self {
        Self { limits, windows: [0; 4], seen: Counters::default(), left: 0, size: 0, taken_at: now }
    }

    /// What to do with a request to a key that has these limits.
    pub fn step(&mut self, limits: Limits, now: Timestamp) -> Step {
        if limits != self.limits {
            // What was counted stays true; what was granted was granted for other limits.
            *self = Self { seen: self.seen, ..Self::new(limits, now) };
        }
        let windows = self.windows_at(now);
        if windows != self.windows {
            *self = Self { windows, left: 0, size: 0, ..*self };
        }
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return Step::Allow;
        }
        match self.rest() {
            0 => Step::Refuse,
            rest => Step::Ask(self.claim(self.next_size(now, rest))),
        }
    }

    /// The claim was written; `seen` are the counters since.
    pub fn granted(&mut self, claim: &Claim, seen: Counters, now: Timestamp) {
        self.seen = seen;
        // Another request may have begun a new window meanwhile: the claim was counted in the one before.
        let is_current = |part: &ClaimPart| part.start == self.window(part.period) * WINDOW;
        if claim.limits == self.limits && claim.parts.iter().all(is_current) {
            *self = Self { left: claim.requests, size: claim.requests, taken_at: now, ..*self };
        }
    }

    /// The claim's condition did not hold; `seen` are the counters that stood against it.
    pub fn refused(&mut self, seen: Counters) {
        self.seen = seen;
    }

    /// Whether the claim was written is unknown. It counts as written, and nothing of it may be spent.
    pub fn lost(&mut self) {
        self.size = 0;
    }

    /// Whether there is nothing in it that a new one would not know.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.windows_at(now) != self.windows
    }

    /// How many requests of the lease are not spent.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.left
    }

    /// How many requests are left for all environments, as far as this one knows, those of its lease included.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.rest() + u64::from(self.left)
    }

    /// The period that is exhausted, or else the one that has the least left, and how long its window goes on.
    #[must_use]
    pub fn tightest(&self, now: Timestamp) -> Option<(Period, Duration)> {
        let of = |period: Period| {
            let limit = self.limits.of(period)?;
            let window = self.window(period);
            let end = Duration::from_secs(period.end(window)).saturating_sub(Duration::from_millis(now.unix_millis()));
            Some((u64::from(limit).saturating_sub(self.seen.used(period, window)), period, end))
        };
        // Of several that are exhausted the one that goes on longest.
        let least =
            Period::ALL.into_iter().filter_map(of).min_by_key(|(rest, _, end)| (*rest, std::cmp::Reverse(*end)));
        least.map(|(_, period, end)| (period, end))
    }

    /// The later of the clock's window and the stored one: clocks differ, and windows that were left are never entered
    /// again.
    fn windows_at(&self, now: Timestamp) -> [u64; 4] {
        Period::ALL.map(|period| match self.limits.of(period) {
            Some(_) => period.window(now).max(self.seen.window(period)),
            None => 0,
        })
    }

    /// The window in which requests are counted, the later one of the clock's and the stored one.
    #[must_use]
    pub fn window(&self, period: Period) -> u64 {
        self.windows.get(period.index()).copied().unwrap_or(0)
    }

    /// How many requests no environment has taken yet, as far as this one knows.
    fn rest(&self) -> u64 {
        let rest = |period: Period| {
            let limit = u64::from(self.limits.of(period)?);
            Some(limit.saturating_sub(self.seen.used(period, self.window(period))))
        };
        Period::ALL.into_iter().filter_map(rest).min().unwrap_or(0)
    }

    fn next_size(&self, now: Timestamp, rest: u64) -> u32 {
        let lasted = now.unix_millis().saturating_sub(self.taken_at.unix_millis());
        let wanted = if now < self.taken_at.plus(FAST) {
            self.size.saturating_mul(2)
        } else if now < self.taken_at.plus(SLOW) {
            self.size
        } else {
            self.size / 2
        };
        // At the pace of the last one, so many are spent in a part of what is left of the window.
        let pace = u64::from(self.size) * self.time_left(now) / (lasted.max(1) * SOON);
        let most = u32::try_from((rest / SHARE).min(pace)).unwrap_or(u32::MAX);
        wanted.min(most).max(1)
    }

    /// The milliseconds until the first of its windows ends.
    fn time_left(&self, now: Timestamp) -> u64 {
        let of = |period: Period| self.limits.of(period).map(|_| period.end(self.window(period)) * 1000);
        Period::ALL.into_iter().filter_map(of).min().unwrap_or(0).saturating_sub(now.unix_millis())
    }

    fn claim(&self, requests: u32) -> Claim {
        let part = |period: Period| {
            let limit = self.limits.of(period)?;
            let (window, n) = (self.window(period), u64::from(requests));
            let start = window * WINDOW;
            let from =
                (self.seen.window(period) == window).then(|| (start, start + u64::from(limit).saturating_sub(n)));
            Some(ClaimPart { period, start, from, end: period.end(window) })
        };
        Claim { limits: self.limits, requests, parts: Period::ALL.into_iter().filter_map(part).collect() }
    }
}
