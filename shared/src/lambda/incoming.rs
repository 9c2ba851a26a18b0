//! What a request has beside its body: the caller, the parameters, the path.

use std::time::{Duration, SystemTime};

use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::http::Method;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use serde_json::Value;

use super::error::Error;
use super::log::Subject;
use crate::key::{KeyId, KeyRecord, Timestamp};
use crate::request::{Caller, Fields, Forbidden, IfMatch, ONCE, Origin, PathText, RequestName};

/// The variable of the routes of one key.
const KEY: &str = "key";
/// The header that names the versions of a key on which a write may be made, as a function asks for it.
pub const IF_MATCH: &str = "if-match";
/// The header that names a request, as a function asks for it.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Reads what a request to a route with a key has beside its body: who calls, and what `take` takes of the query.
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
    let taken = Fields::read_query(parameters(request), |fields| {
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
    Origin {
        actor: caller.into(),
        external_id: Some(caller.external_id.clone()).filter(|id| !id.is_empty()),
        source_ip: source_ip(request),
        request_id: request_id(request).to_owned(),
    }
}

/// A reporter of a leak, who needs no key.
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
    fields.key_id_in_path(KEY, &path_key(request), "neither a value nor self")
}

/// The same where the route takes `self` too, which is not what `{key}` stands for here.
pub fn key_id_beside_self(request: &Request, fields: &mut Fields) -> Option<KeyId> {
    fields.key_id_in_path(KEY, &path_key(request), "or self, not a value")
}

/// The name that the client gives the request, so that it is carried out once.
pub fn request_name(request: &Request, fields: &mut Fields) -> Option<RequestName> {
    const MESSAGE: &str = "must be 8 to 128 visible ASCII characters";
    header(request, fields, IDEMPOTENCY_KEY, "Idempotency-Key", |text| {
        // A proxy may make one line of two. No name has a space.
        RequestName::parse(text).ok_or(if text.contains(", ") { ONCE } else { MESSAGE })
    })
}

/// On which version of a key the write is to be made; `None` is on any, by force where it must win.
pub fn if_match(request: &Request, fields: &mut Fields) -> Option<IfMatch> {
    const MESSAGE: &str = "must be * or a list of entity tags in quotes";
    header(request, fields, IF_MATCH, "If-Match", |text| IfMatch::parse(text).ok_or(MESSAGE))
}

/// Stops a write on another version of a key than one that the request names.
///
/// # Errors
/// [`Error::PreconditionFailed`].
pub fn require(if_match: Option<&IfMatch>, key: &KeyRecord) -> Result<(), Error> {
    let may_write = if_match.is_none_or(|if_match| if_match.matches(key.etag()));
    if may_write { Ok(()) } else { Err(Error::PreconditionFailed) }
}

/// A header that may be given once; `name` as people write it.
fn header<T>(
    request: &Request,
    fields: &mut Fields,
    header: &str,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, &'static str>,
) -> Option<T> {
    let mut given = request.headers().get_all(header).into_iter();
    let first = given.next()?;
    if given.next().is_some() {
        fields.wrong(name, ONCE);
        return None;
    }
    // No visible text in another form than ASCII is anything that a header here takes.
    parse(first.to_str().unwrap_or_default()).map_err(|message| fields.wrong(name, message)).ok()
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

/// The query string's parameters by name, repeated ones included. The gateway hands them on as a map, so their order is lost.
fn parameters(request: &Request) -> Vec<(String, String)> {
    let given = request.query_string_parameters_ref().into_iter().flat_map(|map| map.iter());
    let mut given: Vec<_> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    given.sort_by(|(one, _), (other, _)| one.cmp(other));
    given
}

/// What the client's path has before that route: the stage, or the base path of a custom domain.
///
/// Only the context's path has it. What comes after may be a key's value and is never repeated.
pub(super) fn path_before<'a>(request: &'a Request, route: &str) -> &'a str {
    path(request).rsplit_once(route).map_or("", |(before, _)| before)
}

/// The gateway's id of the request, which its own answers and its access log carry too.
pub(super) fn request_id(request: &Request) -> &str {
    context(request).and_then(|context| context.request_id.as_deref()).unwrap_or_default()
}

/// What a line of the log has of the request. The path may hold a value, even one of another system that looks like an id: an
/// id is taken from it only where no value is taken, and only if its time is one at which a key can have been made.
#[must_use]
pub fn subject(request: &Request) -> Subject {
    let caller = caller(request).ok();
    Subject {
        request_id: request_id(request).to_owned(),
        operation: format!("{} {}", request.method(), route(request)),
        account_id: caller.as_ref().map(|caller| caller.account_id),
        key_id: key_id_for_log(request),
        caller_key_id: caller.map(|caller| caller.key_id),
    }
}

fn key_id_for_log(request: &Request) -> Option<KeyId> {
    const BEGINNING_OF_2026: Duration = Duration::from_hours(490_896);
    let now = Duration::from_millis(u64::try_from(context(request)?.request_time_epoch).ok()?);
    let first_at = |since_1970: Duration| KeyId::first_at(Timestamp::from(SystemTime::UNIX_EPOCH + since_1970));
    let possible = first_at(BEGINNING_OF_2026)..first_at(now + Duration::from_hours(24));
    let id = path_key(request).readings().find_map(KeyId::parse);
    id.filter(|id| request.method() != Method::GET && possible.contains(id))
}

fn context(request: &Request) -> Option<&ApiGatewayProxyRequestContext> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => Some(context),
        _ => None,
    }
}
