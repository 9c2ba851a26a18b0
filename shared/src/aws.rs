//! What a function knows of AWS: region, endpoint, credentials, time-outs, and its one way there.

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};

use crate::error::Error;
use crate::transport::Transport;

/// What every call to AWS needs; one for the life of a function.
#[derive(Debug, Clone)]
pub struct Aws {
    pub(crate) config: SdkConfig,
    pub(crate) transport: Transport,
}

impl Aws {
    /// Asks the usual chain of `aws-config`: variables, profiles, a container's credentials.
    ///
    /// A call may take 2.5 s in all: less than the time-out of every function.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system trusts no authority.
    pub async fn from_environment() -> Result<Self, Error> {
        let transport = transport()?;
        let mut usual_chain = aws_config::defaults(BehaviorVersion::latest());
        // Both come first in the chain anyway: naming them spares a start on Lambda the building of the rest.
        if ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].iter().all(|name| env::var(name).is_ok()) {
            usual_chain = usual_chain.credentials_provider(EnvironmentVariableCredentialsProvider::new());
        }
        if let Ok(region) = env::var("AWS_REGION") {
            usual_chain = usual_chain.region(Region::new(region));
        }
        let config = usual_chain.http_client(transport.clone()).load().await;
        Ok(Self { config: within_limits(config), transport })
    }

    /// Uses what somebody else decided, but for the transport and the limits, which are those of every function.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system trusts no authority.
    pub fn from_config(config: SdkConfig) -> Result<Self, Error> {
        let transport = transport()?;
        let config = config.into_builder().http_client(transport.clone()).build();
        Ok(Self { config: within_limits(config), transport })
    }
}

fn transport() -> Result<Transport, Error> {
    Transport::new().map_err(|cause| Error::caused("the system trusts nobody", cause))
}

/// Time-outs and attempts: two attempts that get no answer fit into a call, or three that are refused.
fn within_limits(config: SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(1_100))
        .operation_timeout(Duration::from_millis(2_500))
        .build();
    config
        .into_builder()
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
        // It guards long bodies; an answer here is one packet, under a time-out of its own.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}
