//! `leaks report`.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Reply, VALUE, World, done};

fn taking(name: &str) -> World {
    World::new(name, |_, _| Reply::Status(202, ""))
}

const REPORTED: &str = "If it belonged to a key, it no longer works; see that key's events.\n";
const FOREIGN: &str = "not in this service's format: it is looked up only if the stack accepts imported keys\n";

#[test]
fn values_of_a_file_are_reported_ten_at_a_time() {
    let world = taking("leaks-file");
    world.write("values", (0..25).map(|at| format!("  value-of-another-system-{at}\r\n\n")).collect::<String>());
    let done = world.run(&["leaks", "report", "values"]);
    assert_eq!((done.code, done.stdout), (0, format!("Reported 25 values. {REPORTED}")));
    let notes: String = (0..25).map(|at| format!("line {}: {FOREIGN}", at * 2 + 1)).collect();
    assert_eq!(done.stderr, notes);
    let payloads = world.payloads();
    let sizes: Vec<_> = payloads.iter().map(|payload| payload["reports"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(payloads[2]["reports"][4], json!({"token": "value-of-another-system-24"}));
}

#[test]
fn a_value_is_found_in_its_line_and_nothing_else_of_the_line_is_sent() {
    for (name, text) in [
        ("env", format!("\u{feff}export API_KEY='{VALUE}'; PASSWORD=other\r\n")),
        ("json", format!("{{\"token\":\" {VALUE}\\n\"}}\n")),
        ("url", format!("https://example.com/?key={VALUE}&page=2")),
        ("markdown", format!("- `{}`", VALUE.replace('_', "\\_"))),
    ] {
        let world = taking(&format!("leaks-in-{name}"));
        world.write("values", text);
        let done = world.run(&["leaks", "report", "values"]);
        assert_eq!((done.code, done.stdout, &*done.stderr), (0, format!("Reported 1 value. {REPORTED}"), ""));
        assert_eq!(world.payloads()[0]["reports"], json!([{"token": VALUE}]), "{name}");
    }
    let world = taking("leaks-in-utf-16");
    world.write("values", format!("\u{feff}{VALUE}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    assert_eq!(world.run(&["leaks", "report", "values"]).code, 0);
    assert_eq!(world.payloads()[0]["reports"], json!([{"token": VALUE}]), "as PowerShell writes it");
}

#[test]
fn of_each_line_it_says_what_it_is_not_and_without_a_value_it_fails() {
    let world = taking("leaks-notes");
    let mistyped = VALUE.replacen("ak_", "bk_", 1);
    let (cut_off, _) = VALUE.split_at(VALUE.len() - 1);
    world.write("values", format!("{VALUE} {VALUE}\n{mistyped}\n\nKEY={cut_off}\nsk_of_another_system\n# keys\n"));
    let done = world.run(&["leaks", "report", "values"]);
    let wrong = "looks like a value of this service, but its checksum is wrong: it is mistyped or cut off\n";
    let expected = format!(
        "line 2: {wrong}line 4: {wrong}line 5: {FOREIGN}\
        line 6: is no value: one has at least 16 characters without blanks\n\
        error: 3 lines had no value: lines 2, 4, 6\n"
    );
    assert_eq!((done.code, done.stdout, done.stderr), (1, format!("Reported 2 values. {REPORTED}"), expected));
    assert_eq!(world.payloads()[0]["reports"], json!([{"token": VALUE}, {"token": "sk_of_another_system"}]));

    let done = world.run(&["leaks", "report", "values", "--json"]);
    let expected = json!({"reported": 2, "linesWithoutValue": [2, 4, 6]});
    assert_eq!((done.code, serde_json::from_str::<Value>(&done.stdout).unwrap()), (1, expected));

    world.write("values", &mistyped);
    let done = world.run(&["leaks", "report", "values"]);
    let expected = format!("line 1: {wrong}error: nothing is reported: 1 line had no value: line 1\n");
    assert_eq!((done.code, &*done.stdout, done.stderr), (2, "", expected));
    assert_eq!(world.payloads().len(), 2);
}

#[test]
fn a_value_from_standard_input_is_shown_nowhere() {
    let world = taking("leaks-stdin");
    let mut child = world.command(&["leaks", "report", "--json"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(VALUE.as_bytes()).unwrap();
    let done = done(child.wait_with_output().unwrap());
    assert_eq!(
        (done.code, serde_json::from_str::<Value>(&done.stdout).unwrap()),
        (0, json!({"reported": 1, "linesWithoutValue": []}))
    );
    assert_eq!(world.payloads()[0]["reports"], json!([{"token": VALUE}]));
    assert!(!format!("{done:?}").contains(VALUE));
}

#[test]
fn what_fails_for_a_moment_is_reported_again() {
    let world = World::new("leaks-retry", |before, _| Reply::Status([503, 429, 202][before.min(2)], ""));
    world.write("values", VALUE);
    let done = world.run(&["leaks", "report", "values"]);
    assert_eq!((done.code, world.payloads().len()), (0, 3), "{done:?}");
}

#[test]
fn what_is_refused_is_a_failure() {
    let world = World::new("leaks-refused", |_, _| Reply::Status(400, ""));
    world.write("values", VALUE);
    let done = world.run(&["leaks", "report", "values"]);
    let expected = "error: the service answered 400 Bad Request; some of the values may not have ended: run the same \
        command again\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (1, "", expected));
    assert_eq!(world.payloads().len(), 1);
}

#[test]
fn an_url_needs_no_stack_and_no_credentials() {
    let world = taking("leaks-url");
    world.write("values", VALUE);
    let url = format!("{}/v1/", world.endpoint);
    let mut command = world.command(&["leaks", "report", "values", "--url", &url]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_REGION").env_remove("AWS_ENDPOINT_URL");
    assert_eq!(done(command.output().unwrap()).code, 0);
    assert_eq!(world.payloads().len(), 1);
    for wrong in ["", "example.com", "/v1", "https://"] {
        assert_eq!(world.run(&["leaks", "report", "values", "--url", wrong]).code, 2, "{wrong}");
    }
}

#[test]
fn nothing_to_report_is_wrong_input() {
    let world = taking("leaks-nothing");
    world.write("values", "\n \n");
    for arguments in [&["leaks", "report", "values"][..], &["leaks", "report", "missing"], &["leaks", "report"]] {
        assert_eq!(world.run(arguments).code, 2, "{arguments:?}");
    }
    assert!(world.payloads().is_empty());
}
