//! Where requests come in and answers go out: the caller, the parameters, and the one place that names statuses.

use std::convert::Infallible;
use std::time::Duration;

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, Body, LambdaEvent, Request, RequestExt, Response, Service, lambda_runtime, service_fn};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use crate::caller::Caller;
use crate::error::{Error, FieldError};
use crate::fields::Fields;
use crate::issue::IssuedKey;
use crate::log;
use crate::operation::Operation;

/// All that a function does for one request ends by then: before its own time-out and the gateway's, which tell a client
/// nothing and cost the environment.
const REQUEST_TIME: Duration = Duration::from_secs(8);

/// Answers the gateway's events, one after the other, until the environment ends.
///
/// # Errors
/// When Lambda's own API cannot be reached any more.
pub async fn run<A>(handle: impl Fn(Request) -> A) -> Result<(), lambda_http::Error>
where
    A: Future<Output = Response<Body>> + Send,
{
    let mut adapter = Adapter::from(service_fn(|request| {
        let answer = handle(request);
        async { Ok::<_, Infallible>(answer.await) }
    }));
    let serve = |event: LambdaEvent<LambdaRequest>| {
        adapter.call(LambdaEvent::new(without_headers(event.payload), event.context))
    };
    lambda_runtime::run(service_fn(serve)).await
}

/// No function needs a header: one of them holds the caller's key, and of others `lambda_http` makes a URL, with a panic
/// where a client wrote nonsense.
#[must_use]
pub fn without_headers(mut event: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV1(request) = &mut event else { return event };
    request.headers.clear();
    request.multi_value_headers.clear();
    event
}

/// The caller, as the authorizer described it.
///
/// # Errors
/// [`Error::Internal`] when the gateway sends a request that no authorizer has seen.
pub fn caller(request: &Request) -> Result<Caller, Error> {
    const WHAT: &str = "the request has no authorizer's context";
    let Some(RequestContext::ApiGatewayV1(context)) = request.request_context_ref() else {
        return Err(Error::internal(WHAT));
    };
    let fields = context.authorizer.fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    serde_json::from_value(Value::Object(fields)).map_err(|cause| Error::caused(WHAT, cause))
}

/// The last segment of `/authentication/{key}`.
#[must_use]
pub fn path_key(request: &Request) -> &str {
    request.path_parameters_ref().and_then(|parameters| parameters.first("key")).unwrap_or_default()
}

/// The query string, repeated parameters included.
#[must_use]
pub fn query(request: &Request) -> Fields {
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

/// 201 with a new key and its place.
///
/// # Errors
/// [`Error::Internal`] when the body cannot be written.
pub fn created(issued: &IssuedKey) -> Result<Response<Body>, Error> {
    let mut response = json(StatusCode::CREATED, "application/json", issued)?;
    let location = HeaderValue::try_from(format!("/authentication/{}", issued.metadata.id))
        .map_err(|cause| Error::caused("a location could not be written", cause))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// 204 without a body.
#[must_use]
pub fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    forbid_caching(&mut response);
    response
}

/// Does the work of a request and answers it. Work that takes longer than 8 s is dropped, and that is our problem.
pub fn serve(
    request: &Request,
    work: impl Future<Output = Result<Response<Body>, Error>>,
) -> impl Future<Output = Response<Body>> {
    // Boxed where it begins: every future around it is moved some times for each request.
    let work = Box::pin(work);
    async move {
        let done = timeout(REQUEST_TIME, work).await;
        answer(request, done.unwrap_or(Err(Error::internal("the request took too long"))))
    }
}

/// The answer to a request: what the handler made, or the problem that stopped it, which is logged if it is ours.
#[must_use]
pub fn answer(request: &Request, result: Result<Response<Body>, Error>) -> Response<Body> {
    let request_id = request_id(request);
    result
        .or_else(|error| {
            if matches!(error, Error::Internal { .. }) {
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

/// Logs what went wrong without harm to the answer.
pub fn log_failure(request: &Request, error: &Error) {
    log::failure(request_id(request), error);
}

/// The gateway's id of the request, which its own answers and its access log carry too.
fn request_id(request: &Request) -> &str {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.as_deref().unwrap_or_default(),
        _ => "",
    }
}

/// Why there is no other answer: [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem<'a> {
    /// Always `about:blank`: the status says which kind of problem it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong, in a sentence for people. Its words may change.
    detail: String,
    /// The gateway's id of the request: whoever runs the service finds it in the logs.
    request_id: &'a str,
    /// Every wrong field at once, where the body or the query is what is wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

fn problem(request_id: &str, error: &Error) -> Result<Response<Body>, Error> {
    let (status, detail, errors): (_, _, &[_]) = match error {
        Error::Invalid(errors) => {
            (StatusCode::BAD_REQUEST, "The request has fields that are wrong.".to_owned(), errors)
        }
        Error::NotManaging => (StatusCode::FORBIDDEN, "The key lacks the operation AUTHENTICATION.".to_owned(), &[]),
        Error::BeyondCaller(lacking) => {
            let lacking = names(lacking);
            (
                StatusCode::FORBIDDEN,
                format!("A key can only give operations that it has itself; this one lacks {lacking}."),
                &[],
            )
        }
        Error::BeyondReach(lacking) => {
            let lacking = names(lacking);
            (
                StatusCode::FORBIDDEN,
                format!("The key to change has operations that the calling key lacks: {lacking}."),
                &[],
            )
        }
        Error::NotFound => (StatusCode::NOT_FOUND, "The account has no such key.".to_owned(), &[]),
        Error::NotActive(status) => (StatusCode::CONFLICT, format!("The key is {status}."), &[]),
        Error::QuotaReached { max_keys } => (
            StatusCode::CONFLICT,
            format!("The account has {max_keys} keys, as many as it may; delete one first."),
            &[],
        ),
        Error::Contended => {
            (StatusCode::CONFLICT, "Others changed the same thing meanwhile; try again.".to_owned(), &[])
        }
        Error::Internal { .. } => {
            (StatusCode::INTERNAL_SERVER_ERROR, "The request could not be served; try again.".to_owned(), &[])
        }
    };
    let body = Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail,
        request_id,
        errors,
    };
    json(status, "application/problem+json", &body)
}

fn names(operations: &[Operation]) -> String {
    operations.iter().map(Operation::as_str).collect::<Vec<_>>().join(", ")
}

fn json(status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Result<Response<Body>, Error> {
    let body = serde_json::to_string(body).map_err(Error::unwritable)?;
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    forbid_caching(&mut response);
    Ok(response)
}

/// A cache knows that `Authorization` makes an answer private; it does not know `X-API-Key`.
fn forbid_caching(response: &mut Response<Body>) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
