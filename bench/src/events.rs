//! What the gateway sends: the events of `infra/events` with a caller, a path or a body put in.

use hyper::body::Bytes;
use serde_json::{Value, json};
use tests::gateway::{STAGE, sample_event};

/// A request that carries `X-API-Key`, to an HTTP API with payload format 2.0: the same headers and address.
pub(crate) fn http_authorizer(value: &str) -> Bytes {
    let rest: Value = serde_json::from_slice(&authorizer(value)).unwrap();
    let (headers, context) = (rest["headers"].as_object().unwrap(), &rest["requestContext"]);
    let headers: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    let source_ip = &context["identity"]["sourceIp"];
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": rest["methodArn"],
        "identitySource": [value, source_ip, "GET", "/v1/sms"],
        "routeKey": "ANY /sms",
        "rawPath": "/v1/sms",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": context["accountId"],
            "apiId": context["apiId"],
            "domainName": context["domainName"],
            "domainPrefix": context["domainPrefix"],
            "http": {"method": "GET", "path": "/v1/sms", "protocol": "HTTP/1.1", "sourceIp": source_ip, "userAgent": "curl/8.5.0"},
            "requestId": context["requestId"],
            "routeKey": "ANY /sms",
            "stage": "v1",
            "time": context["requestTime"],
            "timeEpoch": context["requestTimeEpoch"],
        },
        "stageVariables": rest["stageVariables"],
    })
    .to_string()
    .into()
}

/// A request that carries `X-API-Key`.
pub(crate) fn authorizer(value: &str) -> Bytes {
    let mut event = sample_event("authorizer");
    event["methodArn"] = json!(format!("{STAGE}/GET/sms"));
    event["resource"] = json!("/sms");
    event["headers"]["X-API-Key"] = json!(value);
    event["multiValueHeaders"]["X-API-Key"] = json!([value]);
    event.to_string().into()
}

/// The same question to `verify-key`.
pub(crate) fn verify_key(value: &str) -> Bytes {
    json!({ "value": value, "operation": "SMS", "sourceIp": "203.0.113.7" }).to_string().into()
}

/// An account to be made.
pub(crate) fn create_account() -> Bytes {
    json!({ "company": "Example", "userId": "user-1", "username": "Ada" }).to_string().into()
}

/// A request of a caller, with `change` made to its sample event.
pub(crate) fn of_caller(function: &str, caller: &Value, change: impl FnOnce(&mut Value)) -> Bytes {
    let mut event = sample_event(function);
    event["requestContext"]["authorizer"] = caller.clone();
    change(&mut event);
    event.to_string().into()
}

/// Query parameters, as the gateway gives them twice.
pub(crate) fn set_query(event: &mut Value, parameters: &[(&str, &str)]) {
    event["queryStringParameters"] =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    event["multiValueQueryStringParameters"] =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
}

/// What the authorizer puts into the context of an issued key's requests.
pub(crate) fn caller(issued: &Value) -> Value {
    let operations: Vec<_> =
        issued["operations"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    json!({
        "principalId": issued["id"],
        "accountId": issued["accountId"],
        "keyId": issued["id"],
        "userId": issued["userId"],
        "username": issued["username"],
        "company": issued["company"],
        "operations": operations.join(","),
        "trafficType": issued["trafficType"],
        "integrationLatency": 12,
    })
}
