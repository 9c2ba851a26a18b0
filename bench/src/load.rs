//! Everything at full speed for a while: as many environments of a function at once as a gateway with ten times the usual
//! connections would keep busy. Lambda gives each of them one request at a time.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hyper::body::Bytes;

use crate::arguments::Arguments;
use crate::endpoints::{Case, cases};
use crate::events;
use crate::process::{Bench, Process};
use crate::statistics::{median, milliseconds, percentile};
use tests::runtime_api::Answer;

/// Environments of one function at once.
pub(crate) const ENVIRONMENTS: usize = 10;
/// More keys than can be deleted in that time.
const DELETIONS_PER_SECOND: usize = 3_000;

/// What became of one request that was sent over and over.
#[derive(Debug)]
pub(crate) struct LoadRow {
    /// Method, route and what is asked.
    pub(crate) name: &'static str,
    /// Answers, all environments together.
    pub(crate) answers: usize,
    /// Answers that were not what they were to be.
    pub(crate) errors: usize,
    /// Answers in a second.
    pub(crate) per_second: f64,
    /// The median time to an answer, in milliseconds.
    pub(crate) p50_ms: f64,
    /// What 99 of 100 answers take at most.
    pub(crate) p99_ms: f64,
    /// Memory of one environment after a sixth of the time, and at the end, in MiB; of all, the most.
    pub(crate) rss_mib: [f64; 2],
}

pub(crate) async fn measure(bench: &Bench, arguments: &Arguments) -> Vec<LoadRow> {
    let time = Duration::from_secs(arguments.seconds);
    let issued = bench.create_account().await;
    let event = events::authorizer(issued["value"].as_str().unwrap());
    eprintln!("Loading the authorizer");
    let check = |answer: &Answer| answer.is_ok();
    let mut rows = vec![load(bench, time, "the authorizer", "authorizer", |_| event.clone(), check).await];
    let deletions = DELETIONS_PER_SECOND * usize::try_from(arguments.seconds).unwrap();
    for case in cases(bench, deletions).await {
        let Case { name, function, event, .. } = &case;
        eprintln!("Loading {name}");
        rows.push(load(bench, time, name, function, event, |answer| case.is_met_by(answer)).await);
    }
    rows
}

async fn load(
    bench: &Bench,
    time: Duration,
    name: &'static str,
    function: &str,
    event: impl Fn(usize) -> Bytes,
    is_good: impl Fn(&Answer) -> bool,
) -> LoadRow {
    let mut processes = Vec::new();
    for _ in 0..ENVIRONMENTS {
        processes.push(bench.function(function).await);
    }
    let sent = Cell::new(0);
    let start = Instant::now();
    let drive = async |mut process: Process| {
        process.runtime.initialized().await;
        let (mut times, mut errors, mut early) = (Vec::new(), 0, None);
        while start.elapsed() < time {
            let number = sent.replace(sent.get() + 1);
            let (took, answer) = process.runtime.invoke(&event(number)).await;
            times.push(milliseconds(took));
            errors += usize::from(!is_good(&answer));
            if early.is_none() && start.elapsed() > time / 6 {
                early = Some(process.memory_mib("VmRSS"));
            }
        }
        let end = process.memory_mib("VmRSS");
        process.finish();
        (times, errors, [early.unwrap_or(end), end])
    };
    let driven = join_all(processes.into_iter().map(drive)).await;
    let took = start.elapsed();
    let times: Vec<_> = driven.iter().flat_map(|(times, ..)| times).copied().collect();
    let most = |at: usize| driven.iter().map(|(.., rss)| rss[at]).fold(0.0, f64::max);
    #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
    let per_second = times.len() as f64 / took.as_secs_f64();
    LoadRow {
        name,
        answers: times.len(),
        errors: driven.iter().map(|(_, errors, _)| errors).sum(),
        per_second,
        p50_ms: median(times.iter().copied()),
        p99_ms: percentile(times, 99),
        rss_mib: [most(0), most(1)],
    }
}
