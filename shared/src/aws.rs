//! What a function knows of AWS: region, endpoint, credentials, time-outs, and its one way there.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

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
        let transport = Transport::new().map_err(|cause| Error::caused("the system trusts nobody", cause))?;
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_millis(1_100))
            .operation_timeout(Duration::from_millis(2_500))
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(transport.clone())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
            // It guards long bodies; an answer here is one packet, under a time-out of its own.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await;
        Ok(Self { config, transport })
    }

    /// Uses what somebody else decided, but for the transport.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system trusts no authority.
    pub fn from_config(config: aws_config::SdkConfig) -> Result<Self, Error> {
        let transport = Transport::new().map_err(|cause| Error::caused("the system trusts nobody", cause))?;
        let config = config.into_builder().http_client(transport.clone()).build();
        Ok(Self { config, transport })
    }
}
