//! How long the value of a key may live.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::timestamp::Timestamp;

/// The longest time from the birth of a key's value to the key's end, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lifetime(u16);

impl Lifetime {
    /// The most days: no end is set further ahead than ten years.
    pub const MAX_DAYS: u16 = 3650;

    /// So many days, 1 to [`Self::MAX_DAYS`].
    #[must_use]
    pub fn of_days(days: u64) -> Option<Self> {
        u16::try_from(days).ok().filter(|days| (1..=Self::MAX_DAYS).contains(days)).map(Self)
    }

    /// How many days.
    #[must_use]
    pub fn days(self) -> u16 {
        self.0
    }

    /// The latest end of a key whose value was born then.
    #[must_use]
    pub fn end(self, born: Timestamp) -> Timestamp {
        born.plus(Duration::from_hours(24 * u64::from(self.0)))
    }

    /// The shorter of two, where both hold; none where neither does.
    #[must_use]
    pub fn shorter(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_of_two_holds() {
        let days = Lifetime::of_days;
        for (one, other, holds) in [(0, 0, 0), (0, 30, 30), (90, 0, 90), (30, 90, 30), (90, 30, 30)] {
            assert_eq!(Lifetime::shorter(days(one), days(other)), days(holds));
        }
    }

    #[test]
    fn it_is_a_number_of_days() {
        assert_eq!((Lifetime::of_days(0), Lifetime::of_days(3651)), (None, None));
        let born = Timestamp::parse("2026-11-23T10:15:30.123Z").unwrap();
        let end = Lifetime::of_days(90).unwrap().end(born);
        assert_eq!(Some(end), Timestamp::parse("2027-02-21T10:15:30.123Z"));
    }
}
