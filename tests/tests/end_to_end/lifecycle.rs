//! What becomes of a key between its creation and its end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread::{self, sleep};
use std::time::{Duration, SystemTime};

use api_keys::key::Timestamp;
use serde_json::{Value, json};
use tests::values::import_of;

use crate::stack::{Client, Stack};

#[allow(clippy::disallowed_methods, reason = "tests run now")]
fn now() -> Timestamp {
    SystemTime::now().into()
}

fn shown(admin: &Client<'_>, key: &Client<'_>) -> Value {
    let shown = admin.get(&format!("/authentication/{}", key.id));
    assert_eq!(shown.status, 200, "{shown:?}");
    shown.body
}

pub fn a_key_works_until_its_expiry(stack: &Stack) {
    let admin = stack.create_account("Example");
    let end = now().plus(Duration::from_secs(4));
    let key = admin.create_key_with(&["SMS"], &json!({"expiresAt": end}));

    while now() < end {
        let status = key.status();
        assert!(status == 200 || now() >= end, "{status} before its time");
        sleep(Duration::from_millis(100));
    }
    assert_eq!(key.status(), 401);
    assert_eq!(key.sample("GET", "/sms").status, 401);
    assert_eq!(shown(&admin, &key)["status"], "EXPIRED");
    assert!(admin.get("/authentication").ids().contains(&key.id));
    let past = json!({"userId": "u", "username": "n", "operations": ["SMS"], "expiresAt": end});
    assert_eq!(admin.post(&past).wrong_fields(), ["expiresAt"]);
}

pub fn a_patch_holds_on_the_next_request_and_touches_nothing_else(stack: &Stack) {
    let admin = stack.create_account("Example");
    let key = admin.create_key_with(&["SMS"], &json!({"name": "old", "description": "words"}));
    let before = shown(&admin, &key);

    assert_eq!(admin.patch(&key.id, &json!({"enabled": false})).body["status"], "DISABLED");
    assert_eq!(key.status(), 401);
    assert_eq!(admin.patch(&key.id, &json!({"enabled": true})).body["status"], "ACTIVE");
    assert_eq!((key.status(), key.sample("GET", "/rcs").status), (200, 403));

    assert_eq!(admin.patch(&key.id, &json!({"operations": ["RCS"]})).status, 200);
    assert_eq!((key.sample("GET", "/rcs").status, key.sample("GET", "/sms").status), (200, 403));

    let patches = [json!({"name": "new"}), json!({"description": null}), json!({"trafficType": "OTP"})];
    let answers = thread::scope(|scope| {
        let sent = patches.each_ref().map(|body| scope.spawn(|| admin.patch(&key.id, body).status));
        sent.map(|patch| patch.join().unwrap())
    });
    assert_eq!(answers, [200; 3]);
    let mut expected = before;
    for (field, value) in [
        ("name", json!("new")),
        ("description", Value::Null),
        ("trafficType", json!("OTP")),
        ("operations", json!(["RCS"])),
    ] {
        expected[field] = value;
    }
    let mut after = shown(&admin, &key);
    after["lastUsedAt"] = Value::Null;
    assert_ne!(after["etag"], expected["etag"]);
    expected["etag"] = after["etag"].clone();
    assert_eq!(after, expected);

    assert_eq!(admin.patch(&key.id, &json!({"operations": [], "value": "x"})).wrong_fields(), ["operations", "value"]);
    assert_eq!(admin.delete(&key.id).status, 204);
    for body in [json!({"enabled": false}), json!({"name": "back"})] {
        admin.patch(&key.id, &body).assert_problem(404);
    }
    assert_eq!(admin.get("/authentication").ids(), [admin.id.as_str()]);
}

pub fn a_reported_value_fails_on_the_next_request(stack: &Stack) {
    let admin = stack.create_account("Example");
    let (leaked, other) = (admin.create_key(&["SMS"]), admin.create_key(&["SMS"]));
    let report = |headers: &[(&str, &str)], value: &str| {
        let body = json!([{"token": value, "type": "ak_live", "source": "commit", "url": "https://example.com"}]);
        stack.send_with("POST", &format!("{}/leaks", stack.api), headers, Some(&body.to_string()))
    };
    assert_eq!((leaked.status(), leaked.sample("GET", "/sms").status), (200, 200));

    let answer = report(&[], &leaked.value);

    assert_eq!((answer.status, &*answer.text), (202, ""));
    assert_eq!((leaked.status(), leaked.sample("GET", "/sms").status), (401, 401));
    assert_eq!(admin.get(&format!("/authentication/{}", leaked.id)).body["status"], "EXPOSED");
    admin.patch(&leaked.id, &json!({"enabled": true})).assert_problem(409);
    let events = admin.get(&format!("/authentication/events?keyId={}&limit=1", leaked.id)).body;
    assert_eq!(events["events"][0]["type"], "key.exposed");
    assert_eq!(events["events"][0]["report"], json!({"verified": false, "source": null, "url": null}));
    let new = admin.holder(&admin.rotate(&leaked.id, 3600));
    assert_eq!((leaked.status(), new.status()), (401, 200));

    assert_eq!(report(&[], "ak_live_1not-a-key").status, 202);
    let signed = [("Github-Public-Key-Identifier", "made-up"), ("Github-Public-Key-Signature", "MEQCIA==")];
    let refused = report(&signed, &other.value);
    // GitHub is not there to be asked for its keys.
    assert!([400, 503].contains(&refused.status), "{refused:?}");
    report(&signed[..1], &other.value).assert_problem(400);
    assert_eq!(other.status(), 200);
}

pub fn a_rotated_key_has_its_old_value_for_the_grace_period(stack: &Stack) {
    let admin = stack.create_account("Example");
    let first = admin.create_key(&["SMS"]);

    let second = admin.holder(&admin.rotate(&first.id, 0));
    assert_eq!(second.id, first.id);
    assert_eq!((first.status(), second.status()), (401, 200));

    let third = admin.holder(&admin.rotate(&first.id, 4));
    let end = now().plus(Duration::from_secs(4));
    for value in [&second.value, &third.value] {
        assert_eq!(admin.get(&format!("/authentication/{value}")).body["id"], json!(first.id));
    }
    while now() < end {
        assert_eq!(third.status(), 200);
        sleep(Duration::from_millis(100));
    }
    assert_eq!((second.status(), third.status()), (401, 200));
    assert_eq!(admin.get(&format!("/authentication/{}", second.value)).status, 404);

    assert_eq!(admin.rotate(&first.id, 604_801).wrong_fields(), ["gracePeriodSeconds"]);
    admin.patch(&first.id, &json!({"enabled": false}));
    admin.rotate(&first.id, 0).assert_problem(409);
    admin.patch(&first.id, &json!({"enabled": true}));
    assert_eq!(third.status(), 200);
}

/// Four clients call with the newest value and the one before it, while an operator rotates and at last disables.
pub fn under_load_rotating_and_disabling_hold_to_the_request(stack: &Stack) {
    let admin = stack.create_account("Example");
    let key = admin.create_key(&["SMS"]);
    let dead: Mutex<Vec<Client<'_>>> = Mutex::default();
    let live = RwLock::new(vec![key.clone()]);
    let (disabled, done) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    // Held for the length of a request: what is live at its start stays so until its end.
                    let live = live.read().unwrap();
                    for value in live.iter() {
                        assert_eq!(value.status(), 200, "a live value was refused");
                    }
                    drop(live);
                    let known_dead = dead.lock().unwrap().last().cloned();
                    if let Some(value) = known_dead {
                        assert_eq!(value.status(), 401, "a dead value was let in");
                    }
                }
                assert!(disabled.load(Ordering::SeqCst));
                assert_eq!(key.status(), 401);
            });
        }
        let operate = || {
            for grace in [60, 60, 0, 60, 0] {
                let mut newest = live.read().unwrap().clone();
                // The values that this rotation ends must not be in use; the newest one is, where there is a grace period.
                let kept = if grace > 0 { newest.split_off(newest.len() - 1) } else { Vec::new() };
                live.write().unwrap().clone_from(&kept);
                let next = admin.holder(&admin.rotate(&key.id, grace));
                dead.lock().unwrap().extend(newest);
                *live.write().unwrap() = kept.into_iter().chain([next]).collect();
                sleep(Duration::from_millis(300));
            }
            let all = std::mem::take(&mut *live.write().unwrap());
            assert_eq!(admin.patch(&key.id, &json!({"enabled": false})).status, 200);
            dead.lock().unwrap().extend(all);
            disabled.store(true, Ordering::SeqCst);
            sleep(Duration::from_millis(500));
        };
        let operated = std::panic::catch_unwind(std::panic::AssertUnwindSafe(operate));
        disabled.store(true, Ordering::SeqCst);
        done.store(true, Ordering::SeqCst);
        operated.unwrap();
    });
}

pub fn no_key_changes_or_rotates_what_it_could_not_create(stack: &Stack) {
    let admin = stack.create_account("Example");
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]);
    let rcs = admin.create_key(&["RCS"]);
    let sms = admin.create_key(&["SMS"]);

    limited.patch(&rcs.id, &json!({"name": "mine"})).assert_problem(403);
    limited.patch(&sms.id, &json!({"operations": ["RCS"]})).assert_problem(403);
    limited.rotate(&rcs.id, 0).assert_problem(403);
    sms.patch(&sms.id, &json!({"name": "mine"})).assert_problem(403);
    sms.rotate(&sms.id, 0).assert_problem(403);
    assert_eq!((rcs.status(), sms.status()), (200, 200));

    assert_eq!(limited.patch(&rcs.id, &json!({"enabled": false})).status, 200);
    assert_eq!(rcs.status(), 401);
    assert_eq!(limited.delete(&rcs.id).status, 204);
}

pub fn a_key_shows_when_it_was_last_used(stack: &Stack) {
    let admin = stack.create_account("Example");
    let key = admin.create_key(&["SMS"]);
    assert_eq!(shown(&admin, &key)["lastUsedAt"], Value::Null);
    assert_eq!(shown(&admin, &key)["lastUsedAt"], Value::Null, "a look-up is no use");

    assert_eq!(key.sample("GET", "/sms").status, 200);

    let used = || shown(&admin, &key)["lastUsedAt"].clone();
    // It is written behind the answer.
    for _ in 0..50 {
        if used().is_string() {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    let first = used();
    assert!(first.is_string(), "nothing was written");
    assert_eq!((key.status(), used()), (200, first), "once in five minutes");
}

pub fn a_key_works_from_its_addresses_alone(stack: &Stack) {
    let admin = stack.create_account("Example");
    let key = admin.create_key_with(&["SMS"], &json!({"allowedIps": ["198.51.100.0/24", "2001:db8::/32"]}));

    for address in ["198.51.100.9", "::ffff:198.51.100.9", "2001:db8::9"] {
        assert_eq!(key.status_from(address), 200, "{address}");
    }
    assert_eq!(key.status_from("198.51.101.9"), 403);
    key.get("/authentication/self").assert_problem(403);
    assert_eq!(key.sample("GET", "/sms").status, 403);

    assert_eq!(admin.patch(&key.id, &json!({"allowedIps": ["127.0.0.1"]})).status, 200);
    assert_eq!((key.status(), key.status_from("198.51.100.9")), (200, 403));
    assert_eq!(admin.patch(&key.id, &json!({"allowedIps": ["x"]})).wrong_fields(), ["allowedIps[0]"]);
}

fn import(stack: &Stack, account: &Client<'_>, keys: &[Value]) -> Value {
    let invoked = stack.invoke("import-keys", &json!({"accountId": account.account_id, "keys": keys}));
    assert_eq!(invoked["functionError"], Value::Null, "{invoked}");
    invoked["payload"].clone()
}

fn imported(report: &Value) -> usize {
    report["imported"].as_array().unwrap().len()
}

pub fn keys_of_another_system_move_in(stack: &Stack) {
    const OLD: &str = "sk_of_the_old_system_51H8xQ2eZvKYlo2C";
    let url = format!("{}/authentication/self", stack.api);
    let status = |value: &str| stack.send("GET", &url, &[value], None).status;
    let ours = stack.create_account("Ours");
    let theirs = stack.create_account("Theirs");
    assert_eq!(status(OLD), 401, "tried before its import");

    let report = import(stack, &ours, &[import_of(OLD), json!({"sha256": "x"})]);
    assert_eq!((imported(&report), &report["failed"][0]["index"]), (1, &json!(1)));
    assert_eq!(status(OLD), 200);
    let id = report["imported"][0]["id"].as_str().unwrap();
    assert_eq!(ours.get(&format!("/authentication/{OLD}")).body["id"], json!(id));

    let of_native = import_of(&theirs.value);
    assert_eq!(imported(&import(stack, &theirs, &[import_of(OLD), of_native])), 0, "some key has these values");

    let racing = import_of("sk_of_the_old_system_that_two_want");
    let payload = |account: &Client<'_>| json!({"accountId": account.account_id, "keys": [racing]});
    let payloads = [payload(&ours), payload(&theirs), payload(&ours), payload(&theirs)];
    let answers = stack.command(&json!({"do": "invoke-at-once", "function": "import-keys", "payloads": payloads}));
    let won: usize = answers["answers"].as_array().unwrap().iter().map(|answer| imported(&answer["payload"])).sum();
    assert_eq!(won, 1, "{answers}");

    let new = ours.holder(&ours.rotate(id, 60));
    assert_eq!((status(OLD), new.status()), (200, 200));
    assert_eq!(ours.delete(id).status, 204);
    assert_eq!((status(OLD), new.status()), (401, 401));
    let again = import(stack, &theirs, &[import_of(OLD)]);
    assert_eq!((imported(&again), &again["failed"][0]["code"]), (0, &json!("RETIRED")), "what has ended stays so");
    let payload = json!({"accountId": theirs.account_id, "keys": [import_of(OLD)], "revive": true});
    let revived = stack.command(&json!({"do": "invoke", "function": "import-keys", "payload": payload}));
    assert_eq!(imported(&revived["payload"]), 1, "but for who asks for it");
    assert_eq!(status(OLD), 200);
    let leak = json!([{"token": format!(" \"{OLD}\"\n")}]).to_string();
    assert_eq!(stack.send("POST", &format!("{}/leaks", stack.api), &[], Some(&leak)).status, 202);
    assert_eq!(status(OLD), 401);
    let reported = stack.command(&json!({"do": "invoke", "function": "import-keys", "payload": payload}));
    assert_eq!(reported["payload"]["failed"][0]["code"], "EXPOSED");
    assert_eq!(status(OLD), 401);
}

pub fn an_account_has_as_many_keys_as_it_may(stack: &Stack) {
    let admin = stack.create_account("Example");
    let create = || admin.post(&json!({"userId": "u", "username": "n", "operations": ["SMS"]}));

    let answers: Vec<_> = thread::scope(|scope| {
        let creates: Vec<_> = (0..50).map(|_| scope.spawn(create)).collect();
        creates.into_iter().map(|create| create.join().unwrap()).collect()
    });

    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (29, 21), "{refused:?}");
    for answer in &refused {
        answer.assert_problem(409);
        assert!(answer.body["detail"].as_str().unwrap().contains("30 keys"), "{answer:?}");
    }
    let holders: Vec<_> = made.iter().map(|answer| admin.holder(answer)).collect();
    assert_eq!(admin.get("/authentication").ids().len(), 30);

    assert_eq!(admin.delete(&holders[0].id).status, 204);
    admin.holder(&create());
    create().assert_problem(409);
}
