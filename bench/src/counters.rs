//! Counts what a warm authorization takes, with tools that count a program's whole life, where they are installed.

use std::fs;
use std::path::Path;

use hyper::body::Bytes;

use crate::process::{Bench, Program};

const FEW: u32 = 200;
const MANY: u32 = 1200;

/// What is counted, each by a tool of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counter {
    /// By `strace`.
    SystemCalls,
    /// By `callgrind`.
    Instructions,
}

impl Counter {
    /// What one warm authorization takes; `None` without the tool.
    ///
    /// Two lives of different length are counted whole: what they differ by is the calls alone.
    pub(crate) async fn per_call(self, bench: &Bench, program: &Program, event: &Bytes) -> Option<f64> {
        let few = self.in_a_life_of(FEW, bench, program, event).await?;
        let many = self.in_a_life_of(MANY, bench, program, event).await?;
        Some((many - few) / f64::from(MANY - FEW))
    }

    async fn in_a_life_of(self, calls: u32, bench: &Bench, program: &Program, event: &Bytes) -> Option<f64> {
        let tool = Path::new(self.tool());
        if !tool.exists() {
            return None;
        }
        let counts = bench.logs.join("counts.txt");
        // What another life left there is not the count of this one, should this one be killed.
        drop(fs::remove_file(&counts));
        let mut arguments = self.arguments(&counts.display().to_string());
        arguments.push(program.path.display().to_string());
        arguments.extend(program.arguments.iter().cloned());
        let counted = Program { path: tool.to_owned(), arguments, ..program.clone() };

        let mut process = bench.process("counter", &counted).await;
        process.runtime.initialized().await;
        for _ in 0..calls {
            drop(process.runtime.invoke(event).await);
        }
        // It ends by itself when the Runtime API is gone, and only then are the counts written.
        process.hang_up().await;
        fs::read_to_string(counts).ok()?.lines().find_map(|line| self.total(line))
    }

    fn tool(self) -> &'static str {
        match self {
            Self::SystemCalls => "/usr/bin/strace",
            Self::Instructions => "/usr/bin/valgrind",
        }
    }

    fn arguments(self, counts: &str) -> Vec<String> {
        match self {
            Self::SystemCalls => ["-f", "-c", "-U", "calls,name", "-o", counts].map(str::to_owned).to_vec(),
            Self::Instructions => vec!["--tool=callgrind".to_owned(), format!("--callgrind-out-file={counts}")],
        }
    }

    /// The total, if that is its line.
    fn total(self, line: &str) -> Option<f64> {
        let number = match self {
            Self::SystemCalls => line.strip_suffix("total"),
            Self::Instructions => line.strip_prefix("totals:"),
        };
        number?.trim().parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_has_one_line_with_the_total() {
        let strace = "     calls syscall\n--------- ----------------\n      400 recvfrom\n      200 writev\n--------- ----------------\n      600 total\n";
        let callgrind = "summary: 582169555\nfn=(12) main\n16 5\ncalls=1 0\n\ntotals: 582169555\n";
        let total = |counter: Counter, text: &str| text.lines().find_map(|line| counter.total(line));
        assert_eq!(total(Counter::SystemCalls, strace), Some(600.0));
        assert_eq!(total(Counter::Instructions, callgrind), Some(582_169_555.0));
        assert_eq!(total(Counter::Instructions, strace), None);
    }
}
