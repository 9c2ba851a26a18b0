//! `verify-key`: the authorizer's verdict for services without a gateway, invoked directly or by the function's URL.

mod agreement;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::gateway::of_url;
use tests::refused_keys::RefusedKeys;
use tests::values::traces;
use tests::wire::Fault;
use tests::{Client, Environment, Gateway, new_key_with};

async fn key(admin: &Client, more: Value) -> Client {
    admin.create(&new_key_with(&more)).await
}

fn asking(key: &Client, more: &Value) -> Value {
    let mut payload = json!({"value": key.value});
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    payload
}

#[tokio::test]
async fn an_answer_has_the_verdict_the_caller_and_what_is_left_of_each_limit() {
    let (gateway, admin) = Gateway::with_manager().await;
    let tags = json!({"team": "blue & green", "env": "prod"});
    let limits = json!([{"requests": 10, "per": "MINUTE"}, {"requests": 5000, "per": "DAY"}]);
    let more = json!({"operations": ["SMS", "RCS"], "trafficType": "OTP", "tags": tags, "limits": limits});
    let limited = key(&admin, more).await;

    let answer = gateway.verify(&asking(&limited, &json!({"operation": "SMS"}))).await.unwrap();

    assert_eq!(
        answer,
        json!({
            "allowed": true,
            "reason": "ALLOWED",
            "retryAfter": 0,
            "caller": {
                "accountId": admin.account_id,
                "externalId": null,
                "keyId": limited.id,
                "userId": "u",
                "username": "n",
                "company": "Example",
                "operations": ["SMS", "RCS"],
                "trafficType": "OTP",
                "tags": tags,
            },
            // It is 10:15:05.
            "limits": [
                {"of": "KEY", "per": "MINUTE", "requests": 10, "remaining": 9, "resetSeconds": 55},
                {"of": "KEY", "per": "DAY", "requests": 5000, "remaining": 4999, "resetSeconds": 49_495},
            ],
        })
    );
    for left in (0..9).rev() {
        let answer = gateway.verify(&asking(&limited, &json!({}))).await.unwrap();
        assert_eq!((&answer["reason"], &answer["limits"][0]["remaining"]), (&json!("ALLOWED"), &json!(left)));
    }
    let refused = gateway.verify(&asking(&limited, &json!({}))).await.unwrap();
    let found = (&refused["allowed"], &refused["reason"], &refused["retryAfter"]);
    assert_eq!(found, (&json!(false), &json!("LIMITED"), &refused["limits"][0]["resetSeconds"]));
    assert_eq!(refused["limits"][0]["remaining"], 0);
    assert!(refused["limits"][1]["remaining"].as_u64().unwrap() >= 4_900, "{refused}");
    assert!(limited.authorize().await.unwrap()["context"]["reason"] == "LIMITED", "by either function");
}

#[tokio::test]
async fn each_answer_has_its_reason_and_the_caller() {
    let (gateway, admin) = Gateway::with_manager().await;
    let RefusedKeys { disabled, exposed, deleted, expired, suspended } = RefusedKeys::of(&gateway, &admin).await;
    let good = key(&admin, json!({})).await;
    let elsewhere = key(&admin, json!({"allowedIps": ["192.0.2.0/24", "2001:db8::/32"]})).await;
    let limited = key(&admin, json!({"limits": [{"requests": 1, "per": "MONTH"}]})).await;
    assert!(limited.authorize().await.is_ok());

    for (key, more, reason) in [
        (&good, json!({}), "ALLOWED"),
        (&good, json!({"operation": "SMS", "sourceIp": "203.0.113.7"}), "ALLOWED"),
        (&good, json!({"sourceIp": null}), "ALLOWED"),
        (&good, json!({"operation": "RCS"}), "OPERATION"),
        (&good, json!({"operation": "AUTHENTICATION"}), "OPERATION"),
        (&good, json!({"operation": "OF_NO_CATALOGUE"}), "OPERATION"),
        (&admin, json!({"operation": "AUTHENTICATION"}), "ALLOWED"),
        (&elsewhere, json!({"sourceIp": "192.0.2.7"}), "ALLOWED"),
        (&elsewhere, json!({"sourceIp": "2001:db8::7"}), "ALLOWED"),
        (&elsewhere, json!({"sourceIp": "203.0.113.7"}), "ADDRESS"),
        (&elsewhere, json!({}), "ADDRESS"),
        (&disabled, json!({}), "DISABLED"),
        (&exposed, json!({}), "EXPOSED"),
        (&expired, json!({}), "EXPIRED"),
        (&suspended, json!({}), "SUSPENDED"),
        (&limited, json!({}), "LIMITED"),
        (&deleted, json!({}), "UNKNOWN"),
    ] {
        let answer = gateway.verify(&asking(key, &more)).await.unwrap();
        assert_eq!((&answer["reason"], &answer["allowed"]), (&json!(reason), &json!(reason == "ALLOWED")), "{more}");
        let whose = if reason == "UNKNOWN" { &Value::Null } else { &json!(key.id) };
        assert_eq!(&answer["caller"]["keyId"], whose, "{reason}");
        assert_eq!(answer["retryAfter"].as_u64().unwrap() > 0, reason == "LIMITED");
        assert_eq!(answer["limits"].as_array().unwrap().len(), usize::from(reason == "LIMITED"));
    }
    for value in ["", "garbage", &format!("{} ", good.value), &format!("{0},{0}", good.value)] {
        let answer = gateway.verify(&json!({"value": value})).await.unwrap();
        let unknown = json!({"allowed": false, "reason": "UNKNOWN", "retryAfter": 0, "caller": null, "limits": []});
        assert_eq!(answer, unknown);
    }
}

/// Servers read a header's byte that is no UTF-8 as half a surrogate pair, and write it so. A client's text is no outage.
#[tokio::test]
async fn half_a_surrogate_pair_is_in_no_keys_value() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let key = key(&admin, json!({})).await;
    let value = &key.value;
    for halves in [r"\udcff", r"\uDCFF", r"\ud800", r"\ud800\ud800", r"\ud800\u0041", r"\udc00\ud800", r"\ud83d\ude00"]
    {
        let payload = format!(r#"{{"value": "{value}{halves}"}}"#);
        let answer = gateway.verify(&payload).await.unwrap();
        assert_eq!((&answer["allowed"], &answer["reason"]), (&json!(false), &json!("UNKNOWN")), "{halves}");
        assert_eq!(gateway.verify_by_url(&payload).await.body, answer, "{halves}");
    }
    // A backslash of a value begins no escape, and another letter's escape is the letter.
    let foreign = r"sk_old_\udcff_0123456789";
    gateway.import(&admin, foreign).await;
    assert_eq!(gateway.verify(&json!({"value": foreign})).await.unwrap()["reason"], "ALLOWED");
    let (first, rest) = value.split_at(1);
    let payload = format!(r#"{{"value": "\u00{:02x}{rest}"}}"#, first.as_bytes()[0]);
    assert_eq!(gateway.verify(&payload).await.unwrap()["reason"], "ALLOWED");
    // Elsewhere it is as wrong as any other text.
    for payload in [
        r#"{"value": "", "operation": "\udcff"}"#,
        r#"{"value": "", "\udcff": 1}"#,
        r#"{"value": "\ud8"}"#,
        r#"{"value": "\"#,
    ] {
        gateway.verify_by_url(payload).await.assert_problem(400);
    }
}

#[tokio::test]
async fn a_change_is_in_the_next_answer() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key(&admin, json!({})).await;
    let reason = async |key: &Client| gateway.verify(&asking(key, &json!({}))).await.unwrap()["reason"].clone();

    assert_eq!(reason(&key).await, "ALLOWED", "a new key at once");
    let rotated = key.with_value_of(&admin.rotate(&key.id, 60).await);
    assert_eq!((reason(&key).await, reason(&rotated).await), (json!("ALLOWED"), json!("ALLOWED")));
    gateway.pass(Duration::from_mins(1));
    assert_eq!((reason(&key).await, reason(&rotated).await), (json!("UNKNOWN"), json!("ALLOWED")));
    assert_eq!(admin.delete(&key.id).await.status, 204);
    assert_eq!(reason(&rotated).await, "UNKNOWN");
}

#[tokio::test]
async fn its_url_answers_the_same_with_a_status() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key(&admin, json!({})).await;
    for more in [json!({"operation": "SMS"}), json!({"operation": "RCS"})] {
        let payload = asking(&key, &more);
        let direct = gateway.verify(&payload).await.unwrap();
        let answer = gateway.verify_by_url(&payload.to_string()).await;
        assert_eq!((answer.status, &answer.body), (200, &direct), "a refusal is an answer too");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        // So come bodies without a type of text.
        let mut event = of_url(&base64(&payload.to_string()));
        event["isBase64Encoded"] = json!(true);
        let encoded = gateway.verify(&event).await.unwrap();
        assert_eq!(encoded["body"], answer.text);
    }
}

fn base64(text: &str) -> String {
    aws_smithy_types::base64::encode(text)
}

/// Payloads that are no question, and the fields that are wrong.
fn wrong(value: &str) -> Vec<(String, Vec<&'static str>)> {
    let with = |more: &str| format!(r#"{{"value": "{value}"{more}}}"#);
    vec![
        ("{}".to_owned(), vec!["value"]),
        (r#"{"value": null}"#.to_owned(), vec!["value"]),
        (format!(r#"{{"value": ["{value}"]}}"#), vec!["value"]),
        (with(r#", "operation": "sms""#), vec!["operation"]),
        (with(r#", "operation": ["SMS"]"#), vec!["operation"]),
        // Any manager may give it, and it opens reading at the key service alone.
        (with(r#", "operation": "AUTHENTICATION_READ""#), vec!["operation"]),
        (with(r#", "operation": null"#), vec!["operation"]),
        (with(r#", "sourceIp": "203.0.113.7:443""#), vec!["sourceIp"]),
        (with(r#", "sourceIp": "fe80::1%eth0""#), vec!["sourceIp"]),
        (with(r#", "operation": 1, "sourceIp": """#), vec!["operation", "sourceIp"]),
        (with(r#", "ip": "203.0.113.7""#), vec!["body"]),
        (with(&format!(r#", "{value}": 1"#)), vec!["body"]),
        (format!(r#"{{"{value}": 1}}"#), vec!["body", "value"]),
        (with(&format!(r#", "value": "{value}""#)), vec!["value"]),
        (with(r#", "operation": "SMS", "operation": "RCS""#), vec!["operation"]),
        (with(&format!(r#", "sourceIp": {{"{value}": 1, "{value}": 2}}"#)), vec!["body", "sourceIp"]),
        (with(&format!(r#", "operation": "{value}""#)), vec!["operation"]),
        (format!(r#"["{value}"]"#), vec!["body"]),
        (format!("\"{value}\""), vec!["body"]),
        ("null".to_owned(), vec!["body"]),
        (with(&format!(r#", "sourceIp": "{}""#, "1".repeat(64 * 1024))), vec!["body"]),
    ]
}

#[tokio::test]
async fn what_is_no_question_is_refused_by_its_fields_and_counts_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key(&admin, json!({})).await;
    drop(gateway.wire.take_calls());
    for (payload, fields) in wrong(&key.value) {
        let error = gateway.verify(&payload).await.unwrap_err();
        assert_eq!(error["errorType"], "InvalidRequest");
        let message = error["errorMessage"].as_str().unwrap();
        assert!(fields.iter().all(|field| message.contains(field)), "{message}");
        let answer = gateway.verify_by_url(&payload).await;
        answer.assert_problem(400);
        assert_eq!(answer.wrong_fields(), fields, "{message}");
        assert_eq!(
            (&answer.body["code"], &answer.body["requestId"]),
            (&json!("INVALID_REQUEST"), &json!("verify-request"))
        );
        for shown in [message, &answer.text] {
            assert!(traces(&key.value).iter().all(|trace| !shown.contains(&trace[..20])), "{fields:?} show a value");
        }
    }
    for body in ["", "{", &key.value, "value=x"] {
        let answer = gateway.verify_by_url(body).await;
        assert_eq!(answer.wrong_fields(), ["body"]);
        assert!(!answer.text.contains(&key.value));
    }
    let mut event = of_url("no base64: …");
    event["isBase64Encoded"] = json!(true);
    assert_eq!(gateway.verify(&event).await.unwrap()["statusCode"], 400);
    event.as_object_mut().unwrap().remove("body");
    assert_eq!(gateway.verify(&event).await.unwrap()["statusCode"], 400, "a GET has none");
    assert!(gateway.wire.take_calls().is_empty());
    assert!(gateway.functions.verifying.reasons.take_rest().is_empty(), "no request of a key");
}

#[tokio::test]
async fn an_outage_is_an_error_and_never_a_refusal() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key(&admin, json!({})).await;
    gateway.wire.break_with(Fault::Cut);
    let payload = asking(&key, &json!({}));
    let error = gateway.verify(&payload).await.unwrap_err();
    assert_eq!(error, json!({"errorType": "Unavailable", "errorMessage": "The key could not be checked"}));
    let answer = gateway.verify_by_url(&payload.to_string()).await;
    answer.assert_problem(503);
    assert_eq!(answer.body["code"], "UNAVAILABLE");
}

#[tokio::test]
async fn it_takes_one_read() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = key(&admin, json!({})).await;
    let value = asking(&key, &json!({"operation": "SMS"}));
    assert_eq!(gateway.verify(&value).await.unwrap()["reason"], "ALLOWED");
    // What is written behind an answer may wait for a while.
    gateway.wire.quiet().await;
    drop(gateway.wire.take_calls());
    assert_eq!(gateway.verify(&value).await.unwrap()["reason"], "ALLOWED");
    let calls = gateway.wire.take_calls();
    assert!(matches!(&calls[..], [call] if call.operation == "GetItem" && call.consistent), "{}", calls.len());
}

/// A random turn of both functions' environments, each in a process of its own on Lambda.
#[tokio::test]
async fn a_limit_is_exact_over_authorizers_and_verifiers_together() {
    const LIMIT: usize = 40;
    let (gateway, admin) = Gateway::with_manager().await;
    let mut random = fastrand::Rng::with_seed(28);
    for count in [1, 3, 9] {
        let authorizers = join_all((0..count).map(|_| Environment::of(&gateway))).await;
        let verifiers = join_all((0..count).map(|_| Environment::of(&gateway))).await;
        let limited = key(&admin, json!({"limits": [{"requests": LIMIT, "per": "MONTH"}]})).await;
        let mut allowed = [0, 0];
        for _ in 0..2 * LIMIT {
            let at = random.usize(0..count);
            if random.bool() {
                let verdict = authorizers[at].authorize(&gateway, &limited.value).await;
                allowed[0] += usize::from(super::leases::is_allowed(&verdict));
            } else {
                let answer = verifiers[at].verify(&gateway, &asking(&limited, &json!({}))).await.unwrap();
                allowed[1] += usize::from(answer["allowed"] == true);
            }
        }
        assert_eq!(allowed[0] + allowed[1], LIMIT, "{count}");
        assert!(allowed.iter().all(|allowed| *allowed > 0), "{allowed:?}");
    }
}

#[tokio::test]
async fn a_request_is_counted_once_and_the_last_use_and_the_reason_noted_as_by_the_authorizer() {
    let (gateway, admin) = Gateway::with_manager().await;
    let limited = key(&admin, json!({"limits": [{"requests": 3, "per": "MONTH"}]})).await;
    for reason in ["ALLOWED", "OPERATION", "ALLOWED", "ALLOWED", "LIMITED"] {
        let operation = if reason == "OPERATION" { "RCS" } else { "SMS" };
        let answer = gateway.verify(&asking(&limited, &json!({"operation": operation}))).await.unwrap();
        assert_eq!(answer["reason"], reason);
    }
    gateway.verify(&json!({"value": "garbage"})).await.unwrap();
    let shown = admin.get(&format!("/authentication/{}", limited.id)).await.body;
    assert!(shown["lastUsedAt"].is_string());

    let counts = gateway.functions.verifying.reasons.take_rest().pop().unwrap().counts;
    let counts: Vec<_> = counts.iter().map(|(reason, count)| (reason.name(), *count)).collect();
    assert_eq!(counts, [("Allowed", 3), ("Unknown", 1), ("Operation", 1), ("Limited", 1)]);

    let end = tokio::time::Instant::now() + Duration::from_secs(5);
    drop(gateway.functions.verifying.finish(gateway.now().into(), end).await);
    let usage = admin.get(&format!("/authentication/{}/usage", limited.id)).await.body;
    let count = |name: &str| usage["usage"].as_array().unwrap().iter().map(|hour| hour[name].as_u64().unwrap()).sum();
    assert_eq!((count("allowed"), count("limited"), count("denied")), (3_u64, 1_u64, 1_u64));
}
