//! DynamoDB's own protocol, for the reads before every request: signed JSON.
//!
//! The SDK's orchestrator and interceptors cost twice the CPU of a whole authorization (`make bench` measures both), and
//! one read has no use for them. Regions, endpoints and credentials still come from the SDK's configuration, and the
//! cryptography of the signature from its own crate.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use http::header::{CONTENT_TYPE, DATE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use hyper::body::Bytes;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::call_error::CallError;
use super::signature::{Signer, TARGET};
use super::transport::{Cause, Transport};
use super::{AGENT, Misconfigured, given_endpoint};
use crate::lock::lock;

const JSON: &str = "application/x-amz-json-1.0";

/// The time limit of one call: all attempts, connecting included. Less than the authorizer's own time-out.
pub(crate) const CALL_TIME: Duration = Duration::from_millis(2_400);
/// The time limit of one attempt; two fit into a call.
const ATTEMPT_TIME: Duration = Duration::from_millis(1_100);
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt; before the third it is twice that.
const BACKOFF: Duration = Duration::from_millis(50);
/// A clock that is less wrong is no reason for DynamoDB to refuse a signature.
///
/// Source: `service_clock_skew` of the SDK's `aws-runtime`.
const MIN_SKEW_SECONDS: u64 = 4 * 60;
/// Credentials that expire sooner than this are fetched again.
const EXPIRY_MARGIN: Duration = Duration::from_mins(5);

/// DynamoDB in one region, with one set of credentials.
pub(crate) struct Dynamodb {
    endpoint: Uri,
    host: HeaderValue,
    region: String,
    provider: SharedCredentialsProvider,
    clock: SharedTimeSource,
    /// By how many seconds DynamoDB's clock is ahead of ours, as far as is known.
    skew_seconds: AtomicI64,
    transport: Transport,
    signer: Mutex<Option<Arc<Signer>>>,
    timer: Mutex<Option<Pin<Box<Sleep>>>>,
}

impl fmt::Debug for Dynamodb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dynamodb({})", self.endpoint)
    }
}

impl Dynamodb {
    /// Reads region, endpoint and credentials' source from what `aws-config` found.
    ///
    /// # Errors
    /// [`Misconfigured`] when one of them is missing.
    pub(crate) async fn new(config: &SdkConfig, transport: Transport) -> Result<Self, Misconfigured> {
        const WHAT: &str = "endpoint, region or credentials missing";
        let endpoint = resolve_endpoint(config).await.map_err(|cause| Misconfigured::caused(WHAT, cause))?;
        let authority = endpoint.authority().ok_or(Misconfigured::new(WHAT))?;
        let host = HeaderValue::try_from(authority.as_str()).map_err(|cause| Misconfigured::caused(WHAT, cause))?;
        Ok(Self {
            endpoint,
            host,
            region: config.region().ok_or(Misconfigured::new("no AWS region configured"))?.to_string(),
            provider: config.credentials_provider().ok_or(Misconfigured::new("no AWS credentials configured"))?,
            clock: config.time_source().unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new())),
            skew_seconds: AtomicI64::new(0),
            transport,
            signer: Mutex::default(),
            timer: Mutex::default(),
        })
    }

    /// Makes an idempotent call, such as `DynamoDB_20120810.GetItem`. The answer is its JSON.
    pub(crate) async fn call(&self, target: &'static str, body: Vec<u8>) -> Result<Bytes, CallError> {
        let body = Bytes::from(body);
        let end = Instant::now() + CALL_TIME;
        let mut attempt = 1;
        loop {
            let limit = end.min(Instant::now() + ATTEMPT_TIME);
            let error = match self.within(limit, self.attempt(target, body.clone())).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if attempt == ATTEMPTS || !error.is_retryable() || Instant::now() >= end {
                return Err(error);
            }
            if error.has_expired_credentials() {
                *lock(&self.signer) = None;
            }
            if matches!(error, CallError::Refused { .. }) {
                // Chance spreads those who were refused together.
                sleep((BACKOFF * attempt).mul_f64(fastrand::f64())).await;
            }
            attempt += 1;
        }
    }

    /// Makes a call with a single attempt. The answer is its JSON.
    pub(crate) async fn call_once(
        &self,
        target: &'static str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<Bytes, CallError> {
        self.within(Instant::now() + limit, self.attempt(target, Bytes::from(body))).await
    }

    /// Like tokio's `timeout_at`, but with one timer that is only ever moved: registering a new one wakes the runtime by a
    /// system call.
    async fn within<T>(
        &self,
        limit: Instant,
        work: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let mut timer = lock(&self.timer).take().unwrap_or_else(|| Box::pin(sleep_until(limit)));
        timer.as_mut().reset(limit);
        let done = tokio::select! {
            biased;
            done = work => done,
            () = &mut timer => Err(CallError::TimedOut),
        };
        *lock(&self.timer) = Some(timer);
        done
    }

    async fn attempt(&self, target: &'static str, body: Bytes) -> Result<Bytes, CallError> {
        let request = self.signed(target, body).await?;
        let answer = self.transport.send(request).await.map_err(CallError::Unreached)?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            status => {
                let error = CallError::refused(status, answer.body());
                let skew = if error.may_be_of_skew() { self.correct_skew(answer.headers()) } else { None };
                Err(skew.map_or(error, |seconds| CallError::Skewed { seconds }))
            }
        }
    }

    /// Our clock, with what is known of its error.
    fn now(&self) -> SystemTime {
        let skew = self.skew_seconds.load(Ordering::Relaxed);
        let (now, by) = (self.clock.now(), Duration::from_secs(skew.unsigned_abs()));
        if skew < 0 { now - by } else { now + by }
    }

    /// Measures our clock by an answer's `Date`. `None` where what was known of its error was right.
    fn correct_skew(&self, headers: &HeaderMap) -> Option<i64> {
        let date = headers.get(DATE)?.to_str().ok()?;
        let skew = DateTime::from_str(date, Format::HttpDate).ok()?.secs() - DateTime::from(self.clock.now()).secs();
        if skew.abs_diff(self.skew_seconds.load(Ordering::Relaxed)) < MIN_SKEW_SECONDS {
            return None;
        }
        self.skew_seconds.store(skew, Ordering::Relaxed);
        Some(skew)
    }

    async fn signed(&self, target: &'static str, body: Bytes) -> Result<Request<SdkBody>, CallError> {
        let now = self.now();
        let signer = self.signer(now).await?;
        let mut request = Request::post(&self.endpoint)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, HeaderValue::from_static(JSON))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .header(TARGET, HeaderValue::from_static(target))
            .body(SdkBody::from(body.clone()))
            .map_err(CallError::unsigned)?;
        signer.sign(request.headers_mut(), &body, now).map_err(CallError::unsigned)?;
        Ok(request)
    }

    /// The signer of credentials that do not expire soon.
    async fn signer(&self, now: SystemTime) -> Result<Arc<Signer>, CallError> {
        let good = |known: &Arc<Signer>| known.expiry().is_none_or(|end| end > now + EXPIRY_MARGIN);
        if let Some(known) = lock(&self.signer).clone().filter(good) {
            return Ok(known);
        }
        let credentials = self.provider.provide_credentials().await.map_err(CallError::unsigned)?;
        let fresh = Arc::new(Signer::new(credentials, &self.region, "dynamodb").map_err(CallError::unsigned)?);
        *lock(&self.signer) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

/// The endpoint that the SDK would call: this service's variable or profile, else the general one, else the region's.
async fn resolve_endpoint(config: &SdkConfig) -> Result<Uri, Cause> {
    if let Some(given) = given_endpoint(config, "DynamoDB")? {
        return Ok(given);
    }
    let parameters = Params::builder()
        .set_region(config.region().map(ToString::to_string))
        .set_use_fips(config.use_fips())
        .set_use_dual_stack(config.use_dual_stack())
        .build()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await?;
    Ok(endpoint.url().parse()?)
}
