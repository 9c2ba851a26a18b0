//! What the gateway sends: the events of `infra/events` with a caller, a path or a body put in.

use hyper::body::Bytes;
use serde_json::{Value, json};
use tests::gateway::{STAGE, sample_event};

/// A request that carries `X-API-Key`.
pub(crate) fn authorizer(value: &str) -> Bytes {
    let mut event = sample_event("authorizer");
    event["methodArn"] = json!(format!("{STAGE}/GET/sms"));
    event["resource"] = json!("/sms");
    event["headers"]["X-API-Key"] = json!(value);
    event["multiValueHeaders"]["X-API-Key"] = json!([value]);
    event.to_string().into()
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
