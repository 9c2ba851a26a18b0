//! What must never come into a function, nor into the operators' program: a second TLS stack, an old HTTP stack, a log of
//! bodies, the emulator.

use std::fs;
use std::process::Command;

use tests::template::{functions, root};

/// What a function is built of, one `name vVERSION` a line.
fn dependencies(function: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--package", function])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_program_has_one_tls_stack_and_carries_nothing_of_the_tests() {
    for function in functions().into_iter().chain(["cli".to_owned()]) {
        let tree = dependencies(&function);
        for expected in ["rustls v0.23", "ring v0.17", "hyper v1.", "aws-config v1."] {
            assert!(tree.contains(expected), "{function} without {expected}: is this its tree?");
        }
        for line in tree.lines() {
            for unwanted in [
                "aws-lc-",
                "hyper v0.",
                "rustls v0.21",
                "openssl v",
                "openssl-sys",
                "native-tls",
                "s2n",
                "tracing-subscriber",
                "dynoxide",
                "axum",
                "ureq",
                "rusqlite",
                "utoipa",
            ] {
                assert!(!line.starts_with(unwanted), "{function} depends on {line}");
            }
        }
    }
}

#[test]
fn no_function_has_tests_of_its_own_since_none_would_be_run() {
    for function in functions() {
        for file in fs::read_dir(root().join("functions").join(function).join("src")).unwrap() {
            let file = file.unwrap().path();
            let source = fs::read_to_string(&file).unwrap();
            assert!(!source.contains("test]") && !source.contains("cfg(test"), "{}", file.display());
        }
    }
}
