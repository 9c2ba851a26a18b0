//! DynamoDB's own protocol, for the reads before every request: signed JSON.
//!
//! The SDK's orchestrator and interceptors cost twice the CPU of a whole authorization (`make bench` measures both), and
//! one read has no use for them. Regions, endpoints and credentials still come from the SDK's configuration, and the
//! cryptography of the signature from its own crate.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use http::{Response, StatusCode};
use hyper::body::Bytes;
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::call_error::CallError;
use super::requests::Requests;
use super::spare_reads::SpareReads;
use super::transport::{Transport, Undelivered};
use super::{Aws, Misconfigured};
use crate::lock::lock;

/// The time limit of one call: all attempts, connecting included. Less than the authorizer's own time-out.
pub(crate) const CALL_TIME: Duration = Duration::from_millis(2_400);
/// The time limit of one attempt, connecting included; two fit into a call, and one of [`KEPT_TIME`] before them.
const ATTEMPT_TIME: Duration = Duration::from_millis(1_100);
/// How long a read waits over a kept connection before a new one is opened: many times what an answer takes, and less than
/// people notice. With the two milliseconds that a timer may be late it is 100.
const KEPT_TIME: Duration = Duration::from_millis(98);
/// A connection that was idle for so long may have died: Lambda freezes an environment between requests.
const IDLE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt; before the third it is twice that.
const BACKOFF: Duration = Duration::from_millis(50);
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
    requests: Requests,
    transport: Transport,
    timer: Mutex<Option<Pin<Box<Sleep>>>>,
    /// How long reads wait over a kept connection, if not for their whole time.
    kept_time: Option<Duration>,
    spare_reads: SpareReads,
}

impl fmt::Debug for Dynamodb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dynamodb({})", self.requests.endpoint())
    }
}

impl Dynamodb {
    /// Reads region, endpoint and credentials' source from what `aws-config` found.
    ///
    /// # Errors
    /// [`Misconfigured`] when one of them is missing.
    pub(crate) async fn new(aws: &Aws) -> Result<Self, Misconfigured> {
        Ok(Self {
            requests: Requests::new(&aws.config).await?,
            transport: aws.transport.clone(),
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
                self.requests.forget_credentials();
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
        let now = self.requests.now();
        let signer = match self.requests.known_signer(now) {
            Some(known) => known,
            None => self.within(limit, || None, Box::pin(self.requests.fresh_signer())).await?,
        };
        let mut request = self.requests.signed(&signer, target, &body, now).map_err(CallError::unsigned)?;
        if let Over::Kept { until } = over
            && let Some(kept) = self.transport.take_kept(self.requests.endpoint())
        {
            let was_idle = kept.was_idle_for(IDLE, now);
            let goes_on = || until.filter(|_| !self.gives_up(was_idle)).map(|_| limit);
            let sent = async {
                match self.transport.send_over(kept, request).await {
                    Ok(answer) => Ok(Ok(answer)),
                    Err(Undelivered::Unsent(unsent)) => Ok(Err(unsent)),
                    Err(Undelivered::Failed(cause)) => Err(CallError::Unreached(cause)),
                }
            };
            match self.within(until.map_or(limit, |until| until.min(limit)), goes_on, sent).await? {
                Ok(answer) => return self.read_answer(answer),
                Err(unsent) => request = *unsent,
            }
        }
        // Large and rare, so boxed: see the crate's documentation on futures.
        let sent = Box::pin(self.transport.send_on_new(self.requests.endpoint().clone(), request));
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
                let skew = if error.may_be_of_skew() { self.requests.correct_skew(answer.headers()) } else { None };
                Err(skew.map_or(error, |seconds| CallError::Skewed { seconds }))
            }
        }
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

#[cfg(test)]
mod tests;
