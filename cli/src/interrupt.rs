//! Ctrl-C in the middle of something prints how to go on. So do the signals that end the program where its terminal or its job ends.

use std::future::poll_fn;
use std::task::{Context, Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::{Failure, Kind};

/// Does `work`. A signal ends it, with `hint` as the last word.
pub(crate) async fn guard<T>(hint: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    Held::new().guard(hint, work).await
}

/// Signals from now on: they end what is guarded, and nothing else, so that what was begun can be undone.
pub(crate) struct Held {
    signals: Vec<Signal>,
    is_stopped: bool,
}

impl Held {
    pub(crate) fn new() -> Self {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        // A signal that cannot be listened to ends the program as usual.
        Self { signals: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect(), is_stopped: false }
    }

    /// Does `work`, unless a signal has come or comes.
    pub(crate) async fn guard<T>(
        &mut self,
        hint: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        if !self.is_stopped {
            tokio::select! {
                biased;
                () = poll_fn(|context| self.poll_stopped(context)) => {}
                done = work => return done,
            }
            self.is_stopped = true;
        }
        Err(Failure::new(Kind::Interrupted, format!("stopped: {hint}")))
    }

    fn poll_stopped(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let has_come = |signal: &mut Signal| signal.poll_recv(context) == Poll::Ready(Some(()));
        if self.signals.iter_mut().any(has_come) { Poll::Ready(()) } else { Poll::Pending }
    }
}
