//! `keys create`, `update` and `rotate`, and an account whose keys are tried.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, KEY, Reply, VALUE, World};

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
        (&["--enabled", "false"][..], json!({"enabled": false})),
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
        (&["--end-old-value"], json!({"previousValueValidUntil": null})),
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
fn a_rotation_is_sent_once_and_shows_how_a_lost_answer_is_mended() {
    let world = issuing("keys-rotate");
    let rotate = ["keys", "rotate", KEY, "--account", ACCOUNT, "--value-to"];
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
    let world = World::new("keys-rotate-lost", |_, _| Reply::Status(500, "for a moment"));
    let done = world.run(&[&rotate[..], &["value"]].concat());
    assert!(done.code == 1 && done.stderr.contains("if it has, rotate it again with --keep-previous"), "{done:?}");
    assert_eq!((world.invoked().len(), world.files().len()), (1, 0));
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
