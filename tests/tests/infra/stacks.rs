//! The templates, filled in as a company deploys them.

use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Map, Value};
use tests::cloudformation::{Values, filled};
use tests::engine::STACK;
use tests::template::{read, root};

/// Where alarms send.
pub const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:on-call";
/// The templates of `infra/`, each with parameters that have no default.
pub const INFRA: [(&str, &[(&str, &str)]); 4] = [
    ("infra/alarms.yaml", &[("AlarmTopicArn", TOPIC)]),
    ("infra/dashboard.yaml", &[]),
    (
        "infra/domain.yaml",
        &[
            ("DomainName", "keys.example.com"),
            (
                "CertificateArn",
                "arn:aws:acm:eu-central-1:123456789012:certificate/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f",
            ),
        ],
    ),
    ("infra/web-acl.yaml", &[]),
];

/// The main template after SAM's transform.
pub static MAIN: LazyLock<Value> = LazyLock::new(|| transformed(&[]));

/// The main template after SAM's transform with these parameters.
pub fn transformed(parameters: &[(&str, &str)]) -> Value {
    let python = root().join(".local/tools/sam/bin/python");
    assert!(python.exists(), "the tools are missing: run `make tools` first");
    let given = parameters.iter().map(|(name, value)| format!("{name}={value}"));
    let output = Command::new(python).arg(root().join("infra/local/stack.py")).arg("transform").args(given).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The values of a template of `infra/` beside the main stack, with these parameters beside those that it needs.
pub fn values(file: &str, given: &[(&str, &str)]) -> Values {
    let needed = INFRA.iter().find(|(name, _)| *name == file).unwrap().1;
    let all: Vec<_> = [("ApiKeysStack", STACK)].iter().chain(needed).chain(given).copied().collect();
    Values::of(&all).beside(&MAIN)
}

/// The resources of a template of `infra/` beside the main stack.
pub fn infra(file: &str, given: &[(&str, &str)]) -> Map<String, Value> {
    filled(&read(file), &values(file, given))
}

/// The resources of the main stack.
pub fn main_stack() -> Map<String, Value> {
    filled(&MAIN, &Values::default())
}
