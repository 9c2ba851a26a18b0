//! Answers: statuses, headers, bodies.

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Request, Response};
use serde::Serialize;

use super::error::Error;
use super::incoming::path_before;
use super::issued_key::IssuedKey;
use crate::key::{KeyRecord, Limits, Timestamp};

/// 200 with a JSON body.
///
/// # Errors
/// [`Error::Internal`] when the body cannot be written.
pub fn ok(body: &impl Serialize) -> Result<Response<Body>, Error> {
    json(StatusCode::OK, "application/json", body)
}

/// 200 with a key as it is at that moment, under the stack's ceiling of limits.
///
/// # Errors
/// [`Error::Internal`] when the body cannot be written.
pub fn shown(key: &KeyRecord, now: Timestamp, ceiling: Limits) -> Result<Response<Body>, Error> {
    let mut response = ok(&key.at(now, ceiling))?;
    name_version(&mut response, key)?;
    Ok(response)
}

/// 201 with a new key, or a key's new value, and its URL.
///
/// # Errors
/// [`Error::Internal`] when the body cannot be written.
pub fn created(request: &Request, issued: &IssuedKey) -> Result<Response<Body>, Error> {
    let mut response = json(StatusCode::CREATED, "application/json", issued)?;
    let location = format!("{}/authentication/{}", path_before(request, "/authentication"), issued.key.metadata.id);
    let location = HeaderValue::try_from(location).map_err(|cause| Error::Internal(cause.into()))?;
    response.headers_mut().insert(LOCATION, location);
    name_version(&mut response, &issued.key)?;
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

fn name_version(response: &mut Response<Body>, key: &KeyRecord) -> Result<(), Error> {
    let tag = HeaderValue::try_from(format!("\"{}\"", key.etag())).map_err(|cause| Error::Internal(cause.into()))?;
    response.headers_mut().insert(ETAG, tag);
    Ok(())
}

/// Caches treat answers to `Authorization` as private, but not answers to `X-API-Key`.
fn forbid_caching(response: &mut Response<Body>) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
