//! What `make fuzz` has found worth keeping is tried again without its tools: each file of `fuzz/seeds`, by its target.

#![allow(unused_attributes, unused_imports, clippy::pedantic, reason = "each target is a program of its own")]

// The targets take the macro from there.
extern crate self as libfuzzer_sys;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

macro_rules! fuzz_target {
    (|$bytes:ident: &[u8]| $body:block) => {
        pub(crate) fn run($bytes: &[u8]) {
            $body
        }
    };
    (|$text:ident: &str| $body:block) => {
        pub(crate) fn run(bytes: &[u8]) {
            if let Ok($text) = std::str::from_utf8(bytes) {
                $body
            }
        }
    };
}
pub(crate) use fuzz_target;

#[path = "../../fuzz/fuzz_targets/authorizer_event.rs"]
mod authorizer_event;
#[path = "../../fuzz/fuzz_targets/bodies.rs"]
mod bodies;
#[path = "../../fuzz/fuzz_targets/key_value.rs"]
mod key_value;
#[path = "../../fuzz/fuzz_targets/query.rs"]
mod query;
#[path = "../../fuzz/fuzz_targets/reports.rs"]
mod reports;
#[path = "../../fuzz/fuzz_targets/route_rules.rs"]
mod route_rules;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 6] = [
    ("authorizer_event", authorizer_event::run),
    ("bodies", bodies::run),
    ("key_value", key_value::run),
    ("query", query::run),
    ("reports", reports::run),
    ("route_rules", route_rules::run),
];

#[test]
fn what_was_kept_of_each_target_is_taken_or_refused() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let names = |folder: &str| -> BTreeSet<_> {
        let entries = fs::read_dir(fuzz.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let here: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!((names("fuzz_targets"), names("seeds")), (here.clone(), here));

    for (target, run) in TARGETS {
        for entry in fs::read_dir(fuzz.join("seeds").join(target)).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            run(&fs::read(path).unwrap());
        }
    }
}
