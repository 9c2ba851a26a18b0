//! What stalled reads do to the authorizations around them: ours, which sends such a read again, and clients that wait.

use crate::arguments::Arguments;
use crate::contestants::{self, Contestant, Part};
use crate::process::{Bench, Process};
use crate::statistics::{median, milliseconds, per_mille};

/// One in so many reads stalls.
const ONE_IN: u64 = 100;
/// So many authorizations are measured.
const CALLS: u32 = 2_000;
/// So many of which each opens a connection.
const FRESH: u32 = 200;

/// One authorizer's figures.
#[derive(Debug)]
pub(crate) struct SlowReadRow {
    /// What the report calls it.
    pub(crate) name: String,
    /// Its part in the targets.
    pub(crate) part: Part,
    /// The median of all authorizations.
    pub(crate) p50_ms: f64,
    /// What 999 in 1,000 of them do not exceed.
    pub(crate) p999_ms: f64,
    /// The median of those that open a connection, where none stalls.
    pub(crate) fresh_ms: f64,
    /// `GetItem`s for each authorization, those that got no answer too.
    pub(crate) reads: f64,
}

pub(crate) async fn measure(bench: &Bench, arguments: &Arguments) -> Vec<SlowReadRow> {
    let issued = bench.create_account().await;
    let value = issued["value"].as_str().unwrap();
    let (mut contestants, _) = contestants::found(&bench.functions, &bench.peers);
    contestants.retain(|it| matches!(it.part, Part::Ours | Part::LeanFloor | Part::PlainRust));
    contestants.extend(contestants::named(&arguments.with));
    let mut rows = Vec::new();
    for contestant in contestants {
        eprintln!("Stalling reads of {}", contestant.name);
        rows.push(row(bench, contestant, value).await);
    }
    rows
}

async fn row(bench: &Bench, contestant: Contestant, value: &str) -> SlowReadRow {
    let event = (contestant.event)(value);
    let mut process = bench.process(&contestant.name, &contestant.program).await;
    process.runtime.initialized().await;
    let measured = async |process: &mut Process, calls: u32| {
        let mut times = Vec::new();
        for _ in 0..calls {
            let (took, answer) = process.runtime.invoke(&event).await;
            assert!(answer.is_ok(), "an authorization failed");
            times.push(milliseconds(took));
        }
        times
    };
    measured(&mut process, FRESH).await;
    bench.table.close_connections(true);
    let fresh = measured(&mut process, FRESH).await;
    bench.table.close_connections(false);
    measured(&mut process, FRESH).await;
    bench.table.take_calls();
    bench.table.stall_one_in(ONE_IN);
    let times = measured(&mut process, CALLS).await;
    bench.table.stall_one_in(0);
    let (reads, _) = bench.table.take_calls().remove("GetItem").unwrap_or_default();
    process.finish();
    #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
    let reads = reads as f64 / f64::from(CALLS);
    let p999_ms = per_mille(times.iter().copied(), 999);
    let Contestant { name, part, .. } = contestant;
    SlowReadRow { name, part, p50_ms: median(times), p999_ms, fresh_ms: median(fresh), reads }
}
