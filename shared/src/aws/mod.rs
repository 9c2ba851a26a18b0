//! The way to AWS: region, endpoint, credentials, time-outs and the one connection.
//!
//! ```text
//! service_error → call_error ─┐
//! signature, transport → requests → dynamodb ← spare_reads
//! signature, transport → secret
//! variables
//! ```

mod call_error;
mod dynamodb;
mod requests;
#[cfg(test)]
pub(crate) mod scripted;
mod secret;
mod service_error;
mod signature;
mod spare_reads;
mod transport;
mod variables;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_types::service_config::ServiceConfigKey;
use http::Uri;

pub(crate) use self::call_error::{CallError, is_throttling, may_be_of_skew};
pub(crate) use self::dynamodb::{CALL_TIME, Dynamodb};
pub use self::secret::{Secret, SecretArn, StoredSecret};
pub(crate) use self::transport::Cause;
pub use self::transport::Transport;

const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// What every call to AWS needs; one for the life of a function.
#[derive(Debug, Clone)]
pub struct Aws {
    pub(crate) config: SdkConfig,
    pub(crate) transport: Transport,
    pub(crate) has_impatient_reads: bool,
}

impl Aws {
    /// What a client of the SDK takes, the transport and the limits included.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Uses the variables that Lambda sets, and no profile or service that the default chain may ask: the chain's own clients
    /// are a fifth of a binary.
    ///
    /// A call may take 2.5 s in all: less than the time-out of every function. Reads are impatient.
    ///
    /// # Errors
    /// [`Misconfigured`] when the system has no root certificates.
    pub fn of_function() -> Result<Self, Misconfigured> {
        Ok(Self::from_config(variables::config())?.with_impatient_reads())
    }

    /// Uses that configuration with the transport and the time-outs of every function.
    ///
    /// # Errors
    /// [`Misconfigured`] when the system has no root certificates.
    pub fn from_config(config: SdkConfig) -> Result<Self, Misconfigured> {
        Ok(Self::over(Transport::new()?, config))
    }

    /// The same, over that transport.
    #[must_use]
    pub fn over(transport: Transport, config: SdkConfig) -> Self {
        let transport = match config.time_source() {
            Some(clock) => transport.by_clock(clock),
            None => transport,
        };
        let config = config.into_builder().http_client(transport.clone()).build();
        Self { config: within_limits(config), transport, has_impatient_reads: false }
    }

    /// Reads that are slow over a kept connection are sent over a new one.
    #[must_use]
    pub fn with_impatient_reads(self) -> Self {
        Self { has_impatient_reads: true, ..self }
    }
}

/// What a function needs to reach AWS is missing; it does not start.
#[derive(Debug)]
pub struct Misconfigured {
    what: &'static str,
    cause: Option<Cause>,
}

impl Misconfigured {
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, cause: None }
    }

    pub(crate) fn caused(what: &'static str, cause: impl Into<Cause>) -> Self {
        Self { what, cause: Some(cause.into()) }
    }
}

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl StdError for Misconfigured {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// The endpoint that the environment gives: this service's variable or profile, else the general one.
fn given_endpoint(config: &SdkConfig, service: &'static str) -> Result<Option<Uri>, Cause> {
    let key =
        ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url").build()?;
    let of_the_service = config.service_config().and_then(|all| all.load_config(key));
    Ok(of_the_service.as_deref().or(config.endpoint_url()).map(str::parse).transpose()?)
}

/// Sets time-outs and attempts. A call has time for two attempts without an answer, or for three that are refused.
fn within_limits(config: SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(1_100))
        .operation_timeout(Duration::from_millis(2_500))
        .build();
    config
        .into_builder()
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
        // It guards long bodies; an answer here is short and under a time-out of its own.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}
