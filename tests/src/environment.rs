//! A client made of environment variables, as a function makes it.

use api_keys::aws::{Aws, Transport};
use api_keys::key::{AccountId, KeyId, Timestamp};
use api_keys::request::KeyQuery;
use api_keys::store::{KeyList, KeyReader};
use aws_config::BehaviorVersion;

use crate::engine::TABLE;

/// Runs with exactly these of the variables that a client reads.
pub async fn with_environment<T>(variables: &[(&str, &str)], run: impl AsyncFnOnce() -> T) -> T {
    let read = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_PROFILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let mut environment: Vec<_> = read
        .iter()
        .map(|name| (*name, variables.iter().find(|(given, _)| given == name).map(|(_, value)| *value)))
        .collect();
    environment.extend([("AWS_CONFIG_FILE", Some("/dev/null")), ("AWS_SHARED_CREDENTIALS_FILE", Some("/dev/null"))]);
    environment.push(("AWS_EC2_METADATA_DISABLED", Some("true")));
    temp_env::async_with_vars(environment, Box::pin(run())).await
}

/// Credentials and a region, as Lambda sets them.
pub const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];

/// Whether a function reaches the table, and so does a program with the default chain.
pub async fn functions_reach_the_table() -> bool {
    let (function, others) = (reaches(&Aws::of_function().unwrap()).await, reaches_the_table().await);
    assert_eq!(function, others);
    function
}

/// Whether the table answers that it has no such key, and none at all of an account.
pub async fn reaches_the_table() -> bool {
    let transport = Transport::new().unwrap();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(transport).load().await;
    reaches(&Aws::from_config(config).unwrap()).await
}

/// Both ways to it: our own read, and the SDK.
async fn reaches(aws: &Aws) -> bool {
    let account_id = AccountId::parse("4Vn8QkT2mZrB0xYcW7eHsA").unwrap();
    let id = KeyId::parse("0QbXn6T4mKrV9sYdJ2wLhP").unwrap();
    let read = KeyReader::new(aws, TABLE.to_owned()).await.unwrap().get(account_id, id).await;
    let list =
        KeyList::new(aws, TABLE.to_owned()).page(account_id, &KeyQuery::newest(1), Timestamp::of_unix_hour(0)).await;
    assert_eq!(read.is_ok(), list.is_ok(), "{read:?} {list:?}");
    matches!((read, list), (Ok(None), Ok(page)) if page.keys.is_empty())
}
