//! A function's URL: the event that it makes of an HTTP request, and the answer that it makes a response of.
//!
//! Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs": payload format 2.0.

use std::collections::BTreeMap;
use std::fmt;

use aws_smithy_types::base64;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::error::Error;
use super::log::{self, Subject};
use super::problem::problem;

/// A request to a function's URL.
pub struct UrlRequest {
    body: Zeroizing<Vec<u8>>,
}

impl UrlRequest {
    /// Reads the event; `None` for what was not sent to the URL: it has no `requestContext.http`.
    #[must_use]
    pub fn read(event: &RawValue) -> Option<Self> {
        let Event { body, is_base64_encoded, .. } = serde_json::from_str(event.get()).ok()?;
        let body = Zeroizing::new(body.unwrap_or_default());
        let bytes =
            if is_base64_encoded { base64::decode(&*body).unwrap_or_default() } else { body.as_bytes().to_vec() };
        Some(Self { body: Zeroizing::new(bytes) })
    }

    /// The body as the client sent it; empty where there is none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for UrlRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlRequest(…)")
    }
}

/// What matters of the event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "requestContext")]
    _request_context: RequestContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct RequestContext {
    #[serde(rename = "http")]
    _http: Http,
}

#[derive(Deserialize)]
struct Http {
    #[serde(rename = "method")]
    _method: String,
}

/// A response, as a function's URL takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UrlAnswer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl UrlAnswer {
    /// An answer, or a problem.
    #[must_use]
    pub fn of(request_id: &str, answer: Result<Response<Body>, Error>) -> Self {
        match answer.or_else(|error| problem(request_id, &error)) {
            Ok(response) => response.into(),
            Err(error) => {
                let subject = Subject { request_id: request_id.to_owned(), ..Subject::default() };
                log::failure(&subject, &error);
                let status_code = StatusCode::INTERNAL_SERVER_ERROR.as_u16();
                Self { status_code, headers: BTreeMap::new(), body: String::new() }
            }
        }
    }
}

impl From<Response<Body>> for UrlAnswer {
    fn from(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let headers = parts.headers.iter();
        Self {
            status_code: parts.status.as_u16(),
            headers: headers
                .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
                .collect(),
            body: if let Body::Text(text) = body { text } else { String::new() },
        }
    }
}
