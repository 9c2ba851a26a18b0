//! Which notices of a key's end there are, and when.

use serde::{Deserialize, Serialize};

use super::lifetime::Lifetime;
use super::timestamp::Timestamp;

/// How many days before a key's end there is a notice, in UTC days, beside the one when it has come; none where there are no days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeDays {
    /// From the least to the greatest.
    days: Vec<u16>,
}

/// The notice of a key's end that comes so many days before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When the key ends.
    pub end: Timestamp,
    /// How many days before; 0 when the end has come.
    pub days: u16,
}

impl NoticeDays {
    /// How many days a list may have.
    pub const MOST: usize = 10;

    /// Takes a comma list of whole numbers, 1 to [`Lifetime::MAX_DAYS`], such as `30,7,1`, or empty text.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        let parts = list.split(',').filter(|_| !list.is_empty());
        let day = |text: &str| text.parse().ok().filter(|day| (1..=Lifetime::MAX_DAYS).contains(day));
        let mut days = parts.map(day).collect::<Option<Vec<_>>>()?;
        days.sort_unstable();
        days.dedup();
        (days.len() <= Self::MOST).then_some(Self { days })
    }

    /// Keys that end from then on have no notice yet; `None` where there are no notices at all.
    #[must_use]
    pub fn horizon(&self, now: Timestamp) -> Option<Timestamp> {
        let longest = self.days.last()?;
        Some(Timestamp::of_unix_hour((now.unix_day() + i64::from(*longest) + 1) * 24))
    }
}

impl Notice {
    /// The last one that is due of a key with that end, if one is: of those that were missed it is the only one.
    ///
    /// It goes by days, and not by hours: keys are looked through once a day, so it never comes later than it promises.
    #[must_use]
    pub fn due(end: Timestamp, at: &NoticeDays, now: Timestamp) -> Option<Self> {
        if at.days.is_empty() {
            return None;
        }
        if end <= now {
            return Some(Self { end, days: 0 });
        }
        let left = days_until(end, now);
        at.days.iter().find(|days| left <= u64::from(**days)).map(|days| Self { end, days: *days })
    }

    /// Whether it comes after that one: of another end, or nearer to the same end.
    #[must_use]
    pub fn follows(self, last: Option<Self>) -> bool {
        last.is_none_or(|last| last.end != self.end || self.days < last.days)
    }

    /// In how many days the key ends, by the calendar in UTC: 1 is tomorrow. `None` when the end has come.
    #[must_use]
    pub fn days_left(self, now: Timestamp) -> Option<u64> {
        (self.days > 0).then(|| days_until(self.end, now))
    }
}

fn days_until(end: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(end.unix_day() - now.unix_day()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn days_are_a_list_of_whole_numbers() {
        let of = |list: &str| NoticeDays::parse(list).map(|it| it.days);
        assert_eq!(of(""), Some(vec![]));
        assert_eq!(of("30,7,1"), Some(vec![1, 7, 30]));
        assert_eq!(of("1,7,7,3650"), Some(vec![1, 7, 3650]));
        for wrong in [",", "0", "1,", "1, 7", "-1", "1.5", "3651", "a", "1,2,3,4,5,6,7,8,9,10,11"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn of_the_notices_that_are_due_only_the_last_comes() {
        let (end, days) = (time("2026-12-31T10:15:30.123Z"), NoticeDays::parse("30,7,1").unwrap());
        for (now, due, left) in [
            ("2026-11-30T23:59:59.999Z", None, None),
            ("2026-12-01T00:00:00.000Z", Some(30), Some(30)),
            ("2026-12-10T12:00:00.000Z", Some(30), Some(21)),
            ("2026-12-23T23:59:59.999Z", Some(30), Some(8)),
            ("2026-12-24T00:00:00.000Z", Some(7), Some(7)),
            ("2026-12-30T00:00:00.000Z", Some(1), Some(1)),
            ("2026-12-31T10:15:30.122Z", Some(1), Some(0)),
            ("2026-12-31T10:15:30.123Z", Some(0), None),
            ("2027-02-01T00:00:00.000Z", Some(0), None),
        ] {
            let notice = Notice::due(end, &days, time(now));
            assert_eq!(notice.map(|notice| notice.days), due, "{now}");
            assert_eq!(notice.and_then(|notice| notice.days_left(time(now))), left, "{now}");
            let is_near = days.horizon(time(now)).is_some_and(|horizon| end < horizon);
            assert_eq!(is_near, due.is_some(), "{now}");
        }
        let never = NoticeDays::parse("").unwrap();
        assert_eq!((Notice::due(end, &never, time("2027-02-01T00:00:00Z")), never.horizon(end)), (None, None));
    }

    #[test]
    fn notices_of_one_end_go_from_far_to_near_and_another_end_begins_anew() {
        let [end, other] = ["2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z"].map(time);
        let of = |end, days| Notice { end, days };
        assert!(of(end, 30).follows(None));
        for (days, follows) in [(30, false), (7, false), (1, true), (0, true)] {
            assert_eq!(of(end, days).follows(Some(of(end, 7))), follows, "{days}");
        }
        assert!(!of(end, 0).follows(Some(of(end, 0))));
        assert!(of(other, 30).follows(Some(of(end, 0))));
    }
}
