//! How often and how long a write is tried again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::aws::CALL_TIME;

/// For how long a write is tried again. The last attempt may take 2.5 s more, and both end before the 8 s of a request.
const RETRY_TIME: Duration = Duration::from_secs(5);

/// Until when a write is tried again.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Retries(Instant);

impl Retries {
    /// The usual time from now on.
    pub(in crate::store) fn from_now() -> Self {
        Self(Instant::now() + RETRY_TIME)
    }

    /// Until then, however soon.
    pub(in crate::store) fn before(end: Instant) -> Self {
        Self(end)
    }

    /// Until then, but no less than the usual time.
    pub(in crate::store) fn until(end: Instant) -> Self {
        Self(end.max(Instant::now() + RETRY_TIME))
    }

    /// Whether there is time for an attempt without an answer, and what follows it.
    pub(in crate::store) fn leave_a_call(self) -> bool {
        Instant::now() + CALL_TIME < self.0
    }

    /// Whether there is time for another attempt.
    pub(in crate::store) fn are_left(self) -> bool {
        Instant::now() < self.0
    }
}

/// Waits between attempts: random, so that writers who collided spread, and ever longer.
pub(in crate::store) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(Duration::from_millis(20))
    }
}

impl Backoff {
    pub(in crate::store) async fn wait(&mut self) {
        sleep(self.0.mul_f64(fastrand::f64())).await;
        self.0 = (self.0 * 2).min(Duration::from_millis(500));
    }
}
