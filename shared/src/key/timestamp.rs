//! Points in time as the API writes them.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::from_text::from_text;

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// A year may have a sign otherwise.
const LENGTH_OF_DAY: usize = 10;

/// A UTC time to the millisecond, written `2026-11-23T10:15:30.123Z` (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Reads RFC 3339 with any offset and any fraction; less than a millisecond is dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        time.checked_to_offset(UtcOffset::UTC).map(Self::to_millis)
    }

    /// Reads the same, or a day such as `2026-11-23`, which is its start in UTC.
    #[must_use]
    pub fn parse_time_or_day(text: &str) -> Option<Self> {
        let day = || Date::parse(text, DAY).ok().filter(|_| text.len() == LENGTH_OF_DAY);
        Self::parse(text).or_else(|| day().map(|day| Self(day.midnight().assume_utc())))
    }

    /// That much later, or the same where no later time can be written.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let later = time::Duration::try_from(duration).ok().and_then(|duration| self.0.checked_add(duration));
        later.map_or(self, Self::to_millis)
    }

    /// That much earlier, or the same where no earlier time can be written.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let earlier = time::Duration::try_from(duration).ok().and_then(|duration| self.0.checked_sub(duration));
        earlier.map_or(self, Self::to_millis)
    }

    /// How long it is until then: no time where that is not later.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.unix_millis().saturating_sub(self.unix_millis()))
    }

    /// The whole seconds since 1970, as DynamoDB's time to live counts them.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// That many whole hours after 1970; 1970 itself for what no calendar has.
    #[must_use]
    pub fn of_unix_hour(hours: i64) -> Self {
        let time = hours.checked_mul(3600).and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        Self(time.unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    /// The whole hours from 1970 to the one of this time.
    #[must_use]
    pub fn unix_hour(self) -> i64 {
        self.unix_seconds().div_euclid(3600)
    }

    /// The whole days from 1970 to the one of this time.
    pub(super) fn unix_day(self) -> i64 {
        self.unix_hour().div_euclid(24)
    }

    /// The day, as `2026-11-23`.
    #[must_use]
    pub fn day(self) -> String {
        let (year, month, day) = self.0.to_calendar_date();
        format!("{year:04}-{:02}-{day:02}", u8::from(month))
    }

    fn to_millis(time: OffsetDateTime) -> Self {
        Self(time.replace_millisecond(time.millisecond()).unwrap_or(time))
    }

    /// The milliseconds since 1970; 0 for what lies before.
    #[must_use]
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
    }

    /// The whole months from January 1970 to this one; 0 for what lies before.
    pub(super) fn unix_month(self) -> u64 {
        let months = (self.0.year() - 1970) * 12 + i32::from(u8::from(self.0.month())) - 1;
        u64::try_from(months).unwrap_or(0)
    }

    /// The first second of such a month, counted from 1970; the greatest number for one that no calendar has.
    pub(super) fn start_of_unix_month(months: u64) -> u64 {
        let start = || {
            let month = Month::January.nth_next(u8::try_from(months % 12).ok()?);
            let year = i32::try_from(months / 12).ok()?.checked_add(1970)?;
            let date = Date::from_calendar_date(year, month, 1).ok()?;
            u64::try_from(date.midnight().assume_utc().unix_timestamp()).ok()
        };
        start().unwrap_or(u64::MAX)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::to_millis(OffsetDateTime::from(time))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(FORMAT).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.format(FORMAT).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a time in UTC to the millisecond", |text| {
            PrimitiveDateTime::parse(text, FORMAT).ok().map(|time| Self(time.assume_utc()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(since_1970: Duration) -> String {
        serde_json::to_value(Timestamp::from(SystemTime::UNIX_EPOCH + since_1970)).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn times_are_written_to_the_millisecond_even_on_the_full_second() {
        assert_eq!(written(Duration::from_millis(1_795_428_930_123)), "2026-11-23T10:15:30.123Z");
        assert_eq!(written(Duration::from_secs(1_795_428_930)), "2026-11-23T10:15:30.000Z");
    }

    #[test]
    fn a_time_is_read_back_as_it_was() {
        let time = Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_nanos(1_795_428_930_123_456_789));
        let back: Timestamp = serde_json::from_value(serde_json::to_value(time).unwrap()).unwrap();
        assert_eq!(back, time);
        assert_eq!(back.unix_millis(), 1_795_428_930_123);
    }
    #[test]
    fn a_client_may_write_a_time_with_any_offset() {
        let same = Timestamp::parse("2026-11-23T10:15:30.123Z").unwrap();
        for text in ["2026-11-23T11:15:30.123+01:00", "2026-11-23T10:15:30.123999Z", "2026-11-22T22:15:30.123-12:00"] {
            assert_eq!(Timestamp::parse(text), Some(same), "{text}");
        }
        assert_eq!(same.unix_seconds(), 1_795_428_930);
    }

    #[test]
    fn text_that_is_no_time() {
        for text in
            ["", "tomorrow", "2026-11-23", "2026-11-23T10:15:30", "2026-02-30T10:15:30Z", "9999-12-31T23:59:59-01:00"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_is_its_start() {
        let start = Timestamp::parse("2026-11-23T00:00:00Z");
        for text in ["2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23T01:00:00+01:00"] {
            assert_eq!(Timestamp::parse_time_or_day(text), start, "{text}");
        }
        for text in ["", "2026-11", "2026-02-30", "+2026-11-23", "2026-11-23Z", " 2026-11-23", "20261-1-23"] {
            assert_eq!(Timestamp::parse_time_or_day(text), None, "{text}");
        }
    }

    #[test]
    fn later_is_later_as_far_as_times_go() {
        let time = Timestamp::parse("2026-11-23T10:15:30.123Z").unwrap();
        assert_eq!(Timestamp::parse("2026-11-23T10:15:31.123Z"), Some(time.plus(Duration::from_secs(1))));
        assert_eq!(time.plus(Duration::MAX), time);
    }
}
