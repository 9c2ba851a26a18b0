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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_is_worth_nothing_from_the_instant_of_its_end_on() {
        let valid_until = Timestamp::of_unix_hour(500_000);
        let value = PreviousValue { key_hash: KeyHash::of("any"), valid_until, last_used_at: None };
        assert!(value.works(valid_until.minus(Duration::from_millis(1))) && !value.works(valid_until));
    }
}
