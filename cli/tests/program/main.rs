//! The program as a user runs it: the real binary, on a fake of AWS.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod accounts;
mod doctor;
mod downgrade;
mod events;
mod find;
mod habits;
mod import;
mod issuing;
mod keys;
mod keys_by_operators;
mod leaks;
mod upgrade;
mod usage;
mod world;

use serde_json::json;

use crate::world::{ACCOUNT, KEY, Reply, VALUE, World};

const TIME: &str = "2030-01-31T00:00:00Z";

fn shown() -> serde_json::Value {
    json!({"accountId": ACCOUNT, "company": "Example", "createdAt": "2026-11-24T14:21:56.560Z", "status": "ACTIVE",
        "externalId": null, "keyCount": 2, "maxKeys": null, "effectiveMaxKeys": 1000, "limits": null,
        "accountLimits": [{"requests": 1_000_000, "per": "MONTH"}]})
}

#[test]
fn wrong_input_is_refused_before_anything_is_done() {
    let world = World::new("wrong-input", |_, _| Reply::Json(json!({})));
    world.write("keys.txt", "");
    world.write("empty.jsonl", "\n");
    world.write("no-header.csv", "0123456789abcdef,u\n");
    world.write("twice.csv", "sha256,sha256\n");
    world.write("there", "");
    let user = ["--user-id", "u", "--username", "U"];
    let twice = ["--account-limit", "1/DAY", "--account-limit", "2/DAY"];
    for arguments in [
        &["accounts", "show", "nonsense"][..],
        &["accounts", "erase", ACCOUNT],
        &["accounts", "suspend", ACCOUNT],
        &["accounts", "update", ACCOUNT],
        &["accounts", "update", ACCOUNT, "--max-keys", "0"],
        &["accounts", "update", ACCOUNT, "--max-keys", "5", "--default-max-keys"],
        &["accounts", "update", ACCOUNT, "--external-id", "x", "--no-external-id"],
        &["accounts", "update", ACCOUNT, "--account-limit", "1/DAY", "--no-account-limits"],
        &["accounts", "update", ACCOUNT, "--account-limit", "1/DAY", "--account-limit", "2/DAY"],
        &["accounts", "update", ACCOUNT, "--limit", "5/YEAR"],
        &["keys", "list", "--account", ACCOUNT, "--status", "GONE"],
        &["keys", "list", "--account", ACCOUNT, "--tag", "team"],
        &["keys", "list", "--account", ACCOUNT, "--unused-since", "yesterday"],
        &["accounts", "update", ACCOUNT, "--limit", "5/DAY", "--limit", "6/DAY"],
        &["accounts", "update", ACCOUNT, "--company", " "],
        &[&["accounts", "create", "--company", "C"], &user[..]].concat(),
        &[&["accounts", "create", "--company", "C", "--value-to", "there"], &user[..]].concat(),
        &[&["accounts", "create", "--company", "C", "--value-to", "no/folder"], &user[..]].concat(),
        &[&["accounts", "create", "--company", "C", "--value-to", "new"], &user[..], &twice[..]].concat(),
        &["keys", "import", "missing.csv", "--account", ACCOUNT],
        &["keys", "import", "keys.txt", "--account", ACCOUNT],
        &["keys", "import", "empty.jsonl", "--account", ACCOUNT],
        &["keys", "import", "no-header.csv", "--account", ACCOUNT],
        &["keys", "import", "twice.csv", "--account", ACCOUNT],
        &["keys", "revoke", KEY, KEY, "--account", ACCOUNT, "--yes"],
        &["keys", "revoke", KEY, "--account", ACCOUNT],
        &["keys", "list"],
        &["events"],
        &["events", "--account", ACCOUNT, "--limit", "0"],
        &["events", "republish", "--account", ACCOUNT, "--from", "today", "--to", TIME],
        &["events", "republish", "--account", ACCOUNT, "--from", TIME, "--to", TIME],
        &["events", "republish", "--account", ACCOUNT, "--from", "2030-01-31T00:00:00.001Z", "--to", TIME],
        &["nonsense"],
        &[],
    ] {
        let done = world.run(arguments);
        assert_eq!((done.code, &*done.stdout), (2, ""), "{arguments:?}: {done:?}");
        assert!(!done.stderr.is_empty() && !done.stderr.contains("0123456789abcdef"), "{arguments:?}: {done:?}");
    }
    assert!(world.invoked().is_empty());
    assert_eq!(world.files(), ["empty.jsonl", "keys.txt", "no-header.csv", "there", "twice.csv"], "nothing is left");
}

#[test]
fn a_value_on_the_command_line_is_refused_and_not_repeated() {
    let world = World::new("value-argument", |_, _| Reply::Json(json!({})));
    let within = format!("{VALUE}/x");
    for arguments in [
        &["keys", "find", VALUE][..],
        &["keys", "find", "sk_of_another_system_123"],
        &["leaks", "report", VALUE],
        &["keys", "show", VALUE, "--account", ACCOUNT],
        &["keys", "list", "--account", VALUE],
        &["events", VALUE],
        &[VALUE],
        &["keys", "import", VALUE, "--account", ACCOUNT],
        &["keys", "import", &format!("{VALUE}.csv"), "--account", ACCOUNT],
        &["accounts", "create", "--company", VALUE, "--user-id", "u", "--username", "U", "--value-to", "new"],
        &["accounts", "create", "--company", "C", "--user-id", VALUE, "--username", "U", "--value-to", "new"],
        &["accounts", "create", "--company", "C", "--user-id", "u", "--username", VALUE, "--value-to", "new"],
        &["accounts", "create", "--company", "C", "--user-id", "u", "--username", "U", "--value-to", &within],
        &["accounts", "update", ACCOUNT, "--external-id", VALUE],
        &["accounts", "list", "--stack", VALUE],
        &["accounts", "list", &format!("--operator={VALUE}")],
        &["keys", "list", "--account", ACCOUNT, "--assigned-to", VALUE],
        &["keys", "list", "--account", ACCOUNT, "--user-id", VALUE],
        &["keys", "list", "--account", ACCOUNT, "--operation", VALUE],
        &["keys", "list", "--account", ACCOUNT, "--tag", &format!("x={VALUE}")],
        &["leaks", "report", "--url", &format!("https://example.com/{VALUE}")],
        &["--help", VALUE],
        // Cut off.
        &["keys", "list", VALUE.split_at(VALUE.len() - 1).0],
    ] {
        let done = world.run(arguments);
        assert_eq!((done.code, &*done.stdout), (2, ""), "{done:?}");
        assert!(!done.stderr.contains("SampleKeyForLocal") && !done.stderr.contains("sk_of_another"), "{done:?}");
        assert!(done.stderr.contains("as command lines are seen by others"), "{done:?}");
    }
    assert!(world.invoked().is_empty() && world.files().is_empty());
}

#[test]
fn a_failed_action_prints_why_in_a_sentence_and_has_an_exit_code() {
    let world = World::new("failures", |_, _| Reply::Error("NotFound", "there is no such account"));
    let show = ["accounts", "show", ACCOUNT];
    let done = world.run(&show);
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (4, "", "error: there is no such account\n"));
    assert_eq!(world.invoked().len(), 1, "it would be refused again");

    let done = world.run(&[&show[..], &["--stack", "missing"]].concat());
    let expected = "error: the stack missing cannot be read in us-east-1: Stack with id missing does not exist; give --region, \
        --stack or --profile\n";
    assert_eq!((done.code, &*done.stderr), (3, expected));

    let done = world.run(&[&show[..], &["--stack", "old"]].concat());
    let expected = "error: the stack old has no output ManageAccountFunctionName: deploy a newer version first\n";
    assert_eq!((done.code, &*done.stderr), (3, expected));

    let mut command = world.command(&show);
    let done = world::done(command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").output().unwrap());
    assert!(
        done.code == 1 && done.stderr.starts_with("error: the stack api-keys cannot be read in us-east-1: "),
        "{done:?}"
    );
    assert_eq!(done.stderr.lines().count(), 1, "{done:?}");

    let mut command = world.command(&show);
    let done = world::done(command.env_remove("AWS_ACCESS_KEY_ID").output().unwrap());
    let expected = "error: no AWS credentials: sign in with `aws sso login`, set AWS_PROFILE, or give --profile\n";
    assert_eq!((done.code, &*done.stderr), (3, expected));
    let mut command = world.command(&[&show[..], &["--debug"]].concat());
    let done = world::done(command.env_remove("AWS_ACCESS_KEY_ID").output().unwrap());
    let [why, error] = done.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{done:?}") };
    assert!(why.starts_with("debug: ") && why.contains("provider") && error == expected.trim_end(), "{done:?}");

    let mut command = world.command(&show);
    let done = world::done(command.env_remove("AWS_REGION").output().unwrap());
    assert_eq!(
        (done.code, &*done.stderr),
        (2, "error: no AWS region is configured: give --region, or set AWS_REGION\n")
    );
}

#[test]
fn what_is_throttled_or_fails_for_a_moment_is_sent_again() {
    let world = World::new("throttled", |before, _| match before {
        0 => Reply::Status(429, "Rate Exceeded."),
        1 => Reply::Status(500, "for a moment"),
        2 => Reply::Error("InternalError", "the table did not answer"),
        _ => Reply::Json(shown()),
    });
    assert_eq!(world.json(&["accounts", "show", ACCOUNT]), shown());
    assert_eq!(world.invoked().len(), 4);

    let world = World::new("throttled-for-long", |_, _| Reply::Status(429, "Rate Exceeded."));
    let done = world.run(&["accounts", "show", ACCOUNT]);
    assert_eq!((done.code, &*done.stderr), (1, "error: Lambda throttles the function: Rate Exceeded.\n"));
    assert_eq!(world.invoked().len(), 5);
}

#[test]
fn help_and_version_are_no_failures() {
    let world = World::new("help", |_, _| Reply::Silence);
    for arguments in [&["--help"][..], &["--version"], &["help", "accounts"], &["keys", "import", "--help"]] {
        let done = world.run(arguments);
        assert!(done.code == 0 && !done.stdout.is_empty() && done.stderr.is_empty(), "{done:?}");
    }
    for (arguments, sentence) in [
        (&["accounts", "list"][..], "List accounts. Filters combine"),
        (&["accounts", "update"], "Remove the external id"),
        (&["keys", "exempt"], "Exempt a key from the longest lifetime"),
        (&["keys", "list"], "Keys that have expired, or will before this time"),
        (&["keys", "rotate"], "such as 86400 for a day"),
        (&["events", "republish"], "Send all events of a period to the bus again"),
        (&["completions"], "Print a shell completion script"),
    ] {
        let help = world.run(&[arguments, &["--help"]].concat()).stdout;
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&help).contains(sentence), "{help}");
        let (own, of_all) = help.split_once("\nOptions of all commands:\n").unwrap();
        assert!(of_all.contains("--profile") && !own.contains("--profile"), "{help}");
    }
    assert_eq!(world.run(&["--version"]).stdout, concat!("api-keys ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn the_operator_is_named_in_each_payload() {
    let world = World::new("operator", |_, _| Reply::Json(shown()));
    world.run(&["accounts", "show", ACCOUNT, "--operator", "Grace"]);
    world.run(&["accounts", "show", ACCOUNT]);
    let invoked = world.invoked();
    assert_eq!(invoked[0], ("ManageAccountFunctionName".to_owned(), json!("Grace")));
    assert!(invoked[1].1.as_str().unwrap().starts_with("ada@"), "{invoked:?}");
}
