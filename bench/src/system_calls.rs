//! Counts the system calls of an authorization with `strace`, where that is installed.

use std::fs;
use std::path::PathBuf;

use crate::events;
use crate::process::{Bench, Program};

const FEW: u32 = 200;
const MANY: u32 = 1200;

/// System calls per warm authorization; `None` without `strace`.
///
/// Two lives of different length are counted whole: what they differ by is the calls alone.
pub(crate) async fn per_call(bench: &Bench, program: &Program, value: &str) -> Option<f64> {
    let few = in_a_life_of(FEW, bench, program, value).await?;
    let many = in_a_life_of(MANY, bench, program, value).await?;
    Some((many - few) / f64::from(MANY - FEW))
}

async fn in_a_life_of(calls: u32, bench: &Bench, program: &Program, value: &str) -> Option<f64> {
    let strace = PathBuf::from("/usr/bin/strace");
    if !strace.exists() {
        return None;
    }
    let counts = bench.logs.join("strace.txt");
    let mut arguments = ["-f", "-c", "-U", "calls,name", "-o"].map(str::to_owned).to_vec();
    arguments.extend([counts.display().to_string(), program.path.display().to_string()]);
    arguments.extend(program.arguments.iter().cloned());
    let traced = Program { path: strace, arguments, ..program.clone() };

    let mut process = bench.process("strace", &traced).await;
    process.runtime.initialized().await;
    let event = events::authorizer(value);
    for _ in 0..calls {
        drop(process.runtime.invoke(&event).await);
    }
    // It ends by itself when the Runtime API is gone, and only then are the counts written.
    process.hang_up().await;
    let text = fs::read_to_string(counts).ok()?;
    let total = text.lines().find(|line| line.ends_with("total"))?;
    total.split_whitespace().next()?.parse().ok()
}
