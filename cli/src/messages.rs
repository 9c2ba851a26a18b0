//! What standard error gets: lines for people, or with `--json` one object of JSON a line, for programs.
//!
//! The exit code holds even where standard error cannot be written, so a failed write is no failure.

use std::io::{Write, stderr};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{clean, escaped};

/// The form of this run's messages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    pub(crate) json: bool,
    pub(crate) debug: bool,
}

static MANNER: OnceLock<Manner> = OnceLock::new();

/// Chooses the manner; the first choice holds.
pub(crate) fn choose(manner: Manner) {
    MANNER.get_or_init(|| manner);
}

fn manner() -> Manner {
    MANNER.get().copied().unwrap_or_default()
}

/// Prints why the program ends.
pub(crate) fn failure(failure: &Failure) {
    print(|| format!("error: {failure}"), || failure.to_json());
}

/// Prints what may be wrong, though it goes on.
pub(crate) fn warning(text: &str) {
    print(|| format!("warning: {text}"), || json!({ "warning": text }));
}

/// Prints what was done otherwise than one may expect.
pub(crate) fn note(text: &str) {
    print(|| format!("note: {text}"), || json!({ "note": { "message": text } }));
}

/// Prints a note on a line of the input.
pub(crate) fn note_on_line(line: u64, text: &str) {
    print(|| format!("line {line}: {text}"), || json!({ "note": { "line": line, "message": text } }));
}

/// Prints what only `--debug` asks for.
pub(crate) fn debug(text: impl FnOnce() -> String, json: impl FnOnce() -> Value) {
    if manner().debug {
        print(|| format!("debug: {}", text()), || json!({ "debug": json() }));
    }
}

fn print(text: impl FnOnce() -> String, json: impl FnOnce() -> Value) {
    let line = if manner().json { escaped(&json().to_string()) } else { clean(&text()) };
    let _ = writeln!(stderr().lock(), "{line}");
}
