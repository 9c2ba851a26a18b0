//! Requests to DynamoDB: where they go, who signs them, and at which time.

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
use http::{HeaderMap, HeaderValue, Request, Uri};
use hyper::body::Bytes;

use super::call_error::CallError;
use super::signature::{Signer, TARGET};
use super::transport::{Cause, in_origin_form};
use super::{AGENT, Misconfigured, given_endpoint};
use crate::lock::lock;

const JSON: &str = "application/x-amz-json-1.0";

/// A clock that is less wrong is no reason for DynamoDB to refuse a signature.
///
/// Source: `service_clock_skew` of the SDK's `aws-runtime`.
const MIN_SKEW_SECONDS: u64 = 4 * 60;
/// Credentials that expire sooner than this are fetched again.
const EXPIRY_MARGIN: Duration = Duration::from_mins(5);

/// What makes requests, for one region and one set of credentials.
pub(super) struct Requests {
    endpoint: Uri,
    host: HeaderValue,
    region: String,
    provider: SharedCredentialsProvider,
    clock: SharedTimeSource,
    /// By how many seconds DynamoDB's clock is ahead of ours, as far as is known.
    skew_seconds: AtomicI64,
    signer: Mutex<Option<Arc<Signer>>>,
}

impl Requests {
    pub(super) async fn new(config: &SdkConfig) -> Result<Self, Misconfigured> {
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
            signer: Mutex::default(),
        })
    }

    pub(super) fn endpoint(&self) -> &Uri {
        &self.endpoint
    }

    /// Our clock, which may be wrong.
    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// A time by our clock, with what is known of its error.
    fn corrected(&self, time: SystemTime) -> SystemTime {
        let skew = self.skew_seconds.load(Ordering::Relaxed);
        let by = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 { time - by } else { time + by }
    }

    /// Measures our clock by an answer's `Date`. `None` where what was known of its error was right.
    pub(super) fn correct_skew(&self, headers: &HeaderMap) -> Option<i64> {
        let date = headers.get(DATE)?.to_str().ok()?;
        let skew = DateTime::from_str(date, Format::HttpDate).ok()?.secs() - DateTime::from(self.clock.now()).secs();
        if skew.abs_diff(self.skew_seconds.load(Ordering::Relaxed)) < MIN_SKEW_SECONDS {
            return None;
        }
        self.skew_seconds.store(skew, Ordering::Relaxed);
        Some(skew)
    }

    /// A request in origin form, signed at that time of our clock.
    pub(super) fn signed(
        &self,
        signer: &Signer,
        target: &'static str,
        body: &Bytes,
        now: SystemTime,
    ) -> Result<Request<SdkBody>, Cause> {
        let mut request = Request::post(&self.endpoint)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, HeaderValue::from_static(JSON))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .header(TARGET, HeaderValue::from_static(target))
            .body(SdkBody::from(body.clone()))?;
        signer.sign(request.headers_mut(), body, self.corrected(now))?;
        Ok(in_origin_form(request)?)
    }

    /// The signer of credentials that do not expire soon.
    pub(super) fn known_signer(&self, now: SystemTime) -> Option<Arc<Signer>> {
        let now = self.corrected(now);
        let good = |known: &Arc<Signer>| known.expiry().is_none_or(|end| end > now + EXPIRY_MARGIN);
        lock(&self.signer).clone().filter(good)
    }

    /// A signer of credentials that are fetched anew.
    pub(super) async fn fresh_signer(&self) -> Result<Arc<Signer>, CallError> {
        let credentials = self.provider.provide_credentials().await.map_err(CallError::unsigned)?;
        let fresh = Arc::new(Signer::new(credentials, &self.region, "dynamodb").map_err(CallError::unsigned)?);
        *lock(&self.signer) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// The next request fetches them anew.
    pub(super) fn forget_credentials(&self) {
        *lock(&self.signer) = None;
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
