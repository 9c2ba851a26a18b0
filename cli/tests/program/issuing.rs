//! `accounts create` and `accounts recover`: where a new key's value goes, and where not.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, KEY, Reply, Stop, VALUE, World};

const USER: [&str; 4] = ["--user-id", "user-1", "--username", "Ada"];

fn create<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["accounts", "create", "--company", "Example"], &USER[..], more].concat()
}

fn issued() -> Value {
    json!({"accountId": ACCOUNT, "id": KEY, "userId": "user-1", "operations": ["SMS", "AUTHENTICATION"], "value": VALUE})
}

/// A service on which no company has an account yet.
fn without_accounts(name: &str, script: impl Fn() -> Reply + Send + Sync + 'static) -> World {
    World::new(name, move |_, payload| match payload["action"].as_str() {
        Some("list") => Reply::Json(json!({"accounts": [], "nextCursor": null})),
        _ => script(),
    })
}

/// What was asked of it beside that.
fn asked(world: &World) -> Vec<Value> {
    world.payloads().into_iter().filter(|payload| payload["action"] != "list").collect()
}

#[test]
fn a_value_goes_to_a_new_private_file_alone() {
    let world = without_accounts("value-to", || Reply::Json(issued()));
    for (file, json) in [("first", false), ("second", true)] {
        let arguments = create(&["--value-to", file]);
        let done = world.run(&[&arguments[..], if json { &["--json"] } else { &[] }].concat());
        assert!(done.code == 0 && done.stdout.contains(KEY) && done.stdout.contains(file), "{}", done.stderr);
        assert!(!done.stdout.contains(VALUE) && done.stderr.is_empty());
        assert_eq!(world.read(file), format!("{VALUE}\n"));
        assert_eq!(world.mode(file), 0o600);
        if json {
            let mut expected = issued();
            expected.as_object_mut().unwrap().remove("value");
            expected["valueFile"] = json!(file);
            assert_eq!(serde_json::from_str::<Value>(&done.stdout).unwrap(), expected);
        }
    }
    assert_eq!(asked(&world)[0], json!({"company": "Example", "userId": "user-1", "username": "Ada"}));
    assert_eq!(world.run(&create(&["--value-to", "first"])).code, 2, "it is there already");
    assert_eq!(asked(&world).len(), 2);
}

#[test]
fn a_value_is_shown_on_a_terminal_alone() {
    let world = without_accounts("terminal", || Reply::Json(issued()));
    let done = world.on_terminal(&create(&[]), "");
    assert!(done.code == 0 && done.stdout.contains(&format!("value            {VALUE}")), "{}", done.code);

    let done = world.run(&create(&[]));
    let expected = "error: the new key's value is shown only on a terminal: name a new file for it with --value-to\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (2, "", expected));
    assert_eq!(world.run(&create(&["--json"])).code, 2);
    assert_eq!(asked(&world).len(), 1);
    assert!(world.files().is_empty());
}

#[test]
fn recover_names_the_account() {
    let world = World::new("recover", |_, _| Reply::Json(issued()));
    let done = world.run(&[&["accounts", "recover", ACCOUNT, "--value-to", "value"], &USER[..]].concat());
    assert_eq!(done.code, 0, "{done:?}");
    let payload = json!({"action": "recover", "accountId": ACCOUNT, "userId": "user-1", "username": "Ada"});
    assert_eq!(world.payloads(), [payload]);
    assert_eq!(world.read("value"), format!("{VALUE}\n"));
}

#[test]
fn what_may_have_been_issued_is_not_issued_again() {
    let world = without_accounts("unknown", || Reply::Status(500, "for a moment"));
    let done = world.run(&create(&["--value-to", "value"]));
    let expected = "error: Lambda failed: for a moment; the key may have been issued all the same, and its value is lost: \
        look first, and do not run the same command again: `api-keys accounts list --company Example`\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (1, "", expected));
    assert_eq!(asked(&world).len(), 1);
    assert!(world.files().is_empty(), "no empty file is left");

    let world = World::new("refused", |_, _| Reply::Error("Conflict", "the account is suspended"));
    let done = world.run(&[&["accounts", "recover", ACCOUNT, "--value-to", "value"], &USER[..]].concat());
    assert_eq!((done.code, &*done.stderr), (5, "error: the account is suspended\n"));
    assert!(world.files().is_empty());
}

#[test]
fn a_value_that_cannot_be_kept_names_its_key() {
    let world = without_accounts("full", || Reply::Json(issued()));
    // A disk that is full: the file is made, and nothing can be written.
    let limited = "ulimit -f 0; trap '' XFSZ; exec \"$@\"";
    let program = [&[env!("CARGO_BIN_EXE_api-keys")][..], &create(&["--value-to", "value"])].concat();
    let mut shell = world.in_shell("bash", &[&["-c", limited, "bash"], &program[..]].concat());
    let done = crate::world::done(shell.output().unwrap());
    let revoke = format!("its value is lost, so revoke it: `api-keys keys revoke {KEY} --account {ACCOUNT}`\n");
    assert!(done.code == 1 && done.stderr.ends_with(&revoke), "{}", done.stderr);
    assert!(world.files().is_empty(), "no empty file is left");
    assert!(!done.stderr.contains(VALUE) && !done.stdout.contains(VALUE));

    let world = without_accounts("no-value", || Reply::Json(json!({"id": KEY, "value": "nonsense"})));
    let done = world.run(&create(&["--value-to", "value"]));
    assert!(done.code == 1 && done.stderr.contains("has no value") && !done.stderr.contains("nonsense"), "{done:?}");
}

#[test]
fn an_account_gets_the_id_of_other_books() {
    let world = without_accounts("external-id", || Reply::Json(issued()));
    assert_eq!(
        world.run(&create(&["--value-to", "value", "--external-id", "crm-7", "--account-limit", "9/day"])).code,
        0
    );
    let payload = json!({"company": "Example", "externalId": "crm-7",
        "accountLimits": [{"requests": 9, "per": "DAY"}], "userId": "user-1", "username": "Ada"});
    assert_eq!(asked(&world), [payload]);
}

#[test]
fn an_interruption_leaves_no_empty_file_whenever_it_comes() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        for (name, action) in [("early", Some("list")), ("late", None)] {
            let stop = Stop::default();
            let by = stop.clone();
            let world = World::new(&format!("interrupted-{name}{signal}"), move |_, payload| {
                if payload["action"].as_str() == action {
                    by.send(signal);
                    return Reply::Silence;
                }
                Reply::Json(json!({"accounts": [], "nextCursor": null}))
            });
            let (code, stderr) = stop.watch(world.command(&create(&["--value-to", "value"])));
            assert!(world.files().is_empty(), "{name} {signal}");
            if name == "late" {
                let expected = "error: stopped: the key may have been issued all the same, and its value is lost: look \
                    first, and do not run the same command again: `api-keys accounts list --company Example`\n";
                assert_eq!((code, &*stderr), (Some(130), expected), "{signal}");
            }
        }
    }
}

#[test]
fn a_signal_that_the_program_was_started_to_ignore_stays_ignored() {
    let stop = Stop::default();
    let by = stop.clone();
    let world = World::new("ignored", move |_, payload| {
        if payload["action"] == "list" {
            return Reply::Json(json!({"accounts": [], "nextCursor": null}));
        }
        by.send("-HUP");
        Reply::Json(issued())
    });
    // As `nohup` does.
    let script = ["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_api-keys")];
    let (code, stderr) = stop.watch(world.in_shell("sh", &[&script, &*create(&["--value-to", "value"])].concat()));
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn the_command_to_type_is_for_the_same_stack() {
    let world = World::new("typed", |_, _| Reply::Status(500, "for a moment"));
    let create = ["keys", "create", "--account", ACCOUNT, "--operations", "SMS", "--value-to", "value"];
    let done = world.run(&[&create[..], &USER, &["--stack", "its stack", "--region", "eu-west-3"]].concat());
    let typed = format!("`api-keys keys list --account {ACCOUNT} --stack 'its stack' --region eu-west-3`\n");
    assert!(done.stderr.ends_with(&typed), "{}", done.stderr);
}
