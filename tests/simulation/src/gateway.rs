//! API Gateway: asks an authorizer, applies its policy, and hands the request to the function. And Lambda, for operators.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use api_keys::lambda::Error;
use serde_json::{Map, Value, json};

use crate::adapter::{NoVerdict, Served};
use crate::check::power;
use crate::github::{self, Signer};
use crate::history::{Counted, LimitList, Request, Seen, ValueUse};
use crate::model::Identity;
use crate::world::World;

const STAGE: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/v1";

/// What a client asks for.
pub struct Ask<'a> {
    pub method: &'a str,
    pub path: String,
    pub query: Vec<(&'a str, String)>,
    /// The number of the value that it has.
    pub value: usize,
    pub body: Option<Value>,
    pub headers: Vec<(&'a str, String)>,
}

impl<'a> Ask<'a> {
    pub fn new(method: &'a str, path: impl Into<String>, value: usize) -> Self {
        Self { method, path: path.into(), query: Vec::new(), value, body: None, headers: Vec::new() }
    }

    pub fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// What a client was answered.
#[derive(Debug)]
pub struct Answer {
    /// The id of the request.
    pub request: String,
    /// 0 where there is none.
    pub status: u16,
    pub body: Value,
    pub began: u64,
    pub ended: u64,
    /// The function's clock, in Unix milliseconds.
    pub now: u64,
    /// What the authorizer handed on about the caller.
    pub context: Value,
}

impl Answer {
    /// Whether nothing is known of what was done.
    pub fn is_unknown(&self) -> bool {
        self.status == 0 || self.status >= 500 || self.body["code"] == "CONTENDED"
    }

    /// Until when it may be done.
    pub fn end(&self) -> u64 {
        if self.is_unknown() { u64::MAX } else { self.ended }
    }
}

/// One request with a key.
pub async fn send(world: &Rc<World>, action: usize, part: u64, ask: &Ask<'_>) -> Answer {
    let began = world.next();
    let is_ours = ask.path == "/authentication" || ask.path.starts_with("/authentication/");
    let text = world.history.borrow().values[ask.value].text.clone();
    let request_id = format!("r{action}-{part}");
    let mut event = sample(include_str!("../../../infra/events/authorizer.json"));
    event["methodArn"] = json!(format!("{STAGE}/{}{}", ask.method, ask.path));
    event["resource"] = json!("/{proxy+}");
    event["multiValueHeaders"] = json!({"X-API-Key": [text]});
    event["requestContext"]["requestId"] = json!(request_id);
    if !is_ours {
        event["stageVariables"] = Value::Null;
    }
    world.trace(action, || format!("{} {} with value {}", ask.method, ask.path.replace(&text, "…"), ask.value));
    *world.history.borrow_mut().asked.entry(ask.value).or_default() += 1;
    let outcome =
        world.authorize(action, part, async move |authorizer, now| authorizer.decide(&event, now).await).await;
    let ended = world.next();
    let verdict = match outcome.answer {
        Some(Ok(verdict)) => verdict,
        Some(Err(NoVerdict::Unauthorized)) => {
            world.trace(action, || "401".to_owned());
            let (value, now) = (ask.value, outcome.now);
            let (environment, seen) = (outcome.environment, Seen::Refused);
            let (counted, account_limits) = (Vec::new(), None);
            let seen = ValueUse { action, value, began, ended, now, environment, seen, counted, account_limits };
            world.history.borrow_mut().uses.push(seen);
            let context = Value::Null;
            return Answer { request: request_id, status: 401, body: Value::Null, began, ended, now, context };
        }
        other => {
            let what = if other.is_some() { "has no verdict" } else { "is lost" };
            world.trace(action, || format!("the authorizer {what}"));
            let status = if other.is_some() { 500 } else { 0 };
            note(world, action, "authorizer", &request_id, status, 0);
            let (now, context) = (outcome.now, Value::Null);
            return Answer { request: request_id, status, body: Value::Null, began, ended, now, context };
        }
    };
    let allowed = allows(&verdict, &format!("{STAGE}/{}{}", ask.method, ask.path));
    let context = verdict["context"].clone();
    let is_counted = !is_ours && (allowed || context["limited"] == "true");
    let account_limits = is_counted.then(|| policies(&context, true));
    let times = (began, ended, outcome.now, outcome.environment);
    note_use(world, action, ask.value, times, &context, allowed, account_limits);
    let operations = context["operations"].as_str().unwrap_or_default();
    // A limit may be what refuses on another API.
    if context["limited"] != "true" && power::opens(operations, ask.method, &ask.path).is_some_and(|it| it != allowed) {
        let (method, path) = (ask.method, ask.path.replace(&text, "…"));
        let what = format!("[{action}] {method} {path} by a key that has {operations}: allowed is {allowed}");
        world.history.borrow_mut().fail(what);
    }
    world.check_secrecy("a verdict", verdict.to_string().as_bytes());
    let without_answer = |status| {
        let (request, now, context) = (request_id.clone(), outcome.now, context.clone());
        Answer { request, status, body: Value::Null, began, ended, now, context }
    };
    if !allowed {
        return without_answer(403);
    }
    if !is_ours {
        return without_answer(if context["limited"] == "true" { 429 } else { 200 });
    }
    let principal = verdict["principalId"].clone();
    serve(world, action, part + 1, ask, &request_id, context, principal).await
}

/// The request goes to its function.
async fn serve(
    world: &Rc<World>,
    action: usize,
    part: u64,
    ask: &Ask<'_>,
    request_id: &str,
    context: Value,
    principal: Value,
) -> Answer {
    let key = ask.path.strip_prefix("/authentication/");
    let (key, act) = key
        .map_or((None, None), |key| key.split_once('/').map_or((Some(key), None), |(key, act)| (Some(key), Some(act))));
    let function = match (ask.method, key, act) {
        ("GET", None, None) => "list-keys",
        ("GET", Some("events"), None) => "list-events",
        ("GET", Some("account"), None) => "read-account",
        ("GET", Some(_), Some("usage")) => "read-usage",
        ("POST", None, None) => "create-key",
        ("GET", Some(_), None) => "find-key",
        ("PATCH", Some(_), None) => "update-key",
        ("DELETE", Some(_), None) => "delete-key",
        ("POST", Some(_), Some("rotate")) => "rotate-key",
        other => panic!("no route {other:?}"),
    };
    let mut event = sample(include_str!("../../../infra/events/create-key.json"));
    let mut authorizer = context.clone();
    authorizer["principalId"] = principal;
    event["requestContext"]["authorizer"] = authorizer;
    event["httpMethod"] = json!(ask.method);
    event["requestContext"]["httpMethod"] = json!(ask.method);
    event["requestContext"]["requestId"] = json!(request_id);
    event["path"] = json!(ask.path);
    event["requestContext"]["path"] = json!(format!("/v1{}", ask.path));
    event["requestContext"]["resourcePath"] = json!("/authentication/{key}");
    event["pathParameters"] = key.map_or(Value::Null, |key| json!({ "key": key }));
    event["body"] = ask.body.as_ref().map_or(Value::Null, |body| json!(body.to_string()));
    let headers: Map<_, _> = ask.headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
    event["multiValueHeaders"] = headers.into();
    let query: Map<_, _> = ask.query.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
    event["multiValueQueryStringParameters"] = query.into();
    let operations = context["operations"].as_str().map(str::to_owned);
    world.history.borrow_mut().callers.insert(request_id.to_owned(), operations);
    if ask.headers.iter().any(|(name, _)| *name == "If-Match") {
        world.history.borrow_mut().conditional.insert(request_id.to_owned());
    }
    let began = world.next();
    let start = world.elapsed();
    let name = function.to_owned();
    let work = async move |functions: &crate::adapter::Functions, now| functions.serve(&name, &event, now).await;
    let outcome = world.function(action, part, work).await;
    let Served { status, content_type, etag, text } = outcome.answer.unwrap_or_default();
    let ended = world.next();
    let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    world.trace(action, || format!("{function} answers {status} {}", body["detail"].as_str().unwrap_or("")));
    note(world, action, function, request_id, status, world.elapsed() - start);
    check_shape(world, function, status, &content_type, &body);
    note_shown(world, &context, &body);
    note_versions(world, action, (began, ended), &body);
    check_header(world, action, &body, &etag);
    if function == "read-usage" && status == 200 {
        check_usage(world, action, key.filter(|key| *key != "self").or(context["keyId"].as_str()), &body);
    }
    Answer { request: request_id.to_owned(), status, body, began, ended, now: outcome.now, context }
}

/// A request without a key: a report of leaks, which may be signed.
pub async fn report(world: &Rc<World>, action: usize, part: u64, body: String, signer: Option<Signer>) -> Answer {
    let mut event = sample(include_str!("../../../infra/events/report-leaks.json"));
    let request_id = format!("r{action}-{part}");
    event["requestContext"]["requestId"] = json!(request_id);
    event["headers"] = json!({});
    let headers = signer.map_or(Vec::new(), |signer| github::sign(signer, &body, world.elapsed()));
    event["multiValueHeaders"] =
        headers.into_iter().map(|(name, value)| (name.to_owned(), json!([value]))).collect::<Map<_, _>>().into();
    event["body"] = json!(body);
    world.history.borrow_mut().callers.insert(request_id.clone(), None);
    let (began, start) = (world.next(), world.elapsed());
    let work =
        async move |functions: &crate::adapter::Functions, now| functions.serve("report-leaks", &event, now).await;
    let outcome = world.function(action, part, work).await;
    let Served { status, content_type, text, .. } = outcome.answer.unwrap_or_default();
    let ended = world.next();
    let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    world.trace(action, || format!("report-leaks answers {status}"));
    note(world, action, "report-leaks", &request_id, status, world.elapsed() - start);
    check_shape(world, "report-leaks", status, &content_type, &body);
    Answer { request: request_id, status, body, began, ended, now: outcome.now, context: Value::Null }
}

/// An operator's invocation: what was answered, or the error; `None` where nothing came back.
pub struct Invoked {
    /// The id of the request.
    pub request: String,
    pub answer: Option<Result<Value, String>>,
    pub began: u64,
    pub ended: u64,
    /// The function's clock, in Unix milliseconds.
    pub now: u64,
    /// The changes of items meanwhile.
    pub changes: Range<usize>,
}

/// Whether a function on no route was not carried out, and would not be if it were invoked again.
pub fn is_refusal(error: &str) -> bool {
    !is(error, &Error::Contended)
        && ["InvalidRequest", "NotFound", "Conflict"].iter().any(|kind| error.starts_with(kind))
}

fn is(error: &str, expected: &Error) -> bool {
    error.ends_with(&expected.to_string())
}

/// An operator's write of a key of that account, answered as the same request of a manager: with `done`, or why not.
pub async fn manage(world: &Rc<World>, action: usize, part: u64, account: &str, payload: &Value, done: u16) -> Answer {
    const FUNCTION: &str = "manage-account";
    let start = world.elapsed();
    let Invoked { request, answer, began, ended, now, .. } = invoke(world, action, part, FUNCTION, payload).await;
    let (status, body) = match answer {
        Some(Ok(body)) => (done, body),
        Some(Err(error)) if is(&error, &Error::Contended) => (409, json!({"code": "CONTENDED"})),
        Some(Err(error)) if is(&error, &Error::NotFound) => (404, Value::Null),
        Some(Err(error)) if error.starts_with("InvalidRequest") => (400, Value::Null),
        // Also where the account is gone: a new key may have been stored before that was seen.
        Some(Err(error)) if is_refusal(&error) => (409, Value::Null),
        Some(Err(_)) => (500, Value::Null),
        None => (0, Value::Null),
    };
    note(world, action, FUNCTION, &request, status, world.elapsed() - start);
    check_secrecy(world, FUNCTION, status == 201, &body);
    note_versions(world, action, (began, ended), &body);
    Answer { request, status, body, began, ended, now, context: json!({ "accountId": account }) }
}

/// Invokes a function on no route.
pub async fn invoke(world: &Rc<World>, action: usize, part: u64, function: &'static str, payload: &Value) -> Invoked {
    let request_id = format!("r{action}-{part}");
    world.history.borrow_mut().callers.insert(request_id.clone(), None);
    let began = world.next();
    let changes = || world.tables.borrow().changes.len();
    let before = changes();
    world.trace(action, || format!("an operator invokes {function} {}", payload["action"].as_str().unwrap_or("")));
    let (given, request) = (payload.clone(), request_id.clone());
    let work = async move |functions: &crate::adapter::Functions, now| {
        functions.invoke(function, &given, &request_id, now).await
    };
    let outcome = world.function(action, part, work).await;
    let ended = world.next();
    world.trace(action, || match &outcome.answer {
        None => format!("{function} is lost"),
        Some(Err(error)) => format!("{function}: {error}"),
        Some(Ok(_)) => format!("{function} answers"),
    });
    Invoked { request, answer: outcome.answer, began, ended, now: outcome.now, changes: before..changes() }
}

pub fn note(world: &World, action: usize, function: &str, id: &str, status: u16, took: u64) {
    let struck = world.can_strike(action);
    let (id, function) = (id.to_owned(), function.to_owned());
    world.history.borrow_mut().requests.push(Request { action, id, function, status, took, struck });
}

fn note_use(
    world: &World,
    action: usize,
    value: usize,
    (began, ended, now, environment): (u64, u64, u64, usize),
    context: &Value,
    allowed: bool,
    account_limits: Option<LimitList>,
) {
    let text = |name: &str| context[name].as_str().unwrap_or_default().to_owned();
    let limited = context["limited"] == "true";
    let seen =
        Seen::Works { key: text("keyId"), account: text("accountId"), identity: identity(context), allowed, limited };
    world.trace(action, || format!("the authorizer finds {seen:?} {}", text("rateLimit")));
    let counted = context["rateLimit"].as_str().map(|limit| counted(limit, context, now)).into_iter().collect();
    let seen = ValueUse { action, value, began, ended, now, environment, seen, counted, account_limits };
    world.history.borrow_mut().uses.push(seen);
}

/// What services receive about a key.
fn identity(context: &Value) -> Identity {
    let text = |name: &str| context[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
    Identity {
        operations: text("operations").split(',').map(str::to_owned).collect(),
        user_id: text("userId"),
        username: text("username"),
        tags: tags(&text("tags")),
        external_id: text("externalId"),
    }
}

/// Tags by their names. None here has a character that is encoded, but for spaces.
pub fn tags(form: &str) -> BTreeMap<String, String> {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, text)| (name.to_owned(), text.replace('+', " "))).collect()
}

/// `"minute";r=3;t=17`: how much is left, and for how many seconds. The account's are `"account-minute"` and so on.
fn counted(limit: &str, context: &Value, now: u64) -> Counted {
    let (name, rest) = limit.split_once(';').expect("a limit");
    let (_, seconds) = rest.split_once("t=").expect("a time");
    let window_end = now / 1000 + seconds.parse::<u64>().expect("seconds");
    let (of_account, period) = whose(name);
    Counted { of_account, window_end, limit: policies(context, of_account)[&period], period }
}

/// The limits of the key, or those of its account, as `"minute";q=5;w=60, "account-day";q=9;w=86400` has them.
fn policies(context: &Value, of_account: bool) -> LimitList {
    let all = context["rateLimitPolicy"].as_str().into_iter().flat_map(|list| list.split(", "));
    let policies = all.map(|policy| {
        let (name, rest) = policy.split_once(";q=").expect("a policy");
        let requests = rest.split(';').next().expect("a limit").parse().expect("a number");
        (whose(name), requests)
    });
    policies.filter(|((of, _), _)| *of == of_account).map(|((_, period), requests)| (period, requests)).collect()
}

/// Whether a quoted name is that of a limit of the account, and its period.
fn whose(name: &str) -> (bool, String) {
    let name = name.trim_matches('"');
    name.strip_prefix("account-").map_or((false, name.to_owned()), |period| (true, period.to_owned()))
}

/// Which keys the caller's account is shown.
fn note_shown(world: &World, context: &Value, body: &Value) {
    let lists = [&body["apiKeys"], &body["events"]].into_iter().filter_map(Value::as_array).flatten();
    let ids = lists.chain([body]).flat_map(|it| [&it["id"], &it["keyId"], &it["actor"]["keyId"]]);
    let account = context["accountId"].as_str().expect("an account");
    let shown = ids.filter_map(Value::as_str).map(|id| (account.to_owned(), id.to_owned()));
    world.history.borrow_mut().shown.extend(shown);
}

/// Which versions of keys an answer shows.
fn note_versions(world: &World, action: usize, time: (u64, u64), body: &Value) {
    let listed = body["apiKeys"].as_array().into_iter().flatten();
    for key in listed.chain(is_of_one_key(body).then_some(body)) {
        let (id, version) = (key["id"].as_str().expect("an id"), key["etag"].as_str().expect("a version"));
        world.history.borrow_mut().version(action, id, version, time);
    }
}

fn is_of_one_key(body: &Value) -> bool {
    body["id"].is_string() && body["etag"].is_string()
}

/// The version of a single key is in the header, too.
fn check_header(world: &World, action: usize, body: &Value, header: &str) {
    let version = || format!("\"{}\"", body["etag"].as_str().unwrap_or_default());
    let wanted = if is_of_one_key(body) { version() } else { String::new() };
    if header != wanted {
        world.history.borrow_mut().fail(format!("[{action}] the header ETag is {header}, not {wanted}"));
    }
}

/// However old the items of a read, its counts are at most the number of requests until then.
fn check_usage(world: &World, action: usize, key: Option<&str>, body: &Value) {
    let hours = body["usage"].as_array().into_iter().flatten();
    let counts = hours.flat_map(|hour| ["allowed", "limited", "denied"].map(|name| hour[name].as_u64().unwrap_or(0)));
    let (counted, asked) = (counts.sum::<u64>(), world.history.borrow().asked_of(key.unwrap_or_default()));
    if counted > asked {
        let what = format!("[{action}] the usage of key {key:?} is {counted}, and there were {asked} requests");
        world.history.borrow_mut().fail(what);
    }
}

/// No value is in an answer but in one that has to show it. The answer without it, as text.
fn check_secrecy(world: &World, function: &str, shows_value: bool, body: &Value) -> String {
    let mut shown = body.clone();
    if shows_value {
        let value = shown.as_object_mut().and_then(|body| body.remove("value"));
        if !value.is_some_and(|value| value.is_string()) {
            world.history.borrow_mut().fail(format!("{function} shows no value"));
        }
    }
    let shown = shown.to_string();
    world.check_secrecy(&format!("an answer of {function}"), shown.as_bytes());
    shown
}

/// The shapes of answers, and that no value is in them but where it belongs.
fn check_shape(world: &World, function: &str, status: u16, content_type: &str, body: &Value) {
    let shows_value = matches!((function, status), ("create-key" | "rotate-key", 201));
    let shown = check_secrecy(world, function, shows_value, body);
    let is_problem = status >= 400;
    let fits = match status {
        0 | 202 | 204 => body.is_null(),
        400.. => {
            content_type == "application/problem+json" && body["status"] == status && body["requestId"].is_string()
        }
        200 if function == "report-leaks" => content_type == "application/json" && body.is_array(),
        _ => content_type == "application/json" && body.is_object(),
    };
    if !fits || (body["errors"].is_array() != (status == 400) && is_problem) {
        world.history.borrow_mut().fail(format!("{function} answers {status} as {content_type} {shown}"));
    }
}

/// Whether the policy of a verdict allows the method of that ARN.
fn allows(verdict: &Value, method_arn: &str) -> bool {
    let statements = verdict["policyDocument"]["Statement"].as_array().expect("statements");
    let applies = |statement: &Value| {
        let resources = statement["Resource"].as_array().expect("resources");
        resources.iter().any(|resource| matches(resource.as_str().expect("text"), method_arn))
    };
    let has = |effect: &str| statements.iter().any(|statement| statement["Effect"] == effect && applies(statement));
    has("Allow") && !has("Deny")
}

/// IAM's wildcards: `*` for any text, slashes included.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text
            .strip_prefix(head)
            .is_some_and(|tail| (0..=tail.len()).any(|at| tail.is_char_boundary(at) && matches(rest, &tail[at..]))),
    }
}

pub fn sample(text: &str) -> Value {
    serde_json::from_str(text).expect("a sample event")
}
