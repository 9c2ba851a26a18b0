//! Points in time as the API writes them.

use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// A UTC time to the millisecond, written `2026-11-23T10:15:30.123Z` (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The milliseconds since 1970; 0 for what lies before.
    #[must_use]
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let time = OffsetDateTime::from(time);
        Self(time.replace_millisecond(time.millisecond()).unwrap_or(time))
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
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let time = PrimitiveDateTime::parse(&text, FORMAT).map_err(de::Error::custom)?;
        Ok(Self(time.assume_utc()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
}
