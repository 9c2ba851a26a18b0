//! Requests in, answers out: the loop and its time limit.

use std::convert::Infallible;
use std::time::Duration;

use lambda_http::http::StatusCode;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, LambdaEvent, Request, Response, Service, lambda_runtime, service_fn};
use tokio::time::timeout;

use super::error::Error;
use super::incoming::request_id;
pub use super::incoming::{
    IDEMPOTENCY_KEY, IF_MATCH, if_match, key_id, key_id_beside_self, origin, path, path_key, path_parameter, read,
    reporter, request_name, require, route, subject,
};
use super::log;
use super::problem::problem;
pub use super::response::{accepted, created, no_content, ok, shown};

/// The time limit of one request. It is shorter than the function's own time-out and the gateway's: those give a client
/// no cause, and a time-out costs the environment.
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
    result
        .or_else(|error| {
            if matches!(error, Error::Internal(_) | Error::Unavailable(_)) {
                log::failure(&subject(request), &error);
            }
            problem(request_id(request), &error)
        })
        .unwrap_or_else(|error| {
            log::failure(&subject(request), &error);
            let mut response = Response::new(Body::Empty);
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
}
