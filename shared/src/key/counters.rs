//! The counters of the limits of a key or of an account, and what is written of them: claims, and what an environment gives back at its end.
//!
//! The counter of a period is one number, `window × 10⁹ + used`. A claim raises it, and giving back lowers it, but never below
//! its window.

use super::limits::{Limit, Limits, PerPeriod, Period};
use super::timestamp::Timestamp;

/// What one window is apart from the next in a counter. [`Limit::MAX_REQUESTS`](super::Limit::MAX_REQUESTS) is less.
const WINDOW: u64 = 1_000_000_000;

/// What is stored of the limits of a key or of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    of: PerPeriod<u64>,
    /// How often something was given back. It only rises, so that no copy of a write is carried out later.
    pub given_back: u64,
}

impl Counters {
    /// The number of a period; `None` when nothing was counted in it.
    #[must_use]
    pub fn of(self, period: Period) -> Option<u64> {
        self.of.get(period.index()).copied().filter(|counter| *counter > 0)
    }

    /// The same with another number for a period.
    #[must_use]
    pub fn with(mut self, period: Period, counter: u64) -> Self {
        if let Some(slot) = self.of.get_mut(period.index()) {
            *slot = counter;
        }
        self
    }

    /// How many requests of a limit are not taken, and until which second, counted from 1970. What environments hold is not
    /// among them, so at least so many are left.
    #[must_use]
    pub fn left(self, limit: Limit, now: Timestamp) -> (u64, u64) {
        let window = limit.per.window(now).max(self.window(limit.per));
        (u64::from(limit.requests).saturating_sub(self.used(limit.per, window)), limit.per.end(window))
    }

    /// The window that requests of a period were last counted in; 0 for none.
    pub(super) fn window(self, period: Period) -> u64 {
        self.of(period).map_or(0, |counter| counter / WINDOW)
    }

    /// How many requests were counted in a window.
    pub(super) fn used(self, period: Period, window: u64) -> u64 {
        self.of(period).filter(|counter| counter / WINDOW == window).map_or(0, |counter| counter % WINDOW)
    }
}

/// What is to be written before requests are let through, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The limits that it is for.
    pub limits: Limits,
    /// One for each period of which the lease has too little.
    pub parts: Vec<ClaimPart>,
    /// The first second after all windows of the limits, counted from 1970.
    pub end: u64,
}

/// What is to be written of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimPart {
    /// The period.
    pub period: Period,
    /// How many requests.
    pub requests: u32,
    /// The counter of its window before the first request.
    pub start: u64,
    /// Where the counter must be for the claim; it is then raised. `None` when it must be absent or below `start`: it
    /// is then `start` and the claim.
    pub from: Option<(u64, u64)>,
}

impl ClaimPart {
    /// So many requests of a window, of which at most `limit` are let through. `is_begun` when something was counted in it.
    pub(super) fn new(period: Period, window: u64, requests: u32, limit: u32, is_begun: bool) -> Self {
        let start = window * WINDOW;
        let from = is_begun.then(|| (start, start + u64::from(limit.saturating_sub(requests))));
        Self { period, requests, start, from }
    }

    pub(super) fn is_of(&self, window: u64) -> bool {
        self.start == window * WINDOW
    }
}

/// What an environment gives back at its end, all or nothing. If it is not written, these requests are lost and no limit is exceeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveBack {
    /// How often something was given back before, as it must still be.
    pub after: u64,
    /// One for each period of which something is left.
    pub parts: Vec<GiveBackPart>,
}

/// What is given back of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GiveBackPart {
    /// The period.
    pub period: Period,
    /// How many requests.
    pub requests: u32,
    /// Where the counter must be; it is then lowered.
    pub from: (u64, u64),
    /// How many in a million of the limit that is.
    share: u64,
}

impl GiveBackPart {
    pub(super) fn new(period: Period, window: u64, requests: u32, limit: u32) -> Self {
        let start = window * WINDOW;
        let share = u64::from(requests) * 1_000_000 / u64::from(limit.max(1));
        Self { period, requests, from: (start + u64::from(requests), start + WINDOW - 1), share }
    }
}

impl GiveBack {
    /// What of it has a place in these counters, which were read for it: the windows that still go on. `None` for nothing.
    #[must_use]
    pub fn to(mut self, seen: Counters) -> Option<Self> {
        self.parts.retain(|GiveBackPart { period, from: (low, high), .. }| {
            seen.of(*period).is_some_and(|counter| (*low..=*high).contains(&counter))
        });
        self.after = seen.given_back;
        (!self.parts.is_empty()).then_some(self)
    }

    /// How many in a million of a limit it is, at most.
    #[must_use]
    pub fn share(&self) -> u64 {
        self.parts.iter().map(|part| part.share).max().unwrap_or(0)
    }
}
