//! The authorizer as the SDK's and the runtime's first examples would have it.

use std::collections::HashMap;
use std::env;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use job::{Event, Key, Stored, UNAUTHORIZED, Verdict};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let (client, table) = (&Client::new(&config), &env::var("TABLE_NAME")?);
    run(service_fn(|event: LambdaEvent<Event>| authorize(event.payload, client, table))).await
}

async fn authorize(event: Event, client: &Client, table: &str) -> Result<Verdict, Diagnostic> {
    let value = event.api_key.as_deref().ok_or_else(unauthorized)?;
    let key = Key::parse(value).ok_or_else(unauthorized)?;
    let read = client
        .get_item()
        .table_name(table)
        .key("accountId", AttributeValue::S(key.account_id.to_owned()))
        .key("id", AttributeValue::S(key.id.to_owned()))
        .consistent_read(true)
        .send()
        .await
        .map_err(|cause| {
            eprintln!("{cause:?}");
            Diagnostic { error_type: "Unavailable".into(), error_message: "The key could not be checked".into() }
        })?;
    let route = event.route().ok_or_else(unauthorized)?;
    match read.item.map(stored) {
        Some(stored) if stored.has(&key.hash()) => Verdict::allow(stored, route).ok_or_else(unauthorized),
        _ => Err(unauthorized()),
    }
}

fn stored(item: HashMap<String, AttributeValue>) -> Stored {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    let operations = item.get("operations").and_then(|value| value.as_l().ok()).map(Vec::as_slice).unwrap_or_default();
    Stored {
        hash: item
            .get("keyHash")
            .and_then(|value| value.as_b().ok())
            .map(|hash| STANDARD.encode(hash))
            .unwrap_or_default(),
        id: text("id"),
        account_id: text("accountId"),
        user_id: text("userId"),
        username: text("username"),
        company: text("company"),
        operations: operations.iter().filter_map(|operation| operation.as_s().ok().cloned()).collect(),
        traffic_type: text("trafficType"),
    }
}

fn unauthorized() -> Diagnostic {
    Diagnostic { error_type: UNAUTHORIZED.into(), error_message: UNAUTHORIZED.into() }
}
