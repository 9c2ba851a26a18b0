//! The documented answers are those that the functions give.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Answer, Gateway, Github, Signer};

use crate::{api, resolve};

/// Asserts that an operation documents an answer, down to its fields and headers.
fn assert_documented(api: &Value, operation: &str, answer: &Answer) {
    let operations =
        api["paths"].as_object().unwrap().values().flat_map(|methods| methods.as_object().unwrap().values());
    let operation = operations.into_iter().find(|each| each["operationId"] == operation).unwrap();
    let response = resolve(api, &operation["responses"][answer.status.to_string()]);
    assert!(response.is_object(), "{answer:?}");

    let sent = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
    for (name, header) in response["headers"].as_object().unwrap() {
        let sent = sent(name).unwrap_or_else(|| panic!("no {name}: {answer:?}"));
        let schema = &resolve(api, header)["schema"];
        assert!(schema["enum"].is_null() || schema["enum"][0] == sent, "{name}: {sent}");
    }
    let Some(content) = response["content"].as_object() else {
        return assert_eq!(answer.text, "");
    };
    let body = &content[sent("content-type").unwrap()];
    assert_fields(api, &body["schema"], &answer.body);
}

/// Asserts that an object has the documented fields, all of the required ones and no others, and so do those in it; and that
/// each has a documented type and size.
fn assert_fields(api: &Value, schema: &Value, found: &Value) {
    assert_fits(api, schema, found);
    let (fields, required) = fields_of(api, schema);
    if let (Some(found), false) = (found.as_object(), fields.is_empty()) {
        for (name, value) in found {
            let (_, schema) =
                fields.iter().find(|(field, _)| field == name).unwrap_or_else(|| panic!("{name} is not documented"));
            assert_fields(api, schema, value);
        }
        for name in required {
            assert!(found.contains_key(&name), "{name} is missing in {found:?}");
        }
    }
    for element in found.as_array().into_iter().flatten() {
        assert_fields(api, &resolve(api, schema)["items"], element);
    }
}

/// Asserts that a value has a documented type, and as many elements, characters or properties as its schema asks for.
fn assert_fits(api: &Value, schema: &Value, found: &Value) {
    let schema = resolve(api, schema);
    if let Some(parts) = schema["oneOf"].as_array() {
        // Of an object that has a name, or `null`.
        let part = parts.iter().find(|part| (resolve(api, part)["type"] == "null") == found.is_null());
        return assert_fits(api, part.unwrap_or_else(|| panic!("{found} is not documented")), found);
    }
    let (kind, size) = match found {
        Value::Null => ("null", None),
        Value::Bool(_) => ("boolean", None),
        Value::Number(_) => ("integer", None),
        Value::String(text) => ("string", Some(("Length", text.chars().count()))),
        Value::Array(elements) => ("array", Some(("Items", elements.len()))),
        Value::Object(fields) => ("object", Some(("Properties", fields.len()))),
    };
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    let is_any = schema["type"].is_null();
    assert!(is_any || types.contains(&json!(kind)), "{found} is no {types:?}");
    if let Some((name, size)) = size {
        let bound = |end: &str| schema[format!("{end}{name}")].as_u64();
        assert!(bound("min").is_none_or(|least| size as u64 >= least), "{found} has too few: {schema}");
        assert!(bound("max").is_none_or(|most| size as u64 <= most), "{found} has too many: {schema}");
    }
}

fn fields_of(api: &Value, schema: &Value) -> (Vec<(String, Value)>, BTreeSet<String>) {
    let schema = resolve(api, schema);
    let (mut fields, mut required) = (Vec::new(), BTreeSet::new());
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let of_part = fields_of(api, part);
        fields.extend(of_part.0);
        required.extend(of_part.1);
    }
    let own = schema["properties"].as_object();
    fields.extend(own.into_iter().flatten().map(|(name, schema)| (name.clone(), schema.clone())));
    required.extend(schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()));
    (fields, required)
}

#[tokio::test]
async fn every_answer_is_documented_with_its_fields_and_headers() {
    let (gateway, admin) = Gateway::with_manager().await;
    let api = api();
    let expect = |operation: &str, status: u16, answer: &Answer| {
        assert_eq!(answer.status, status, "{operation}: {answer:?}");
        assert_documented(&api, operation, answer);
    };
    let sms = json!({"userId": "user-2", "username": "Grace", "operations": ["SMS"]});
    let created = admin.post(&sms).await;
    let id = created.body["id"].as_str().unwrap();
    let limited = admin.create_key(&["AUTHENTICATION"]).await;
    let unknown = "0000000000000000000000";

    expect("createKey", 201, &created);
    expect("createKey", 400, &admin.post(&json!({})).await);
    expect("createKey", 403, &limited.post(&sms).await);
    expect("listKeys", 200, &admin.get("/authentication?limit=1").await);
    expect("listKeys", 200, &admin.get("/authentication").await);
    expect("listKeys", 400, &admin.get("/authentication?limit=0").await);
    expect("listEvents", 200, &admin.get("/authentication/events?limit=1").await);
    expect("listEvents", 200, &admin.get("/authentication/events").await);
    expect("listEvents", 400, &admin.get("/authentication/events?limit=0").await);
    expect("getAccount", 200, &admin.get("/authentication/account").await);
    let reader = admin.create_key(&["AUTHENTICATION_READ"]).await;
    let of_reader = reader.get("/authentication/account").await;
    assert_eq!(of_reader.body["grantableOperations"], json!([]));
    expect("getAccount", 200, &of_reader);
    expect("getAccount", 400, &admin.get("/authentication/account?unknown=1").await);
    expect("getAccount", 403, &admin.create_key(&["SMS"]).await.get("/authentication/account").await);
    expect("getAccountUsage", 200, &admin.get("/authentication/usage").await);
    expect("getAccountUsage", 400, &admin.get("/authentication/usage?bucket=week").await);
    expect("getKeyUsage", 200, &admin.get("/authentication/self/usage?bucket=hour").await);
    expect("getKeyUsage", 200, &admin.get(&format!("/authentication/{unknown}/usage")).await);
    expect("getKeyUsage", 404, &admin.get("/authentication/x/usage").await);
    expect("getKey", 200, &admin.get("/authentication/self").await);
    expect("getKey", 404, &admin.get("/authentication/x").await);
    expect("rotateKey", 201, &admin.rotate(id, 60).await);
    expect("rotateKey", 400, &admin.rotate(id, 604_801).await);
    expect("rotateKey", 400, &admin.rotate("self", 0).await);
    expect("updateKey", 400, &admin.patch("self", &json!({})).await);
    expect("deleteKey", 400, &admin.delete("self").await);
    expect("deleteKey", 400, &admin.delete(&format!("{id}?unknown=1")).await);
    expect("getKey", 400, &admin.get("/authentication/self?unknown=1").await);
    expect("getKeyUsage", 400, &admin.get(&format!("/authentication/{}/usage", admin.value)).await);
    expect("rotateKey", 403, &limited.rotate(id, 0).await);
    expect("rotateKey", 404, &admin.rotate(unknown, 0).await);
    expect("updateKey", 200, &admin.patch(id, &json!({"enabled": false})).await);
    expect("updateKey", 400, &admin.patch(id, &json!({"enabled": 0})).await);
    expect("updateKey", 403, &limited.patch(id, &json!({"enabled": true})).await);
    let headers = [("If-Match", "\"0\"")];
    let own = format!("/authentication/{id}");
    expect("updateKey", 412, &admin.send_with("PATCH", &own, &headers, Some(&json!({}))).await);
    expect("deleteKey", 412, &admin.send_with("DELETE", &own, &headers, None).await);
    let other = admin.create_key(&["SMS"]).await;
    let rotation_of_other = format!("/authentication/{}/rotate", other.id);
    expect("rotateKey", 412, &admin.send_with("POST", &rotation_of_other, &headers, None).await);
    expect("updateKey", 404, &admin.patch(unknown, &json!({})).await);
    expect("rotateKey", 409, &admin.rotate(id, 0).await);
    expect("deleteKey", 204, &admin.delete(id).await);
    expect("deleteKey", 404, &admin.delete(id).await);

    let report = |value: &str| json!([{"token": value, "type": "ak_live"}]).to_string();
    expect("reportLeaks", 202, &gateway.report(&[], &report("x")).await);
    expect("reportLeaks", 400, &gateway.report(&[], "{}").await);
    let signer = Signer::new("one");
    let body = report(&admin.value);
    let headers = signer.headers(&body);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    expect("reportLeaks", 503, &gateway.report(&headers, &body).await);
    let github = Github::start(vec![signer.public()]).await;
    gateway.set(|settings| settings.github = github.keys());
    let answer = gateway.report(&headers, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_documented(&api, "reportLeaks", &answer);
    gateway.set(|settings| settings.leaks = false);
    expect("reportLeaks", 404, &gateway.report(&[], &report("x")).await);
}
