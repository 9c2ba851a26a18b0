//! Ctrl-C in the middle of something prints how to go on. So do the signals that end the program where its terminal or its job ends.

use std::fs;
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
        // What `nohup` or a shell's job had the program ignore stays ignored. A signal that cannot be listened to ends it as usual.
        let heard = kinds.into_iter().filter(|kind| !is_ignored(*kind));
        Self { signals: heard.filter_map(|kind| signal(kind).ok()).collect(), is_stopped: false }
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

/// Whether the program was started to ignore that signal. Only Linux has a file for it.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let bit = u32::try_from(kind.as_raw_value() - 1).ok().and_then(|place| 1_u64.checked_shl(place));
    ignored.zip(bit).is_some_and(|(ignored, bit)| ignored & bit != 0)
}
