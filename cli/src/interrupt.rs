//! Ctrl-C in the middle of something prints how to go on.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::{Failure, Kind};

/// Does `work`. Ctrl-C ends it, with `hint` as the last word.
pub(crate) async fn guard<T>(hint: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    Held::new().guard(hint, work).await
}

/// Ctrl-C from now on: it ends what is guarded, and nothing else, so that what was begun can be undone.
pub(crate) struct Held {
    signals: Option<Signal>,
    is_stopped: bool,
}

impl Held {
    pub(crate) fn new() -> Self {
        // Where the signal cannot be listened to, it ends the program as usual.
        Self { signals: signal(SignalKind::interrupt()).ok(), is_stopped: false }
    }

    /// Does `work`, unless Ctrl-C has come or comes.
    pub(crate) async fn guard<T>(
        &mut self,
        hint: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        if !self.is_stopped {
            tokio::select! {
                biased;
                () = stopped(self.signals.as_mut()) => self.is_stopped = true,
                done = work => return done,
            }
        }
        Err(Failure::new(Kind::Interrupted, format!("stopped: {hint}")))
    }
}

async fn stopped(signals: Option<&mut Signal>) {
    let come = match signals {
        Some(signals) => signals.recv().await,
        None => None,
    };
    if come.is_none() {
        pending::<()>().await;
    }
}
