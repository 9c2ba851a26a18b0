//! How often a key may be used: so many requests in each period, and when periods end.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::timestamp::Timestamp;

/// What a limit counts requests in. Periods begin with those of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

    /// Its name, as in JSON, and how many seconds it has; `None` for a month, which differs.
    const fn name_and_seconds(self) -> (&'static str, Option<u64>) {
        match self {
            Self::Minute => ("MINUTE", Some(60)),
            Self::Hour => ("HOUR", Some(3600)),
            Self::Day => ("DAY", Some(86_400)),
            Self::Month => ("MONTH", None),
        }
    }

    /// Its name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.name_and_seconds().0
    }

    /// The period of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == name)
    }

    /// The number of the window that holds this moment; the first one began with 1970.
    #[must_use]
    pub fn window(self, at: Timestamp) -> u64 {
        self.seconds().map_or_else(|| at.unix_month(), |seconds| at.unix_millis() / 1000 / seconds)
    }

    /// The first second after a window, counted from 1970.
    #[must_use]
    pub fn end(self, window: u64) -> u64 {
        let next = window.saturating_add(1);
        self.seconds().map_or_else(|| Timestamp::start_of_unix_month(next), |seconds| next.saturating_mul(seconds))
    }

    /// How long it is; `None` for a month, which differs.
    #[must_use]
    pub fn seconds(self) -> Option<u64> {
        self.name_and_seconds().1
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

/// Something for each period, at its index.
pub(super) type PerPeriod<T> = [T; Period::ALL.len()];

/// One limit: so many requests in each window of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// How many requests are let through: 1 to [`Self::MAX_REQUESTS`].
    pub requests: u32,
    /// In which time.
    pub per: Period,
}

impl Limit {
    /// The most that a limit can be. The counter has room for a little more, see `store::lease`.
    pub const MAX_REQUESTS: u32 = 900_000_000;

    /// Reads `1000/MINUTE`. [`Limits::and`] checks whether so many requests can be a limit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (requests, per) = text.split_once('/')?;
        Some(Self { requests: requests.parse().ok()?, per: Period::parse(per)? })
    }
}

/// The limits of a key: at most one for each period.
///
/// In JSON a list of [`Limit`]s, the shortest period first, and `null` when there is none.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits(PerPeriod<u32>);

impl Limits {
    /// No limit at all.
    pub const NONE: Self = Self([0; Period::ALL.len()]);

    /// How many a key may be given. Ceilings may add a fourth.
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

    /// For each period the lower limit of both.
    #[must_use]
    pub fn tightest(self, ceiling: Self) -> Self {
        let mut tightest = self;
        for (own, other) in tightest.0.iter_mut().zip(ceiling.0) {
            *own = if *own == 0 || other == 0 { (*own).max(other) } else { (*own).min(other) };
        }
        tightest
    }

    /// The limits, the shortest period first.
    pub fn iter(self) -> impl Iterator<Item = Limit> {
        Period::ALL.into_iter().filter_map(move |per| self.of(per).map(|requests| Limit { requests, per }))
    }

    /// Reads `1000/MINUTE,100000/DAY`; nothing is no limit.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        let mut limits = Self::NONE;
        for limit in list.split(',').filter(|_| !list.is_empty()) {
            limits = limits.and(Limit::parse(limit.trim())?)?;
        }
        Some(limits)
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

    fn limits(list: &str) -> Limits {
        Limits::parse(list).unwrap()
    }

    #[test]
    fn limits_are_read_as_an_operator_writes_them() {
        let both = limits("1000/MINUTE, 100000/DAY");
        assert_eq!(
            [both.of(Period::Minute), both.of(Period::Hour), both.of(Period::Day)],
            [Some(1000), None, Some(100_000)]
        );
        assert!(limits("").is_none() && !both.is_none());
        for wrong in
            ["x", ",", "1/MINUTE,", "0/DAY", "-1/DAY", "1/day", "1/YEAR", "1", "/DAY", "1/DAY,2/DAY", "900000001/DAY"]
        {
            assert!(Limits::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn for_each_period_the_tightest_holds() {
        let own = limits("100/MINUTE,5000/DAY,9/MONTH");
        assert_eq!(own.tightest(limits("200/MINUTE,1000/DAY,7/HOUR")), limits("100/MINUTE,7/HOUR,1000/DAY,9/MONTH"));
        assert_eq!(own.tightest(Limits::NONE), own);
        assert_eq!(Limits::NONE.tightest(own), own);
    }

    #[test]
    fn limits_in_json() {
        let json = r#"[{"requests":100,"per":"MINUTE"},{"requests":5000,"per":"MONTH"}]"#;
        assert_eq!(serde_json::to_string(&limits("5000/MONTH,100/MINUTE")).unwrap(), json);
        assert_eq!(serde_json::from_str::<Limits>(json).unwrap(), limits("100/MINUTE,5000/MONTH"));
        assert_eq!(serde_json::to_string(&Limits::NONE).unwrap(), "null");
        assert_eq!(serde_json::from_str::<Limits>("null").unwrap(), Limits::NONE);
        let twice = r#"[{"requests":1,"per":"DAY"},{"requests":2,"per":"DAY"}]"#;
        for wrong in [twice, r#"[{"requests":0,"per":"DAY"}]"#, r#"[{"requests":1,"per":"YEAR"}]"#, "7"] {
            assert!(serde_json::from_str::<Limits>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn windows_begin_and_end_with_those_of_the_calendar() {
        for (period, at, end) in [
            (Period::Minute, "2026-11-23T10:15:00Z", "2026-11-23T10:16:00Z"),
            (Period::Minute, "2026-11-23T10:15:59.999Z", "2026-11-23T10:16:00Z"),
            (Period::Hour, "2026-11-23T10:59:59.999Z", "2026-11-23T11:00:00Z"),
            (Period::Day, "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"),
            (Period::Month, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            (Period::Month, "2028-02-29T23:59:59.999Z", "2028-03-01T00:00:00Z"),
            (Period::Month, "2027-02-28T12:00:00Z", "2027-03-01T00:00:00Z"),
        ] {
            let (at, end) = (Timestamp::parse(at).unwrap(), Timestamp::parse(end).unwrap());
            let window = period.window(at);
            assert_eq!(period.end(window), end.unix_millis() / 1000, "{period:?} {at:?}");
            assert_eq!(period.window(end), window + 1, "{period:?} {at:?}");
        }
        assert_eq!(Period::Month.window(Timestamp::parse("1970-01-31T00:00:00Z").unwrap()), 0);
    }
}
