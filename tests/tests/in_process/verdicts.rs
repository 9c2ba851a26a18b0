//! Why requests were let through or refused, as metrics.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use api_keys::check::ReasonCounts;
use serde_json::{Value, json};
use tests::engine::{STACK, metrics as stack_metrics};
use tests::gateway::STAGE;
use tests::template::root;
use tests::wire::Fault;
use tests::{Client, Gateway, new_key};

const REASONS: [&str; 10] = [
    "Allowed",
    "Disabled",
    "Exposed",
    "Expired",
    "Limited",
    "Address",
    "Operation",
    "Suspended",
    "Unavailable",
    "Unknown",
];

/// The line of the log with what was counted in a minute.
fn line_of(counted: &ReasonCounts) -> Value {
    Value::Object(stack_metrics().verdicts(counted))
}

/// The metrics of a line, which has nothing else but how it is to be read.
fn metrics(line: &Value) -> Vec<(String, u64)> {
    let description = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!((&description["Namespace"], &description["Dimensions"]), (&json!("ApiKeys"), &json!([["Stack"]])));
    assert_eq!(line["Stack"], STACK);
    let named: BTreeSet<_> =
        description["Metrics"].as_array().unwrap().iter().map(|each| each["Name"].as_str().unwrap()).collect();
    let mut fields: BTreeSet<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
    for other in ["_aws", "Stack", "level", "message"] {
        assert!(fields.remove(other));
    }
    assert_eq!(fields, named);
    fields.iter().map(|name| ((*name).to_owned(), line[*name].as_u64().unwrap())).collect()
}

/// Asks that format's own schema.
fn assert_valid(line: &Value) {
    let python = root().join(".local/tools/sam/bin/python");
    assert!(python.exists(), "the tools are missing: run `make tools` first");
    let check =
        "import json, sys, jsonschema; jsonschema.validate(json.loads(sys.argv[2]), json.load(open(sys.argv[1])))";
    let schema = root().join("tests/data/embedded-metric-format.json");
    let valid = |line: &Value| {
        let arguments = ["-c", check, schema.to_str().unwrap(), &line.to_string()];
        Command::new(&python).args(arguments).output().unwrap().status.success()
    };
    assert!(valid(line), "{line}");
    let mut wrong = line.clone();
    wrong["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] = json!("Requests");
    assert!(!valid(&wrong), "the schema refuses nothing");
}

async fn ask(gateway: &Gateway, path: &str, key: &Client) {
    drop(gateway.authorize("GET", path, &[("X-API-Key", &key.value)]).await);
}

#[tokio::test]
async fn each_reason_is_counted_and_the_line_names_no_key_and_no_account() {
    let (gateway, admin) = Gateway::with_manager().await;
    let suspended = gateway.create_account("Suspended").await;
    let key = async |more: Value| {
        let mut body = new_key();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.create(&body).await
    };
    let [good, disabled, exposed, expired, elsewhere, limited] = [
        key(json!({})).await,
        key(json!({})).await,
        key(json!({})).await,
        key(json!({"expiresAt": gateway.time_in(Duration::from_secs(5))})).await,
        key(json!({"allowedIps": ["192.0.2.1"]})).await,
        key(json!({"limits": [{"requests": 1, "per": "MONTH"}]})).await,
    ];
    assert_eq!(admin.patch(&disabled.id, &json!({"enabled": false})).await.status, 200);
    gateway.leak(&[&exposed.value]).await;
    gateway.suspend(&suspended).await;
    gateway.pass(Duration::from_secs(5));
    drop(gateway.functions.kept.reasons.take_rest());

    for _ in 0..2 {
        ask(&gateway, "/sms", &good).await;
        ask(&gateway, "/rcs", &good).await;
        ask(&gateway, "/rcs/sms", &good).await;
        ask(&gateway, &format!("/authentication/{}", admin.id), &good).await;
        for refused in [&disabled, &exposed, &expired, &elsewhere, &suspended] {
            ask(&gateway, "/sms", refused).await;
        }
        drop(gateway.authorize("GET", "/sms", &[]).await);
        drop(gateway.authorize("GET", "/sms", &[("X-API-Key", "x"), ("X-API-Key", "y")]).await);
        drop(gateway.authorize("GET", "/sms", &[("X-API-Key", "garbage")]).await);
    }
    ask(&gateway, "/sms", &limited).await;
    ask(&gateway, "/sms", &limited).await;
    gateway.wire.break_with(Fault::Cut);
    ask(&gateway, "/sms", &good).await;
    gateway.wire.mend();

    let lines: Vec<_> = gateway.functions.kept.reasons.take_rest().iter().map(line_of).collect();
    assert_eq!(lines.len(), 1);
    assert_valid(&lines[0]);
    let expected = [
        ("Address", 2),
        ("Allowed", 3),
        ("Disabled", 2),
        ("Expired", 2),
        ("Exposed", 2),
        ("Limited", 1),
        ("Operation", 6),
        ("Suspended", 2),
        ("Unavailable", 1),
        ("Unknown", 6),
    ];
    assert_eq!(metrics(&lines[0]), expected.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(REASONS.len(), expected.len());
    for name in REASONS {
        assert!(expected.iter().any(|(reason, _)| *reason == name), "{name}");
    }
    let text = lines[0].to_string();
    for client in [&admin, &good, &suspended] {
        assert!(!text.contains(&client.account_id) && !text.contains(&client.id));
    }
    assert!(!text.contains(STAGE));
}

#[tokio::test]
async fn there_is_one_line_a_minute_with_what_was_counted_in_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    drop(gateway.functions.kept.reasons.take_rest());
    let mut lines = Vec::new();
    for _ in 0..30 {
        ask(&gateway, "/authentication", &admin).await;
        lines.extend(gateway.functions.kept.reasons.take_over().as_ref().map(line_of));
        gateway.pass(Duration::from_secs(7));
    }
    assert_eq!(lines.len(), 3, "in 203 s");
    let timestamps: BTreeSet<_> = lines.iter().map(|line| line["_aws"]["Timestamp"].as_u64().unwrap()).collect();
    assert!(timestamps.len() == 3 && timestamps.last().unwrap() - timestamps.first().unwrap() >= 120_000);
    lines.extend(gateway.functions.kept.reasons.take_rest().iter().map(line_of));
    let counted: u64 = lines.iter().flat_map(metrics).map(|(_, count)| count).sum();
    assert_eq!(counted, 30);
    assert!(gateway.functions.kept.reasons.take_rest().is_empty());
}
