//! `leaks report`.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Reply, VALUE, World, done};

fn taking(name: &str) -> World {
    World::new(name, |_, _| Reply::Status(202, ""))
}

#[test]
fn values_of_a_file_are_reported_ten_at_a_time() {
    let world = taking("leaks-file");
    world.write("values", (0..25).map(|at| format!("  value-{at}\r\n\n")).collect::<String>());
    let done = world.run(&["leaks", "report", "values"]);
    let expected = "Reported 25 values. What a key had has ended; its events tell.\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (0, expected, ""));
    let payloads = world.payloads();
    let sizes: Vec<_> = payloads.iter().map(|payload| payload["reports"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(payloads[2]["reports"][4], json!({"token": "value-24"}));
}

#[test]
fn a_value_from_standard_input_is_shown_nowhere() {
    let world = taking("leaks-stdin");
    let mut child = world.command(&["leaks", "report", "--json"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(VALUE.as_bytes()).unwrap();
    let done = done(child.wait_with_output().unwrap());
    assert_eq!((done.code, serde_json::from_str::<Value>(&done.stdout).unwrap()), (0, json!({"reported": 1})));
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
