//! The real functions in a simulated world with a seed, checked against a model. `docs/developing/simulation.md` explains it and how it is
//! used.

mod account;
mod adapter;
mod check;
mod clients;
mod connection;
mod gateway;
mod github;
mod history;
mod live;
mod model;
mod name;
mod plan;
mod run;
mod shrink;
mod story;
mod stream;
mod tables;
mod tally;
mod trace;
mod verifying;
mod world;

use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use clap::Parser;

use crate::plan::Plan;
use crate::run::{Run, run};
use crate::tally::Tally;

/// Seeds that once found something, each in a line of its own.
const KNOWN: &str = include_str!("../seeds.txt");
/// Every so many seeds one is run twice, and both must go the same way.
const TWICE: u64 = 20;

/// Runs seeds, and prints the first that fails.
#[derive(Debug, Parser)]
struct Arguments {
    /// One seed, or some: `17` or `0..500`. Those that once found something are run first where there are some.
    #[arg(default_value = "0..500")]
    seeds: Seeds,
    /// On so many threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Prints all that happens.
    #[arg(long)]
    story: bool,
    /// Prints how often each thing was answered.
    #[arg(long)]
    tally: bool,
    /// Prints a failing seed as it is, without looking for a shorter way to it.
    #[arg(long)]
    whole: bool,
}

#[derive(Debug, Clone, Copy)]
struct Seeds {
    first: u64,
    end: u64,
}

impl FromStr for Seeds {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once("..") {
            Some((first, end)) => Self { first: first.parse()?, end: end.parse()? },
            None => text.parse().map(|seed| Self { first: seed, end: seed + 1 })?,
        })
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Seeds { first, end } = arguments.seeds;
    let known = KNOWN.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok());
    let mut seeds: Vec<u64> = if end - first > 1 { known.collect() } else { Vec::new() };
    seeds.extend(first..end);
    let start = Instant::now();
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (all, failed) = (Mutex::new((0, Tally::new())), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(seed) = usize::try_from(at).ok().and_then(|at| seeds.get(at)) else { return };
                    let plan = Plan::of(*seed);
                    let mut outcome = run(&plan, arguments.story);
                    if seed % TWICE == 0 && run(&plan, arguments.story).hash != outcome.hash {
                        outcome.wrong.push("a second run goes another way".to_owned());
                    }
                    outcome.story.drain(..).for_each(|line| println!("{line}"));
                    let mut all = all.lock().expect("no panic");
                    all.0 += outcome.steps;
                    for (name, times) in &outcome.tally {
                        *all.1.entry(name.clone()).or_default() += times;
                    }
                    if !outcome.wrong.is_empty() {
                        failed.lock().expect("no panic").push((*seed, outcome));
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let (steps, tally) = all.into_inner().expect("no panic");
    if arguments.tally {
        for (name, times) in &tally {
            println!("{times:>9} {name}");
        }
    }
    let run = next.into_inner().min(seeds.len() as u64);
    println!("{run} seeds, {steps} steps, {:.1} s", start.elapsed().as_secs_f64());
    match failed.into_inner().expect("no panic").into_iter().min_by_key(|(seed, _)| *seed) {
        None => ExitCode::SUCCESS,
        Some((seed, outcome)) => {
            print(seed, &outcome, arguments.whole);
            ExitCode::FAILURE
        }
    }
}

/// Prints what is wrong with a seed, and the shortest way to it that is found.
fn print(seed: u64, outcome: &Run, whole: bool) {
    println!("seed {seed} fails after {} steps:", outcome.steps);
    outcome.wrong.iter().take(5).for_each(|wrong| println!("{wrong}"));
    if whole {
        return;
    }
    let (plan, outcome) = shrink::shrink(Plan::of(seed));
    println!("\nThe shortest way that was found, of {} actions with {:?}:", plan.actions.len(), plan.faults);
    outcome.story.iter().for_each(|line| println!("{line}"));
    outcome.wrong.iter().take(5).for_each(|wrong| println!("{wrong}"));
}
