//! `GET /console`, `GET /console/{file}` and `GET /openapi.json`: a page for those who manage keys, and the API's description.
//!
//! No authorizer stands before these routes: what they serve is the same for everybody, and holds no key.

mod assets;

use api_keys::lambda::{Error, http};
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::http::{HeaderMap, HeaderValue, StatusCode};
use lambda_http::{Body, Request, Response};

pub use self::assets::Assets;

const OPENAPI: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// All that the page may do: load its own files and call its own API. It turns no text into markup or code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// The document is another one after a deployment.
const FOR_AN_HOUR: &str = "public, max-age=3600";
const NO_STORE: &str = "no-store";

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// The console's files; `None` where there is none.
    pub assets: Option<&'a Assets>,
}

/// Answers one request.
#[must_use]
pub fn handle(request: &Request, deps: &Deps<'_>) -> Response<Body> {
    http::answer(request, serve(request, deps.assets).ok_or(Error::NoRoute))
}

fn serve(request: &Request, assets: Option<&Assets>) -> Option<Response<Body>> {
    match (http::route(request), assets) {
        ("/openapi.json", _) => Some(text("application/json", FOR_AN_HOUR, OPENAPI)),
        // The page's addresses are relative, and would be looked for one level too deep.
        ("/console", Some(_)) if http::path(request).ends_with('/') => Some(redirect("../console")),
        ("/console", Some(assets)) => Some(text("text/html; charset=utf-8", NO_STORE, assets.page())),
        ("/console/{file}", Some(assets)) => {
            let file = assets.file(http::path_parameter(request, "file"))?;
            Some(text(file.content_type, IMMUTABLE, &file.text))
        }
        _ => None,
    }
}

fn text(content_type: &'static str, caching: &'static str, body: &str) -> Response<Body> {
    let mut response = Response::new(Body::Text(body.to_owned()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    guard(headers);
    response
}

fn redirect(location: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(location));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    response
}

fn guard(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
}
