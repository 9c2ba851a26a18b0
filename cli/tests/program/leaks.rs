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
fn of_each_line_it_prints_what_it_is_not_and_without_a_value_it_fails() {
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
    assert_eq!((done.code, done.stdout, done.stderr), (6, format!("Reported 2 values. {REPORTED}"), expected));
    assert_eq!(world.payloads()[0]["reports"], json!([{"token": VALUE}, {"token": "sk_of_another_system"}]));

    let done = world.run(&["leaks", "report", "values", "--json"]);
    let expected =
        json!({"reported": 2, "linesWithoutValue": [2, 4, 6], "linesWithTooMuch": [], "linesWithMistyped": []});
    assert_eq!((done.code, serde_json::from_str::<Value>(&done.stdout).unwrap()), (6, expected));

    world.write("values", &mistyped);
    let done = world.run(&["leaks", "report", "values"]);
    let expected = format!("line 1: {wrong}error: nothing is reported: 1 line had no value: line 1\n");
    assert_eq!((done.code, &*done.stdout, done.stderr), (2, "", expected));
    assert_eq!(world.payloads().len(), 2);
}

const WORDS: &str = "2026-11-26T15:00:00Z_a 7f3b2c1d9e8a4f60 request-0123456789 client-0123456789 upstream-0123456789 \
    server-0123456789 trace-0123456789";

#[test]
fn a_line_with_too_much_around_a_value_of_another_system_has_a_note_and_is_not_sent() {
    let world = taking("leaks-too-much");
    let line = format!("{WORDS} X-API-Key=sk_old_0123456789");
    world.write(
        "values",
        format!("{line}\nsk_of_another_system\n{WORDS} job-01234567890123 worker-0123456789 {VALUE}\n# keys\n"),
    );
    let done = world.run(&["leaks", "report", "values"]);
    let expected = format!(
        "line 1: too much around a value: put the value alone on its line\n\
        line 2: {FOREIGN}\
        line 3: only this service's values are taken, too much is around them: put a value of another system alone on \
        its line\n\
        line 4: is no value: one has at least 16 characters without blanks\n\
        error: 1 line had no value: line 4; 2 lines have too much around a value: lines 1, 3\n"
    );
    assert_eq!((done.code, done.stdout, done.stderr), (6, format!("Reported 2 values. {REPORTED}"), expected));
    assert_eq!(world.payloads()[0]["reports"], json!([{"token": "sk_of_another_system"}, {"token": VALUE}]));

    let done = world.run(&["leaks", "report", "values", "--json"]);
    let expected =
        json!({"reported": 2, "linesWithoutValue": [4], "linesWithTooMuch": [1, 3], "linesWithMistyped": []});
    assert_eq!((done.code, serde_json::from_str::<Value>(&done.stdout).unwrap()), (6, expected));

    world.write("values", &line);
    let done = world.run(&["leaks", "report", "values"]);
    assert_eq!((done.code, world.payloads().len()), (2, 2), "{done:?}");
    assert!(done.stderr.ends_with("error: nothing is reported: 1 line has too much around a value: line 1\n"));
}

#[test]
fn beside_a_native_value_the_rest_of_its_line_is_reported_if_it_may_hold_another() {
    let world = taking("leaks-both");
    world.write("values", format!("old=sk_live_of_the_old_system_123 new={VALUE}\n"));
    let done = world.run(&["leaks", "report", "values"]);
    let note = format!("line 1: its rest is {FOREIGN}");
    assert_eq!((done.code, done.stdout, done.stderr), (0, format!("Reported 2 values. {REPORTED}"), note));
    let rest = "old=sk_live_of_the_old_system_123 new= ";
    assert_eq!(world.payloads()[0]["reports"], json!([{"token": VALUE}, {"token": rest}]));
}

#[test]
fn a_mistyped_value_beside_a_native_one_has_a_note() {
    let world = taking("leaks-mistyped-beside");
    let mistyped = VALUE.replacen("ak_", "bk_", 1);
    let markdown = VALUE.replace('_', "\\_");
    world.write("values", format!("{VALUE} {markdown}\nold={mistyped} new={VALUE}\n"));
    let done = world.run(&["leaks", "report", "values"]);
    let expected = "line 2: something beside its value looks like a value of this service, but its checksum is wrong: it is \
        mistyped or cut off\nerror: 1 line has a mistyped value beside another: line 2\n";
    assert_eq!((done.code, done.stdout, &*done.stderr), (6, format!("Reported 2 values. {REPORTED}"), expected));
    let report = world.run(&["leaks", "report", "values", "--json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&report).unwrap()["linesWithMistyped"], json!([2]));
}

#[test]
fn no_request_has_more_values_than_the_service_takes() {
    let world = taking("leaks-values");
    let line = |at: usize| format!("{WORDS}-{at}\n");
    world.write("values", (0..10).map(line).collect::<String>());
    assert_eq!(world.run(&["leaks", "report", "values"]).code, 0);
    let sizes: Vec<_> = world.payloads().iter().map(|sent| sent["reports"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [5, 5], "of seven values each, 40 at once");
}

#[test]
fn a_value_from_standard_input_is_shown_nowhere() {
    let world = taking("leaks-stdin");
    let mut child = world.command(&["leaks", "report", "--json"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(VALUE.as_bytes()).unwrap();
    let done = done(child.wait_with_output().unwrap());
    assert_eq!(
        (done.code, serde_json::from_str::<Value>(&done.stdout).unwrap()),
        (0, json!({"reported": 1, "linesWithoutValue": [], "linesWithTooMuch": [], "linesWithMistyped": []}))
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

#[test]
fn no_value_is_sent_to_an_address_on_aws_that_an_emulator_made_up() {
    let world = taking("leaks-emulator");
    world.write("values", VALUE);
    let done = world.run(&["leaks", "report", "values", "--stack", "emulated"]);
    let expected =
        "error: the stack's output ApiUrl is an address on AWS, and the shell's AWS endpoint is another: give --url\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (2, "", expected));

    let mut command = world.command(&["leaks", "report", "values"]);
    let done = done_without_region(&mut command);
    let expected = "error: no AWS region is configured: give --region, or set AWS_REGION; with --url it needs no AWS credentials\n";
    assert_eq!((done.code, &*done.stderr), (2, expected));
    assert!(world.payloads().is_empty());
}

fn done_without_region(command: &mut std::process::Command) -> crate::world::Done {
    done(command.env_remove("AWS_REGION").output().unwrap())
}

#[test]
fn the_url_may_have_the_route_and_one_that_leads_nowhere_is_named() {
    let world = taking("leaks-url");
    world.write("values", VALUE);
    for end in ["", "/", "/leaks", "/leaks/"] {
        let url = format!("{}/v1{end}", world.endpoint);
        let done = world.run(&["leaks", "report", "values", "--url", &url]);
        assert_eq!((done.code, &*done.stderr), (0, ""), "{end}");
    }
    // As API Gateway does without the API, and where the API has no such path.
    for status in ["404 Not Found", "403 Forbidden"] {
        let services = vec![("POST /v3/leaks".to_owned(), 403, String::new())];
        let world = World::with_services("leaks-no-route", services, |_, _| Reply::Silence);
        world.write("values", VALUE);
        let url = format!("{}/{}", world.endpoint, if status.starts_with("404") { "v2" } else { "v3" });
        let done = world.run(&["leaks", "report", "values", "--url", &url]);
        let expected = format!(
            "error: {url}/leaks answered {status}: is {url} the API's URL, and does the stack take reports (Leaks)?\n"
        );
        assert_eq!((done.code, done.stderr), (2, expected));
    }
}

#[test]
fn once_some_values_are_reported_a_403_is_no_wrong_url() {
    let world = World::new("leaks-counted", |turn, _| Reply::Status(if turn == 0 { 202 } else { 403 }, ""));
    world.write("values", (0..25).map(|at| format!("value-of-another-system-{at}\n")).collect::<String>());
    let done = world.run(&["leaks", "report", "values"]);
    assert!(done.code == 1 && done.stderr.contains("403 Forbidden") && done.stderr.contains("again"), "{done:?}");
}
