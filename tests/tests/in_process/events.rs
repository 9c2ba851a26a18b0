//! Every management write has its event, and every event its write.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::gateway::event_of;
use tests::values::{import_of, sha256_base64, sha256_hex, traces};
use tests::wire::{Fault, Reason, Stop};
use tests::{Answer, Client, Gateway, NEW_KEY};

const ALL: &str = "/authentication/events";

/// The events of an account, newest first.
async fn events(admin: &Client) -> Vec<Value> {
    let answer = admin.get(ALL).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["nextCursor"], Value::Null);
    answer.body["events"].as_array().unwrap().clone()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn ids(answer: &Answer) -> Vec<String> {
    let events = answer.body["events"].as_array().unwrap_or_else(|| panic!("no events: {answer:?}"));
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_write_has_one_event_that_names_what_it_replaced() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"name": "old"})).await;
    let end = gateway.time_in(Duration::from_hours(1));
    admin.patch(&key.id, &json!({"name": null, "operations": ["RCS"], "expiresAt": end, "enabled": true})).await;
    admin.rotate(&key.id, 60).await;
    admin.patch(&key.id, &json!({"enabled": false})).await;
    admin.delete(&key.id).await;

    let events = events(&admin).await;

    let expected = ["key.deleted", "key.changed", "key.rotated", "key.changed", "key.created", "account.created"];
    assert_eq!(types(&events), expected);
    let [deleted, disabled, rotated, changed, created, account] = &events[..] else { panic!("{events:?}") };
    for event in [deleted, disabled, rotated, changed, created] {
        assert_eq!(event["keyId"], json!(key.id));
        let actor = json!({"type": "KEY", "keyId": admin.id, "userId": "user-1", "username": "Ada", "claimed": null});
        assert_eq!(event["actor"], actor);
        assert_eq!(event["sourceIp"], "203.0.113.7");
        assert!(!event["requestId"].as_str().unwrap().is_empty());
    }
    let change = |field: &str, from: Value, to: Value| json!({"field": field, "from": from, "to": to});
    assert_eq!(deleted["changes"], json!([]));
    assert_eq!(disabled["changes"], json!([change("enabled", json!(true), json!(false))]));
    assert_eq!(rotated["changes"][0]["field"], "previousValueValidUntil");
    assert_eq!(
        changed["changes"],
        json!([
            change("name", json!("old"), Value::Null),
            change("operations", json!(["SMS"]), json!(["RCS"])),
            change("expiresAt", Value::Null, json!(end)),
        ]),
        "and nothing of what was given but stays as it was"
    );
    let fields: Vec<_> = created["changes"].as_array().unwrap().iter().map(|change| &change["field"]).collect();
    assert_eq!(json!(fields), json!(["userId", "username", "operations", "trafficType", "name"]));
    assert_eq!(account["keyId"], json!(admin.id));
    assert_eq!(account["actor"]["type"], "OPERATOR");

    // Each names the one before it, as far as it was read.
    for (event, before) in [(disabled, rotated), (rotated, changed), (changed, created)] {
        assert_eq!(event["previousEvent"], before["id"]);
    }
    assert_eq!((&created["previousEvent"], &deleted["previousEvent"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    admin.patch(&key.id, &json!({"enabled": false})).await;
    let before = gateway.engine.events().len();

    for body in [json!({"enabled": false}), json!({"name": null, "operations": ["SMS"]}), json!({})] {
        assert_eq!(admin.patch(&key.id, &body).await.status, 200);
    }
    admin.patch(&key.id, &json!({"name": 7})).await.assert_problem(400);
    admin.rotate(&key.id, 0).await.assert_problem(409);
    admin.delete("0000000000000000000000").await.assert_problem(404);
    admin.post(&json!({})).await.assert_problem(400);

    assert_eq!(gateway.engine.events().len(), before);
}

#[tokio::test]
async fn an_operators_name_is_an_unverified_claim_in_the_event() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let payload = json!({
        "accountId": admin.account_id, "operator": "grace@example.com", "keys": [import_of("sk_old_51H8xQ2eZvKYlo2C0")]
    });
    let report = gateway.invoke_import_keys(payload).await.unwrap();

    let imported = &events(&admin).await[0];

    assert_eq!((&imported["type"], &imported["keyId"]), (&json!("key.imported"), &report["imported"][0]["id"]));
    let actor = json!({
        "type": "OPERATOR", "keyId": null, "userId": null, "username": null, "claimed": "grace@example.com"
    });
    assert_eq!((&imported["actor"], &imported["sourceIp"]), (&actor, &Value::Null));
}

#[tokio::test]
async fn filters_and_pages_lead_through_all_of_them() {
    let (_, admin) = Gateway::with_manager().await;
    let other = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let key = admin.create_key(&["SMS"]).await;
    for round in 0..5 {
        admin.patch(&key.id, &json!({"name": format!("a{round}")})).await;
        other.patch(&key.id, &json!({"name": format!("b{round}")})).await;
    }
    let all = ids(&admin.get(ALL).await);
    assert_eq!(all.len(), 13);
    assert!(all.is_sorted_by(|one, next| one > next), "newest first");

    for limit in [1, 4, 13, 1000] {
        for filter in [String::new(), format!("&keyId={}", key.id), format!("&actorKeyId={}", other.id)] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = admin.get(&format!("{ALL}?limit={limit}{filter}{cursor}")).await;
                assert!(ids(&page).len() <= limit);
                seen.extend(ids(&page));
                match page.body["nextCursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let expected = if filter.is_empty() {
                13
            } else if filter.contains("actor") {
                5
            } else {
                11
            };
            assert_eq!(seen.len(), expected, "{limit} {filter}");
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), expected, "none twice");
        }
    }
    let both = admin.get(&format!("{ALL}?keyId={}&actorKeyId={}", other.id, admin.id)).await;
    assert_eq!(both.body["events"][0]["type"], "key.created");
    assert_eq!(ids(&both).len(), 1);
}

#[tokio::test]
async fn wrong_parameters_are_all_named() {
    let (_, admin) = Gateway::with_manager().await;
    let answer = admin.get(&format!("{ALL}?keyId=x&actorKeyId={}&limit=0&cursor=1&since=now", admin.value)).await;
    assert_eq!(answer.wrong_fields(), ["actorKeyId", "cursor", "keyId", "limit", "since"]);
    assert!(!answer.text.contains(&admin.value));
}

#[tokio::test]
async fn no_account_sees_events_of_another_and_no_narrow_key_any() {
    let gateway = Gateway::start().await;
    let ours = gateway.create_account("Ours").await;
    let theirs = gateway.create_account("Theirs").await;
    let key = theirs.create_key(&["SMS"]).await;

    let own = events(&ours).await;
    assert_eq!(types(&own), ["account.created"]);
    for query in [format!("keyId={}", key.id), format!("actorKeyId={}", theirs.id)] {
        assert_eq!(ids(&ours.get(&format!("{ALL}?{query}")).await), [""; 0]);
    }
    // Their cursor leads nowhere but into our own account.
    let cursor = events(&theirs).await[0]["id"].as_str().unwrap().to_owned();
    let page = ours.get(&format!("{ALL}?cursor={cursor}")).await;
    assert!(ids(&page).iter().all(|id| own[0]["id"] == **id));

    assert_eq!(key.get(ALL).await.status, 403);
    // A cached verdict may reach this route: the function itself refuses.
    let verdict = key.verdict().await;
    gateway.run("list-events", &event_of("list-events", &verdict)).await.assert_problem(403);
}

#[tokio::test]
async fn no_event_holds_a_value_or_a_hash() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let rotated = key.with_value_of(&admin.rotate(&key.id, 60).await);
    let foreign = "sk_old_51H8xQ2eZvKYlo2C0aBcDeFgH";
    gateway.import_keys(&admin, json!([import_of(foreign)])).await;

    let stored = serde_json::to_string(&gateway.engine.events()).unwrap();

    let mut secrets = vec![foreign.to_owned(), sha256_hex(foreign), sha256_base64(foreign)];
    secrets.extend([&admin.value, &key.value, &rotated.value].into_iter().flat_map(|value| traces(value)));
    assert!(secrets.iter().all(|secret| !stored.contains(secret)), "an event shows a secret");
}

#[tokio::test]
async fn events_end_by_their_time_to_live() {
    let (gateway, admin) = Gateway::with_manager().await;
    let shown = &events(&admin).await[0];
    let stored = &gateway.engine.events()[0];

    let at = api_keys::key::Timestamp::parse(shown["time"].as_str().unwrap()).unwrap();
    let days = Duration::from_hours(400 * 24);
    assert_eq!(stored["purgeAt"]["N"], at.plus(days).unix_seconds().to_string());
    assert_eq!(shown["purgeAt"], Value::Null, "no answer shows that");
}

#[tokio::test]
async fn a_deletion_reads_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let verdict = admin.verdict().await;
    drop(gateway.wire.take_calls());

    let path = format!("/authentication/{}", key.id);
    assert_eq!(gateway.hand_on("DELETE", &path, &verdict, None).await.status, 204);

    let calls: Vec<_> = gateway.wire.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["TransactWriteItems", "UpdateItem"], "the second only notes that there is room");
}

/// After any number of failures, and with any answer to the client: as many events as writes.
#[tokio::test]
async fn despite_any_failure_there_are_as_many_events_as_writes() {
    let faults = [
        Fault::Cut,
        Fault::Throttle,
        Fault::Fail,
        Fault::Cancel(Reason::TransactionConflict, 0),
        Fault::Cancel(Reason::ThrottlingError, 1),
        Fault::LoseAnswer,
        Fault::TruncateAnswer,
        Fault::SpoilAnswer,
    ];
    for (times, fault) in (1..=5).flat_map(|times| faults.map(|fault| (times, fault))) {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let verdict = admin.verdict().await;
        let path = format!("/authentication/{}", key.id);
        let rotate = format!("{path}/rotate");
        let new = NEW_KEY;
        for (method, path, body) in [
            ("POST", "/authentication", Some(new)),
            ("PATCH", &path, Some(r#"{"name": "other"}"#)),
            ("POST", &rotate, None),
            ("PATCH", &path, Some(r#"{"enabled": false}"#)),
            ("DELETE", &path, None),
        ] {
            let (keys, events) = (gateway.engine.keys(), gateway.engine.events().len());
            gateway.wire.break_times(times, fault);
            let answer = gateway.hand_on(method, path, &verdict, body).await;
            gateway.wire.mend();
            let written = usize::from(without_uses(&gateway.engine.keys()) != without_uses(&keys));
            assert_eq!(
                gateway.engine.events().len() - events,
                written,
                "{fault:?} {times} {method} {path}: {answer:?}"
            );
            assert!(answer.status >= 400 || written == 1, "{fault:?} {times} {method} {path}: {answer:?}");
        }
    }
}

fn without_uses(keys: &[Value]) -> Vec<Value> {
    let mut keys = keys.to_vec();
    for key in &mut keys {
        key.as_object_mut().unwrap().remove("lastUsedAt");
    }
    keys
}

/// A function that is killed at any of its calls, before or after the table has it.
#[tokio::test]
async fn wherever_a_function_is_killed_there_are_as_many_events_as_writes() {
    let calls = ["GetItem", "TransactWriteItems", "UpdateItem"];
    for stop in calls.into_iter().flat_map(|call| [Stop::before(call), Stop::after(call)]) {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let verdict = admin.verdict().await;
        let (path, new) = (format!("/authentication/{}", key.id), NEW_KEY);
        let rotate = format!("{path}/rotate");
        let mut stop = Some(stop);
        for (method, path, body) in [
            ("POST", "/authentication", Some(new)),
            ("PATCH", &path, Some(r#"{"name": "other"}"#)),
            ("POST", &rotate, None),
            ("PATCH", &path, Some(r#"{"enabled": false}"#)),
            ("DELETE", &path, None),
        ] {
            let (keys, events) = (gateway.engine.keys(), gateway.engine.events().len());
            let mut gate = gateway.wire.stop(stop.take().unwrap_or_else(|| Stop::before("TransactWriteItems")));
            // What is not awaited any more is dropped: the function is gone, its call goes on.
            tokio::select! {
                _ = gateway.hand_on(method, path, &verdict, body) => {}
                () = gate.reached() => {}
            }
            gate.release();
            gateway.wire.quiet().await;
            let written = usize::from(without_uses(&gateway.engine.keys()) != without_uses(&keys));
            assert_eq!(gateway.engine.events().len() - events, written, "{method} {path}");
        }
    }
}
