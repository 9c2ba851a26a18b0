//! Ctrl-C in the middle of something says how to go on.

use crate::failure::{Failure, Kind};

/// Does `work`. Ctrl-C ends it, with `hint` as the last word.
pub(crate) async fn guard<T>(hint: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        // Where the signal cannot be listened to, it ends the program as usual.
        Ok(()) = tokio::signal::ctrl_c() => Err(Failure::new(Kind::Interrupted, format!("stopped: {hint}"))),
    }
}
