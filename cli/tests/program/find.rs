//! `keys find`.

use std::io::Write;
use std::process::Stdio;

use api_keys::key::{Issuer, KeyId, KeyPrefix, Locator, Random};
use serde_json::{Value, json};

use crate::keys::shown;
use crate::world::{ACCOUNT, KEY, Reply, VALUE, World, done};

const FOREIGN: &str = "sk_of_another_system_123";

/// Finds both values.
fn finding(name: &str) -> World {
    World::new(name, |_, payload| {
        let known = [VALUE, FOREIGN].map(tests_hash).contains(&payload["sha256"].as_str().unwrap().to_owned());
        let found = json!({"accountId": ACCOUNT, "company": "Acme", "keyId": KEY, "value": "CURRENT", "key": shown()});
        Reply::Json(json!({ "found": if known { found } else { Value::Null } }))
    })
}

fn tests_hash(value: &str) -> String {
    api_keys::key::KeyHash::of(value).to_hex()
}

fn find(world: &World, input: &str, more: &[&str]) -> crate::world::Done {
    let mut command = world.command(&[&["keys", "find"], more].concat());
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = done(child.wait_with_output().unwrap());
    assert!(![VALUE, FOREIGN].iter().any(|value| format!("{done:?} {:?}", world.payloads()).contains(value)));
    done
}

#[test]
fn a_value_is_found_by_its_hash_and_neither_sent_nor_shown() {
    let world = finding("find");
    let done = find(&world, &format!("export API_KEY='{VALUE}'\n"), &[]);
    let record = format!(
        "line        1\naccount     {ACCOUNT}\ncompany     Acme\nkey         {KEY}\nvalue       CURRENT\nstatus      ACTIVE\nname        web\n\
         user        user-8\nusername    Grace\noperations  SMS\ncreated     2026-11-24T14:21:56.560Z\nlast used   -\n"
    );
    assert_eq!((done.code, done.stdout, &*done.stderr), (0, record, ""));
    let payload = json!({"action": "find-key", "sha256": tests_hash(VALUE), "accountId": "4Vn8QkT2mZrB0xYcW7eHsA",
        "keyId": "0QbXn6T4mKrV9sYdJ2wLhP"});
    assert_eq!(world.payloads(), [payload]);

    let world = finding("find-foreign");
    let done = find(&world, &format!("X-API-Key: {FOREIGN}\n"), &["--json"]);
    let found: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, &found["found"][0]["keyId"], found["found"].as_array().unwrap().len()), (0, &json!(KEY), 1));
    assert!(world.payloads().contains(&json!({"action": "find-key", "sha256": tests_hash(FOREIGN)})));
}

/// Of this service's format, and no key's.
fn of_no_key() -> String {
    let issuer = Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system());
    let id = KeyId::parse(KEY).unwrap();
    let value = issuer.value(Locator { account_id: issuer.account_id().unwrap(), id }).unwrap();
    value.expose().to_owned()
}

const WRONG: &str = "looks like a value of this service, but its checksum is wrong: it is mistyped or cut off";
const NO_VALUE: &str = "is no value: one has at least 16 characters without blanks";
const NO_KEY: &str = "no key of this service has the value or had it";

#[test]
fn of_each_line_it_prints_whose_its_values_are_or_why_it_does_not_know() {
    let world = finding("find-lines");
    let mistyped = VALUE.replacen("ak_", "bk_", 1);
    let too_much = (0..9).map(|at| format!("word-number-{at:04} ")).collect::<String>();
    let of_no_key = of_no_key();
    let lines = [
        VALUE,
        "",
        &mistyped,
        "sk_that_no_key_here_has",
        FOREIGN,
        "# keys",
        &too_much,
        &format!("old={FOREIGN} new={VALUE}"),
        &format!("PASSWORD=of-something-else {VALUE}"),
        &of_no_key,
        &format!("{VALUE} {of_no_key}"),
        &format!("{too_much} {VALUE}"),
        &format!("{mistyped} {VALUE}"),
    ];
    let expected = format!(
        "line 3: {WRONG}\nline 6: {NO_VALUE}\nline 7: too much around a value: put the value alone on its line\n\
         line 12: only this service's values are taken, too much is around them: put a value of another system alone on \
         its line\n\
         line 13: something beside its value {WRONG}\n\
         line 4: {NO_KEY}\nline 9: its rest is not in this service's format, and no key has it or had it\n\
         line 10: {NO_KEY}\nline 11: no key of this service has one of its values or had it\n\
         error: 2 lines had no value: lines 3, 6; 2 lines have too much around a value: lines 7, 12; \
         1 line has a mistyped value beside another: line 13; \
         3 lines have a value that no key has or had: lines 4, 10, 11\n"
    );
    let done = find(&world, &lines.join("\n"), &[]);
    assert_eq!((done.code, done.stderr), (6, expected));
    let of_records: Vec<_> = done.stdout.lines().filter(|line| line.starts_with("line ")).collect();
    assert_eq!(of_records, [1, 5, 8, 8, 9, 11, 12, 13].map(|line| format!("line        {line}")));

    let done = find(&world, &lines.join("\n"), &["--json"]);
    let mut report: Value = serde_json::from_str(&done.stdout).unwrap();
    let found = report["found"].take();
    let of_found: Vec<_> = found.as_array().unwrap().iter().map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!((done.code, of_found), (6, vec![1, 5, 8, 8, 9, 11, 12, 13]));
    let missed = json!({"found": null, "linesWithoutValue": [3, 6], "linesWithTooMuch": [7, 12],
        "linesWithMistyped": [13], "linesNotFound": [4, 10, 11]});
    assert_eq!(report, missed);
    assert!(!format!("{} {done:?}", world.payloads().len()).contains(&of_no_key));
}

#[test]
fn input_without_a_value_of_a_key_is_a_failure() {
    let world = finding("find-nothing");
    let (cut_off, _) = VALUE.split_at(VALUE.len() - 1);
    let done = find(&world, " \n", &[]);
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (2, "", "error: there is no value to look for\n"));
    for (input, why) in [("short words\n", NO_VALUE), (cut_off, WRONG)] {
        let done = find(&world, input, &[]);
        let expected = format!("line 1: {why}\nerror: nothing is looked up: 1 line had no value: line 1\n");
        assert_eq!((done.code, &*done.stdout, done.stderr), (2, "", expected));
    }
    for (input, lines) in [(" \n", vec![]), ("short words\n", vec![1])] {
        let done = find(&world, input, &["--json"]);
        let report: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!((done.code, &report["found"], &report["linesWithoutValue"]), (2, &json!([]), &json!(lines)));
        assert_eq!(done.error()["code"], "INPUT");
    }
    assert!(world.invoked().is_empty());
    let missed = "error: 1 line has a value that no key has or had: line 1\n";
    let done = find(&world, "sk_that_no_key_here_has", &[]);
    assert_eq!((done.code, &*done.stdout, done.stderr), (4, "", format!("line 1: {NO_KEY}\n{missed}")));

    let world = World::new("find-elsewhere", |_, _| Reply::Error("NotFound", "there is no such account"));
    let done = find(&world, VALUE, &[]);
    let expected = format!("line 1: {NO_KEY}: there is no such account\n{missed}");
    assert_eq!((done.code, done.stderr), (4, expected));
}

#[test]
fn a_value_that_is_typed_at_a_terminal_is_not_shown_there() {
    let world = finding("find-terminal");
    let done = world.on_terminal_after(&["keys", "find"], "(it is not shown): ", &format!("{VALUE}\n"));
    assert!(done.code == 0 && done.stdout.contains("company     Acme") && !done.stdout.contains(VALUE), "{done:?}");
    assert_eq!(world.payloads().len(), 1);
}
