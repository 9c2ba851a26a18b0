//! Medians and percentiles.

use std::time::Duration;

/// The middle of some numbers; of an even count, the lower of the two in the middle.
pub(crate) fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    percentile(numbers, 50)
}

/// The number that `percent` of the numbers do not exceed.
pub(crate) fn percentile(numbers: impl IntoIterator<Item = f64>, percent: usize) -> f64 {
    per_mille(numbers, percent * 10)
}

/// The number that so many in a thousand of the numbers do not exceed.
pub(crate) fn per_mille(numbers: impl IntoIterator<Item = f64>, thousandths: usize) -> f64 {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * thousandths).div_ceil(1000).max(1);
    sorted[rank - 1]
}

/// A duration as the tables have it.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_numbers() {
        let numbers = (1..=1000).rev().map(f64::from).collect::<Vec<_>>();
        assert!((percentile(numbers.clone(), 99) - 990.0).abs() < f64::EPSILON);
        assert!((per_mille(numbers.clone(), 999) - 999.0).abs() < f64::EPSILON);
        assert!((median(numbers) - 500.0).abs() < f64::EPSILON);
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((percentile([7.0], 99) - 7.0).abs() < f64::EPSILON);
    }
}
