//! `infra/openapi.yaml` describes what the service does, no more and no less.

mod agreement;
mod answers;
mod bodies;
mod codes;
mod document;
mod examples;
mod responses;
mod routes;
mod settle;

use std::collections::BTreeSet;
use std::{env, fs};

use serde_json::Value;
use tests::template::{root, template};

#[test]
fn the_committed_document_is_the_codes() {
    let file = root().join("infra/openapi.yaml");
    let text = document::text();
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == text,
        "run `UPDATE_OPENAPI=1 cargo test --package tests --test openapi` and look at the difference"
    );
}

#[test]
fn every_route_of_the_template_is_documented_and_no_other() {
    let mut deployed = BTreeSet::new();
    for (name, function) in template()["Resources"].as_object().unwrap() {
        // A page for people, and this document.
        if name == "ServeConsoleFunction" {
            continue;
        }
        let events = function["Properties"]["Events"].as_object().into_iter().flat_map(|events| events.values());
        for route in events.filter(|event| event["Type"] == "Api") {
            let properties = &route["Properties"];
            let text = |name: &str| properties[name].as_str().unwrap().to_owned();
            deployed.insert((text("Method").to_lowercase(), text("Path")));
        }
    }
    let mut documented = BTreeSet::new();
    for (path, methods) in api()["paths"].as_object().unwrap() {
        documented.extend(methods.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    assert_eq!(documented, deployed);
    assert_eq!(documented.len(), 11);
}

#[test]
fn every_status_that_the_gateway_answers_by_itself_is_documented() {
    let api = api();
    let documented = &api["paths"]["/authentication"]["post"]["responses"];
    for (kind, response) in template()["Resources"]["Api"]["Properties"]["GatewayResponses"].as_object().unwrap() {
        let status = response["StatusCode"].to_string();
        // Every route is there.
        if !["RESOURCE_NOT_FOUND", "MISSING_AUTHENTICATION_TOKEN"].contains(&kind.as_str()) {
            assert!(documented[&status].is_object(), "{kind}: {status}");
        }
    }
}

/// Generators of clients make up names for what has none, such as `ListEventsResponse200EventsItemActor`.
#[test]
fn every_object_has_a_name_and_only_a_request_has_a_closed_enum() {
    let api = api();
    let (mut unnamed, mut closed) = (Vec::new(), Vec::new());
    let schemas = api["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        // What a key has beside its metadata stands in the object that has both.
        let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
        for part in parts.filter_map(Value::as_object) {
            part.values().for_each(|each| look_for(each, "properties", name, &mut unnamed));
            part.values().for_each(|each| look_for(each, "enum", name, &mut closed));
        }
        if schema["enum"].is_array() {
            closed.push(name.clone());
        }
    }
    look_for(&api["paths"], "properties", "paths", &mut unnamed);
    look_for(&api["paths"], "enum", "paths", &mut closed);
    assert_eq!((unnamed, closed), (Vec::new(), vec!["Bucket".to_owned()]));
    assert!(schemas.values().any(|schema| schema["x-extensible-enum"].is_array()));
}

/// Notes `place` for each mapping within that has such an entry, and is no list of parts that are looked at by themselves.
fn look_for(node: &Value, entry: &str, place: &str, found: &mut Vec<String>) {
    match node {
        Value::Object(fields) => {
            if fields.get(entry).is_some_and(|it| it.is_object() || it.is_array()) {
                found.push(place.to_owned());
            }
            fields.values().for_each(|each| look_for(each, entry, place, found));
        }
        Value::Array(parts) => {
            parts
                .iter()
                .filter(|part| part["properties"].is_null())
                .for_each(|each| look_for(each, entry, place, found));
        }
        _ => {}
    }
}

/// The document as JSON.
fn api() -> Value {
    serde_json::to_value(document::document()).unwrap()
}

/// What a `$ref` names, or the schema itself.
fn resolve<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(to) => api.pointer(to.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}
