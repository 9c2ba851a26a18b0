//! What is to be reached, and whether it was.

use crate::authorizers::{Comparison, Row};
use crate::contestants::Part;
use crate::slow_reads::SlowReadRow;

/// One target and what was measured.
#[derive(Debug)]
pub(crate) struct Target {
    /// In words.
    pub(crate) what: String,
    /// The bound, and whether more is better.
    pub(crate) bound: Bound,
    /// What was measured.
    pub(crate) measured: f64,
}

/// From where on a target is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// This and no other.
    Exactly(f64),
}

impl Target {
    fn new(what: impl Into<String>, bound: Bound, measured: f64) -> Self {
        Self { what: what.into(), bound, measured }
    }

    /// How far the measured value is beyond the bound, in hundredths of the bound; `None` when it is reached.
    pub(crate) fn missed_by(&self) -> Option<f64> {
        let excess = match self.bound {
            Bound::AtMost(most) => self.measured / most - 1.0,
            Bound::AtLeast(least) => least / self.measured - 1.0,
            Bound::Exactly(number) => (self.measured - number).abs(),
        };
        (excess > 0.0).then_some(excess * 100.0)
    }
}

/// All targets whose parts took part.
pub(crate) fn all(outcome: &Comparison) -> Vec<Target> {
    let part = |part| outcome.rows.iter().find(|row| row.part == part);
    let Some(ours) = part(Part::Ours) else { return Vec::new() };
    let mut targets = Vec::new();
    if let Some(floor) = part(Part::LeanFloor) {
        targets.extend(against_the_floor(ours, floor));
    }
    for (row, name) in [(part(Part::Http), "an HTTP API"), (part(Part::Verify), "`verify-key`")] {
        let Some(row) = row else { continue };
        let (at_most, ratio) = (Bound::AtMost(1.0), row.sample.p50_ms / ours.sample.p50_ms);
        targets.push(Target::new(format!("warm p50 of {name} ÷ a REST API's"), at_most, ratio));
        if let (Some(own), Some(ours)) = (row.instructions, ours.instructions) {
            targets.push(Target::new(format!("instructions of {name} ÷ a REST API's"), at_most, own / ours));
        }
    }
    let sample = &ours.sample;
    let first = sample.first_ms / sample.p50_ms;
    targets.push(Target::new("first call ÷ warm p50", Bound::AtMost(2.0), first));
    if let Some(node) = part(Part::Node) {
        targets.push(Target::new(
            "Node's start to first answer ÷ ours",
            Bound::AtLeast(30.0),
            start(node) / start(ours),
        ));
        let (cpu, rss) = (node.sample.cpu_ms / sample.cpu_ms, node.sample.rss_mib / sample.rss_mib);
        targets.push(Target::new("Node's CPU ÷ ours", Bound::AtLeast(9.0), cpu));
        targets.push(Target::new("Node's RSS ÷ ours", Bound::AtLeast(17.0), rss));
    }
    if let Some(plain) = part(Part::PlainRust) {
        let first = plain.sample.first_ms / sample.first_ms;
        targets.push(Target::new("plain Rust's first call ÷ ours", Bound::AtLeast(40.0), first));
    }
    for (name, size) in &outcome.functions {
        targets.push(Target::new(format!("binary of {name}, MB"), Bound::AtMost(5.0), size.binary));
        targets.push(Target::new(format!("zip of {name}, MB"), Bound::AtMost(2.4), size.zip));
    }
    if let Some(calls) = ours.system_calls {
        targets.push(Target::new("system calls per warm authorization", Bound::AtMost(12.0), calls));
    }
    let reads = &outcome.reads;
    targets.push(Target::new("GetItems per authorized native key", Bound::Exactly(1.0), reads.native));
    #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
    targets.extend([
        Target::new("other reads for native keys", Bound::Exactly(0.0), reads.others as f64),
        Target::new("reads for garbage", Bound::Exactly(0.0), reads.garbage as f64),
    ]);
    targets
}

fn against_the_floor(ours: &Row, floor: &Row) -> Vec<Target> {
    let ratio = |figure: fn(&Row) -> f64| figure(ours) / figure(floor);
    let mut targets = vec![
        Target::new("warm p50 ÷ lean floor's", Bound::AtMost(1.15), ratio(|row| row.sample.p50_ms)),
        Target::new("CPU ÷ lean floor's", Bound::AtMost(1.2), ratio(|row| row.sample.cpu_ms)),
        Target::new("RSS ÷ lean floor's", Bound::AtMost(1.35), ratio(|row| row.sample.rss_mib)),
        Target::new("start to first answer ÷ lean floor's", Bound::AtMost(1.15), ratio(start)),
    ];
    if let (Some(ours), Some(floor)) = (ours.instructions, floor.instructions) {
        targets.push(Target::new("instructions ÷ lean floor's", Bound::AtMost(1.05), ours / floor));
    }
    targets
}

/// What is to be reached where one in a hundred reads stalls for a second.
pub(crate) fn of_slow_reads(rows: &[SlowReadRow]) -> Vec<Target> {
    let ours = rows.iter().find(|row| row.part == Part::Ours);
    ours.map_or_else(Vec::new, |ours| {
        vec![
            // The timer counts in whole milliseconds.
            Target::new("p99.9 ÷ 100 ms and a fresh call", Bound::AtMost(1.02), over_a_cut(ours)),
            Target::new("reads per request", Bound::AtMost(1.02), ours.reads),
        ]
    })
}

/// How long the slowest authorizations take, in parts of 100 ms and a fresh call.
pub(crate) fn over_a_cut(row: &SlowReadRow) -> f64 {
    row.p999_ms / (100.0 + row.fresh_ms)
}

/// From the start of the process to its first answer, in milliseconds.
pub(crate) fn start(row: &Row) -> f64 {
    row.sample.init_ms + row.sample.first_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_itself_is_reached() {
        for (bound, measured) in [(Bound::AtMost(2.0), 2.0), (Bound::AtLeast(30.0), 30.0), (Bound::Exactly(0.0), 0.0)] {
            assert_eq!(Target::new("", bound, measured).missed_by(), None);
        }
    }

    #[test]
    fn what_is_missed_is_missed_by_so_much() {
        for (bound, measured) in [(Bound::AtMost(2.0), 3.0), (Bound::AtLeast(30.0), 20.0), (Bound::Exactly(1.0), 1.5)] {
            let missed = Target::new("", bound, measured).missed_by().unwrap();
            assert!((missed - 50.0).abs() < 1e-9, "{missed}");
        }
    }
}
