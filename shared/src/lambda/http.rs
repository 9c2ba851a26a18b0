//! Requests in, answers out: the loop, the headers, the bodies.

use std::convert::Infallible;
use std::time::Duration;

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, Service, lambda_runtime, service_fn};
use serde::Serialize;
use tokio::time::timeout;

use super::error::Error;
pub use super::incoming::{key_id, origin, path, path_key, path_parameter, read, reporter, route};
use super::incoming::{path_before, request_id};
use super::issued_key::IssuedKey;
use super::log;
use super::problem::problem;

/// The time limit of one request. It is shorter than the function's own time-out and the gateway's: those tell a client
/// nothing, and a time-out costs the environment.
const REQUEST_TIME: Duration = Duration::from_secs(8);

/// Answers the gateway's events, one after another, until the environment ends.
///
/// # Errors
/// When Lambda's Runtime API can no longer be reached.
pub async fn run<A>(handle: impl Fn(Request) -> A) -> Result<(), lambda_http::Error>
where
    A: Future<Output = Response<Body>> + Send,
{
    run_with_headers(&[], handle).await
}

/// The same, with these headers, which are in lower case.
///
/// # Errors
/// When Lambda's Runtime API can no longer be reached.
pub async fn run_with_headers<A>(headers: &[&str], handle: impl Fn(Request) -> A) -> Result<(), lambda_http::Error>
where
    A: Future<Output = Response<Body>> + Send,
{
    let mut adapter = Adapter::from(service_fn(|request| {
        let answer = handle(request);
        async { Ok::<_, Infallible>(answer.await) }
    }));
    let serve = |event: LambdaEvent<LambdaRequest>| {
        adapter.call(LambdaEvent::new(with_headers(headers, event.payload), event.context))
    };
    lambda_runtime::run(service_fn(serve)).await
}

/// Removes all headers but those that the function needs. `X-API-Key` holds the caller's key, and `lambda_http` builds a
/// URL from `Host` and `X-Forwarded-Proto` that panics where they are malformed.
#[must_use]
pub fn with_headers(needed: &[&str], mut event: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV1(request) = &mut event else { return event };
    // What stands there would hide that a header was sent twice.
    request.headers.clear();
    let all = std::mem::take(&mut request.multi_value_headers);
    let kept = all.iter().filter(|(name, _)| needed.contains(&name.as_str()));
    request.multi_value_headers.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    event
}

/// 200 with a JSON body.
///
/// # Errors
/// [`Error::Internal`] when the body cannot be written.
pub fn ok(body: &impl Serialize) -> Result<Response<Body>, Error> {
    json(StatusCode::OK, "application/json", body)
}

/// 201 with a new key, or a key's new value, and its URL.
///
/// # Errors
/// [`Error::Internal`] when the body cannot be written.
pub fn created(request: &Request, issued: &IssuedKey) -> Result<Response<Body>, Error> {
    let mut response = json(StatusCode::CREATED, "application/json", issued)?;
    let location = format!("{}/authentication/{}", path_before(request, "/authentication"), issued.metadata.id);
    let location = HeaderValue::try_from(location).map_err(|cause| Error::Internal(cause.into()))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// 204 without a body.
#[must_use]
pub fn no_content() -> Response<Body> {
    empty(StatusCode::NO_CONTENT)
}

/// 202 without a body.
#[must_use]
pub fn accepted() -> Response<Body> {
    empty(StatusCode::ACCEPTED)
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    forbid_caching(&mut response);
    response
}

/// Does the work of a request and answers it. Work that takes longer than 8 s is dropped and answered with a 500.
pub fn serve(
    request: &Request,
    work: impl Future<Output = Result<Response<Body>, Error>>,
) -> impl Future<Output = Response<Body>> {
    // Boxed where it begins: see the crate's documentation on futures.
    let work = Box::pin(work);
    async move {
        let done = timeout(REQUEST_TIME, work).await;
        answer(request, done.unwrap_or(Err(Error::internal("the request took too long"))))
    }
}

/// The answer to a request: what the handler returned, or a problem. A failure of the service is logged.
#[must_use]
pub fn answer(request: &Request, result: Result<Response<Body>, Error>) -> Response<Body> {
    let request_id = request_id(request);
    result
        .or_else(|error| {
            if matches!(error, Error::Internal(_) | Error::Unavailable(_)) {
                log::failure(request_id, &error);
            }
            problem(request_id, &error)
        })
        .unwrap_or_else(|error| {
            log::failure(request_id, &error);
            let mut response = Response::new(Body::Empty);
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
}

/// Logs a failure that does not change the answer.
pub fn log_failure(request: &Request, error: &dyn std::error::Error) {
    log::failure(request_id(request), error);
}

pub(super) fn json(
    status: StatusCode,
    content_type: &'static str,
    body: &impl Serialize,
) -> Result<Response<Body>, Error> {
    let body = serde_json::to_string(body).map_err(|cause| Error::Internal(cause.into()))?;
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    forbid_caching(&mut response);
    Ok(response)
}

/// Caches treat answers to `Authorization` as private, but not answers to `X-API-Key`.
fn forbid_caching(response: &mut Response<Body>) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
