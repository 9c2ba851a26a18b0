//! The one way to a DynamoDB client.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// Makes the client of a function from what the environment says: region, endpoints, credentials.
pub async fn connect() -> Client {
    Client::new(&load_config().await)
}

/// The usual chain of `aws-config`, over TLS by `rustls` and `ring` with the system's roots.
///
/// A call may take 2.5 s in all: less than the time-out of every function, and so the authorizer's answer,
/// whatever happens, is ours.
async fn load_config() -> SdkConfig {
    let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(700))
        .operation_attempt_timeout(Duration::from_millis(1_200))
        .operation_timeout(Duration::from_millis(2_500))
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(https)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
        // It guards long bodies; an answer here is one packet, under a time-out of its own.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await
}
