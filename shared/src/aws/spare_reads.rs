//! How many reads may be sent again while the first one may still be answered.

use std::sync::atomic::{AtomicU32, Ordering};

/// So many answers make one read spare.
const ANSWERS: u32 = 20;
/// So many are spare at most, and at the start.
const MOST: u32 = 10;

/// Reads that are spare, one for every so many that were answered: where all stall, the table does not get twice as many.
#[derive(Debug)]
pub(super) struct SpareReads {
    /// Counted in answers, so that it is exact.
    answers: AtomicU32,
}

impl Default for SpareReads {
    fn default() -> Self {
        Self { answers: AtomicU32::new(MOST * ANSWERS) }
    }
}

impl SpareReads {
    /// A read was answered.
    pub(super) fn gain(&self) {
        let more = |answers| (answers < MOST * ANSWERS).then_some(answers + 1);
        // An error: there are as many as can be.
        let _ = self.answers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Takes one, if there is one.
    pub(super) fn take(&self) -> bool {
        let fewer = |answers: u32| answers.checked_sub(ANSWERS);
        self.answers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok()
    }
}
