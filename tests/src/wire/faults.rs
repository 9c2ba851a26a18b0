//! What goes wrong with a call: when a test orders it, and with every n-th transaction.

use std::time::Duration;

use super::Call;
use super::answers::{Answer, Reason, cancelled};

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before the call is taken.
    Cut,
    /// The call is taken, and nothing comes back.
    Hold,
    /// The call is carried out that much later, even if its client waits no longer.
    Slow(Duration),
    /// DynamoDB answers that there are too many calls.
    Throttle,
    /// DynamoDB answers that it has failed.
    Fail,
    /// The call is carried out and then once more; the answer is the second one's.
    Twice,
    /// The call is carried out, and the connection ends before the answer.
    LoseAnswer,
    /// The call is carried out, and the connection ends within the answer.
    TruncateAnswer,
    /// The call is carried out, and the answer is not JSON to its end.
    SpoilAnswer,
    /// A transaction is cancelled for that reason at the item in that place. Other calls, and transactions without such a
    /// place, are carried out.
    Cancel(Reason, usize),
    /// There is capacity for the first item of a batch that is read, and the others are left for another call. Other calls are carried out.
    LeaveOut,
    /// A call that was signed at a time so far from now is refused; others are carried out.
    CheckTime(Duration),
}

/// The faults that are ordered.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) ordered: Option<(Fault, usize)>,
    pub(super) late: Option<(usize, Duration)>,
    pub(super) throttle_every: usize,
    transactions: usize,
    pub(super) throttled: usize,
}

impl Faults {
    /// The answer to a transaction of so many items, if it is one that is throttled.
    ///
    /// The place of the reason moves on each time; after each round the reason is the other of the two.
    pub(super) fn throttle(&mut self, items: usize) -> Option<Answer> {
        self.transactions += 1;
        if items == 0 || !self.transactions.is_multiple_of(self.throttle_every) {
            return None;
        }
        let (round, place) = (self.throttled / items, self.throttled % items);
        self.throttled += 1;
        let reason = [Reason::ThrottlingError, Reason::ProvisionedThroughputExceeded][round % 2];
        Some(cancel(items, reason, place))
    }

    /// What goes wrong with this call.
    pub(super) fn strike(&mut self, call: &Call, items: usize) -> Option<Fault> {
        let (fault, times) = self.ordered.as_mut()?;
        let matches = match fault {
            Fault::Cancel(_, place) => call.operation == "TransactWriteItems" && *place < items,
            Fault::LeaveOut => call.operation == "BatchGetItem",
            _ => true,
        };
        if *times == 0 || !matches {
            return None;
        }
        *times -= 1;
        Some(*fault)
    }

    /// How much later this call is handed on.
    pub(super) fn delay(&mut self) -> Option<Duration> {
        match &mut self.late {
            Some((0, by)) => {
                let by = *by;
                self.late = None;
                Some(by)
            }
            Some((others, _)) => {
                *others -= 1;
                None
            }
            None => None,
        }
    }
}

/// A transaction of so many items, cancelled for what is wrong with one of them.
pub(super) fn cancel(items: usize, reason: Reason, place: usize) -> Answer {
    let reasons: Vec<_> = (0..items).map(|at| (at == place).then_some(reason)).collect();
    cancelled(&reasons)
}
