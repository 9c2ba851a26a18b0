//! The comparison: every authorizer in every round, in an order that is shuffled anew each time.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};

use hyper::body::Bytes;
use serde_json::Value;

use crate::arguments::Arguments;
use crate::artifact::{self, Size};
use crate::contestants::{self, Contestant, Part};
use crate::counters::Counter;
use crate::events;
use crate::process::Bench;
use crate::sample::Sample;
use tests::runtime_api::Answer;
use tests::template::functions;

/// What the comparison found.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// In the order of the reports.
    pub(crate) rows: Vec<Row>,
    /// Peers that could not be built or installed, or do not run.
    pub(crate) left_out: Vec<String>,
    /// How many rounds the medians are of.
    pub(crate) rounds: usize,
    /// How many calls the percentiles are of.
    pub(crate) calls: usize,
    /// The machine's load before: others' work changes even the ratios, since it keeps processors from sleeping.
    pub(crate) load: String,
    /// What the table spent on one `GetItem`.
    pub(crate) engine_us: f64,
    /// What reached the table for 100 good keys, and for 200 that are none; other calls than `GetItem`.
    pub(crate) reads: Reads,
    /// The sizes of all our functions.
    pub(crate) functions: Vec<(String, Size)>,
}

/// One authorizer's figures.
#[derive(Debug)]
pub(crate) struct Row {
    /// What the reports call it.
    pub(crate) name: String,
    /// Its part in the targets.
    pub(crate) part: Part,
    /// The medians of its lives.
    pub(crate) sample: Sample,
    /// How large it is.
    pub(crate) size: Option<Size>,
    /// System calls per warm authorization, where they could be counted.
    pub(crate) system_calls: Option<f64>,
    /// Instructions per warm authorization, where they could be counted.
    pub(crate) instructions: Option<f64>,
}

/// What reaches the table of ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads {
    /// `GetItem`s per authorization of a native key.
    pub(crate) native: f64,
    /// Other operations, but for the last use.
    pub(crate) others: u64,
    /// All operations for what is no key.
    pub(crate) garbage: u64,
    /// Writes per authorization of a key that has a limit, as far as 1,000 in a row need them.
    pub(crate) limited: f64,
}

pub(crate) async fn measure(bench: &Bench, arguments: &Arguments) -> Comparison {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let issued = bench.create_account().await;
    let value = issued["value"].as_str().unwrap();

    let (mut contestants, mut left_out) = contestants::found(&bench.functions, &bench.peers);
    contestants.extend(contestants::named(&arguments.with));
    let expected = leave_out(bench, &mut contestants, &mut left_out, value).await;

    let mut lives = vec![Vec::new(); contestants.len()];
    bench.table.take_calls();
    for round in 1..=arguments.rounds {
        eprintln!("Round {round} of {}", arguments.rounds);
        for at in shuffled(contestants.len()) {
            let Contestant { name, part, program, event, .. } = &contestants[at];
            let check = |answer: &Answer| answer.as_ref().is_ok_and(|bytes| agrees(*part, bytes, &expected));
            let (process, event) = (bench.process(name, program).await, event(value));
            lives[at].push(Sample::take(process, arguments.calls, || event.clone(), check).await);
        }
    }
    let (count, took) = bench.table.take_calls().remove("GetItem").unwrap_or_default();
    #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
    let engine_us = took.as_secs_f64() * 1e6 / count as f64;

    let mut rows = Vec::new();
    for (contestant, lives) in contestants.into_iter().zip(&lives) {
        eprintln!("Counting the system calls and instructions of {}", contestant.name);
        let event = (contestant.event)(value);
        let system_calls = Counter::SystemCalls.per_call(bench, &contestant.program, &event).await;
        // An interpreter compiles what it runs: it would be counted at something else, and for minutes.
        let instructions = match contestant.binary {
            Some(_) => Counter::Instructions.per_call(bench, &contestant.program, &event).await,
            None => None,
        };
        rows.push(Row {
            system_calls,
            instructions,
            size: contestant.binary.as_deref().map(artifact::size),
            name: contestant.name,
            part: contestant.part,
            sample: Sample::median(lives),
        });
    }
    Comparison {
        rows,
        left_out,
        rounds: arguments.rounds,
        calls: arguments.calls,
        load,
        engine_us,
        reads: reads(bench, value).await,
        functions: sizes(bench),
    }
}

/// Leaves out contestants that do not run, or do not answer as ours does: the same job, or no comparison.
async fn leave_out(bench: &Bench, contestants: &mut Vec<Contestant>, left_out: &mut Vec<String>, value: &str) -> Value {
    let mut answers = Vec::new();
    for Contestant { name, program, event, .. } in &*contestants {
        let mut process = bench.process(name, program).await;
        let answer = process.runtime.probe(&event(value)).await.and_then(Result::ok);
        answers.push(answer);
        process.finish();
    }
    let ours = contestants.iter().position(|contestant| contestant.part == Part::Ours);
    let expected = ours.and_then(|at| answers[at].as_deref()).map(parsed);
    let expected = expected.expect("our authorizer is built and answers");
    let mut answers = answers.into_iter();
    contestants.retain(|contestant| {
        let good = answers.next().flatten().is_some_and(|answer| agrees(contestant.part, &answer, &expected));
        if !good {
            left_out.push(contestant.name.clone());
        }
        good
    });
    expected
}

/// Counted at the table, after what init does.
async fn reads(bench: &Bench, value: &str) -> Reads {
    const EACH: u32 = 100;
    let mut process = bench.function("authorizer").await;
    process.runtime.initialized().await;
    bench.table.take_calls();
    let good = events::authorizer(value);
    for _ in 0..EACH {
        assert!(process.runtime.invoke(&good).await.1.is_ok());
    }
    let mut calls = bench.table.take_calls();
    let (native, _) = calls.remove("GetItem").unwrap_or_default();
    // The last use: at most one in five minutes, behind an answer.
    calls.remove("UpdateItem");
    let others = calls.values().map(|(count, _)| count).sum();

    let mistyped = value.replace(|letter: char| letter.is_ascii_digit(), "x");
    for garbage in [events::authorizer("garbage"), events::authorizer(&mistyped)] {
        for _ in 0..EACH {
            assert!(process.runtime.invoke(&garbage).await.1.is_err());
        }
    }
    let garbage = bench.table.take_calls().values().map(|(count, _)| count).sum();
    process.finish();
    #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
    let native = native as f64 / f64::from(EACH);
    let limited = writes_of_a_limit(bench, &good).await;
    Reads { native, others, garbage, limited }
}

fn sizes(bench: &Bench) -> Vec<(String, Size)> {
    let size = |name: &String| artifact::size(&bench.functions.join(name).join("bootstrap"));
    functions().into_iter().map(|name| (name.clone(), size(&name))).collect()
}

/// Whether an answer is the one that all give. `verify-key` has it in its own form.
fn agrees(part: Part, answer: &[u8], expected: &Value) -> bool {
    if part != Part::Verify {
        return parsed(answer) == *expected;
    }
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    answer["allowed"] == true && answer["caller"]["keyId"] == expected["principalId"]
}

/// An answer but for what the peers do not know: reason, limits, tags and the account's external id.
fn parsed(bytes: &[u8]) -> Value {
    let mut answer: Value = serde_json::from_slice(bytes).unwrap_or_default();
    if let Some(context) = answer["context"].as_object_mut() {
        for name in ["externalId", "tags", "reason", "retryAfter", "limited", "rateLimit", "rateLimitPolicy"] {
            context.remove(name);
        }
    }
    answer
}

/// Leases of a new environment, from the first one on; the last use is one write more.
async fn writes_of_a_limit(bench: &Bench, event: &Bytes) -> f64 {
    const REQUESTS: u32 = 1_000;
    let program = contestants::limited(&bench.functions).program;
    let mut process = bench.process("limited", &program).await;
    process.runtime.initialized().await;
    bench.table.take_calls();
    for _ in 0..REQUESTS {
        assert!(process.runtime.invoke(event).await.1.is_ok());
    }
    let (writes, _) = bench.table.take_calls().remove("UpdateItem").unwrap_or_default();
    process.finish();
    #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
    let each = writes as f64 / f64::from(REQUESTS);
    each
}

/// The numbers below `count` in an order that no one can foresee: none gains by its place.
fn shuffled(count: usize) -> Vec<usize> {
    let chance = RandomState::new();
    let mut order: Vec<_> = (0..count).collect();
    order.sort_by_cached_key(|at| {
        let mut hasher = chance.build_hasher();
        hasher.write_usize(*at);
        hasher.finish()
    });
    order
}
