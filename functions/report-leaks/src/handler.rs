//! `POST /leaks`: anyone who has a value may report it, and it opens nothing from the next request on.
//!
//! No authorizer stands before this route: possession is the proof. People paste a value with other text around it, so
//! values are looked for within what is reported. GitHub signs what its secret scanning finds, and gets a label for it; the
//! answer to others reveals nothing.

mod github;
mod report;
mod signature;

use std::time::{Duration, SystemTime};

use api_keys::key::{ImportedKeys, KeyValue, Locator, Timestamp};
use api_keys::lambda::{Error, http, log};
use api_keys::request::InvalidRequest;
use api_keys::store::{KeyReader, Keys, Leak};
use futures_util::{StreamExt, stream};
use lambda_http::http::HeaderMap;
use lambda_http::{Body, Request, Response};
use tokio::time::{Instant, sleep_until};

pub use crate::github::GithubKeys;
pub use crate::report::{Feedback, Label, ReportedToken};
pub use crate::signature::Signature;

/// The headers that the function reads, in lower case.
pub const HEADERS: [&str; 2] = [signature::KEY_IDENTIFIER, signature::SIGNATURE];

/// Where a key may have been read, an unsigned report is answered after a whole number of these: a live value takes a write
/// more than a dead one, and the time must not show that.
pub const STEP: Duration = Duration::from_secs(1);

/// So many values of one request are looked into at once.
const AT_ONCE: usize = 10;

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Whether leaks may be reported; if not, there is no such route.
    pub leaks: bool,
    /// Finds who has a value.
    pub reader: &'a KeyReader,
    /// Ends it.
    pub keys: &'a Keys,
    /// Verifies GitHub's signatures.
    pub github: &'a GithubKeys,
    /// Whether the authorizer looks for values of other systems.
    pub imported: ImportedKeys,
    /// See [`STEP`].
    pub step: Duration,
}

/// Answers one request: 202 if it is not signed, 200 with a label for each token to GitHub.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, deps.take(&request, now.into())).await
}

impl Deps<'_> {
    async fn take(&self, request: &Request, now: Timestamp) -> Result<Response<Body>, Error> {
        if !self.leaks {
            return Err(Error::NoRoute);
        }
        let start = Instant::now();
        let body: &[u8] = request.body();
        report::must_be_short(body)?;
        let signature = Signature::of(request.headers())?;
        if let Some(signature) = &signature {
            self.github.verify(signature, request, now).await?;
        }
        let signed = signature.is_some();
        let given = ReportedToken::parse(body, signed)?;
        let values = report::values_of(&given, signed, self.imported)?;
        let looked_up = values.iter().any(|values| !values.is_empty());
        // A token without a value is none of ours, and costs no read.
        let mut labels = vec![Label::FalsePositive; given.len()];
        let mut failed = false;
        for (report, outcome) in self.end_all(request, &given, values, signed, now).await {
            match (outcome, labels.get_mut(report)) {
                (Some(Label::TruePositive), Some(label)) => *label = Label::TruePositive,
                (Some(_), _) => {}
                (None, _) => failed = true,
            }
        }
        if looked_up && !signed {
            sleep_until(next_step(start, Instant::now(), self.step)).await;
        }
        match (failed, signed) {
            // A second report repeats the writes of the first, which changes nothing.
            (true, _) => Err(Error::unavailable("a report could not be looked into")),
            (false, true) => http::ok(&Feedback::of(&given, &labels)),
            (false, false) => Ok(http::accepted()),
        }
    }

    /// Each value with the place of its report; without a label where it failed, which stops none of the others.
    async fn end_all(
        &self,
        request: &Request,
        given: &[ReportedToken],
        values: Vec<Vec<KeyValue>>,
        signed: bool,
        now: Timestamp,
    ) -> Vec<(usize, Option<Label>)> {
        let origin = &http::reporter(request);
        let mut each = Vec::new();
        for (at, (report, values)) in given.iter().zip(values).enumerate().filter(|(_, (_, values))| !values.is_empty())
        {
            let leak = report.origin_of_leak(signed);
            for value in values {
                let (key, leak) = (value.locator(), Leak { report: leak.clone(), origin });
                each.push(Box::pin(async move {
                    let ended = self.end(value, &leak, now).await;
                    (at, ended.map_err(|error| log_failure(request, key, &error)).ok())
                }));
            }
        }
        stream::iter(each).buffered(AT_ONCE).collect().await
    }

    async fn end(&self, value: KeyValue, leak: &Leak<'_>, now: Timestamp) -> Result<Label, Error> {
        let is_ours = self.keys.end_leaked(self.reader, &value, leak, now).await?;
        Ok(if is_ours { Label::TruePositive } else { Label::FalsePositive })
    }
}

fn log_failure(request: &Request, key: Option<Locator>, error: &Error) {
    let subject = http::subject(request);
    log::failure(&key.map_or_else(|| subject.clone(), |key| subject.of_key(key.account_id, key.id)), error);
}

/// The end of the step that `now` is in.
#[must_use]
pub fn next_step(start: Instant, now: Instant, step: Duration) -> Instant {
    let taken = now.duration_since(start).as_nanos();
    let steps = taken / step.as_nanos().max(1) + 1;
    start + step * u32::try_from(steps).unwrap_or(u32::MAX)
}

impl Signature {
    /// The signature of a request; `None` where there is none.
    ///
    /// # Errors
    /// [`InvalidRequest`] when there is half of one, or more than one.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, InvalidRequest> {
        let [identifier, signature] = HEADERS.map(|name| {
            let mut values = headers.get_all(name).iter();
            let first = values.next();
            if values.next().is_some() { Err(InvalidRequest::of(name, "must be given once")) } else { Ok(first) }
        });
        match (identifier?, signature?) {
            (None, None) => Ok(None),
            (Some(identifier), Some(signature)) => Self::parse(identifier.as_bytes(), signature.as_bytes()).map(Some),
            (None, Some(_)) => Err(InvalidRequest::of(signature::KEY_IDENTIFIER, "is required with a signature")),
            (Some(_), None) => Err(InvalidRequest::of(signature::SIGNATURE, "is required with a key's identifier")),
        }
    }
}
