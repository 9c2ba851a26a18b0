//! Requests in, answers out: the caller, the parameters, the headers.

use std::convert::Infallible;
use std::time::Duration;

use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use lambda_http::http::{HeaderValue, Method, StatusCode};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, Body, LambdaEvent, Request, RequestExt, Response, Service, lambda_runtime, service_fn};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::error::Error;
use super::issued_key::IssuedKey;
use super::log;
use super::problem::problem;
use crate::key::KeyId;
use crate::request::{Caller, Fields, Forbidden, Origin, PathText};

/// The time limit of one request. It is shorter than the function's own time-out and the gateway's: those tell a client
/// nothing, and a time-out costs the environment.
const REQUEST_TIME: Duration = Duration::from_secs(8);

/// The variable of the routes of one key.
const KEY: &str = "key";

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

/// Reads what a request to a route with a key says beside its body: who calls, and what `take` takes of the query.
///
/// Nothing else hands out the caller, so on every such route a parameter that is not taken is wrong. So is a body where the
/// method has none: a client that sends one expects more of the request than it does.
///
/// # Errors
/// What `take` forbids; [`Error::Invalid`] with every wrong parameter; [`Error::Internal`] when the request did not pass the
/// authorizer.
pub fn read<T>(
    request: &Request,
    take: impl FnOnce(&Caller, &mut Fields) -> Result<T, Forbidden>,
) -> Result<(Caller, T), Error> {
    let caller = caller(request)?;
    let taken = query(request).read(|fields| {
        if [Method::GET, Method::DELETE].contains(request.method()) && !request.body().is_empty() {
            fields.wrong("body", "must be empty");
        }
        take(&caller, fields).map_err(Error::from)
    })?;
    Ok((caller, taken))
}

/// The caller, as the authorizer described it.
fn caller(request: &Request) -> Result<Caller, Error> {
    const WHAT: &str = "the request has no authorizer context";
    let context = context(request).ok_or(Error::internal(WHAT))?;
    let fields = context.authorizer.fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    serde_json::from_value(Value::Object(fields)).map_err(|_| Error::internal(WHAT))
}

/// Who makes the request, for the event of what it writes.
#[must_use]
pub fn origin(request: &Request, caller: &Caller) -> Origin {
    Origin { actor: caller.into(), source_ip: source_ip(request), request_id: request_id(request).to_owned() }
}

/// Somebody without a key who reports a leak.
#[must_use]
pub fn reporter(request: &Request) -> Origin {
    Origin::report(source_ip(request), request_id(request).to_owned())
}

fn source_ip(request: &Request) -> Option<String> {
    context(request).and_then(|context| context.identity.source_ip.clone())
}

/// What `{key}` stands for in the route.
#[must_use]
pub fn path_key(request: &Request) -> PathText<'_> {
    PathText::of(path_parameter(request, KEY))
}

/// The id that `{key}` stands for, where the route takes no other name of a key; see [`Fields::key_id_in_path`].
pub fn key_id(request: &Request, fields: &mut Fields) -> Option<KeyId> {
    fields.key_id_in_path(KEY, &path_key(request))
}

/// What a variable of the route's pattern stands for.
#[must_use]
pub fn path_parameter<'a>(request: &'a Request, name: &str) -> &'a str {
    request.path_parameters_ref().and_then(|parameters| parameters.first(name)).unwrap_or_default()
}

/// The route's pattern, such as `/authentication/{key}`.
#[must_use]
pub fn route(request: &Request) -> &str {
    context(request).and_then(|context| context.resource_path.as_deref()).unwrap_or_default()
}

/// The path as the client sent it, with the stage or base path before the route.
#[must_use]
pub fn path(request: &Request) -> &str {
    context(request).and_then(|context| context.path.as_deref()).unwrap_or_default()
}

/// The query string, repeated parameters included.
fn query(request: &Request) -> Fields {
    let given = request.query_string_parameters_ref();
    Fields::from_pairs(
        given.into_iter().flat_map(|map| map.iter()).map(|(name, value)| (name.to_owned(), Value::from(value))),
    )
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
    let location = format!("{}/authentication/{}", before_route(request), issued.metadata.id);
    let location = HeaderValue::try_from(location).map_err(|cause| Error::Internal(cause.into()))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// What the client's path has before the route: the stage, or the base path of a custom domain.
///
/// Only the context's path has it. What comes after may be a key's value and is never repeated.
fn before_route(request: &Request) -> &str {
    let path = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.path.as_deref().unwrap_or_default(),
        _ => "",
    };
    path.rsplit_once("/authentication").map_or("", |(before, _)| before)
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

/// The gateway's id of the request, which its own answers and its access log carry too.
fn request_id(request: &Request) -> &str {
    context(request).and_then(|context| context.request_id.as_deref()).unwrap_or_default()
}

fn context(request: &Request) -> Option<&ApiGatewayProxyRequestContext> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => Some(context),
        _ => None,
    }
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
