//! `keys create`, `update` and `rotate`, and an account whose keys are tried.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, KEY, Reply, VALUE, World, with};

fn issuing(name: &str) -> World {
    World::new(name, |_, _| {
        Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "userId": "u", "operations": ["SMS"], "value": VALUE}))
    })
}

#[test]
fn a_key_is_created_with_all_that_is_given_and_nothing_else() {
    let world = issuing("keys-create");
    let least = [
        "keys",
        "create",
        "--account",
        ACCOUNT,
        "--user-id",
        "u",
        "--username",
        "n",
        "--operations",
        "sms,RCS",
        "--value-to",
        "one",
    ];
    let done = world.run(&least);
    assert!(done.code == 0 && !done.stdout.contains(VALUE) && done.stdout.contains(KEY), "{}", done.stderr);
    assert_eq!((world.read("one"), world.mode("one")), (format!("{VALUE}\n"), 0o600));
    let mut expected = json!({"action": "create-key", "accountId": ACCOUNT, "userId": "u", "username": "n",
        "operations": ["SMS", "RCS"]});
    assert_eq!(world.payloads()[0], expected);
    let more = [
        "--traffic-type",
        "otp",
        "--name",
        "web",
        "--description",
        "The shop",
        "--expires-at",
        "2030-01-31",
        "--allowed-ip",
        "192.0.2.1,2001:db8::/32",
        "--limit",
        "5/minute",
        "--limit",
        "1000/DAY",
        "--tag",
        "team=blue",
    ];
    let most: Vec<_> = least.iter().map(|word| if *word == "one" { "two" } else { word }).chain(more).collect();
    assert_eq!(world.run(&most).code, 0);
    for (field, value) in [
        ("trafficType", json!("OTP")),
        ("name", json!("web")),
        ("description", json!("The shop")),
        ("expiresAt", json!("2030-01-31T00:00:00.000Z")),
        ("allowedIps", json!(["192.0.2.1", "2001:db8::/32"])),
        ("limits", json!([{"requests": 5, "per": "MINUTE"}, {"requests": 1000, "per": "DAY"}])),
        ("tags", json!({"team": "blue"})),
    ] {
        expected[field] = value;
    }
    assert_eq!(world.payloads()[1], expected);
}

#[test]
fn an_update_sends_what_changes_alone_and_null_for_what_goes() {
    let world = World::new("keys-update", |_, _| Reply::Json(crate::keys::shown()));
    let update = ["keys", "update", KEY, "--account", ACCOUNT];
    for (options, fields) in [
        (&["--enabled", "true"][..], json!({"enabled": true})),
        (&["--enabled", "false", "--yes"], json!({"enabled": false})),
        (
            &["--name", "web", "--user-id", "u9", "--username", "Lin"],
            json!({"name": "web", "userId": "u9", "username": "Lin"}),
        ),
        (
            &["--no-name", "--no-description", "--no-expiry"],
            json!({"name": null, "description": null, "expiresAt": null}),
        ),
        (&["--no-limits", "--no-allowed-ips"], json!({"limits": null, "allowedIps": null})),
        (&["--tag", "team=red", "--no-tag", "env"], json!({"tags": {"team": "red", "env": null}})),
        (&["--end-old-value", "--yes"], json!({"previousValueValidUntil": null})),
        (&["--operations", "sms"], json!({"operations": ["SMS"]})),
    ] {
        let done = world.run(&[&update[..], options].concat());
        assert!(done.code == 0 && done.stdout.contains("etag"), "{done:?}");
        let mut payload = fields;
        payload["action"] = json!("update-key");
        payload["accountId"] = json!(ACCOUNT);
        payload["keyId"] = json!(KEY);
        assert_eq!(world.payloads().pop().unwrap(), payload);
    }
    let sent = world.payloads().len();
    for wrong in [
        &[][..],
        &["--name", "a", "--no-name"],
        &["--tag", "a=1", "--no-tag", "a"],
        &["--limit", "1/DAY", "--limit", "2/DAY"],
    ] {
        assert_eq!(world.run(&[&update[..], wrong].concat()).code, 2, "{wrong:?}");
    }
    assert_eq!(world.payloads().len(), sent);
}

#[test]
fn an_update_that_ends_something_asks_first() {
    let world = World::new("keys-update-asks", |_, payload| match payload["action"].as_str() {
        Some("show") => Reply::Json(crate::shown()),
        _ => Reply::Json(crate::keys::shown()),
    });
    let about = format!("the key {KEY} \"web\" of Grace (user-8), Example ({ACCOUNT}, 2 keys)");
    for (option, question) in [
        (&["--enabled", "false"][..], format!("Disable {about}, until a manager enables it again? [y/N]")),
        (&["--end-old-value"], format!("End the value before the last rotation of {about}, at once? [y/N]")),
    ] {
        let update = [&["keys", "update", KEY, "--account", ACCOUNT], option].concat();
        let sent = || world.payloads().into_iter().filter(|payload| payload["action"] == "update-key").count();
        let before = sent();
        let done = world.on_terminal(&update, "n\n");
        assert!(done.code == 5 && done.stdout.contains(&question), "{done:?}");
        assert_eq!((world.run(&update).code, sent()), (2, before), "there is no terminal");
        assert_eq!((world.on_terminal(&update, "y\n").code, sent()), (0, before + 1));
    }
}

/// A key whose value before the last rotation works until that time, if there is one.
fn rotating(name: &str, status: &'static str, old_value_until: Value) -> World {
    World::new(name, move |_, payload| match payload["action"].as_str() {
        Some("show") => Reply::Json(crate::shown()),
        Some("show-key") => {
            let fields = json!({"status": status, "valueCreatedAt": "2026-11-24T14:21:56.560Z",
                "previousValueValidUntil": old_value_until});
            Reply::Json(with(crate::keys::shown(), &fields))
        }
        _ => {
            let fields = json!({"value": VALUE, "valueCreatedAt": "2030-01-31T00:00:00.000Z",
                "previousValueValidUntil": "2030-02-01T00:00:00.000Z"});
            Reply::Json(with(crate::keys::shown(), &fields))
        }
    })
}

#[test]
fn a_rotation_that_ends_a_value_at_once_asks_and_names_it() {
    let until = json!("2030-01-31T00:00:00.000Z");
    let about = format!("Rotate the key {KEY} \"web\" of Grace (user-8), Example ({ACCOUNT}, 2 keys)?");
    let present = "Its present value, of 2026-11-24T14:21:56.560Z, ends at once";
    let old = "The value before it, which would work until 2030-01-31T00:00:00.000Z, ends at once";
    for (name, status, until, options, question) in [
        ("present", "ACTIVE", &Value::Null, &[][..], Some(format!("{about} {present}. [y/N]"))),
        ("both", "ACTIVE", &until, &["--grace", "0"], Some(format!("{about} {present}. {old}. [y/N]"))),
        ("old", "ACTIVE", &until, &["--grace", "86400"], Some(format!("{about} {old}. [y/N]"))),
        ("lost", "ACTIVE", &until, &["--keep-previous"], Some(format!("{about} {present}. [y/N]"))),
        ("none", "ACTIVE", &Value::Null, &["--grace", "86400"], None),
        ("exposed", "EXPOSED", &Value::Null, &[], None),
    ] {
        let world = rotating(&format!("keys-rotate-asks-{name}"), status, until.clone());
        let rotate = [&["keys", "rotate", KEY, "--account", ACCOUNT, "--value-to", "value"], options].concat();
        let sent = || world.payloads().into_iter().filter(|payload| payload["action"] == "rotate-key").count();
        if let Some(question) = question {
            let done = world.on_terminal(&rotate, "n\n");
            assert!(done.code == 5 && done.stdout.contains(&question), "{name}: {done:?}");
            assert_eq!((world.run(&rotate).code, sent(), world.files().len()), (2, 0, 0), "{name}: no terminal");
            assert_eq!(world.on_terminal(&rotate, "y\n").code, 0, "{name}");
        } else {
            let done = world.run(&rotate);
            assert_eq!(done.code, 0, "{name}: {done:?}");
        }
        assert_eq!(sent(), 1, "{name}");
    }
}

#[test]
fn a_new_value_is_shown_with_its_end_and_that_of_the_old_one() {
    let world = rotating("keys-rotate-ends", "ACTIVE", Value::Null);
    let rotate = ["keys", "rotate", KEY, "--account", ACCOUNT, "--grace", "86400", "--value-to"];
    let done = world.run(&[&rotate[..], &["value"]].concat());
    let record = format!(
        "account          {ACCOUNT}\nkey              {KEY}\nuser             user-8\noperations       SMS\nexpires          -\n\
         old value until  2030-02-01T00:00:00.000Z\nvalue in         value\n"
    );
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (0, &*record, ""));
}

#[test]
fn what_a_rotation_does_otherwise_than_asked_is_noted() {
    const GRACE: &str = "--grace";
    let end = "2030-04-01T00:00:00.000Z";
    let no_grace = "note: the old value was reported as leaked, so it gets no grace period\n";
    let shorter = "note: the old value works until 2030-01-31T01:00:00.000Z, for less than the grace period: the longest \
        lifetime ends it then\n";
    let given = format!("note: the key had no end, and the account's longest lifetime gives it one: {end}\n");
    for (name, status, before, after, options, notes) in [
        ("exposed", "EXPOSED", Value::Null, json!({"previousValueValidUntil": null}), &[GRACE, "3600"][..], no_grace),
        (
            "shorter",
            "ACTIVE",
            Value::Null,
            json!({"previousValueValidUntil": "2030-01-31T01:00:00.000Z"}),
            &[GRACE, "7200"],
            shorter,
        ),
        (
            "whole",
            "ACTIVE",
            Value::Null,
            json!({"previousValueValidUntil": "2030-01-31T02:00:00.000Z"}),
            &[GRACE, "7200"],
            "",
        ),
        ("ended", "ACTIVE", Value::Null, json!({"expiresAt": end}), &[], &given),
        ("asked", "ACTIVE", Value::Null, json!({"expiresAt": end}), &["--expires-at", "2030-04-01"], ""),
        ("stayed", "ACTIVE", json!(end), json!({"expiresAt": end}), &[], ""),
    ] {
        let world = World::new(&format!("keys-rotate-noted-{name}"), move |_, payload| {
            let key = json!({"status": status, "previousValueValidUntil": null, "expiresAt": before});
            let key = with(crate::keys::shown(), &key);
            if payload["action"] == "show-key" {
                return Reply::Json(key);
            }
            let new = json!({"value": VALUE, "valueCreatedAt": "2030-01-31T00:00:00.000Z"});
            Reply::Json(with(with(key, &new), &after))
        });
        let rotate = ["keys", "rotate", KEY, "--account", ACCOUNT, "--yes", "--value-to", "value"];
        let done = world.run(&[&rotate[..], options].concat());
        assert_eq!((done.code, &*done.stderr), (0, notes), "{name}");
    }
}

#[test]
fn a_grace_period_is_in_seconds() {
    let world = issuing("keys-rotate-seconds");
    for wrong in ["1h", "7d", "604801", "-1"] {
        let grace = format!("--grace={wrong}");
        let done = world.run(&["keys", "rotate", KEY, "--account", ACCOUNT, "--value-to", "value", &grace]);
        let seconds = "a grace period is in seconds, 0 to 604800, such as 86400 for a day";
        assert!(done.code == 2 && done.stderr.contains(seconds), "{done:?}");
    }
}

#[test]
fn a_rotation_is_sent_once_and_shows_how_a_lost_answer_is_mended() {
    let world = issuing("keys-rotate");
    let rotate = ["keys", "rotate", KEY, "--account", ACCOUNT, "--yes", "--value-to"];
    for (file, options, more) in [
        ("one", &[][..], json!({})),
        ("two", &["--grace", "3600"], json!({"gracePeriodSeconds": 3600})),
        ("three", &["--keep-previous"], json!({"keepPrevious": true})),
        ("four", &["--expires-at", "2030-01-31"], json!({"expiresAt": "2030-01-31T00:00:00.000Z"})),
    ] {
        assert_eq!(world.run(&[&rotate[..], &[file], options].concat()).code, 0);
        let mut payload = more;
        payload["action"] = json!("rotate-key");
        payload["accountId"] = json!(ACCOUNT);
        payload["keyId"] = json!(KEY);
        assert_eq!((world.payloads().pop().unwrap(), world.read(file)), (payload, format!("{VALUE}\n")));
    }
    let world = World::new("keys-rotate-lost", |_, payload| match payload["action"].as_str() {
        Some("show-key") => Reply::Json(crate::keys::shown()),
        _ => Reply::Status(500, "for a moment"),
    });
    let done = world.run(&[&rotate[..], &["value"]].concat());
    let again =
        format!("if it has, rotate it again: `api-keys keys rotate {KEY} --account {ACCOUNT} --keep-previous`\n");
    assert!(done.code == 1 && done.stderr.ends_with(&again), "{done:?}");
    assert_eq!((world.invoked().len(), world.files().len()), (2, 0));
}

/// An API on which a key is answered with these statuses, one after the other.
fn trying(name: &str, alive: u16, dead: u16) -> World {
    let services = vec![("GET /v1/authentication/self".to_owned(), alive, String::new())];
    let services = services.into_iter().chain([("GET /v1/authentication/self after".to_owned(), dead, String::new())]);
    World::with_services(name, services.collect(), |_, payload| match payload["action"].as_str() {
        Some("list") => Reply::Json(json!({"accounts": [], "nextCursor": null})),
        Some("revoke-keys") => Reply::Json(json!({"revoked": payload["keyIds"], "notFound": [], "failed": []})),
        _ => {
            Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "userId": "u", "operations": ["SMS"], "value": VALUE}))
        }
    })
}

#[test]
fn a_new_account_shows_a_key_work_and_die() {
    let create =
        ["accounts", "create", "--company", "C", "--user-id", "u", "--username", "n", "--value-to", "value", "--try"];
    let world = trying("try", 200, 401);
    let done = world.run(&create);
    assert!(
        done.code == 0 && done.stdout.contains(&format!("A second key, {KEY}: 200 on its first request")),
        "{done:?}"
    );
    assert!(done.stdout.ends_with("deleted; 401 on its next.\n") && !done.stdout.contains(VALUE), "{done:?}");
    let actions: Vec<_> = world.payloads().iter().map(|payload| payload["action"].clone()).collect();
    assert_eq!(actions, [json!("list"), Value::Null, json!("create-key"), json!("revoke-keys")]);
    let tried = world.payloads().swap_remove(2);
    assert_eq!(tried["operations"], json!(["SMS"]));
    assert!(tried["expiresAt"].is_string(), "in accounts with a longest lifetime too: {tried}");

    for (name, alive, dead) in [("try-dead", 403, 401), ("try-alive", 200, 200)] {
        let world = trying(name, alive, dead);
        let done = world.run(&create);
        assert!(done.code == 6 && done.stderr.contains("see `api-keys doctor`"), "{done:?}");
        assert_eq!(world.payloads()[3]["action"], "revoke-keys", "after any answer");
    }
    let emulated = trying("try-emulated", 200, 401);
    let done = emulated.run(&[&create[..], &["--stack", "emulated"]].concat());
    assert!(done.code == 2 && done.stderr.ends_with("give --url\n"), "{done:?}");
    assert!(emulated.payloads().is_empty() && emulated.files().is_empty());
}

const TRY: [&str; 11] =
    ["accounts", "create", "--company", "C", "--user-id", "u", "--username", "n", "--value-to", "value", "--try"];

/// An API that is well, and a function that answers an action otherwise.
fn trying_where(name: &str, action: &'static str, reply: impl Fn() -> Reply + Send + Sync + 'static) -> World {
    let services = [("GET /v1/authentication/self", 200), ("GET /v1/authentication/self after", 401)];
    let services = services.map(|(asked, status)| (asked.to_owned(), status, String::new()));
    World::with_services(name, services.to_vec(), move |_, payload| match payload["action"].as_str() {
        Some(asked) if asked == action => reply(),
        Some("list") => Reply::Json(json!({"accounts": [], "nextCursor": null})),
        Some("revoke-keys") => Reply::Json(json!({"revoked": payload["keyIds"], "notFound": [], "failed": []})),
        _ => Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "operations": ["SMS"], "value": VALUE})),
    })
}

#[test]
fn stopped_a_trial_deletes_its_key() {
    let stop = crate::world::Stop::default();
    let by = stop.clone();
    let world = trying_where("try-stopped", "create-key", move || {
        by.interrupt();
        Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "operations": ["SMS"], "value": VALUE}))
    });
    let done = stop.run(world.command(&TRY));
    assert_eq!(world.payloads().pop().unwrap()["action"], "revoke-keys", "{done:?}");
    assert!(done.code == 130 && !format!("{done:?}").contains(VALUE), "{done:?}");
}

#[test]
fn a_trial_that_fails_does_not_hide_that_the_account_is_made() {
    for (name, action, status, hint) in [
        ("try-denied", "create-key", 403, "the function cannot be invoked"),
        ("try-lost", "create-key", 500, "see `api-keys keys list --account 0123456789ABCDEFGHIJKL`"),
        ("try-unrevoked", "revoke-keys", 403, "the key 0353BcNZpNQ41k9Zft1Kjj is not revoked"),
    ] {
        let done = trying_where(name, action, move || Reply::Status(status, "x")).run(&TRY);
        assert!(done.code == 6 && done.stderr.starts_with("error: the account is made, and not tried: "), "{done:?}");
        assert!(done.stderr.contains(hint), "{done:?}");
    }
    let world = trying_where("try-no-url", "none", || Reply::Silence);
    for url in ["nonsense", "example.com/v1", "http://a b/"] {
        let done = world.run(&[&TRY[..], &["--url", url]].concat());
        assert_eq!((done.code, world.payloads().len(), world.files().len()), (2, 0, 0), "before anything: {done:?}");
    }
}
