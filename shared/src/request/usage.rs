//! Which usage is asked for, and how it is summed up.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Serialize;

use super::fields::Fields;
use crate::key::{Denials, Timestamp, Uses};

const DAY: i64 = 24;
const HOUR: i64 = 1;
const LONGEST_BY_HOUR: Duration = Duration::from_hours(31 * 24);
const LONGEST_BY_DAY: Duration = Duration::from_hours(400 * 24);
const DEFAULT_DAYS: i64 = 30;

/// Some hours in a row, as they are summed up.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageQuery {
    hours: RangeInclusive<i64>,
    bucket: i64,
}

/// One hour or one day, in UTC.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UsageBucket {
    /// When it begins.
    pub start: Timestamp,
    /// Requests that were let through.
    pub allowed: u64,
    /// Requests over a limit of the key or its account.
    pub limited: u64,
    /// Requests that the key did not open: it was disabled, expired, exposed or suspended, they came from another address, or
    /// needed another operation.
    pub denied: u64,
    /// Why: of the denied requests, how many for each reason, by its name.
    pub denials: Denials,
}

impl UsageQuery {
    /// Takes `from`, `to` and `bucket`: `hour` for up to 31 days or `day` for up to 400. By default the last 30 days by day.
    pub fn take(fields: &mut Fields, now: Timestamp) -> Self {
        let bucket = match fields.take("bucket").as_ref().map(|given| given.as_str()) {
            None | Some(Some("day")) => DAY,
            Some(Some("hour")) => HOUR,
            Some(_) => {
                fields.wrong("bucket", "must be hour or day");
                DAY
            }
        };
        let (from, to) = (fields.time_or_day("from"), fields.time_or_day("to"));
        // What has not come yet is left out.
        let to = to.unwrap_or(now).min(now);
        let first_day = to.unix_hour().div_euclid(DAY) - DEFAULT_DAYS + 1;
        let from = from.unwrap_or(Timestamp::of_unix_hour(first_day * DAY));
        let (longest, days) = if bucket == HOUR { (LONGEST_BY_HOUR, 31) } else { (LONGEST_BY_DAY, 400) };
        if from >= to {
            fields.wrong("from", "must be before to, and in the past");
        } else if from.plus(longest) < to {
            fields.wrong("from", format!("must be at most {days} days before to"));
        }
        let last = to.minus(Duration::from_millis(1)).unix_hour();
        Self { hours: from.unix_hour().div_euclid(bucket) * bucket..=last, bucket }
    }

    /// The hours that it is about, counted from 1970.
    #[must_use]
    pub fn hours(&self) -> RangeInclusive<i64> {
        self.hours.clone()
    }

    /// Every bucket of the time, the oldest first, those without requests too.
    #[must_use]
    pub fn sum(&self, hours: &BTreeMap<i64, Uses>) -> Vec<UsageBucket> {
        let mut buckets = Vec::new();
        let mut hour = *self.hours.start();
        while hour <= *self.hours.end() {
            let mut uses = Uses::default();
            for (_, some) in hours.range(hour..hour + self.bucket) {
                uses += *some;
            }
            let Uses { allowed, limited, denied: denials } = uses;
            let denied = denials.all();
            buckets.push(UsageBucket { start: Timestamp::of_unix_hour(hour), allowed, limited, denied, denials });
            hour += self.bucket;
        }
        buckets
    }
}
