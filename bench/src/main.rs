//! `make bench`: what an authorization costs, ours beside what users would pick instead; then every endpoint, and
//! accounts of many keys; or all of them at full speed.
//!
//! ```text
//! arguments → contestants ─┐
//! certificate → table ─────┼→ process → sample → authorizers → targets → report, plot
//! runtime_api (of tests) ──┘                   → endpoints, accounts ──→ report
//!                                        ├─────→ slow_reads ───────────→ report
//!                                        └─────→ load ─────────────────→ report
//! ```
//!
//! It measures and prints; nothing here fails because something is slow.

mod accounts;
mod arguments;
mod artifact;
mod authorizers;
mod certificate;
mod contestants;
mod counters;
mod endpoints;
mod events;
mod load;
mod plot;
mod process;
mod report;
mod sample;
mod slow_reads;
mod statistics;
mod table;
mod targets;

use std::fs;

use tests::template;

use crate::arguments::Arguments;
use crate::process::Bench;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = Arguments::read();
    let bench = Bench::start(&template::root()).await;
    let results = template::root().join("bench/results");
    fs::create_dir_all(&results).unwrap();

    if arguments.authorizers {
        let outcome = authorizers::measure(&bench, &arguments).await;
        let text = report::authorizers(&outcome);
        println!("\n{text}");
        fs::write(results.join("authorizers.md"), text).unwrap();
        fs::write(results.join("authorizers.svg"), plot::draw(&outcome)).unwrap();
    }
    if arguments.endpoints {
        let endpoints = endpoints::measure(&bench, &arguments).await;
        let accounts = accounts::measure(&bench, &arguments).await;
        let text = report::endpoints(&endpoints, &accounts);
        println!("\n{text}");
        fs::write(results.join("endpoints.md"), text).unwrap();
    }
    if arguments.slow_reads {
        let text = report::slow_reads(&slow_reads::measure(&bench, &arguments).await);
        println!("\n{text}");
        fs::write(results.join("slow-reads.md"), text).unwrap();
    }
    if arguments.load {
        let text = report::load(&load::measure(&bench, &arguments).await, arguments.seconds);
        println!("\n{text}");
        fs::write(results.join("load.md"), text).unwrap();
    }
    println!("Written to bench/results.");
}
