//! An alarm on one metric, evaluated as AWS documents it.
//!
//! Sources: the user guide of `CloudWatch`, "Alarm evaluation", "Configuring how `CloudWatch` alarms treat missing data" and "Alarm
//! evaluation window". An alarm is evaluated each minute, over periods that end there (a sliding window). It asks for more
//! points than it needs; how many more is not documented, so tests try several.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cloudwatch::{CloudWatch, Metric, Minute, Statistic};

/// An alarm of a template.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// Its logical id.
    pub name: String,
    /// What it watches.
    pub metric: Metric,
    /// How values of a period become a point.
    pub statistic: Statistic,
    /// How many minutes a period has.
    pub period: u64,
    /// From where on a point is bad.
    pub threshold: f64,
    /// How many points it looks at.
    pub points: usize,
    /// How many of them must be bad.
    pub bad_points: usize,
}

impl Alarm {
    /// The alarm of that resource. What this evaluator does not know, it does not take.
    pub fn of(name: &str, resource: &Value) -> Self {
        let properties = &resource["Properties"];
        let known: BTreeSet<_> = [
            "AlarmActions",
            "AlarmDescription",
            "ComparisonOperator",
            "DatapointsToAlarm",
            "Dimensions",
            "EvaluateLowSampleCountPercentile",
            "EvaluationPeriods",
            "ExtendedStatistic",
            "MetricName",
            "Namespace",
            "OKActions",
            "Period",
            "Statistic",
            "Threshold",
            "TreatMissingData",
        ]
        .into();
        for property in properties.as_object().unwrap().keys() {
            assert!(known.contains(&**property), "{name}: {property}");
        }
        let text = |property: &str| properties[property].as_str().unwrap_or_else(|| panic!("{name}: {property}"));
        let number = |property: &str| properties[property].as_u64().unwrap_or_else(|| panic!("{name}: {property}"));
        assert_eq!(text("ComparisonOperator"), "GreaterThanOrEqualToThreshold", "{name}");
        assert_eq!(text("TreatMissingData"), "notBreaching", "{name}");
        let statistic = if properties["ExtendedStatistic"].is_null() {
            text("Statistic")
        } else {
            assert_eq!(text("EvaluateLowSampleCountPercentile"), "evaluate", "{name}");
            text("ExtendedStatistic")
        };
        let dimensions = properties["Dimensions"].as_array().unwrap().iter();
        let dimensions: Vec<_> =
            dimensions.map(|each| (each["Name"].as_str().unwrap(), each["Value"].as_str().unwrap())).collect();
        assert_eq!(number("Period") % 60, 0, "{name}");
        let points = usize::try_from(number("EvaluationPeriods")).unwrap();
        let bad_points = usize::try_from(number("DatapointsToAlarm")).unwrap();
        assert!((1..=points).contains(&bad_points), "{name}");
        assert!(number("Period") * number("EvaluationPeriods") <= 86_400, "{name}: AWS takes a day at most");
        Self {
            name: name.to_owned(),
            metric: Metric::new(text("Namespace"), text("MetricName"), &dimensions),
            statistic: Statistic::parse(statistic),
            period: number("Period") / 60,
            threshold: properties["Threshold"].as_f64().unwrap(),
            points,
            bad_points,
        }
    }

    /// The first of these minutes in which it rings, where it asks for so many points more than it needs.
    pub fn rings(&self, watch: &CloudWatch, minutes: std::ops::Range<Minute>, more: usize) -> Option<Minute> {
        minutes.into_iter().find(|now| self.is_on(watch, *now, more))
    }

    fn is_on(&self, watch: &CloudWatch, now: Minute, more: usize) -> bool {
        let ends = (0..self.points + more).rev().map(|back| now.saturating_sub(self.period * back as u64));
        let points: Vec<_> = ends
            .map(|end| {
                let minutes = end.saturating_sub(self.period)..end;
                watch.point(&self.metric, self.statistic, minutes, now).map(|point| point >= self.threshold)
            })
            .collect();
        evaluate(&points, self.points, self.bad_points, false)
    }
}

/// Whether an alarm is on that needs `bad` bad points of `needed`. The points that it got, the oldest first, are bad or not or
/// missing; missing ones are bad or not.
fn evaluate(points: &[Option<bool>], needed: usize, bad: usize, missing: bool) -> bool {
    // Real points first, however old; the setting for missing ones only where there are too few.
    let real: Vec<_> = points.iter().rev().flatten().copied().take(needed).collect();
    let filled = needed - real.len();
    let found = real.iter().filter(|is_bad| **is_bad).count() + if missing { filled } else { 0 };
    found >= bad
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables of the user guide: five points, and whether an alarm is on where missing points are bad, and where they are
    /// good.
    #[test]
    fn the_examples_of_the_user_guide() {
        let of_three = [
            ("0 - X - X", false, false),
            ("0 - - - -", false, false),
            ("- - - - -", true, false),
            ("0 X X - X", true, true),
            ("- - - - X", true, false),
            ("X - - - -", true, false),
        ];
        let two_of_three = [
            ("0 - X - X", true, true),
            ("0 0 X 0 X", true, true),
            ("0 - X - -", true, false),
            ("- - - - 0", true, false),
            ("- - - - X", true, false),
        ];
        for (examples, bad) in [(&of_three[..], 3), (&two_of_three, 2)] {
            for (example, where_bad, where_good) in examples {
                let points: Vec<_> = example
                    .split(' ')
                    .map(|point| match point {
                        "X" => Some(true),
                        "0" => Some(false),
                        _ => None,
                    })
                    .collect();
                assert_eq!(evaluate(&points, 3, bad, true), *where_bad, "{bad} of 3, breaching: {example}");
                assert_eq!(evaluate(&points, 3, bad, false), *where_good, "{bad} of 3, notBreaching: {example}");
            }
        }
    }
}
