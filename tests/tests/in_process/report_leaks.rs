//! `POST /leaks`.

mod imported;
mod pasted;
mod races;
mod signatures;

use std::time::Duration;

use report_leaks::next_step;
use serde_json::{Value, json};
use tests::gateway::sample_event;
use tests::values::{import_of, sha256_hex, traces};
use tests::wire::Fault;
use tests::{Answer, Client, Gateway, Github, Signer};
use tokio::time::Instant;

fn report_of(values: &[&str]) -> String {
    values.iter().map(|value| json!({"token": value})).collect::<Value>().to_string()
}

async fn report(gateway: &Gateway, values: &[&str]) -> u16 {
    let answer = gateway.report(&[], &report_of(values)).await;
    assert_eq!((answer.text.as_str(), answer.headers.len()), ("", 1), "it shows nothing: {answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.status
}

async fn report_signed(gateway: &Gateway, signer: &Signer, body: &str) -> Answer {
    let headers = signer.headers(body);
    gateway.report(&headers.each_ref().map(|(name, value)| (*name, value.as_str())), body).await
}

/// A gateway to which a signer's reports are GitHub's.
async fn with_github() -> (Gateway, Github, Signer) {
    let gateway = Gateway::importing().await;
    let signer = Signer::new("one");
    let github = Github::start(vec![signer.public()]).await;
    gateway.set(|settings| settings.github = github.keys());
    (gateway, github, signer)
}

fn exposures(gateway: &Gateway) -> Vec<Value> {
    let events = gateway.engine.events().into_iter();
    events.filter(|event| event["type"]["S"] == "key.exposed").collect()
}

async fn status_of(admin: &Client, key: &Client) -> Value {
    admin.get(&format!("/authentication/{}", key.id)).await.body["status"].clone()
}

/// A stack with `Leaks=disabled`.
#[tokio::test]
async fn where_reports_are_switched_off_there_is_no_such_route() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.set(|settings| settings.leaks = false);
    let calls = gateway.wire.take_calls().len();
    assert!(calls > 0);

    let signature = Signer::new("one").headers("[]");
    let signature = signature.each_ref().map(|(name, value)| (*name, value.as_str()));
    let of_key = report_of(&[&key.value]);
    for (headers, body) in [(&[][..], &*of_key), (&[], "no JSON"), (&signature, "[]"), (&signature[..1], &of_key)] {
        let answer = gateway.report(headers, body).await;
        answer.assert_problem(404);
        assert_eq!(answer.body["code"], "NO_ROUTE", "{answer:?}");
    }

    assert!(gateway.wire.take_calls().is_empty(), "nothing is read for it");
    assert_eq!(key.status().await, 200);
}

#[tokio::test]
async fn a_leaked_key_is_dead_on_the_next_request_until_it_is_rotated() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    assert_eq!(key.status().await, 200);

    assert_eq!(report(&gateway, &[&key.value]).await, 202);

    assert_eq!(key.status().await, 401);
    let shown = admin.get(&format!("/authentication/{}", key.id)).await.body;
    assert_eq!((&shown["status"], &shown["enabled"]), (&json!("EXPOSED"), &json!(true)));
    let listed = admin.get("/authentication").await.body["apiKeys"].clone();
    assert_eq!(listed.as_array().unwrap().iter().find(|one| one["id"] == *key.id).unwrap(), &shown);

    let refused = admin.patch(&key.id, &json!({"enabled": true})).await;
    refused.assert_problem(409);
    assert_eq!(refused.body["detail"], "The key is exposed: rotate or delete it.");
    let renamed = admin.patch(&key.id, &json!({"name": "other"})).await;
    assert_eq!((renamed.status, &renamed.body["status"]), (200, &json!("EXPOSED")));
    assert_eq!(key.status().await, 401);

    let answer = admin.rotate(&key.id, 3600).await;
    assert_eq!((answer.status, &answer.body["status"]), (201, &json!("ACTIVE")));
    let new = key.with_value_of(&answer);
    assert_eq!((key.status().await, new.status().await), (401, 200), "what leaked gets no grace period");
    let events = admin.get(&format!("/authentication/events?keyId={}", key.id)).await.body["events"].clone();
    assert_eq!((&events[0]["type"], &events[0]["changes"]), (&json!("key.rotated"), &json!([])));
    assert_eq!(status_of(&admin, &key).await, "ACTIVE");
    let again = admin.rotate(&key.id, 3600).await;
    assert_eq!((new.status().await, key.with_value_of(&again).status().await), (200, 200), "what comes after it does");
    assert_eq!(report(&gateway, &[&key.value]).await, 202);
    assert_eq!((exposures(&gateway).len(), new.status().await), (1, 200), "it is dead, and its key has others");
}

#[tokio::test]
async fn its_event_names_who_reported_it_and_the_fields_of_an_unsigned_report_are_dropped() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let (one, other) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    let before = admin.get(&format!("/authentication/{}", one.id)).await.body["lastUsedAt"].clone();
    let found = |key: &Client| {
        json!([{"token": key.value, "type": "ak", "source": "commit", "url": "https://example.com/x"}]).to_string()
    };

    assert_eq!(gateway.report(&[], &found(&one)).await.status, 202);
    assert_eq!(report_signed(&gateway, &signer, &found(&other)).await.status, 200);

    let events = admin.get("/authentication/events").await.body["events"].clone();
    let of = |key: &Client| {
        let all = events.as_array().unwrap();
        all.iter().find(|event| event["keyId"] == *key.id && event["type"] == "key.exposed").unwrap().clone()
    };
    assert_eq!(of(&one)["report"], json!({"verified": false, "source": null, "url": null}));
    let report = json!({"verified": true, "source": "commit", "url": "https://example.com/x"});
    assert_eq!(of(&other)["report"], report);
    for event in [of(&one), of(&other)] {
        assert_eq!((&event["actor"]["type"], &event["actor"]["keyId"]), (&json!("REPORT"), &Value::Null));
        assert_eq!((&event["sourceIp"], &event["changes"]), (&json!("203.0.113.7"), &json!([])));
        assert!(event["previousEvent"].is_string() && event["requestId"].is_string());
    }
    assert_eq!(admin.get(&format!("/authentication/{}", one.id)).await.body["lastUsedAt"], before);
    let kept = serde_json::to_string(&(gateway.engine.dump(), gateway.engine.events())).unwrap();
    let [value, secret, ..] = traces(&one.value);
    assert!(!kept.contains(&value) && !kept.contains(&secret));
}

#[tokio::test]
async fn the_fields_of_a_signed_report_are_cleaned() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    for (source, url, expected) in [
        (json!("x".repeat(500)), json!(format!("https://{}", "x".repeat(5000))), json!([64, 1024])),
        (json!("a\u{202e}b"), json!("https://example.com/\u{0}"), json!([null, null])),
        (json!("commit"), json!("javascript:alert(1)"), json!([6, null])),
        (json!(""), json!(""), json!([null, null])),
        (json!(null), json!(null), json!([null, null])),
    ] {
        let key = admin.create_key(&["SMS"]).await;
        let body = json!([{"token": key.value, "source": source, "url": url, "new": {"in": "2030"}}]).to_string();
        assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
        let event = exposures(&gateway).into_iter().find(|event| event["keyId"]["S"] == *key.id).unwrap();
        let length = |field: &str| event["report"]["M"][field]["S"].as_str().map(|text| text.chars().count());
        assert_eq!(json!([length("source"), length("url")]), expected);
    }
    let key = admin.create_key(&["SMS"]).await;
    let body = json!([{"token": key.value, "source": key.value, "url": format!("https://example.com/?{}", key.value)}]);
    assert_eq!(report_signed(&gateway, &signer, &body.to_string()).await.status, 200);
    assert!(!serde_json::to_string(&gateway.engine.events()).unwrap().contains(&key.value));
}

#[tokio::test]
async fn a_value_in_its_grace_period_ends_and_its_key_goes_on() {
    let (gateway, admin) = Gateway::with_manager().await;
    let old = admin.create_key(&["SMS"]).await;
    let answer = admin.rotate(&old.id, 3600).await;
    let new = old.with_value_of(&answer);

    assert_eq!(report(&gateway, &[&old.value]).await, 202);

    assert_eq!((old.status().await, new.status().await), (401, 200));
    assert_eq!(status_of(&admin, &new).await, "ACTIVE");
    let events = exposures(&gateway);
    let change = &events[0]["changes"]["L"][0]["M"];
    assert_eq!((events.len(), &change["field"]["S"]), (1, &json!("previousValueValidUntil")));
    assert!(change["from"]["S"].is_string() && change["to"].is_null(), "{change}");
    assert_eq!(report(&gateway, &[&old.value, &new.value]).await, 202);
    assert_eq!((exposures(&gateway).len(), new.status().await), (2, 401));
}

#[tokio::test]
async fn a_key_that_does_not_work_anyway_is_exposed_too() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let (disabled, expired) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    let end = json!({"expiresAt": gateway.time_in(Duration::from_mins(1))});
    assert_eq!(admin.patch(&expired.id, &end).await.status, 200);
    assert_eq!(admin.patch(&disabled.id, &json!({"enabled": false})).await.status, 200);
    gateway.pass(Duration::from_mins(1));

    assert_eq!(report(&gateway, &[&disabled.value, &expired.value]).await, 202);

    assert_eq!(admin.patch(&disabled.id, &json!({"enabled": true})).await.status, 409);
    assert_eq!(admin.patch(&expired.id, &json!({"expiresAt": null})).await.status, 200);
    for key in [&disabled, &expired] {
        assert_eq!((key.status().await, status_of(&admin, key).await), (401, json!("EXPOSED")));
    }
    assert_eq!(admin.rotate(&expired.id, 0).await.status, 201);

    let payload = json!({"accountId": admin.account_id, "keys": [import_of("sk_of_another_system")]});
    gateway.invoke_import_keys(payload).await.unwrap();
    let own = async || gateway.status_of("sk_of_another_system").await;
    assert_eq!(own().await, 200);
    assert_eq!(report(&gateway, &["sk_of_another_system"]).await, 202);
    assert_eq!(own().await, 401);
}

#[tokio::test]
async fn a_rotation_ends_the_exposure_of_any_key_and_revives_none() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (disabled, expired) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    assert_eq!(admin.patch(&disabled.id, &json!({"enabled": false})).await.status, 200);
    let end = json!({"expiresAt": gateway.time_in(Duration::from_mins(1))});
    assert_eq!(admin.patch(&expired.id, &end).await.status, 200);
    gateway.pass(Duration::from_mins(1));
    assert_eq!(report(&gateway, &[&disabled.value, &expired.value]).await, 202);

    for (key, status, revival) in
        [(&disabled, "DISABLED", json!({"enabled": true})), (&expired, "EXPIRED", json!({"expiresAt": null}))]
    {
        let rotated = admin.rotate(&key.id, 3600).await;
        assert_eq!((rotated.status, &rotated.body["status"]), (201, &json!(status)));
        let new = key.with_value_of(&rotated);
        assert_eq!((status_of(&admin, key).await, new.status().await), (json!(status), 401));
        let again = admin.rotate(&key.id, 0).await;
        assert_eq!(again.body["detail"], format!("The key is {}.", status.to_lowercase()), "it is exposed no more");
        assert_eq!(admin.patch(&key.id, &revival).await.status, 200);
        assert_eq!((new.status().await, key.status().await), (200, 401));
    }
}

#[tokio::test]
async fn look_alikes_cost_no_read_and_the_answers_show_no_difference() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (live, dead) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    assert_eq!(admin.delete(&dead.id).await.status, 204);
    let mut mistyped = live.value.clone();
    let last = if mistyped.pop() == Some('0') { '1' } else { '0' };
    mistyped.push(last);
    drop(gateway.wire.take_calls());

    for value in [&*mistyped, "", "sk_of_another_system", "ak_live_", &"x".repeat(5000)] {
        assert_eq!(report(&gateway, &[value]).await, 202);
    }
    assert!(gateway.wire.take_calls().is_empty());

    assert_eq!(report(&gateway, &[&dead.value]).await, 202);
    assert_eq!(gateway.wire.take_calls().len(), 1);
    assert_eq!(report(&gateway, &[&live.value]).await, 202);
    assert_eq!(live.status().await, 401);
}

#[test]
fn an_unsigned_report_that_read_a_key_is_answered_after_whole_steps() {
    let (start, step) = (Instant::now(), Duration::from_secs(1));
    for (taken, end) in [(0, 1000), (3, 1000), (40, 1000), (999, 1000), (1000, 2000), (2500, 3000)] {
        let end = start + Duration::from_millis(end);
        assert_eq!(next_step(start, start + Duration::from_millis(taken), step), end, "{taken}");
    }
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_a_400() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let value = &admin.value;
    let large = json!([{"token": "x".repeat(300_000)}]).to_string();
    let of = |count: usize| report_of(&vec![value.as_str(); count]);
    for body in [
        "null",
        "[]",
        "{}",
        "[1]",
        "[[]]",
        "[{}]",
        r#"[{"token": 1}]"#,
        r#"[{"token": null}]"#,
        r#"[{"token": "x", "url": 1}]"#,
        r#"[{"token": "x", "source": []}]"#,
        r#"[{"token": "x", "token": "y"}]"#,
        &json!({"token": value}).to_string(),
        &large,
        &of(11),
    ] {
        let answer = gateway.report(&[], body).await;
        answer.assert_problem(400);
        assert_eq!(answer.wrong_fields(), ["body"]);
        assert!(!answer.text.contains(value));
    }
    for (body, message) in [("", "is missing"), (&of(1)[1..], "is not valid JSON"), ("[", "is not valid JSON")] {
        let answer = gateway.report(&[], body).await;
        assert_eq!(answer.body["errors"], json!([{"field": "body", "message": message}]));
    }
    for (count, status) in [(11, 200), (100, 200), (101, 400)] {
        assert_eq!(report_signed(&gateway, &signer, &report_of(&vec!["x"; count])).await.status, status);
    }
    let mut event = sample_event("report-leaks");
    event["isBase64Encoded"] = json!(true);
    for (body, status) in [("/////w==", 400), ("W3sidG9rZW4iOiJ4In1d", 202), ("W3sidG9rZW4iOiL/In1d", 400)] {
        event["body"] = json!(body);
        assert_eq!(gateway.run("report-leaks", &event).await.status, status, "{body}");
    }
    assert_eq!(admin.status().await, 200, "nothing was done");
}

#[tokio::test]
async fn one_report_that_fails_stops_none_of_the_others_and_is_to_be_sent_again() {
    let (gateway, admin) = Gateway::with_manager().await;
    let mut keys = Vec::new();
    for _ in 0..5 {
        keys.push(admin.create_key(&["SMS"]).await);
    }
    let whole = gateway.engine.keys().into_iter().find(|key| key["id"]["S"] == *keys[0].id).unwrap();
    let mut broken = whole.clone();
    broken["enabled"] = json!({"S": "perhaps"});
    gateway.engine.put(&broken);
    let values: Vec<_> = keys.iter().map(|key| key.value.as_str()).collect();

    gateway.report(&[], &report_of(&values)).await.assert_problem(503);
    for key in &keys[1..] {
        assert_eq!(key.status().await, 401);
    }

    gateway.engine.put(&whole);
    assert_eq!(report(&gateway, &values).await, 202);
    assert_eq!((keys[0].status().await, exposures(&gateway).len()), (401, 5));
}

#[tokio::test]
async fn after_any_failure_of_the_table_the_report_can_be_sent_again() {
    for fault in
        [Fault::Cut, Fault::Throttle, Fault::Fail, Fault::LoseAnswer, Fault::TruncateAnswer, Fault::SpoilAnswer]
    {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        gateway.wire.break_with(fault);
        gateway.report(&[], &report_of(&[&key.value])).await.assert_problem(503);
        gateway.wire.mend();
        assert_eq!(report(&gateway, &[&key.value]).await, 202);
        assert_eq!((key.status().await, exposures(&gateway).len()), (401, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_function_of_an_older_release_gives_what_leaked_no_grace_period() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    assert_eq!(report(&gateway, &[&key.value]).await, 202);
    let new = key.with_value_of(&admin.rotate(&key.id, 0).await);

    // It has no exposure, and writes what it always has.
    let mut item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *key.id).unwrap();
    item["previousKeyHash"] = item["exposedHash"].clone();
    item["previousValidUntil"] = json!({"S": gateway.time_in(Duration::from_hours(1))});
    gateway.engine.put(&item);

    assert_eq!((key.status().await, new.status().await), (401, 200));
}

#[tokio::test]
async fn github_gets_a_label_for_each_value() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let (live, dead) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    assert_eq!(admin.delete(&dead.id).await.status, 204);
    let body = json!([{"token": live.value, "type": "ak"}, {"token": dead.value, "type": "ak"}, {"token": "some_token_of_others"}]);
    for _ in 0..2 {
        let answer = report_signed(&gateway, &signer, &body.to_string()).await;
        let of = |value: &str, kind: &str, label: &str| json!({"token_hash": sha256_hex(value), "token_type": kind, "label": label});
        let expected = [
            of(&live.value, "ak", "true_positive"),
            of(&dead.value, "ak", "false_positive"),
            of("some_token_of_others", "", "false_positive"),
        ];
        assert_eq!((answer.status, &answer.body), (200, &json!(expected)));
    }
    assert_eq!((live.status().await, exposures(&gateway).len()), (401, 1));
}
