//! DynamoDB's own protocol, for the reads before every request: signed JSON.
//!
//! The SDK's orchestrator and interceptors cost twice the CPU of a whole authorization (`make bench` measures both), and
//! one read has no use for them. Regions, endpoints and credentials still come from the SDK's configuration, and the
//! cryptography of the signature from its own crate.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use http::header::{CONTENT_TYPE, DATE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::Bytes;
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::call_error::CallError;
use super::signature::{Signer, TARGET};
use super::spare_reads::SpareReads;
use super::transport::{Cause, Transport, Undelivered, in_origin_form};
use super::{AGENT, Aws, Misconfigured, given_endpoint};
use crate::lock::lock;

const JSON: &str = "application/x-amz-json-1.0";

/// The time limit of one call: all attempts, connecting included. Less than the authorizer's own time-out.
pub(crate) const CALL_TIME: Duration = Duration::from_millis(2_400);
/// The time limit of one attempt, connecting included; two fit into a call, and one of [`KEPT_TIME`] before them.
const ATTEMPT_TIME: Duration = Duration::from_millis(1_100);
/// How long a read waits over a kept connection before a new one is opened: many times what an answer takes, and less than
/// people notice.
const KEPT_TIME: Duration = Duration::from_millis(100);
/// A connection that was idle for so long may have died: Lambda freezes an environment between requests.
const IDLE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt; before the third it is twice that.
const BACKOFF: Duration = Duration::from_millis(50);
/// A clock that is less wrong is no reason for DynamoDB to refuse a signature.
///
/// Source: `service_clock_skew` of the SDK's `aws-runtime`.
const MIN_SKEW_SECONDS: u64 = 4 * 60;
/// Credentials that expire sooner than this are fetched again.
const EXPIRY_MARGIN: Duration = Duration::from_mins(5);
/// An answer that has arrived is read in less than so many turns of the runtime: its head in one, its body in another.
const TURNS: usize = 8;

/// Over which connection a request is sent.
#[derive(Clone, Copy)]
enum Over {
    /// One that was kept, if there is one. A read that has no answer over it by then may be sent again.
    Kept { until: Option<Instant> },
    /// One of its own.
    New,
}

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
    /// How long reads wait over a kept connection, if not for their whole time.
    kept_time: Option<Duration>,
    spare_reads: SpareReads,
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
    pub(crate) async fn new(aws: &Aws) -> Result<Self, Misconfigured> {
        const WHAT: &str = "endpoint, region or credentials missing";
        let config = &aws.config;
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
            transport: aws.transport.clone(),
            signer: Mutex::default(),
            timer: Mutex::default(),
            kept_time: aws.has_impatient_reads.then_some(KEPT_TIME),
            spare_reads: SpareReads::default(),
        })
    }

    /// Makes an idempotent call for which a request waits, such as `DynamoDB_20120810.GetItem`. The answer is its JSON.
    ///
    /// Where reads are impatient, one that has no answer over a kept connection is soon sent over a new one.
    pub(crate) async fn read(&self, target: &'static str, body: Vec<u8>) -> Result<Bytes, CallError> {
        let answer = self.repeat(target, body, self.kept_time).await?;
        self.spare_reads.gain();
        Ok(answer)
    }

    /// Makes an idempotent call for which no request waits. The answer is its JSON.
    pub(crate) async fn call(&self, target: &'static str, body: Vec<u8>) -> Result<Bytes, CallError> {
        self.repeat(target, body, None).await
    }

    /// Makes a call with a single attempt. The answer is its JSON.
    pub(crate) async fn call_once(
        &self,
        target: &'static str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<Bytes, CallError> {
        self.attempt(target, Bytes::from(body), Instant::now() + limit, Over::Kept { until: None }).await
    }

    async fn repeat(
        &self,
        target: &'static str,
        body: Vec<u8>,
        kept_time: Option<Duration>,
    ) -> Result<Bytes, CallError> {
        let body = Bytes::from(body);
        let mut start = Instant::now();
        let end = start + CALL_TIME;
        let mut over = Over::Kept { until: kept_time.map(|time| start + time) };
        let mut attempt = 1;
        loop {
            let error = match self.attempt(target, body.clone(), end.min(start + ATTEMPT_TIME), over).await {
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
            start = Instant::now();
            over = match error {
                CallError::TimedOut => Over::New,
                // The last one is not given up for another.
                _ => Over::Kept { until: kept_time.filter(|_| attempt < ATTEMPTS).map(|time| start + time) },
            };
        }
    }

    async fn attempt(&self, target: &'static str, body: Bytes, limit: Instant, over: Over) -> Result<Bytes, CallError> {
        let clock = self.clock.now();
        let now = self.corrected(clock);
        let signer = match self.known_signer(now) {
            Some(known) => known,
            None => self.within(limit, || None, Box::pin(self.fresh_signer())).await?,
        };
        let mut request = self.signed(&signer, target, body, now).map_err(CallError::unsigned)?;
        if let Over::Kept { until } = over
            && let Some(kept) = self.transport.take_kept(&self.endpoint)
        {
            let was_idle = kept.was_idle_for(IDLE, clock);
            let goes_on = || until.filter(|_| !self.gives_up(was_idle)).map(|_| limit);
            let sent = async {
                match self.transport.send_over(kept, request).await {
                    Ok(answer) => Ok(Ok(answer)),
                    Err(Undelivered::Unsent(unsent)) => Ok(Err(unsent)),
                    Err(Undelivered::Failed(cause)) => Err(CallError::Unreached(cause)),
                }
            };
            match self.within(until.unwrap_or(limit), goes_on, sent).await? {
                Ok(answer) => return self.read_answer(answer),
                Err(unsent) => request = *unsent,
            }
        }
        // Large and rare, so boxed: see the crate's documentation on futures.
        let sent = Box::pin(self.transport.send_on_new(self.endpoint.clone(), request));
        let answer = self.within(limit, || None, async { sent.await.map_err(CallError::Unreached) }).await?;
        self.read_answer(answer)
    }

    /// Whether a read that has no answer over a kept connection is sent again.
    fn gives_up(&self, was_idle: bool) -> bool {
        if was_idle {
            // It has most likely died, and the others are as old.
            self.transport.forget_kept();
        }
        was_idle || self.spare_reads.take()
    }

    /// Like tokio's `timeout_at`, but with one timer that is only ever moved: registering a new one wakes the runtime by a
    /// system call. When the time is up, `later` may give more.
    async fn within<T>(
        &self,
        limit: Instant,
        later: impl FnOnce() -> Option<Instant>,
        work: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let mut work = pin!(work);
        let mut timer = lock(&self.timer).take().unwrap_or_else(|| Box::pin(sleep_until(limit)));
        timer.as_mut().reset(limit);
        let mut done = until(&mut timer, work.as_mut()).await;
        if done.is_none()
            && let Some(limit) = later()
        {
            timer.as_mut().reset(limit);
            done = until(&mut timer, work).await;
        }
        *lock(&self.timer) = Some(timer);
        done.unwrap_or(Err(CallError::TimedOut))
    }

    fn read_answer(&self, answer: Response<Bytes>) -> Result<Bytes, CallError> {
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            status => {
                let error = CallError::refused(status, answer.body());
                let skew = if error.may_be_of_skew() { self.correct_skew(answer.headers()) } else { None };
                Err(skew.map_or(error, |seconds| CallError::Skewed { seconds }))
            }
        }
    }

    /// A time by our clock, with what is known of its error.
    fn corrected(&self, time: SystemTime) -> SystemTime {
        let skew = self.skew_seconds.load(Ordering::Relaxed);
        let by = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 { time - by } else { time + by }
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

    fn signed(
        &self,
        signer: &Signer,
        target: &'static str,
        body: Bytes,
        now: SystemTime,
    ) -> Result<Request<SdkBody>, Cause> {
        let mut request = Request::post(&self.endpoint)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, HeaderValue::from_static(JSON))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .header(TARGET, HeaderValue::from_static(target))
            .body(SdkBody::from(body.clone()))?;
        signer.sign(request.headers_mut(), &body, now)?;
        Ok(in_origin_form(request)?)
    }

    /// The signer of credentials that do not expire soon.
    fn known_signer(&self, now: SystemTime) -> Option<Arc<Signer>> {
        let good = |known: &Arc<Signer>| known.expiry().is_none_or(|end| end > now + EXPIRY_MARGIN);
        lock(&self.signer).clone().filter(good)
    }

    async fn fresh_signer(&self) -> Result<Arc<Signer>, CallError> {
        let credentials = self.provider.provide_credentials().await.map_err(CallError::unsigned)?;
        let fresh = Arc::new(Signer::new(credentials, &self.region, "dynamodb").map_err(CallError::unsigned)?);
        *lock(&self.signer) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

/// Does work until that time; `None` when it is not done by then.
async fn until<T>(timer: &mut Pin<Box<Sleep>>, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    tokio::select! {
        biased;
        done = work.as_mut() => return Some(done),
        () = timer => {}
    }
    // The clock may have gone on while the environment stood still: what has arrived meanwhile is read before it is given up.
    for _ in 0..TURNS {
        yield_now().await;
        if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return Some(done);
        }
    }
    None
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

#[cfg(test)]
mod tests;
