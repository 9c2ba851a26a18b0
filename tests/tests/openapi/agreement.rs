//! The documented bodies and parameters are what the functions take: probed at each limit that the document names.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tests::gateway::Request;
use tests::{Answer, Client, Gateway};

use crate::{api, resolve};

/// Values of a documented field, each with whether it is to be taken.
fn probes(api: &Value, schema: &Value, gateway: &Gateway) -> Vec<(Value, bool)> {
    // An object that has a name stands beside `null`.
    let parts = schema["oneOf"].as_array().map_or_else(|| vec![schema], |parts| parts.iter().collect());
    let parts: Vec<_> = parts.into_iter().map(|part| resolve(api, part)).collect();
    let types_of = |part: &&Value| part["type"].as_array().cloned().unwrap_or_else(|| vec![part["type"].clone()]);
    let types: Vec<_> = parts.iter().flat_map(types_of).collect();
    let schema = parts[0];
    let mut probes = vec![(Value::Null, types.contains(&json!("null"))), (json!({}), types[0] == "object")];
    match types[0].as_str().unwrap() {
        "null" => probes.extend(
            [json!(false), json!(0), json!(""), json!(gateway.time_in(Duration::ZERO))].map(|bad| (bad, false)),
        ),
        "boolean" => {
            probes.extend([(json!(true), true), (json!(false), true), (json!("true"), false), (json!(1), false)]);
        }
        "integer" => {
            let (min, max) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
            probes.extend([min, max].map(|good| (json!(good), true)));
            probes.extend([min - 1, max + 1].map(|bad| (json!(bad), false)));
            probes.extend([json!("1"), json!(1.5), json!(true)].map(|bad| (bad, false)));
            // JSON Schema has no other integers than whole numbers, however they are written.
            probes.push((json!(60.0), true));
        }
        "array" => probes.extend(lists(api, schema)),
        "object" => probes.extend(tags(schema)),
        "string" if schema["format"] == "date-time" => {
            let soon = gateway.time_in(Duration::from_hours(1));
            probes.extend([(json!(soon.replace('Z', "+00:00")), true), (json!(soon), true)]);
            probes.extend(["", "tomorrow", "2026-11-23"].map(|bad| (json!(bad), false)));
        }
        "string" if schema["pattern"] == "^[A-Z][A-Z0-9_]*$" => {
            probes.extend([(json!("OTP"), true), (json!("otp"), false), (json!(""), false), (json!(7), false)]);
        }
        "string" => {
            let min: usize = schema["minLength"].as_u64().unwrap().try_into().unwrap();
            let max = schema["maxLength"].as_u64().unwrap().try_into().unwrap();
            // The longest in bytes too: lengths are counted in characters.
            probes.extend([(json!("x".repeat(min)), true), (json!("😀".repeat(max)), true)]);
            probes.extend(
                [("x".repeat(min - 1), false), ("x".repeat(max + 1), false)].map(|(text, good)| (json!(text), good)),
            );
            probes.push((json!(7), false));
            let pattern = schema["pattern"].as_str().unwrap();
            assert_eq!(pattern, crate::settle::TEXT, "the characters to probe are those of this pattern");
            probes.extend(["\0", "\u{1f}", "\u{7f}", "\u{9f}"].map(|bad| (json!(bad), false)));
            // What the document has no pattern for, and describes in words.
            probes.extend([" ", "\u{a0}", "a\u{2028}", "a\u{200d}", "a\u{202e}"].map(|bad| (json!(bad), false)));
            probes.extend(["!", "~", "a b", "e\u{301}", "⚠\u{fe0f}"].map(|good| (json!(good), true)));
        }
        other => panic!("no probes for {other}"),
    }
    probes
}

fn tags(schema: &Value) -> Vec<(Value, bool)> {
    let text = &schema["additionalProperties"];
    assert_eq!(schema["propertyNames"]["pattern"], "^[A-Za-z][A-Za-z0-9_.-]{0,39}$");
    let most = text["maxLength"].as_u64().unwrap().try_into().unwrap();
    let longest = "x".repeat(most);
    let mut probes: Vec<_> =
        [json!("x"), json!(longest), json!("blue & green"), json!("é")].map(|text| (text, true)).into();
    probes.extend(
        [json!(""), json!(" "), json!(longest + "x"), json!("\0"), json!(7), json!(["x"])].map(|text| (text, false)),
    );
    probes.push((Value::Null, text["type"].as_array().is_some_and(|types| types.contains(&json!("null")))));
    let mut probes: Vec<_> = probes.into_iter().map(|(text, good)| (json!({ "probe": text }), good)).collect();
    let longest = "n".repeat(40);
    probes.extend(["T", "cost.center", "a-b_c", &longest].map(|name| (json!({ name: "x" }), true)));
    let longer = "n".repeat(41);
    probes.extend(["", "1", "_x", "a b", "é", "a=b", &longer].map(|name| (json!({ name: "x" }), false)));
    let so_many = |count: u64| -> Value { (0..count).map(|at| (format!("n{at}"), json!("x"))).collect() };
    if let Some(max) = schema["maxProperties"].as_u64() {
        probes.extend([(so_many(max), true), (so_many(max + 1), false)]);
    }
    probes.extend([json!([]), json!("a=b"), json!(7)].map(|bad| (bad, false)));
    probes
}

fn lists(api: &Value, schema: &Value) -> Vec<(Value, bool)> {
    assert_eq!((&schema["minItems"], &schema["uniqueItems"]), (&json!(1), &json!(true)));
    let mut probes = vec![(json!([]), false), (json!("SMS"), false), (json!([null]), false), (json!([""]), false)];
    if resolve(api, &schema["items"])["type"] == "object" {
        probes.extend(limits(api, schema));
    } else if let Some(max) = schema["maxItems"].as_u64() {
        let ranges = |count| (0..count).map(|at| format!("2001:db8:{at:x}::/48")).collect::<Vec<_>>();
        probes.extend([(json!(ranges(max)), true), (json!(ranges(max + 1)), false)]);
        probes.extend(
            ["203.0.113.7", "203.0.113.0/24", "2001:db8::1", "::ffff:203.0.113.7"].map(|good| (json!([good]), true)),
        );
        probes.extend([(json!(["::1", "::1"]), false), (json!(["example.com"]), false)]);
        let longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128";
        probes.push((json!([longest]), true));
    } else {
        probes.extend([(json!(["SMS", "RCS"]), true), (json!(["SMS", "SMS"]), false), (json!(["sms"]), false)]);
    }
    probes
}

fn limits(api: &Value, schema: &Value) -> Vec<(Value, bool)> {
    let items = resolve(api, &schema["items"]);
    let requests = &items["properties"]["requests"];
    let periods = resolve(api, &items["properties"]["per"])["x-extensible-enum"].as_array().unwrap();
    let limit = |requests: &Value, per: &Value| json!({"requests": requests, "per": per});
    let of = |count: u64| periods.iter().map(|per| limit(&json!(1), per)).take(count.try_into().unwrap()).collect();
    let max = schema["maxItems"].as_u64().unwrap();
    assert!(periods.len() as u64 > max, "there are as many as are too many");
    let mut probes: Vec<(Value, bool)> = vec![(of(max), true), (of(max + 1), false)];
    let (least, most) = (requests["minimum"].as_u64().unwrap(), requests["maximum"].as_u64().unwrap());
    for (number, good) in [
        (json!(least), true),
        (json!(most), true),
        (json!(60.0), true),
        (json!(least - 1), false),
        (json!(most + 1), false),
        (json!(1.5), false),
        (json!("1"), false),
    ] {
        probes.push((json!([limit(&number, &periods[0])]), good));
    }
    probes.extend(periods.iter().map(|per| (json!([limit(&json!(1), per)]), true)));
    probes.push((json!([limit(&json!(1), &json!("YEAR"))]), false));
    assert_eq!(items["required"], json!(["requests", "per"]));
    assert_eq!(items["additionalProperties"], false);
    let wrong = [json!({"requests": 1}), json!({"per": "DAY"}), json!({"requests": 1, "per": "DAY", "unknown": 1})];
    probes.extend(wrong.map(|part| (json!([part]), false)));
    let same = limit(&json!(1), &periods[0]);
    probes.push((json!([same, same]), false));
    probes
}

/// Sends each body that differs from a good one in one field.
async fn probe_body(body: &str, good: Value, gateway: &Gateway, send: impl AsyncFn(&Value) -> Answer) {
    let api = api();
    let schema = &api["components"]["schemas"][body];
    let with = |field: &str, value: &Value| {
        let mut body = good.clone();
        body[field] = value.clone();
        body
    };
    let expect = async |body: &Value, good: bool, what: &str| {
        let answer = send(body).await;
        assert_eq!(answer.status < 300, good, "{what}: {body} {answer:?}");
        assert_eq!(answer.status == 400, !good, "{what}: {body} {answer:?}");
    };
    expect(&good, true, "the good one").await;
    assert_eq!(schema["additionalProperties"], false);
    expect(&with("unknown", &json!(1)), false, "unknown").await;
    for (field, schema) in schema["properties"].as_object().unwrap() {
        for (value, good) in probes(&api, resolve(&api, schema), gateway) {
            expect(&with(field, &value), good, field).await;
        }
    }
    let required: BTreeSet<_> =
        schema["required"].as_array().into_iter().flatten().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(required, good.as_object().unwrap().keys().map(String::as_str).collect(), "{body}");
    for field in required {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        expect(&body, false, "required").await;
    }
}

#[tokio::test]
async fn a_new_key_is_as_the_document_describes() {
    let (gateway, admin) = Gateway::with_manager().await;
    let good = json!({"operations": ["SMS"], "userId": "user-2", "username": "Grace"});

    probe_body("NewKey", good, &gateway, async |body| admin.post(body).await).await;
}

#[tokio::test]
async fn changes_of_a_key_are_as_the_document_describes() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    probe_body("KeyChanges", json!({}), &gateway, async |body| admin.patch(&key.id, body).await).await;
}

#[tokio::test]
async fn changes_are_taken_as_each_documented_type_of_body() {
    let (gateway, admin) = Gateway::with_manager().await;
    let path_and_query = &format!("/authentication/{}", admin.id);
    let api = api();
    let content = &api["paths"]["/authentication/{key}"]["patch"]["requestBody"]["content"];
    let types: Vec<_> = content.as_object().unwrap().keys().collect();
    assert_eq!(types, ["application/json", "application/merge-patch+json"]);
    for (at, name) in types.into_iter().enumerate() {
        let headers = [("X-API-Key", &*admin.value), ("Content-Type", name)];
        let body = json!({"name": format!("name {at}")}).to_string();
        let request = Request { method: "PATCH", path_and_query, headers: &headers, body: Some(&body) };
        let answer = gateway.request(&request).await;
        assert_eq!((answer.status, &answer.body["name"]), (200, &json!(format!("name {at}"))), "{name}");
    }
}

#[tokio::test]
async fn a_rotation_is_as_the_document_describes() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let path = format!("/authentication/{}/rotate", key.id);
    let send = async |body: Option<&str>| gateway.send("POST", &path, &[&admin.value], body).await;

    probe_body("Rotation", json!({}), &gateway, async |body| send(Some(&body.to_string())).await).await;

    let api = api();
    assert_ne!(api["paths"]["/authentication/{key}/rotate"]["post"]["requestBody"]["required"], true);
    assert_eq!(send(None).await.status, 201);
}

#[tokio::test]
async fn parameters_of_a_list_are_as_the_document_describes() {
    let (_, admin) = Gateway::with_manager().await;
    let api = api();
    let parameters = api["paths"]["/authentication"]["get"]["parameters"].as_array().unwrap();
    let schemas: Map<_, _> =
        parameters.iter().map(|each| (each["name"].as_str().unwrap().to_owned(), each["schema"].clone())).collect();
    let names = [
        "assignedTo",
        "createdByKeyId",
        "cursor",
        "exceedsLifetime",
        "expiresBefore",
        "limit",
        "operation",
        "status",
        "tag.{name}",
        "unusedSince",
        "userId",
    ];
    assert_eq!(schemas.keys().collect::<Vec<_>>(), names);
    let status = async |query: &str| status_of(&admin, query).await;

    for good in
        ["limit=1", "limit=1000", "userId=x", &format!("userId={}", "é".repeat(128)), &format!("cursor={}", admin.id)]
    {
        assert_eq!(status(good).await, 200, "{good}");
    }
    for value in resolve(&api, &schemas["status"])["x-extensible-enum"].as_array().unwrap() {
        assert_eq!(status(&format!("status={}", value.as_str().unwrap())).await, 200, "{value}");
    }
    for name in ["expiresBefore", "unusedSince"] {
        let formats: Vec<_> = schemas[name]["anyOf"].as_array().unwrap().iter().map(|one| &one["format"]).collect();
        assert_eq!(formats, ["date", "date-time"]);
        for time in ["2026-11-23", "2026-11-23T10:15:30Z", "2026-11-23T10:15:30.123%2B01:00"] {
            assert_eq!(status(&format!("{name}={time}")).await, 200, "{name} {time}");
        }
    }
    assert_eq!(schemas["exceedsLifetime"]["type"], "boolean");
    for (text, expected) in [("true", 200), ("false", 200), ("1", 400), ("True", 400), ("", 400)] {
        assert_eq!(status(&format!("exceedsLifetime={text}")).await, expected, "{text}");
    }
    assert_eq!(resolve(&api, &schemas["operation"])["maxLength"], 32);
    for (name, value) in [("operation", "A".repeat(32)), ("createdByKeyId", admin.id.clone())] {
        assert_eq!(status(&format!("{name}={value}")).await, 200, "{name}");
        assert_eq!(status(&format!("{name}={value}x")).await, 400, "{name}");
    }
    let long = format!("userId={}", "x".repeat(129));
    for bad in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "userId=",
        &long,
        "userId=\u{7f}",
        "cursor=x",
        "unknown=1",
        "limit=1&limit=1",
    ] {
        assert_eq!(status(bad).await, 400, "{bad}");
    }
    let tags = resolve(&api, &schemas["tag.{name}"]);
    assert_eq!((&tags["maxProperties"], &tags["additionalProperties"]["maxLength"]), (&json!(16), &json!(128)));
    for (tag, good) in [("tag.team=blue", true), ("tag.1=blue", false), ("tag.team=", false)] {
        assert_eq!(status(tag).await, if good { 200 } else { 400 }, "{tag}");
    }
    let limit = &schemas["limit"];
    assert_eq!([&limit["minimum"], &limit["maximum"], &limit["default"]], [1, 1000, 1000]);
    for name in ["userId", "assignedTo"] {
        assert_eq!([&schemas[name]["minLength"], &schemas[name]["maxLength"]], [1, 128]);
    }
}

async fn status_of(admin: &Client, query: &str) -> u16 {
    admin.get(&format!("/authentication?{query}")).await.status
}
