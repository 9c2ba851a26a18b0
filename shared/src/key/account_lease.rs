//! An environment's view of the limits of an account, which hold for all of its keys together.
//!
//! Each key repeats them, and a sweep that goes on, or was stopped, leaves keys that repeat older ones. The newest that an environment
//! has seen hold in it for all keys of the account: an older copy neither brings back what was changed, nor throws a lease away.

use super::lease::Lease;
use super::limits::Limits;
use super::timestamp::Timestamp;

/// The limits of an account, as one of its keys repeats them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountLimits {
    /// How often operators changed them, or what else keys repeat by this counter.
    pub plan: u64,
    /// The limits.
    pub limits: Limits,
}

/// An environment's view of one account's limits.
#[derive(Debug, Clone)]
pub struct AccountLease {
    newest: AccountLimits,
    /// What it holds of them.
    pub lease: Lease,
}

impl AccountLease {
    /// Of an account of which this environment has seen no limits yet.
    #[must_use]
    pub fn new(first: AccountLimits, now: Timestamp) -> Self {
        Self { newest: first, lease: Lease::new(first.limits, now) }
    }

    /// Takes in what a key repeats, if it is newer.
    pub fn learn(&mut self, copy: AccountLimits) {
        if copy.plan > self.newest.plan {
            self.newest = copy;
        }
    }

    /// The lease, and the limits that hold; `None` when there are none.
    pub fn limited(&mut self) -> Option<(&mut Lease, Limits)> {
        let limits = self.newest.limits;
        (!limits.is_none()).then_some((&mut self.lease, limits))
    }
}
