//! A write that takes power away from a key must win over all others.

use crate::store::dynamo::error::WriteError;

/// How often the key is read again after another writer changed it between our read and our write.
const READS: usize = 5;

/// How a write that must win is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// On the key as it is read, so that its event names what was replaced.
    AsRead,
    /// On the key in any state, unread.
    Unread,
}

/// Tries a write until it is done or fails for good; the time of the request ends it. Where other writers come between again and
/// again, it is tried without what was read. `attempt` gives `None` where one has come between.
pub(super) async fn must_win<T, F>(mut attempt: impl FnMut(Attempt) -> F) -> Result<T, WriteError>
where
    F: Future<Output = Result<Option<T>, WriteError>>,
{
    let mut reads = 0..READS;
    loop {
        let how = if reads.next().is_some() { Attempt::AsRead } else { Attempt::Unread };
        match attempt(how).await {
            Ok(Some(done)) => return Ok(done),
            Ok(None) => {}
            Err(error) if error.is_retryable() => {}
            Err(error) => return Err(error),
        }
    }
}
