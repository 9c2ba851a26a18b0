//! The gateway's events, as AWS documents them: a REST API's proxy event, and a REQUEST authorizer's.

use std::fs;
use std::time::SystemTime;

use api_keys::key::Timestamp;
use serde_json::{Map, Value, json};

use super::STAGE;
use super::api::Api;
use crate::template;

/// A request as a client sends it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `GET` and so on.
    pub method: &'a str,
    /// What follows the stage, with a query or without.
    pub path_and_query: &'a str,
    /// Its headers, beside those that each request has.
    pub headers: &'a [(&'a str, &'a str)],
    /// Its body.
    pub body: Option<&'a str>,
}

impl Request<'_> {
    pub(super) fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap()
    }

    /// The method's ARN: it has the path as the client sent it.
    pub(super) fn method_arn(&self) -> String {
        format!("{STAGE}/{}{}", self.method, self.path())
    }
}

/// An event of `infra/events`.
#[must_use]
pub fn sample_event(function: &str) -> Value {
    let file = template::root().join("infra/events").join(format!("{function}.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// An event of AWS's documentation, of that name.
#[must_use]
pub fn documented(name: &str) -> Value {
    let file = template::root().join("tests/data/gateway-events").join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The event that a function's URL makes of a request with that body.
#[must_use]
pub fn of_url(body: &str) -> Value {
    let mut event = documented("function-url");
    event["body"] = json!(body);
    event
}

/// A function's event of `infra/events`, for whom the authorizer let in.
#[must_use]
pub fn event_of(function: &str, verdict: &Value) -> Value {
    let mut event = sample_event(function);
    set_headers(&mut event, &[]);
    event["requestContext"]["authorizer"] = authorizer_context(verdict);
    event
}

/// Where clients reach a stage. What precedes the route in both of an event's paths follows from it; a method's ARN and the
/// pattern of a route never have it.
#[derive(Debug, Clone, Copy)]
pub enum Address {
    /// The stage's own URL.
    Stage,
    /// A custom domain, whose mapping names the stage, under a base path such as `/keys`, or none.
    Mapping(&'static str),
    /// A custom domain whose mapping leaves the stage to the path, under a base path or none.
    MappingWithoutStage(&'static str),
}

impl Address {
    /// What the client's URL has before the route.
    #[must_use]
    pub fn before(self) -> String {
        match self {
            Self::Stage => "/v1".to_owned(),
            Self::Mapping(base) => base.to_owned(),
            Self::MappingWithoutStage(base) => format!("{base}/v1"),
        }
    }
}

/// What both events have of a request.
pub(super) fn event(api: &Api, request: &Request<'_>, source_ip: &Value, address: Address, now: SystemTime) -> Value {
    let mut event = sample_event("authorizer");
    for of_authorizer in ["type", "methodArn"] {
        event.as_object_mut().unwrap().remove(of_authorizer);
    }
    let path = request.path();
    let (resource, variables) = api
        .route(request.method, path)
        .map_or_else(|| (path.to_owned(), Map::new()), |(route, variables)| (route.resource.clone(), variables));
    event["resource"] = json!(resource);
    let path_of_client = format!("{}{path}", address.before());
    event["path"] = if matches!(address, Address::Stage) { json!(path) } else { json!(path_of_client) };
    event["httpMethod"] = json!(request.method);
    event["pathParameters"] = variables.into();
    event["stageVariables"] = api.stage_variables.clone();
    let context = &mut event["requestContext"];
    context["requestTimeEpoch"] = json!(Timestamp::from(now).unix_millis());
    context["resourcePath"] = json!(resource);
    context["path"] = json!(path_of_client);
    context["httpMethod"] = json!(request.method);
    context["identity"]["sourceIp"] = source_ip.clone();
    set_headers(&mut event, request.headers);
    let query = request.path_and_query.split_once('?').map_or("", |(_, query)| query);
    let (mut single, mut multi) = (Map::new(), Map::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        single.insert(name.to_string(), json!(value));
        multi.entry(name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(json!(value));
    }
    event["queryStringParameters"] = single.into();
    event["multiValueQueryStringParameters"] = multi.into();
    event
}

/// The event of the authorizer.
pub(super) fn for_authorizer(mut event: Value, method_arn: &str) -> Value {
    event["type"] = json!("REQUEST");
    event["methodArn"] = json!(method_arn);
    event
}

/// The event of a function, for whom the authorizer let in; on some routes none is asked.
pub(super) fn for_function(mut event: Value, verdict: Option<&Value>, body: Option<&str>) -> Value {
    for map in ["pathParameters", "queryStringParameters", "multiValueQueryStringParameters"] {
        // Here an empty one is null.
        if event[map].as_object().is_some_and(Map::is_empty) {
            event[map] = Value::Null;
        }
    }
    if let Some(verdict) = verdict {
        event["requestContext"]["authorizer"] = authorizer_context(verdict);
    }
    event["body"] = json!(body);
    event["isBase64Encoded"] = json!(false);
    event
}

/// What a function and a gateway response find of a verdict.
pub(super) fn authorizer_context(verdict: &Value) -> Value {
    let mut context = verdict["context"].clone();
    context["principalId"] = verdict["principalId"].clone();
    context
}

fn set_headers(event: &mut Value, more: &[(&str, &str)]) {
    let (mut single, mut multi) = (Map::new(), Map::new());
    for (name, value) in event["headers"].as_object().unwrap() {
        if name != "X-API-Key" {
            single.insert(name.clone(), value.clone());
            multi.insert(name.clone(), json!([value]));
        }
    }
    for (name, value) in more {
        single.insert((*name).to_owned(), json!(value));
        multi.entry(*name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(json!(value));
    }
    event["headers"] = single.into();
    event["multiValueHeaders"] = multi.into();
}
