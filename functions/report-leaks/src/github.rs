//! GitHub's public keys: when they are fetched, kept and fetched again.

use std::fmt;
use std::time::Duration;

use api_keys::aws::{Misconfigured, Secret, StoredSecret, Transport};
use api_keys::key::Timestamp;
use api_keys::lambda::{Error, http, log};
use api_keys::request::InvalidRequest;
use lambda_http::Request;
use lambda_http::http::header::{AUTHORIZATION, ETAG, IF_NONE_MATCH, RETRY_AFTER};
use lambda_http::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::signature::{PublicKey, SIGNATURE, Signature};

/// After that, keys are fetched again.
const FRESH: Duration = Duration::from_mins(30);
/// So long they are used where they cannot be fetched again: anybody can make up an identifier and so bring about the rate limit.
const USABLE: Duration = Duration::from_hours(6);
/// After a fetch, so long no other is made for an identifier that is not among them.
const AFTER_FETCH: Duration = Duration::from_secs(10);
const AFTER_FAILURE: Duration = Duration::from_secs(5);
const AFTER_RATE_LIMIT: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// The time limit of a fetch, with reading the token.
const FETCH_TIME: Duration = Duration::from_secs(3);

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// GitHub's public keys, fetched when they are needed, over a connection of their own.
pub struct GithubKeys {
    url: Uri,
    /// The secret with a token for GitHub's API.
    secret: Option<StoredSecret>,
    transport: Transport,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Vec<PublicKey>,
    /// The version of the keys, as GitHub names it.
    etag: Option<HeaderValue>,
    fetched_at: Option<Timestamp>,
    /// They are not fetched before that moment.
    pause_ends: Option<Timestamp>,
    /// How many fetches in a row were for an identifier that GitHub does not know.
    in_vain: u32,
    /// Until GitHub refuses it.
    token: Option<Secret>,
}

impl fmt::Debug for GithubKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GithubKeys({})", self.url)
    }
}

impl GithubKeys {
    /// Fetches from there, `https://api.github.com/meta/public_keys/secret_scanning`, with the token in the secret.
    ///
    /// # Errors
    /// [`Misconfigured`] when the system has no root certificates.
    pub fn new(url: Uri, secret: Option<StoredSecret>) -> Result<Self, Misconfigured> {
        Ok(Self::over(Transport::new()?, url, secret))
    }

    /// The same over that transport.
    #[must_use]
    pub fn over(transport: Transport, url: Uri, secret: Option<StoredSecret>) -> Self {
        Self { url, secret, transport, known: Mutex::default() }
    }

    /// Whether GitHub signed the request's body.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it did not; [`Error::Unavailable`] when no known key has the identifier, and GitHub's keys cannot
    /// be fetched, or were fetched a moment ago and may lack a new one.
    pub(crate) async fn verify(&self, signature: &Signature, request: &Request, now: Timestamp) -> Result<(), Error> {
        let mut known = self.known.lock().await;
        if !known.has(signature, now, FRESH) {
            let is_usable = known.has(signature, now, USABLE);
            if known.pause_ends.is_none_or(|end| now >= end) {
                if let Err(cause) = self.update(&mut known, signature, request, now).await {
                    let error = Error::Unavailable(cause);
                    if !is_usable {
                        return Err(error);
                    }
                    log::failure(&http::subject(request), &error);
                }
            } else if !is_usable {
                return Err(Error::unavailable(
                    "no known key of GitHub has the report's identifier, and GitHub is not asked again yet",
                ));
            }
        }
        let body: &[u8] = request.body();
        if known.keys.iter().any(|key| key.signed(body, signature)) {
            Ok(())
        } else {
            Err(InvalidRequest::of(SIGNATURE, "must be GitHub's, over the body as it is").into())
        }
    }

    /// Fetches the keys, and sets the pause after it.
    async fn update(
        &self,
        known: &mut Known,
        signature: &Signature,
        request: &Request,
        now: Timestamp,
    ) -> Result<(), Cause> {
        let were_fresh = known.are_within(FRESH, now);
        // Also for a fetch that is cut off.
        known.pause_ends = Some(now.plus(AFTER_FAILURE));
        let fetched = timeout(FETCH_TIME, self.fetch(known, request)).await;
        if let Err(refused) = fetched.unwrap_or(Err(NoKeys::of("GitHub took too long"))) {
            known.pause_ends = Some(now.plus(refused.pause));
            return Err(refused.cause);
        }
        known.fetched_at = Some(now);
        known.in_vain = if were_fresh && !known.has(signature, now, FRESH) { known.in_vain + 1 } else { 0 };
        known.pause_ends = Some(now.plus(pause_after(known.in_vain)));
        Ok(())
    }

    async fn fetch(&self, known: &mut Known, request: &Request) -> Result<(), NoKeys> {
        if let (Some(secret), None) = (&self.secret, &known.token) {
            match secret.read(&self.transport).await.and_then(|token| bearer(&token).map(|_| token)) {
                Ok(token) => known.token = Some(token),
                Err(cause) => log::failure(&http::subject(request), &NoToken(cause)),
            }
        }
        let mut answer = self.transport.get(&self.url, known.headers()).await?;
        if answer.status() == StatusCode::UNAUTHORIZED && known.token.take().is_some() {
            log::failure(&http::subject(request), &NoToken("GitHub refused it".into()));
            answer = self.transport.get(&self.url, known.headers()).await?;
        }
        known.take(&answer)
    }
}

impl Known {
    /// Whether the keys were fetched no longer ago than that.
    fn are_within(&self, time: Duration, now: Timestamp) -> bool {
        self.fetched_at.is_some_and(|at| now < at.plus(time))
    }

    fn has(&self, signature: &Signature, now: Timestamp, within: Duration) -> bool {
        self.are_within(within, now) && self.keys.iter().any(|key| key.is_of(signature))
    }

    fn headers(&self) -> HeaderMap {
        let etag = self.etag.clone().map(|etag| (IF_NONE_MATCH, etag));
        let token = self.token.as_ref().and_then(|token| bearer(token).ok()).map(|token| (AUTHORIZATION, token));
        etag.into_iter().chain(token).collect()
    }

    fn take(&mut self, answer: &Response<impl AsRef<[u8]>>) -> Result<(), NoKeys> {
        #[derive(Deserialize)]
        struct Answer {
            public_keys: Vec<PublicKey>,
        }
        match answer.status() {
            StatusCode::OK => {
                let Answer { public_keys } = serde_json::from_slice(answer.body().as_ref())?;
                self.keys = public_keys;
                self.etag = answer.headers().get(ETAG).cloned();
                Ok(())
            }
            StatusCode::NOT_MODIFIED if self.etag.is_some() => Ok(()),
            status => Err(NoKeys { pause: pause_asked(answer), ..NoKeys::of(format!("GitHub answered {status}")) }),
        }
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, Cause> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose().trim()));
    let mut header = HeaderValue::try_from(text.as_str())?;
    header.set_sensitive(true);
    Ok(header)
}

/// Why there are no keys, and for how long GitHub is not asked again.
struct NoKeys {
    cause: Cause,
    pause: Duration,
}

impl NoKeys {
    fn of(cause: impl Into<Cause>) -> Self {
        Self { cause: cause.into(), pause: AFTER_FAILURE }
    }
}

impl<E: Into<Cause>> From<E> for NoKeys {
    fn from(cause: E) -> Self {
        Self::of(cause)
    }
}

/// The pause after a fetch. It doubles with each one for an identifier that GitHub does not know: anybody can make one up.
fn pause_after(in_vain: u32) -> Duration {
    AFTER_FETCH.saturating_mul(2_u32.saturating_pow(in_vain)).min(LONGEST_PAUSE)
}

/// What an answer asks for. Where GitHub limits the rate, it may ban those who do not wait.
///
/// Source: "Rate limits for the REST API" in GitHub's documentation.
fn pause_asked<T>(answer: &Response<T>) -> Duration {
    let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let usual = match answer.status() {
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => AFTER_RATE_LIMIT,
        _ => AFTER_FAILURE,
    };
    asked.map_or(usual, Duration::from_secs).clamp(AFTER_FAILURE, LONGEST_PAUSE)
}

/// GitHub's keys are fetched without a token, although there should be one.
#[derive(Debug)]
struct NoToken(Cause);

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token for GitHub could not be used; its keys are fetched without")
    }
}

impl std::error::Error for NoToken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}
