//! A test that runs again in a process of its own, because what it logs goes to the process's standard error.

use std::env;
use std::process::Command;

use serde_json::Value;

/// What a test printed in a process of its own.
pub struct Again {
    /// Its standard error.
    pub log: String,
    /// The lines of the log that are JSON.
    pub lines: Vec<Value>,
    /// Its standard output.
    pub printed: String,
}

impl Again {
    /// Runs the test of that name, with that variable set so that it finds out which run this is.
    #[must_use]
    pub fn run(test: &str, variable: &str) -> Self {
        let mut again = Command::new(env::current_exe().unwrap());
        let output = again.args([test, "--exact", "--nocapture"]).env(variable, "1").output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{log}");
        let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Self { lines, log, printed: String::from_utf8(output.stdout).unwrap() }
    }
}
