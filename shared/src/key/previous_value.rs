//! The value that a key had before a rotation.

use super::hash::KeyHash;
use super::timestamp::Timestamp;

/// A value that was rotated away and lives on for a grace period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousValue {
    /// The SHA-256 of it.
    pub key_hash: KeyHash,
    /// From that instant it is worth nothing.
    pub valid_until: Timestamp,
    /// When it was last used since the rotation, to within five minutes.
    pub last_used_at: Option<Timestamp>,
}

impl PreviousValue {
    /// Whether it opens what its key opens.
    #[must_use]
    pub fn works(&self, now: Timestamp) -> bool {
        now < self.valid_until
    }
}
