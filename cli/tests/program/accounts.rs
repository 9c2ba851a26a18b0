//! `accounts`, but for issuing keys and upgrading.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::shown;
use crate::world::{ACCOUNT, KEY, Reply, VALUE, World, done, with};

#[test]
fn list_shows_every_page() {
    let world = World::new("accounts-list", |_, payload| {
        let cursor = if payload["cursor"].is_null() { json!(ACCOUNT) } else { Value::Null };
        let mut account = shown();
        account["externalId"] = json!("crm-7");
        account["limits"] = json!([{"requests": 5, "per": "MINUTE"}, {"requests": 1000, "per": "DAY"}]);
        Reply::Json(json!({"accounts": [account], "nextCursor": cursor}))
    });
    let done = world.run(&["accounts", "list"]);
    let row =
        "0123456789ABCDEFGHIJKL  Example  ACTIVE  2     1000      1000000/MONTH         5/MINUTE,1000/DAY    crm-7\n";
    let heading = "ACCOUNT                 COMPANY  STATUS  KEYS  MAX KEYS  LIMIT OF THE ACCOUNT  CEILING OF EACH KEY  EXTERNAL ID\n";
    assert_eq!((done.code, done.stdout), (0, format!("{heading}{row}{row}")));
    assert_eq!(world.payloads()[1], json!({"action": "list", "limit": 500, "cursor": ACCOUNT}));
    assert_eq!(world.json(&["accounts", "list"])["accounts"].as_array().unwrap().len(), 2);
}

#[test]
fn show_is_a_record() {
    let world = World::new("accounts-show", |_, _| Reply::Json(shown()));
    let done = world.run(&["accounts", "show", ACCOUNT]);
    let record = "account                  0123456789ABCDEFGHIJKL\ncompany                  Example\nexternal id              -\n\
        created                  2026-11-24T14:21:56.560Z\nstatus                   ACTIVE\nkeys                     2\n\
        max keys                 1000\nlimit of the account     1000000/MONTH\nceiling of each key      -\n\
        longest lifetime (days)  -\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (0, record, ""));
    assert_eq!(world.payloads(), [json!({"action": "show", "accountId": ACCOUNT})]);
}

/// Two invocations are not done.
fn sweeping(name: &str) -> World {
    World::new(name, |_, payload| {
        let cursor = match payload["cursor"].as_str() {
            _ if payload["action"] == "list" => return Reply::Json(json!({"accounts": [], "nextCursor": null})),
            None => json!("1.0.0"),
            Some("1.0.0") => json!("1.0.1"),
            Some(_) => Value::Null,
        };
        let done = cursor.is_null();
        Reply::Json(json!({"account": shown(), "done": done, "keysMarked": 20, "keysChanged": 20, "removed": 20,
            "cursor": cursor}))
    })
}

#[test]
fn a_sweep_goes_on_with_each_cursor_until_it_is_done() {
    for action in ["suspend", "resume"] {
        let world = sweeping(action);
        assert_eq!(world.json(&["accounts", action, ACCOUNT, "--yes"]), shown());
        let payload = json!({"action": action, "accountId": ACCOUNT});
        let with = |cursor: &str| {
            let mut payload = payload.clone();
            payload["cursor"] = json!(cursor);
            payload
        };
        assert_eq!(world.payloads(), [payload.clone(), with("1.0.0"), with("1.0.1")]);
    }
}

#[test]
fn an_update_sends_what_is_to_change_alone() {
    for (options, fields) in [
        (&["--company", "New"][..], json!({"company": "New"})),
        (&["--max-keys", "7"], json!({"maxKeys": 7})),
        (&["--default-max-keys"], json!({"maxKeys": null})),
        (&["--no-limits"], json!({"limits": null})),
        (&["--max-key-lifetime", "90"], json!({"maxKeyLifetimeDays": 90})),
        (&["--no-max-key-lifetime"], json!({"maxKeyLifetimeDays": null})),
        (&["--external-id", "crm-7"], json!({"externalId": "crm-7"})),
        (&["--no-external-id"], json!({"externalId": null})),
        (&["--account-limit", "5/month"], json!({"accountLimits": [{"requests": 5, "per": "MONTH"}]})),
        (&["--no-account-limits"], json!({"accountLimits": null})),
        (
            &["--limit", "1000/day", "--limit", "5/MINUTE", "--company", "New"],
            json!({"limits": [{"requests": 5, "per": "MINUTE"}, {"requests": 1000, "per": "DAY"}], "company": "New"}),
        ),
    ] {
        let world = sweeping("update");
        world.json(&[&["accounts", "update", ACCOUNT], options].concat());
        let mut payload = fields.clone();
        payload["action"] = json!("update");
        payload["accountId"] = json!(ACCOUNT);
        let sent = world.payloads().into_iter().filter(|payload| payload["action"] == "update").collect::<Vec<_>>();
        assert_eq!(sent[0], payload);
        payload["cursor"] = json!("1.0.1");
        assert_eq!(sent[2], payload, "each invocation has the change");
    }
}

#[test]
fn erasing_repeats_the_id_and_counts() {
    let world = sweeping("erase");
    let done = world.run(&["accounts", "erase", ACCOUNT, "--yes"]);
    assert_eq!((done.code, done.stdout), (0, format!("Erased {ACCOUNT}: 60 items removed.\n")));
    assert_eq!(world.payloads()[0], json!({"accountId": ACCOUNT, "confirm": ACCOUNT}));
    assert_eq!(world.payloads()[1], json!({"accountId": ACCOUNT, "confirm": ACCOUNT, "cursor": "1.0.0"}));
    assert!(world.invoked().iter().all(|(function, _)| function == "EraseAccountFunctionName"));
}

#[test]
fn a_sweep_that_ends_early_shows_how_things_stand() {
    let world = World::new("cut-off", |before, _| match before {
        0 => Reply::Json(json!({"account": shown(), "done": false, "keysMarked": 20, "cursor": "1.0."})),
        _ => Reply::Error("InternalError", "the table did not answer"),
    });
    let done = world.run(&["accounts", "suspend", ACCOUNT, "--yes"]);
    let expected = "error: the function failed: the table did not answer (request 1c0f3a9e-5b1d-4a2e-9d0c-6f6f1f0f8a57); some of its keys may still work: run the same \
        command again\n";
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (1, "", expected));

    let world = World::new("unknown", |_, _| Reply::Status(502, "lost"));
    let done = world.run(&["accounts", "suspend", ACCOUNT, "--yes"]);
    let invoked = world.invoked().len();
    assert_eq!((done.code, invoked), (1, 1), "begun again, it could undo what a colleague decided: {done:?}");

    let world = World::new("overtaken", |before, _| match before {
        0 => Reply::Json(json!({"account": shown(), "done": false, "keysMarked": 20, "cursor": "1.0."})),
        _ => Reply::Error("Conflict", "another operator suspended or resumed the account meanwhile"),
    });
    let done = world.run(&["accounts", "suspend", ACCOUNT, "--yes"]);
    assert_eq!((done.code, world.invoked().len()), (5, 2), "{done:?}");

    let world = World::new("no-cursor", |_, _| Reply::Json(json!({"account": shown(), "done": false})));
    let done = world.run(&["accounts", "resume", ACCOUNT]);
    assert!(done.code == 1 && done.stderr.contains("not done and has no cursor; some of its keys"), "{done:?}");
}

#[test]
fn ctrl_c_in_a_sweep_prints_how_to_go_on() {
    let world = World::new("interrupted", |before, _| match before {
        0 => Reply::Json(json!({"account": shown(), "done": false, "keysMarked": 20, "cursor": "1.0."})),
        _ => Reply::Silence,
    });
    let child = world.command(&["accounts", "suspend", ACCOUNT, "--yes"]).spawn().unwrap();
    while world.invoked().len() < 2 {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let done = done(child.wait_with_output().unwrap());
    let expected = "error: stopped: some of its keys may still work: run the same command again\n";
    assert_eq!((done.code, &*done.stderr), (130, expected));
}

#[test]
fn what_destroys_asks_first() {
    let world = World::new("asks", |_, payload| match payload["action"].as_str() {
        Some("show") => Reply::Json(named("A\u{202e}cme\u{1b}[2J")),
        _ => Reply::Json(json!({"account": shown(), "done": true, "keysMarked": 2, "removed": 60, "cursor": null})),
    });
    let about = "A\u{fffd}cme\u{fffd}[2J (0123456789ABCDEFGHIJKL, 2 keys)?";
    for (action, question, outcome) in [
        ("erase", format!("Erase {about} Its keys and its history will be gone for good. [y/N] "), "60 items removed."),
        ("suspend", format!("Suspend {about} None of its keys will work. [y/N] "), "status                   ACTIVE"),
    ] {
        let arguments = ["accounts", action, ACCOUNT];
        let before = world.invoked().len();
        let done = world.on_terminal(&arguments, "n\n");
        assert!(done.code == 5 && done.stdout.contains(&question), "{done:?}");
        assert!(done.stdout.contains("error: not confirmed: nothing was done"), "{done:?}");
        assert_eq!(world.payloads()[before..], [json!({"action": "show", "accountId": ACCOUNT})]);

        let done = world.on_terminal(&arguments, "y\n");
        assert!(done.code == 0 && done.stdout.contains(outcome), "{done:?}");
        assert_eq!(world.run(&arguments).code, 2, "there is no terminal");
    }
}

#[test]
fn no_question_comes_about_an_unknown_account() {
    let world = World::new("asks-unknown", |_, payload| match payload["action"].as_str() {
        Some(_) => Reply::Error("NotFound", "there is no such account"),
        None => Reply::Json(json!({"done": true, "removed": 1, "cursor": null})),
    });
    let done = world.on_terminal(&["accounts", "suspend", ACCOUNT], "y\n");
    assert!(done.code == 4 && done.stdout.contains("error: there is no such account"), "{done:?}");
    assert!(!done.stdout.contains("[y/N]"), "{done:?}");

    // Erased before, it may have counts that came late.
    let done = world.on_terminal(&["accounts", "erase", ACCOUNT], "y\n");
    let question = format!("Erase what is left of {ACCOUNT}? (there is no such account) [y/N]");
    assert!(done.code == 0 && done.stdout.contains(&question), "{done:?}");
}

fn named(company: &str) -> Value {
    let mut account = shown();
    account.as_object_mut().unwrap().insert("company".to_owned(), json!(company));
    account
}

const CREATE: [&str; 10] =
    ["accounts", "create", "--company", "Acme", "--user-id", "u", "--username", "n", "--value-to", "value"];

fn with_accounts(name: &str, accounts: usize) -> World {
    World::new(name, move |_, payload| match payload["action"].as_str() {
        Some("list") => Reply::Json(json!({"accounts": vec![named("ACME"); accounts], "nextCursor": null})),
        _ => {
            Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "userId": "u", "operations": ["SMS"], "value": VALUE}))
        }
    })
}

#[test]
fn a_second_account_of_a_company_is_not_made_without_a_word() {
    let world = with_accounts("others-none", 0);
    let done = world.run(&CREATE);
    assert_eq!((done.code, &*done.stderr), (0, ""));
    assert_eq!(world.payloads()[0], json!({"action": "list", "company": "Acme", "limit": 500}));

    let there_is = format!("there is already ACME ({ACCOUNT}, 2 keys)");
    let world = with_accounts("others-one", 1);
    let done = world.run(&CREATE);
    assert_eq!((done.code, done.stderr), (0, format!("warning: {there_is}\n")), "there is no terminal");

    let world = with_accounts("others-asked", 1);
    let done = world.on_terminal(&CREATE, "n\n");
    assert!(done.code == 5 && done.stdout.contains(&format!("{there_is}. Create another account? [y/N]")), "{done:?}");
    assert!(world.files().is_empty() && world.payloads().len() == 1, "nothing was made");
    assert_eq!(world.on_terminal(&CREATE, "y\n").code, 0);
    assert_eq!(world.read("value"), format!("{VALUE}\n"));

    let world = with_accounts("others-many", 5);
    let done = world.run(&CREATE);
    assert!(done.stderr.ends_with("2 keys), and 2 more\n"), "{done:?}");

    let world = World::new("others-unknown", |_, payload| match payload["action"].as_str() {
        Some("list") => Reply::Error("InvalidRequest", "company is not a known field"),
        _ => {
            Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "userId": "u", "operations": ["SMS"], "value": VALUE}))
        }
    });
    let done = world.run(&CREATE);
    let warning = "warning: it is not known whether Acme has an account already: company is not a known field\n";
    assert_eq!((done.code, &*done.stderr), (0, warning));
}

/// An account with the id `crm-7`, of another company than the one that gets an account.
fn with_external_id(name: &str) -> World {
    World::new(name, |_, payload| match payload["action"].as_str() {
        Some("list") if payload["company"].is_null() => {
            let account = with(named("Other"), &json!({"externalId": "crm-7"}));
            Reply::Json(json!({"accounts": [account], "nextCursor": null}))
        }
        Some("list") => Reply::Json(json!({"accounts": [], "nextCursor": null})),
        Some("show") => Reply::Json(shown()),
        Some("update") => Reply::Json(json!({"account": shown(), "done": true, "keysChanged": 2, "cursor": null})),
        _ => {
            Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "userId": "u", "operations": ["SMS"], "value": VALUE}))
        }
    })
}

#[test]
fn an_external_id_of_another_account_is_not_given_without_a_word() {
    let there_is = format!("the external id crm-7 is already that of Other ({ACCOUNT}, 2 keys)");
    let create = [&CREATE[..], &["--external-id", "crm-7"]].concat();
    let world = with_external_id("same-id-created");
    let done = world.run(&create);
    assert_eq!((done.code, done.stderr), (0, format!("warning: {there_is}\n")), "there is no terminal");

    let world = with_external_id("same-id-asked");
    let done = world.on_terminal(&create, "n\n");
    assert!(done.code == 5 && done.stdout.contains(&format!("{there_is}. Create another account? [y/N]")), "{done:?}");
    assert!(world.files().is_empty());

    let other = "ZYXWVUTSRQPONMLKJIHGFE";
    let update = ["accounts", "update", other, "--external-id", "crm-7"];
    let world = with_external_id("same-id-updated");
    let done = world.run(&update);
    assert_eq!((done.code, done.stderr), (0, format!("warning: {there_is}\n")));
    let done = world.on_terminal(&update, "n\n");
    let question = format!("{there_is}. Give it to {other} too? [y/N]");
    assert!(done.code == 5 && done.stdout.contains(&question), "{done:?}");

    for (name, arguments) in [
        ("same-id-own", &["accounts", "update", ACCOUNT, "--external-id", "crm-7"][..]),
        ("same-id-free", &["accounts", "update", other, "--external-id", "crm-8"]),
    ] {
        let done = with_external_id(name).run(arguments);
        assert_eq!((done.code, &*done.stderr), (0, ""), "{name}");
    }
}
