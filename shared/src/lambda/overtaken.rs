//! What reads a key and writes it does both again when another writer comes in between.

use super::error::Error;

/// How often the key is read again.
const ATTEMPTS: usize = 5;

/// Reads, decides and writes by `attempt`, which gives `None` where another writer came in between.
///
/// # Errors
/// The error of an attempt, or [`Error::Contended`] when other writers came between each time.
pub async fn unless_overtaken<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<Option<T>, Error>>,
{
    for _ in 0..ATTEMPTS {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
    }
    Err(Error::Contended)
}
