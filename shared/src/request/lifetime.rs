//! Whether a key ends as early as it has to.

use super::fields::InvalidRequest;
use crate::key::{KeyMetadata, Lifetime};

/// Refuses a key that would live longer than that lifetime, or without an end.
///
/// # Errors
/// [`InvalidRequest`], which names the latest end.
pub fn require_lifetime(key: &KeyMetadata, lifetime: Option<Lifetime>) -> Result<(), InvalidRequest> {
    match lifetime {
        Some(lifetime) if key.exceeds(Some(lifetime)) => {
            let (latest, days) = (lifetime.end(key.value_created_at()), lifetime.days());
            let message = format!("must be {latest} at the latest: a value lives for at most {days} days");
            Err(InvalidRequest::of("expiresAt", message))
        }
        _ => Ok(()),
    }
}
