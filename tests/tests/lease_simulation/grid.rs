//! The tables of `bench/results/limits.md`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::sync::{Mutex, PoisonError};

use tests::template::root;

const HEAD: &str = "\
# Limits, simulated

Made by `GRID=1 cargo test -p tests --test lease_simulation`, from the state machine that the authorizer runs. Every run is seeded,
so it is the same on each machine. [What it means](../../docs/explanation/limits-of-keys.md).
";

static SECTIONS: Mutex<BTreeMap<&str, String>> = Mutex::new(BTreeMap::new());

/// Whether the tables are wanted, and with them the runs that take long.
pub fn is_wanted() -> bool {
    std::env::var_os("GRID").is_some()
}

/// Writes a table of these columns, beside those that other tests have written.
pub fn write(heading: &'static str, columns: &str, rows: &[String]) {
    if !is_wanted() {
        return;
    }
    let line = "---|".repeat(columns.matches('|').count() - 1);
    let table = format!("\n## {heading}\n\n{columns}\n|{line}\n{}\n", rows.join("\n"));
    let mut sections = SECTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    sections.insert(heading, table);
    let mut file = HEAD.to_owned();
    for section in sections.values() {
        write!(file, "{section}").unwrap();
    }
    fs::write(root().join("bench/results/limits.md"), file).unwrap();
}
