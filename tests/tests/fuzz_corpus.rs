//! What `make fuzz` begins with and what it has found is tried again without its tools, by its target: each file of `fuzz/seeds`, and
//! each line of `fuzz/kept`.

#![allow(unused_attributes, unused_imports, clippy::pedantic, reason = "each target is a program of its own")]

// The targets take the macro from there.
extern crate self as libfuzzer_sys;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use aws_smithy_types::base64;

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
    assert_eq!((names("fuzz_targets"), names("seeds"), names("kept")), (here.clone(), here.clone(), here));

    for (target, run) in TARGETS {
        let entries = fs::read_dir(fuzz.join("seeds").join(target)).unwrap();
        let seeds = entries.map(|entry| fs::read(entry.unwrap().path()).unwrap());
        let kept = fs::read_to_string(fuzz.join("kept").join(target)).unwrap();
        let kept: Vec<_> = kept.lines().map(|input| base64::decode(input).unwrap()).collect();
        assert!(!kept.is_empty());
        for input in seeds.chain(kept) {
            println!("{target}: {}", input.escape_ascii());
            run(&input);
        }
    }
}
