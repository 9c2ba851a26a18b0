//! The console in a real browser: the stories of `tests/browser`.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tests::template::root;
use tests::values::without_values;

use crate::stack::Stack;

/// One for each story, and some.
const ACCOUNTS: usize = 170;

pub fn the_console_does_in_a_browser_what_it_shows(stack: &Stack) {
    assert!(root().join(".local/tools/browser/chromium").exists(), "a tool is missing: run `make checkers` first");
    let accounts: Value = (0..ACCOUNTS)
        .map(|_| stack.create_account("Example"))
        .map(|account| json!({"id": account.id, "value": account.value}))
        .collect();

    let output = Command::new("node")
        .args(["--test", "--test-reporter=spec", "tests/browser/console.mjs"])
        .current_dir(root())
        .envs([("API_URL", &stack.api), ("ACCOUNTS", &accounts.to_string())])
        .output()
        .unwrap();

    let printed = [output.stdout, output.stderr].map(|text| without_values(&String::from_utf8_lossy(&text)));
    assert!(output.status.success(), "{}", printed.concat());
    assert!(printed[0].contains(&format!("tests {}\n", stories())), "not all stories were run: {}", printed[0]);
}

/// How many stories there are.
fn stories() -> usize {
    let files = fs::read_dir(root().join("tests/browser")).unwrap().map(|file| file.unwrap().path());
    let modules = files.filter(|file| file.extension().is_some_and(|extension| extension == "mjs"));
    modules.map(|module| fs::read_to_string(module).unwrap().matches("\nstory(").count()).sum()
}
