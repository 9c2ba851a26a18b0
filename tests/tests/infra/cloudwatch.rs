//! `CloudWatch`'s metrics: values of minutes, each known from some minute on.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

/// A minute since the world began.
pub type Minute = u64;

/// What a value is of: namespace, name and dimensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// The metric of that name with these dimensions.
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }
}

/// How values become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The largest.
    Maximum,
    /// How many they are.
    SampleCount,
    /// The smallest that is not exceeded by that many of a hundred.
    Percentile(f64),
}

impl Statistic {
    /// As AWS writes it.
    pub fn parse(text: &str) -> Self {
        match text {
            "Sum" => Self::Sum,
            "Average" => Self::Average,
            "Maximum" => Self::Maximum,
            "SampleCount" => Self::SampleCount,
            _ => Self::Percentile(text.strip_prefix('p').and_then(|number| number.parse().ok()).expect(text)),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are small"
    )]
    fn of(self, values: &BTreeMap<u64, u64>) -> f64 {
        let value = |bits: &u64| f64::from_bits(*bits);
        let count: u64 = values.values().sum();
        let sum = || values.iter().map(|(bits, count)| value(bits) * *count as f64).sum::<f64>();
        match self {
            Self::Sum => sum(),
            Self::Average => sum() / count as f64,
            Self::Maximum => value(values.last_key_value().unwrap().0),
            Self::SampleCount => count as f64,
            Self::Percentile(of_hundred) => {
                let wanted = (of_hundred / 100.0 * count as f64).ceil().max(1.0) as u64;
                let mut seen = 0;
                let found = values.iter().find(|(_, count)| {
                    seen += **count;
                    seen >= wanted
                });
                value(found.unwrap().0)
            }
        }
    }
}

/// Of each value of a minute, by its bits, which order positive ones: how often it came, by the minute from which on it is known.
type Values = BTreeMap<(Minute, u64), u64>;

/// All values.
#[derive(Debug, Default)]
pub struct CloudWatch(BTreeMap<Metric, BTreeMap<Minute, Values>>);

impl CloudWatch {
    /// A value of that second, which is known from that other one on.
    pub fn put(&mut self, metric: &Metric, at: u64, known: u64, value: f64) {
        assert!(value >= 0.0 && known >= at, "{metric:?}");
        if !self.0.contains_key(metric) {
            self.0.insert(metric.clone(), BTreeMap::new());
        }
        let values = self.0.get_mut(metric).unwrap().entry(at / 60).or_default();
        *values.entry((known.div_ceil(60), value.to_bits())).or_default() += 1;
    }

    /// The metrics of a line of a log, which is known from that second on. Its times begin at that one, in milliseconds.
    ///
    /// Source: AWS, "Specification: Embedded metric format".
    pub fn take_line(&mut self, line: &Value, begin: u64, known: u64) {
        let at = (line["_aws"]["Timestamp"].as_u64().unwrap() - begin) / 1000;
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            for names in directive["Dimensions"].as_array().unwrap() {
                let dimensions: Vec<_> = names
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| (name.as_str().unwrap(), line[name.as_str().unwrap()].as_str().unwrap()))
                    .collect();
                for metric in directive["Metrics"].as_array().unwrap() {
                    let name = metric["Name"].as_str().unwrap();
                    let metric = Metric::new(directive["Namespace"].as_str().unwrap(), name, &dimensions);
                    self.put(&metric, at, known, line[name].as_f64().unwrap());
                }
            }
        }
    }

    /// Whether it has any value of it.
    pub fn has(&self, metric: &Metric) -> bool {
        self.0.contains_key(metric)
    }

    /// One point of these minutes, of what was known at `now`; `None` where nothing was.
    pub fn point(&self, metric: &Metric, statistic: Statistic, minutes: Range<Minute>, now: Minute) -> Option<f64> {
        let mut found = BTreeMap::new();
        for (_, values) in self.0.get(metric)?.range(minutes) {
            for ((known, bits), count) in values {
                if *known <= now {
                    *found.entry(*bits).or_default() += count;
                }
            }
        }
        (!found.is_empty()).then(|| statistic.of(&found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_from_when_it_is_known_and_in_its_own_minute() {
        let metric = Metric::new("N", "M", &[("D", "d")]);
        let mut watch = CloudWatch::default();
        watch.put(&metric, 59, 150, 2.0);
        watch.put(&metric, 60, 60, 4.0);
        assert_eq!(watch.point(&metric, Statistic::Sum, 0..2, 2), Some(4.0));
        assert_eq!(watch.point(&metric, Statistic::Sum, 0..2, 3), Some(6.0));
        assert_eq!(watch.point(&metric, Statistic::Average, 0..2, 3), Some(3.0));
        assert_eq!(watch.point(&metric, Statistic::Sum, 0..1, 3), Some(2.0));
        assert_eq!(watch.point(&metric, Statistic::Sum, 2..9, 9), None);
        assert_eq!(
            watch.point(&Metric::new("N", "M", &[]), Statistic::Sum, 0..9, 9),
            None,
            "dimensions are part of it"
        );
    }

    #[test]
    fn a_percentile_is_a_value_that_came() {
        let metric = Metric::new("N", "M", &[]);
        let mut watch = CloudWatch::default();
        for value in 1..=200_u32 {
            watch.put(&metric, 0, 0, value.into());
        }
        for (percentile, expected) in [("p99", 198.0), ("p50", 100.0), ("p100", 200.0), ("p0", 1.0)] {
            assert_eq!(watch.point(&metric, Statistic::parse(percentile), 0..1, 0), Some(expected), "{percentile}");
        }
    }
}
