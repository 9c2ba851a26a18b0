//! `usage`.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, KEY, Reply, World};

const USAGE: [&str; 3] = ["usage", "--account", ACCOUNT];

fn counts(start: &str, [allowed, limited, denied]: [u64; 3]) -> Value {
    json!({"start": start, "allowed": allowed, "limited": limited, "denied": denied})
}

fn week() -> Value {
    json!({"usage": [
        counts("2026-11-23T00:00:00.000Z", [0; 3]),
        counts("2026-11-24T00:00:00.000Z", [0; 3]),
        counts("2026-11-25T00:00:00.000Z", [12, 0, 3]),
        counts("2026-11-26T00:00:00.000Z", [0; 3]),
        counts("2026-11-27T00:00:00.000Z", [20_000, 5_000, 0]),
        counts("2026-11-28T00:00:00.000Z", [20_000, 12_000, 8_000]),
        counts("2026-11-29T00:00:00.000Z", [1, 0, 0]),
        counts("2026-11-30T00:00:00.000Z", [0; 3]),
    ]})
}

/// The table of [`week`] with a longest bar of 40 cells.
const WEEK: &str = "\
█ allowed  ░ limited  ▒ denied
START       ALLOWED  LIMITED  DENIED
2026-11-25       12        0       3  ▏▒
2026-11-26        0        0       0
2026-11-27    20000     5000       0  ████████████████████░░░░░
2026-11-28    20000    12000    8000  ████████████████████░░░░░░░░░░░░▒▒▒▒▒▒▒▒
2026-11-29        1        0       0  ▏
2026-11-30        0        0       0
TOTAL         40013    17000    8003
";

#[test]
fn days_are_shown_with_bars_from_the_first_request_on() {
    let world = World::new("usage-days", |_, _| Reply::Json(week()));
    let done = world.on_terminal_of(78, &USAGE);
    assert_eq!((done.code, &*done.stdout), (0, &*WEEK.replace('\n', "\r\n")), "{}", done.stderr);
    let payload = json!({"action": "usage", "accountId": ACCOUNT, "keyId": null, "from": null, "to": null,
        "bucket": "day"});
    assert_eq!(world.payloads(), [payload]);
    assert_eq!(world.invoked()[0].0, "ManageAccountFunctionName");
}

#[test]
fn where_there_is_no_terminal_it_is_as_wide_as_80_characters() {
    let world = World::new("usage-piped", |_, _| Reply::Json(week()));
    let done = world.run(&USAGE);
    let widths: Vec<_> = done.stdout.lines().map(|line| line.chars().count()).collect();
    assert_eq!((done.code, widths), (0, vec![30, 36, 40, 36, 64, 80, 39, 36, 36]), "{}", done.stdout);
    assert!(done.stdout.contains("  ▏▒\n") && !done.stdout.contains('\u{1b}'), "{}", done.stdout);
}

#[test]
fn what_requests_were_denied_for_is_shown_by_day_and_reason() {
    let world = World::new("usage-denials", |_, _| {
        let mut usage =
            json!([counts("2026-11-25T00:00:00.000Z", [1, 0, 3]), counts("2026-11-26T00:00:00.000Z", [0, 0, 9])]);
        usage[0]["denials"] = json!({"ADDRESS": 1, "OPERATION": 2});
        usage[1]["denials"] = json!({"EXPIRED": 9});
        Reply::Json(json!({"usage": usage}))
    });
    let done = world.run(&USAGE);
    let table = "\n\nSTART       DENIED FOR  REQUESTS\n2026-11-25  ADDRESS     1\n2026-11-25  OPERATION   2\n\
        2026-11-26  EXPIRED     9\n";
    assert!(done.code == 0 && done.stdout.ends_with(table), "{}", done.stdout);
}

#[test]
fn hours_of_a_key_within_a_time() {
    let world = World::new("usage-hours", |_, _| {
        Reply::Json(json!({"usage": [
            counts("2026-11-25T13:00:00.000Z", [0; 3]),
            counts("2026-11-25T14:00:00.000Z", [0, 0, 1]),
        ]}))
    });
    let time = ["--from", "2026-11-25", "--to", "2026-11-25T16:00:00+01:00"];
    let done = world.run(&[&USAGE[..], &["--key", KEY, "--bucket", "hour"], &time].concat());
    let lines: Vec<_> = done.stdout.lines().collect();
    let bar = "▒".repeat(36);
    assert_eq!((done.code, lines.len()), (0, 4), "{done:?}");
    assert_eq!(lines[2], format!("2026-11-25 14:00        0        0       1  {bar}"));
    let payload = json!({"action": "usage", "accountId": ACCOUNT, "keyId": KEY, "from": "2026-11-25T00:00:00.000Z",
        "to": "2026-11-25T15:00:00.000Z", "bucket": "hour"});
    assert_eq!(world.payloads(), [payload]);
}

#[test]
fn json_is_the_answer_as_it_is() {
    let answer = json!({"usage": [counts("2026-11-25T00:00:00.000Z", [u64::MAX / 4, 0, 0])], "more": [null]});
    let expected = answer.clone();
    let world = World::new("usage-json", move |_, _| Reply::Json(answer.clone()));
    assert_eq!(world.json(&USAGE), expected);
}

#[test]
fn where_nothing_was_used_there_is_no_table() {
    let world = World::new("usage-nothing", |before, _| {
        let usage = if before == 0 { vec![counts("2026-11-25T00:00:00.000Z", [0; 3])] } else { vec![] };
        Reply::Json(json!({ "usage": usage }))
    });
    for _ in 0..2 {
        let done = world.run(&USAGE);
        assert_eq!(
            (done.code, &*done.stdout, &*done.stderr),
            (0, "No requests in this time; the last minutes may be missing.\n", "")
        );
    }
}

#[test]
fn wrong_input_is_refused_before_anything_is_done() {
    let world = World::new("usage-wrong-input", |_, _| Reply::Json(week()));
    let (early, late) = ("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z");
    for wrong in [
        &["--from", late, "--to", early][..],
        &["--from", early, "--to", early],
        &["--from", early, "--to", "2026-11-25T01:00:00+01:00"],
        &["--from", "2026-11-31"],
        &["--to", "today"],
        &["--bucket", "week"],
        &["--key", "nonsense"],
    ] {
        let done = world.run(&[&USAGE, wrong].concat());
        assert_eq!((done.code, &*done.stdout), (2, ""), "{wrong:?}: {done:?}");
        assert!(!done.stderr.is_empty(), "{wrong:?}");
    }
    assert_eq!(world.run(&["usage"]).code, 2);
    let done = world.run(&[&USAGE[..], &["--from", late, "--to", early]].concat());
    assert_eq!(done.stderr, "error: --from must be before --to\n");
    assert!(world.invoked().is_empty());
    assert_eq!(world.run(&[&USAGE[..], &["--from", early, "--to", late]].concat()).code, 0);
}

#[test]
fn what_the_function_refuses_or_answers_wrongly_is_a_failure() {
    let world = World::new("usage-refused", |before, _| match before {
        0 => Reply::Error("NotFound", "there is no such account"),
        _ => Reply::Json(json!({"usage": [{"start": "2026-11-25T00:00:00.000Z", "allowed": -1}]})),
    });
    let done = world.run(&USAGE);
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (4, "", "error: there is no such account\n"));
    let done = world.run(&USAGE);
    assert_eq!((done.code, &*done.stdout), (1, ""), "{done:?}");
    assert!(done.stderr.starts_with("error: the function's answer is no usage: "), "{done:?}");
}
