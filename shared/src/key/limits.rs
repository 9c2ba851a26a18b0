//! How often a key may be used: so many requests in each period.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a limit counts requests in. Periods begin with those of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Period {
    /// From second 0 on.
    Minute,
    /// From minute 0 on.
    Hour,
    /// From midnight on.
    Day,
    /// From the first day on: 28 to 31 days.
    Month,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Minute, Self::Hour, Self::Day, Self::Month];

    /// Its name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "MINUTE",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Month => "MONTH",
        }
    }

    /// The period of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == name)
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// One limit: so many requests in each window of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// How many requests are let through: 1 to [`Self::MAX_REQUESTS`].
    pub requests: u32,
    /// In which time.
    pub per: Period,
}

impl Limit {
    /// The most that a limit can be.
    pub const MAX_REQUESTS: u32 = 900_000_000;
}

/// The limits of a key: at most one for each period.
///
/// In JSON a list of [`Limit`]s, the shortest period first, and `null` when there is none.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits([u32; 4]);

impl Limits {
    /// No limit at all.
    pub const NONE: Self = Self([0; 4]);

    /// How many may be given at once.
    pub const MAX: usize = 3;

    /// Whether there is no limit at all.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The requests that are let through in each window of a period; `None` is any number.
    #[must_use]
    pub fn of(self, period: Period) -> Option<u32> {
        self.0.get(period.index()).copied().filter(|requests| *requests > 0)
    }

    /// One limit more. `None` when that period has one, or when it is not 1 to [`Limit::MAX_REQUESTS`].
    #[must_use]
    pub fn and(mut self, limit: Limit) -> Option<Self> {
        let slot = self.0.get_mut(limit.per.index()).filter(|slot| **slot == 0)?;
        *slot = limit.requests;
        (1..=Limit::MAX_REQUESTS).contains(&limit.requests).then_some(self)
    }

    /// The limits, the shortest period first.
    pub fn iter(self) -> impl Iterator<Item = Limit> {
        Period::ALL.into_iter().filter_map(move |per| self.of(per).map(|requests| Limit { requests, per }))
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits: Vec<_> = self.iter().map(|limit| format!("{}/{}", limit.requests, limit.per.as_str())).collect();
        write!(f, "Limits({})", limits.join(","))
    }
}

impl Serialize for Limits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_none() { serializer.serialize_none() } else { serializer.collect_seq(self.iter()) }
    }
}

impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Option::<Vec<Limit>>::deserialize(deserializer)?;
        list.unwrap_or_default()
            .into_iter()
            .try_fold(Self::NONE, Self::and)
            .ok_or_else(|| de::Error::custom("not limits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_in_json() {
        let limit = |requests, per| Limit { requests, per };
        let both = Limits::NONE.and(limit(5000, Period::Month)).unwrap().and(limit(100, Period::Minute)).unwrap();
        let json = r#"[{"requests":100,"per":"MINUTE"},{"requests":5000,"per":"MONTH"}]"#;
        assert_eq!(serde_json::to_string(&both).unwrap(), json);
        assert_eq!(serde_json::from_str::<Limits>(json).unwrap(), both);
        assert_eq!(serde_json::to_string(&Limits::NONE).unwrap(), "null");
        assert_eq!(serde_json::from_str::<Limits>("null").unwrap(), Limits::NONE);
        let twice = r#"[{"requests":1,"per":"DAY"},{"requests":2,"per":"DAY"}]"#;
        for wrong in [twice, r#"[{"requests":0,"per":"DAY"}]"#, r#"[{"requests":1,"per":"WEEK"}]"#, "7"] {
            assert!(serde_json::from_str::<Limits>(wrong).is_err(), "{wrong}");
        }
    }
}
