//! `keys import`.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ACCOUNT, Done, Reply, VALUE, World, done};

const IMPORT: [&str; 5] = ["keys", "import", "keys.csv", "--account", ACCOUNT];
const SHA256: &str = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";

const NOT_REPEATED: &str = "it may hold a value, so it is not repeated here: take it from your file";

type Hashes = Arc<Mutex<HashSet<String>>>;

/// Takes each hash once, as `import-keys` does.
fn take(hashes: &Hashes, payload: &Value) -> Value {
    let (mut imported, mut present, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (index, key) in payload["keys"].as_array().unwrap().iter().enumerate() {
        if key["operations"] == json!(["FAX"]) {
            failed.push(json!({"index": index, "code": "INVALID", "reason": "operations[0] is not one of SMS"}));
        } else if hashes.lock().unwrap().insert(key["sha256"].as_str().unwrap().to_owned()) {
            imported.push(json!({"index": index, "id": "x"}));
        } else {
            present.push(json!({"index": index, "id": "x", "equal": true, "differs": []}));
        }
    }
    json!({"imported": imported, "present": present, "failed": failed})
}

fn importing(name: &str) -> (World, Hashes) {
    let hashes = Hashes::default();
    let taken = Arc::clone(&hashes);
    (World::new(name, move |_, payload| Reply::Json(take(&taken, payload))), hashes)
}

fn csv(rows: usize) -> String {
    let rows = (0..rows).map(|row| format!("a-secret-value-{row:06},u,U,SMS;OTP\n"));
    format!("value,userId,username,operations\n{}", rows.collect::<String>())
}

#[test]
fn values_are_hashed_here_and_sent_a_hundred_at_a_time() {
    let (world, hashes) = importing("import");
    world.write("keys.csv", csv(250));
    let done = world.run(&IMPORT);
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (0, "Imported 250 of 250 keys.\n", ""));
    let payloads = world.payloads();
    let mut sizes: Vec<_> = payloads.iter().map(|payload| payload["keys"].as_array().unwrap().len()).collect();
    sizes.sort_unstable();
    assert_eq!((sizes, hashes.lock().unwrap().len()), (vec![50, 100, 100], 250));
    assert!(!json!(payloads).to_string().contains("a-secret-value"));
    assert_eq!(payloads[0]["keys"][0]["operations"], json!(["SMS", "OTP"]));
    assert_eq!(world.files(), ["keys.csv"], "nothing is left behind");
}

#[test]
fn a_terminal_shows_how_far_it_is() {
    let (world, _) = importing("import-terminal");
    world.write("keys.csv", csv(250));
    let done = world.on_terminal(&IMPORT, "");
    assert!(done.code == 0 && done.stdout.contains("/250 keys, "), "{done:?}");
    assert!(done.stdout.ends_with("Imported 250 of 250 keys.\r\n"), "{done:?}");
}

#[test]
fn what_failed_is_written_with_its_line_and_without_values() {
    // As `secrets.token_urlsafe(32)` makes them.
    const TOKEN: &str = "8Jx0Vv1sT3kQm-Zr5yP_dLb7Nw2aHc4eUf6Gi9oKtXE";
    let (world, _) = importing("import-failures");
    let file = format!(
        "value,sha256,userId,username,operations\nshort,,u,U,SMS\n,{SHA256},u,U,FAX\n0123456789abcdef,,u,U,SMS\n\
         {VALUE},,u,U,SMS\n,x,u,U,SMS\na-secret-value-1,,u,U,SMS\n,{SHA256},u,U\n,{TOKEN},u,U,SMS\n"
    );
    world.write("keys.csv", &file);
    let done = world.run(&IMPORT);
    let expected = "error: 7 keys failed: see keys.failed.csv\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (6, "Imported 1 of 8 keys.\n", expected));
    let report = world.read("keys.failed.csv");
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(
        lines[0],
        "sha256,userId,username,operations,trafficType,name,description,expiresAt,allowedIps,limits,tags,line,reason"
    );
    assert_eq!(lines[2], format!("{SHA256},u,U,FAX,,,,,,,,3,operations[0] is not one of SMS"));
    assert_eq!(lines[3], format!("{SHA256},u,U,SMS,,,,,,,,4,is the same key as line 3"));
    for (line, reason) in [(1, "would never be accepted"), (4, "has the format of this service"), (5, "sha256 must be")]
    {
        assert!(lines[line].contains(reason) && lines[line].contains(NOT_REPEATED), "{}", lines[line]);
    }
    let shape = format!(
        ",8,\"has 4 fields separated by a comma, and the first row has 5: add those that are missing, empty ones too; {NOT_REPEATED}\""
    );
    assert!(lines[6].ends_with(&shape), "{}", lines[6]);
    assert!(lines[7].starts_with(",u,U,SMS,") && lines[7].contains(",9,\"sha256 has"), "{}", lines[7]);
    assert!(lines[7].contains("this may be the value itself: name the column `value`"), "{}", lines[7]);
    assert!(![&*report, &*done.stderr].concat().contains(TOKEN));
    assert!(!report.contains("short") && !report.contains(VALUE) && !report.contains("0123456789abcdef,"));
    assert_eq!(world.mode("keys.failed.csv"), 0o600);

    // An operator may be correcting it.
    let again = world.run(&IMPORT);
    assert_eq!((again.code, world.invoked().len()), (2, 1), "{again:?}");
    // Corrected, it can be imported.
    world.write(
        "keys.failed.csv",
        report.lines().take(1).chain([&*lines[2].replace("FAX", "SMS")]).collect::<Vec<_>>().join("\n"),
    );
    let corrected = world.run(&["keys", "import", "keys.failed.csv", "--account", ACCOUNT]);
    assert_eq!((corrected.code, &*corrected.stdout), (0, "Imported 1 of 1 key.\n"), "{corrected:?}");
}

#[test]
fn jsonl_is_reported_as_jsonl() {
    let (world, _) = importing("import-jsonl");
    let row = |hash: &str| json!({"sha256": hash, "userId": "u", "username": "U", "operations": ["SMS"]});
    let twice = format!("{{\"sha256\":\"{SHA256}\",\"userId\":\"a\",\"userId\":\"b\"}}");
    let other = SHA256.replace('9', "8");
    world.write("keys.jsonl", format!("{}\n\n{twice}\nnonsense\n{}\n", row(SHA256), row(&other)));
    let report = ["keys", "import", "keys.jsonl", "--account", ACCOUNT, "--json"];
    let done = world.run(&report);
    let counts: Value = serde_json::from_str(&done.stdout).unwrap();
    let expected = json!({"keys": 4, "imported": 2, "present": 0, "failed": 2, "unconfirmed": 0, "finished": true,
        "failedFile": "keys.failed.jsonl"});
    assert_eq!((done.code, counts), (6, expected));
    assert_eq!(
        world.read("keys.failed.jsonl"),
        format!(
            "{{\"line\":3,\"reason\":\"gives a field twice; {NOT_REPEATED}\"}}\n\
             {{\"line\":4,\"reason\":\"is not a JSON object; {NOT_REPEATED}\"}}\n"
        )
    );
    assert_eq!(world.mode("keys.failed.jsonl"), 0o600);
}

/// Three batches are answered, and then none any more, though their keys are taken, until the test allows it.
fn stopped(name: &str, signal: &str) -> (World, Hashes, Done) {
    let hashes = Hashes::default();
    let taken = Arc::clone(&hashes);
    let world = World::new(name, move |before, payload| {
        let answer = take(&taken, payload);
        if (3..7).contains(&before) { Reply::Silence } else { Reply::Json(answer) }
    });
    world.write("keys.csv", csv(1000) + "short,u,U,SMS\n");
    let child = world.command(&IMPORT).spawn().unwrap();
    while world.invoked().len() < 7 {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let ended =
        if signal == "-KILL" { Done { code: 137, stdout: String::new(), stderr: String::new() } } else { done(output) };
    (world, hashes, ended)
}

fn goes_on(world: &World, hashes: &Hashes) {
    assert_eq!(world.files(), ["keys.csv", "keys.csv.progress"]);
    assert_eq!(world.mode("keys.csv.progress"), 0o600);
    assert!(!world.read("keys.csv.progress").contains("a-secret-value"));
    let done = world.run(&IMPORT);
    let expected = "error: 1 key failed: see keys.failed.csv\n";
    let counts = "Imported 600 of 1001 keys; 400 were there already.\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (6, counts, expected));
    assert_eq!(hashes.lock().unwrap().len(), 1000);
    assert_eq!(world.invoked().len(), 14, "three batches were done, four were sent again, three were left");
    assert_eq!(world.files(), ["keys.csv", "keys.failed.csv"]);
}

#[test]
fn a_killed_import_goes_on_where_it_was() {
    let (world, hashes, _) = stopped("import-killed", "-KILL");
    goes_on(&world, &hashes);
}

#[test]
fn ctrl_c_prints_how_to_go_on() {
    let (world, hashes, done) = stopped("import-interrupted", "-INT");
    let expected = "error: stopped: run the same command again, which goes on from there\n";
    let counts = "Confirmed 300 of 1001 keys; up to 400 more may have been imported.\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (130, counts, expected));
    goes_on(&world, &hashes);
}

#[test]
fn a_stopped_import_goes_on_with_the_same_file_and_account_alone() {
    let (world, _, _) = stopped("import-other", "-INT");
    let other = world.run(&["keys", "import", "keys.csv", "--account", "ZYXWVUTSRQPONMLKJIHGFE"]);
    let of_another = |what: &str| format!("error: keys.csv.progress is of an import {what}: remove it to begin anew\n");
    assert_eq!((other.code, other.stderr), (2, of_another(&format!("into the account {ACCOUNT}"))));
    world.write("keys.csv", csv(10));
    let edited = world.run(&IMPORT);
    assert_eq!((edited.code, edited.stderr), (2, of_another("of a file with other content")));
    let moved = world.run(&[&IMPORT[..], &["--region", "eu-west-3", "--revive"]].concat());
    let differs = "of a file with other content, by ImportKeysFunctionName in us-east-1, without --revive";
    assert_eq!((moved.code, moved.stderr), (2, of_another(differs)));
    assert_eq!(world.invoked().len(), 7);
    fs::remove_file(world.folder.join("keys.csv.progress")).unwrap();
    let done = world.run(&IMPORT);
    assert_eq!((done.code, &*done.stdout), (0, "Imported 0 of 10 keys; 10 were there already.\n"), "{done:?}");
}

#[test]
fn an_import_that_is_refused_as_a_whole_leaves_nothing() {
    let world = World::new("import-refused", |_, _| Reply::Error("Conflict", "the account is suspended"));
    world.write("keys.csv", csv(250));
    let done = world.run(&IMPORT);
    let expected = "error: the account is suspended\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (5, "Imported 0 of 250 keys.\n", expected));
    assert_eq!(world.files(), ["keys.csv"]);
}

#[test]
fn an_import_that_fails_in_the_middle_prints_how_to_go_on() {
    let hashes = Hashes::default();
    let world = World::new("import-failing", move |before, payload| match before {
        1..=20 => Reply::Error("InternalError", "the table did not answer"),
        _ => Reply::Json(take(&hashes, payload)),
    });
    world.write("keys.csv", csv(500));
    let done = world.run(&IMPORT);
    let expected = "error: the function failed: the table did not answer (request 1c0f3a9e-5b1d-4a2e-9d0c-6f6f1f0f8a57); run the same command again, which goes on from \
        there\n";
    let counts = "Confirmed 100 of 500 keys; up to 400 more may have been imported.\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (1, counts, expected));
    let done = world.run(&IMPORT);
    assert_eq!((done.code, &*done.stdout), (0, "Imported 500 of 500 keys.\n"), "{done:?}");
}

#[test]
fn a_lost_answer_is_no_failure_of_its_keys() {
    let hashes = Hashes::default();
    let world = World::new("import-lost", move |before, payload| {
        let answer = take(&hashes, payload);
        if before == 0 { Reply::Status(502, "lost") } else { Reply::Json(answer) }
    });
    world.write("keys.csv", csv(100));
    let done = world.run(&IMPORT);
    let counts = "Imported 0 of 100 keys; 100 were there already.\n";
    assert_eq!((done.code, &*done.stdout), (0, counts), "{done:?}");
}

#[test]
fn keys_that_failed_for_a_moment_are_sent_again_and_no_others() {
    let hashes = Hashes::default();
    let world = World::new("import-retry", move |before, payload| {
        let mut answer = take(&hashes, payload);
        if before == 0 {
            let last = json!({"index": 99, "code": "UNAVAILABLE", "reason": "the table did not answer", "retry": true});
            let refused = json!({"index": 98, "code": "TAKEN", "reason": "a key of another account has it"});
            answer["imported"].as_array_mut().unwrap().truncate(98);
            answer["failed"] = json!([refused, last]);
        }
        Reply::Json(answer)
    });
    world.write("keys.csv", csv(100));
    let done = world.run(&IMPORT);
    // What is refused for good is no success because another key was sent again.
    let counts = "Imported 98 of 100 keys; 1 was there already.\n";
    assert_eq!((done.code, &*done.stdout), (6, counts), "{done:?}");
    assert!(world.read("keys.failed.csv").contains(",100,a key of another account has it\n"));
    assert_eq!(world.payloads()[1]["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_that_fails_to_the_end_may_be_there_and_the_report_shows_that() {
    let world = World::new("import-unavailable", |_, payload| {
        assert_eq!(payload["keys"].as_array().unwrap().len(), 1);
        let failed = json!({"index": 0, "code": "UNAVAILABLE", "reason": "the table did not answer", "retry": true});
        Reply::Json(json!({"imported": [], "present": [], "failed": [failed]}))
    });
    world.write("keys.csv", csv(1));
    assert_eq!(world.run(&IMPORT).code, 6);
    assert!(world.read("keys.failed.csv").contains("it may have been imported all the same: import it again"));
    assert_eq!(world.payloads().len(), 4);
}

#[test]
fn a_key_that_is_there_with_other_fields_is_named() {
    let world = World::new("import-differs", |_, _| {
        let present = json!({"index": 0, "id": "x", "equal": false, "differs": ["limits", "name"]});
        Reply::Json(json!({"imported": [], "present": [present], "failed": []}))
    });
    world.write("keys.csv", csv(1));
    let done = world.run(&IMPORT);
    assert_eq!((done.code, &*done.stdout), (6, "Imported 0 of 1 key.\n"), "{done:?}");
    assert!(world.read("keys.failed.csv").contains("is the key x already, with other values of limits, name"));
}

#[test]
fn what_an_earlier_run_may_have_imported_is_not_forgotten_when_the_next_is_refused() {
    let hashes = Hashes::default();
    let taken = Arc::clone(&hashes);
    let world = World::new("import-forgotten-again", move |before, payload| {
        let answer = take(&taken, payload);
        match before {
            0..4 => Reply::Silence,
            4..8 => Reply::Error("Conflict", "the account is suspended"),
            _ => Reply::Json(answer),
        }
    });
    world.write("keys.csv", csv(900));
    let child = world.command(&IMPORT).spawn().unwrap();
    while world.invoked().len() < 4 {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    drop(child.wait_with_output().unwrap());

    let refused = world.run(&IMPORT);
    let counts = "Confirmed 0 of 900 keys; up to 400 more may have been imported.\n";
    assert_eq!((refused.code, &*refused.stdout), (5, counts), "{refused:?}");
    assert_eq!(world.files(), ["keys.csv", "keys.csv.progress"]);
}

#[test]
fn a_stopped_import_goes_on_with_the_same_choice_of_revive() {
    let (world, _, _) = stopped("import-revive-later", "-INT");
    let done = world.run(&[&IMPORT[..], &["--revive"]].concat());
    assert!(done.code == 2 && done.stderr.contains("is of an import without --revive: "), "{done:?}");
}

#[test]
fn a_file_that_is_no_record_of_this_import_stays_as_it_is() {
    let (world, _) = importing("import-foreign");
    world.write("keys.csv", csv(1));
    for foreign in ["notes of a person", "{}\nand half a line"] {
        world.write("keys.csv.progress", foreign);
        let done = world.run(&IMPORT);
        assert!(done.code == 2 && done.stderr.contains("remove it to begin anew"), "{done:?}");
        assert_eq!(world.read("keys.csv.progress"), foreign);
    }
    // A run that was killed while it began has written a part of the first line.
    world.write("keys.csv.progress", "{");
    assert_eq!(world.run(&IMPORT).code, 0);
}

#[test]
fn revive_goes_along() {
    let (world, _) = importing("import-revive");
    world.write("keys.csv", csv(1));
    assert_eq!(world.run(&[&IMPORT[..], &["--revive"]].concat()).code, 0);
    assert_eq!(world.payloads()[0]["revive"], true);
}

#[test]
fn a_quotation_mark_without_its_other_half_sends_and_keeps_no_value() {
    let (world, _) = importing("import-quote");
    let file = "value,userId,username,operations,name\n0123456789abcdef,u,U,SMS,\"x\n\
        a-secret-value-000001,u,U,SMS,y\n";
    world.write("keys.csv", file);
    assert_eq!(world.run(&IMPORT).code, 6);
    assert!(world.payloads().is_empty());
    assert!(!world.read("keys.failed.csv").contains("a-secret-value"));
}

#[test]
fn a_folder_that_cannot_be_written_is_noticed_before_anything_is_sent() {
    let (world, _) = importing("import-read-only");
    world.write("keys.csv", csv(1));
    // A link that leads nowhere cannot be written through by anybody, the superuser included.
    std::os::unix::fs::symlink("no/folder", world.folder.join("keys.csv.progress")).unwrap();
    let done = world.run(&IMPORT);
    assert!(done.code == 1 && done.stderr.contains("keys.csv.progress: "), "{done:?}");
    assert!(world.invoked().is_empty());
}

#[test]
fn a_report_that_cannot_be_written_is_made_by_the_next_run() {
    let hashes = Hashes::default();
    let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("import-no-report/keys.failed.csv");
    let in_the_way = report.clone();
    let world = World::new("import-no-report", move |_, payload| {
        fs::write(&in_the_way, "of another run").unwrap();
        Reply::Json(take(&hashes, payload))
    });
    world.write("keys.csv", csv(100) + "short,u,U,SMS\n");
    let done = world.run(&IMPORT);
    assert!(done.code == 1 && done.stderr.contains("run the same command again for the report"), "{done:?}");
    assert_eq!(fs::read_to_string(&report).unwrap(), "of another run");

    fs::remove_file(&report).unwrap();
    let done = world.run(&IMPORT);
    assert_eq!((done.code, &*done.stdout), (6, "Imported 100 of 101 keys.\n"), "{done:?}");
    assert_eq!(world.invoked().len(), 1, "all keys were sent before");
    assert_eq!(world.files(), ["keys.csv", "keys.failed.csv"]);
}

#[test]
fn a_file_of_a_spreadsheet_is_taken_as_it_is_and_its_report_is_one_too() {
    let (world, _) = importing("import-spreadsheet");
    let file = format!(
        "\u{feff}SHA256;User ID;Username;Operations;Limits;Tags;;\r\n{{SHA256}}n59REfeyengfHx3d5evC3St5a/xzZcnCi1SOVkF2kp8=;u;Ada;SMS|OTP;1000/day|5/minute;;;\r\n\
         ;;;;;;;\r\nSHA256:{};u;Bob;FAX;;team=blue%26x&env=prod;;\r\n{SHA256};u;Eve;SMS;10/WEEK;;;\r\n",
        SHA256.to_uppercase().replace('9', "8")
    );
    world.write("keys.csv", file);
    let done = world.run(&IMPORT);
    assert_eq!((done.code, &*done.stdout), (6, "Imported 1 of 3 keys.\n"), "{done:?}");
    let limits = json!([{"requests": 5, "per": "MINUTE"}, {"requests": 1000, "per": "DAY"}]);
    let first =
        json!({"sha256": SHA256, "userId": "u", "username": "Ada", "operations": ["SMS", "OTP"], "limits": limits});
    assert_eq!(world.payloads()[0]["keys"][0], first);
    let report = world.read("keys.failed.csv");
    let week = "limits has \"10/WEEK\": a limit is written as 1000/DAY, with MINUTE, HOUR, DAY or MONTH";
    let expected = format!(
        "sha256;userId;username;operations;trafficType;name;description;expiresAt;allowedIps;limits;tags;line;reason\n\
         {};u;Bob;FAX;;;;;;;env=prod&team=blue%26x;4;operations[0] is not one of SMS\n{SHA256};u;Eve;SMS;;;;;;10/WEEK;;5;\"{}\"\n",
        SHA256.replace('9', "8"),
        week.replace('"', "\"\"")
    );
    assert_eq!(report, expected);

    let tags = json!({"team": "blue&x", "env": "prod"});
    assert_eq!(world.payloads()[0]["keys"][1]["tags"], tags);
    // Corrected, it can be imported.
    world.write("keys.failed.csv", report.replace("FAX", "SMS").replace("10/WEEK", "10/MONTH"));
    let corrected = world.run(&["keys", "import", "keys.failed.csv", "--account", ACCOUNT]);
    assert_eq!(
        (corrected.code, &*corrected.stdout),
        (0, "Imported 1 of 2 keys; 1 was there already.\n"),
        "{corrected:?}"
    );
}

#[test]
fn the_error_on_a_file_with_other_columns_names_those_seen_and_those_known() {
    let (world, _) = importing("import-columns");
    world.write("keys.csv", "sha256;user;Rolle\n");
    let done = world.run(&IMPORT);
    let expected = "error: keys.csv: column 2 is \"user\", column 3 is \"Rolle\" in the first row, separated by a semicolon, and keys have \
        no such field; the columns are sha256 or value, userId, username, operations, trafficType, name, description, \
        expiresAt, allowedIps, limits, tags\n";
    assert_eq!((done.code, &*done.stderr), (2, expected));
    let help = world.run(&["keys", "import", "--help"]).stdout;
    assert!(help.contains("expiresAt") && help.contains("lists by ; or |"), "{help}");
    assert!(world.invoked().is_empty());
}

#[test]
fn a_second_import_of_the_file_at_the_same_time_is_refused() {
    let (world, _) = importing("import-twice");
    world.write("keys.csv", csv(1));
    let progress = fs::File::create(world.folder.join("keys.csv.progress")).unwrap();
    progress.lock().unwrap();
    let done = world.run(&IMPORT);
    assert_eq!((done.code, &*done.stderr), (5, "error: keys.csv.progress: another import of this file is running\n"));
}

#[test]
fn columns_that_each_key_needs_are_asked_for_before_anything_is_sent() {
    let (world, _) = importing("import-required");
    world.write("keys.csv", format!("sha256,username\n{SHA256},U\n"));
    let done = world.run(&IMPORT);
    let expected =
        "error: keys.csv: no column is userId, operations: the first row, separated by a comma, has sha256, username\n";
    assert_eq!((done.code, &*done.stderr), (2, expected));
    assert!(world.invoked().is_empty());
}

#[test]
fn operations_and_types_are_taken_in_any_case() {
    let (world, _) = importing("import-case");
    world.write("keys.csv", format!("sha256,userId,username,operations,trafficType\n{SHA256},u,U,sms; rcs_bulk,otp\n"));
    assert_eq!(world.run(&IMPORT).code, 0);
    let key = &world.payloads()[0]["keys"][0];
    assert_eq!((&key["operations"], &key["trafficType"]), (&json!(["SMS", "RCS_BULK"]), &json!("OTP")));
}
