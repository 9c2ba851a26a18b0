//! The deployed service against `infra/openapi.yaml`, by a program that makes requests out of the document.

use std::process::Command;

use tests::template::{root, template};
use tests::values::without_values;

use crate::stack::Stack;

pub fn any_request_gets_an_answer_of_the_document(stack: &Stack) {
    let program = root().join(".local/tools/schemathesis/bin/schemathesis");
    assert!(program.exists(), "a tool is missing: run `make checkers` first");
    let admin = stack.create_account("Example");
    let (to_change, to_rotate) = (admin.create_key(&["SMS"]), admin.create_key(&["SMS"]));
    let default = |parameter: &str| template()["Parameters"][parameter]["Default"].as_str().unwrap().to_owned();

    let output = Command::new(program)
        .args(["--config-file", "tests/schemathesis/schemathesis.toml", "run", "infra/openapi.yaml", "--no-color"])
        .current_dir(root())
        .envs([("API_URL", &stack.api), ("API_KEY", &admin.value), ("API_KEY_ID", &admin.id)])
        .envs([("KEY_TO_CHANGE", &to_change.id), ("KEY_TO_ROTATE", &to_rotate.id)])
        .env("OPERATIONS", default("Operations") + ",AUTHENTICATION")
        .env("TRAFFIC_TYPES", default("TrafficTypes"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("HYPOTHESIS_STORAGE_DIRECTORY", root().join(".local/end-to-end/hypothesis"))
        .envs(["NO_PROXY", "no_proxy"].map(|variable| (variable, "*")))
        .output()
        .unwrap();

    let printed = [output.stdout, output.stderr].map(|text| without_values(&String::from_utf8_lossy(&text)));
    assert!(output.status.success(), "{}", printed.concat());
    assert_eq!(admin.get("/authentication/self").status, 200, "the run kept its own key");
}
