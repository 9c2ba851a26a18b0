//! API Gateway in process: asks the authorizer, applies its policy, and hands the request to the function.
//!
//! The events are those of `infra/events`, with what a request changes of them put in.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use std::{fmt, fs};

use api_keys::check::{EnvironmentState, Settings};
use api_keys::key::{Catalogue, ImportedKeys, Issuer, KeyPrefix, Limits, Random};
use api_keys::store::{
    AccountList, Accounts, Eraser, EventList, KeyList, KeyReader, Keys, NewKeys, Quota, Tables, UsageList,
};
use authorizer::{AuthorizerEvent, Refusal};
use import_keys::Importer;
use lambda_http::http::HeaderMap;
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Response};
use lambda_runtime::{Context, LambdaEvent};
use manage_account::Deps;
use report_leaks::{GithubKeys, Reports};
use serde::Serialize;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use crate::engine::{EVENTS, Engine, TABLE, USAGE};
use crate::wire::Wire;
use crate::{engine, template};

/// The ARN of the stage that requests go to.
pub const STAGE: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/v1";

/// Every so many transactions one is throttled; its repeat is not.
const THROTTLED: usize = 3;

/// The service as a client meets it, on an engine of its own.
pub struct Gateway {
    /// The table.
    pub engine: Engine,
    /// What stands before the table.
    pub wire: Wire,
    /// What reads single keys.
    pub reader: KeyReader,
    /// What lists them.
    pub keys: KeyList,
    /// Where they are written.
    pub tables: Tables,
    /// What lists events.
    pub events: EventList,
    /// What lists accounts.
    pub accounts: AccountList,
    /// How long an operator's invocation goes on with many keys.
    pub operators_time: Duration,
    /// What keys may do.
    pub catalogue: Catalogue,
    /// What an environment of the authorizer keeps.
    pub kept: EnvironmentState,
    /// What reads how much they were used.
    pub usage: UsageList,
    /// How many of them an account may have.
    pub max_keys: u64,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// What verifies GitHub's signatures.
    pub github: GithubKeys,
    /// See [`report_leaks::STEP`].
    pub report_step: Duration,
    issuer: Issuer,
    imported: ImportedKeys,
    ahead: Mutex<Duration>,
    source_ip: Mutex<Value>,
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; `null` when there is none.
    pub body: Value,
}

/// Somebody with a key.
#[derive(Clone)]
pub struct Client<'a> {
    gateway: &'a Gateway,
    /// The account's id.
    pub account_id: String,
    /// The key's id.
    pub id: String,
    /// The key's value.
    pub value: String,
}

impl Gateway {
    /// Starts the service as the template's defaults have it.
    pub async fn start() -> Self {
        Self::start_with(ImportedKeys::Refused).await
    }

    /// Starts the service with or without keys from another system.
    pub async fn start_with(imported: ImportedKeys) -> Self {
        let engine = Engine::start().await;
        let wire = Wire::to(&engine).await;
        wire.throttle_every(THROTTLED);
        let aws = engine::aws(wire.url());
        let reader = KeyReader::new(&aws, TABLE.to_owned()).await.unwrap();
        let tables = engine::tables(&aws);
        let (keys, events) = (KeyList::new(&aws, TABLE.to_owned()), EventList::new(&aws, EVENTS.to_owned()));
        let accounts = AccountList::new(&aws, TABLE.to_owned());
        let catalogue = Catalogue::parse("SMS,RCS,WHATSAPP", "TRANSACTIONAL,PROMOTIONAL,OTP").unwrap();
        let issuer = Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system());
        let kept_reader = KeyReader::new(&aws, TABLE.to_owned()).await.unwrap();
        let kept = EnvironmentState::new(kept_reader, Some(USAGE.to_owned()));
        let usage = UsageList::new(&aws, USAGE.to_owned());
        let (ahead, source_ip) = (Mutex::default(), Mutex::new(json!("203.0.113.7")));
        Self {
            engine,
            wire,
            reader,
            keys,
            tables,
            events,
            accounts,
            operators_time: manage_account::TIME,
            catalogue,
            kept,
            usage,
            max_keys: 1000,
            ceiling: Limits::NONE,
            // Nothing listens there.
            github: GithubKeys::new("http://127.0.0.1:9/".parse().unwrap(), None).unwrap(),
            report_step: Duration::from_millis(1),
            issuer,
            imported,
            ahead,
            source_ip,
        }
    }

    /// Lets that much time pass.
    pub fn pass(&self, time: Duration) {
        *self.ahead.lock().unwrap() += time;
    }

    /// What the functions take for now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "tests run now")]
    pub fn now(&self) -> SystemTime {
        SystemTime::now() + *self.ahead.lock().unwrap()
    }

    /// The moment that lies so far ahead, as the API writes it.
    #[must_use]
    pub fn time_in(&self, ahead: Duration) -> String {
        let time = serde_json::to_value(api_keys::key::Timestamp::from(self.now() + ahead)).unwrap();
        time.as_str().unwrap().to_owned()
    }

    /// From now on requests come from there.
    pub fn come_from(&self, source_ip: impl Into<Value>) {
        *self.source_ip.lock().unwrap() = source_ip.into();
    }

    /// Makes an account; the client has its first key.
    pub async fn create_account(&self, company: &str) -> Client<'_> {
        let payload = json!({ "company": company, "userId": "user-1", "username": "Ada" });
        self.client_of(&self.invoke_create_account(payload).await.unwrap())
    }

    /// The holder of the key that `create-account` answered with.
    #[must_use]
    pub fn client_of(&self, created: &Value) -> Client<'_> {
        Client {
            gateway: self,
            account_id: created["accountId"].as_str().unwrap().to_owned(),
            id: created["id"].as_str().unwrap().to_owned(),
            value: created["value"].as_str().unwrap().to_owned(),
        }
    }

    /// Invokes `create-account` as Lambda does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_create_account(&self, payload: impl Serialize) -> Result<Value, Value> {
        let event = LambdaEvent::new(to_raw_value(&payload).unwrap(), Context::default());
        let keys = NewKeys::new(&self.tables);
        let answer = create_account::handle(event, &keys, &self.catalogue, &self.issuer, self.ceiling, self.now());
        operators_answer(answer.await)
    }

    /// Invokes `import-keys` as Lambda does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_import_keys(&self, payload: impl Serialize) -> Result<Value, Value> {
        let event = LambdaEvent::new(to_raw_value(&payload).unwrap(), Context::default());
        let importer = Importer {
            reader: &self.reader,
            accounts: &Accounts::new(&self.tables),
            keys: &NewKeys::new(&self.tables),
            catalogue: &self.catalogue,
            issuer: &self.issuer,
            accepted: self.imported,
            max_keys: self.max_keys,
        };
        operators_answer(import_keys::handle(event, &importer, self.now()).await)
    }

    /// Invokes `manage-account` as Lambda does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_manage_account(&self, payload: impl Serialize) -> Result<Value, Value> {
        let deps = Deps {
            account_list: &self.accounts,
            accounts: &Accounts::new(&self.tables),
            key_list: &self.keys,
            reader: &self.reader,
            keys: &Keys::new(&self.tables),
            new_keys: &NewKeys::new(&self.tables),
            quota: &Quota::new(&self.tables),
            events: &self.events,
            usage: &self.usage,
            catalogue: &self.catalogue,
            issuer: &self.issuer,
            max_keys: self.max_keys,
            ceiling: self.ceiling,
            time: self.operators_time,
        };
        let event = LambdaEvent::new(to_raw_value(&payload).unwrap(), Context::default());
        operators_answer(manage_account::handle(event, &deps, self.now()).await)
    }

    /// Invokes `erase-account` as Lambda does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_erase_account(&self, payload: impl Serialize) -> Result<Value, Value> {
        let event = LambdaEvent::new(to_raw_value(&payload).unwrap(), Context::default());
        let eraser = Eraser::new(&self.tables, USAGE.to_owned());
        operators_answer(erase_account::handle(event, &eraser, self.operators_time, self.now()).await)
    }

    /// One request with these `X-API-Key` headers, as many as there are.
    pub async fn send(&self, method: &str, path_and_query: &str, keys: &[&str], body: Option<&str>) -> Answer {
        let path = path_and_query.split('?').next().unwrap();
        let headers = keys.iter().map(|key| ("X-API-Key", *key)).collect::<Vec<_>>();
        let verdict = self.authorize(method, path, &headers).await;
        drop(self.kept.after_answer().await);
        match verdict {
            Ok(verdict) if !allows(&verdict, &format!("{STAGE}/{method}{path}")) => Answer::of_gateway(403),
            Ok(verdict) => self.hand_on(method, path_and_query, &verdict, body).await,
            Err(Refusal::Unauthorized) => Answer::of_gateway(401),
            Err(Refusal::Unavailable) => Answer::of_gateway(500),
        }
    }

    /// Asks the authorizer as the gateway does, for this service's own API or, beside `/authentication`, for an attached one. The
    /// answer is its JSON.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn authorize(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Value, Refusal> {
        let mut event = sample_event("authorizer");
        event["methodArn"] = json!(format!("{STAGE}/{method}{path}"));
        if !path.starts_with("/authentication") {
            event["stageVariables"] = Value::Null;
        }
        event["requestContext"]["identity"]["sourceIp"] = self.source_ip.lock().unwrap().clone();
        set_headers(&mut event, headers);
        // From text, as it comes: some readers differ from those of a tree.
        self.decide(serde_json::from_str(&event.to_string()).unwrap()).await
    }

    /// Asks the authorizer about an event just as it is.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn decide(&self, event: AuthorizerEvent) -> Result<Value, Refusal> {
        let event = LambdaEvent::new(event, Context::default());
        let verdict = {
            let settings = Settings { imported: self.imported, ceiling: self.ceiling };
            authorizer::handle(event, &self.kept, settings, self.now()).await?
        };
        Ok(serde_json::to_value(verdict).unwrap())
    }

    /// Hands a request to its function with the authorizer's context, whatever its policy says.
    pub async fn hand_on(&self, method: &str, path_and_query: &str, verdict: &Value, body: Option<&str>) -> Answer {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let key = path.strip_prefix("/authentication/");
        let (key, action) = match key.and_then(|key| key.split_once('/')) {
            Some((key, action)) => (Some(key), Some(action)),
            None => (key, None),
        };
        let function = match (method, key, action) {
            ("GET", None, None) => "list-keys",
            ("GET", Some("events"), None) => "list-events",
            ("GET", Some("usage"), None) | ("GET", Some(_), Some("usage")) => "read-usage",
            ("POST", None, None) => "create-key",
            ("GET", Some(_), None) => "find-key",
            ("PATCH", Some(_), None) => "update-key",
            ("DELETE", Some(_), None) => "delete-key",
            ("POST", Some(_), Some("rotate")) => "rotate-key",
            _ => return Answer::of_gateway(404),
        };
        let mut event = event_of(function, verdict);
        event["path"] = json!(path);
        event["requestContext"]["path"] = json!(format!("/v1{path}"));
        if (function, action) == ("read-usage", None) {
            event["requestContext"]["resourcePath"] = json!("/authentication/usage");
        }
        event["pathParameters"] = key.map_or(Value::Null, |key| json!({ "key": key }));
        event["body"] = json!(body);
        set_query(&mut event, query.split('&').filter_map(|pair| pair.split_once('=')));
        self.run(function, &event).await
    }

    /// Reports leaks: a request without a key, with these headers.
    pub async fn report(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut event = sample_event("report-leaks");
        event["requestContext"]["identity"]["sourceIp"] = self.source_ip.lock().unwrap().clone();
        set_headers(&mut event, headers);
        event["body"] = json!(body);
        self.run("report-leaks", &event).await
    }

    /// Runs a function on an event just as it is.
    pub async fn run(&self, function: &str, event: &Value) -> Answer {
        let event: LambdaRequest = serde_json::from_str(&event.to_string()).unwrap();
        let headers = if function == "report-leaks" { &report_leaks::HEADERS[..] } else { &[] };
        let request = api_keys::lambda::http::with_headers(headers, event).into();
        let Self { reader, tables, catalogue, issuer, max_keys, ceiling, .. } = self;
        let keys = &Keys::new(tables);
        let now = self.now();
        Answer::of_function(match function {
            "list-keys" => list_keys::handle(request, &self.keys, *ceiling, now).await,
            "list-events" => list_events::handle(request, &self.events).await,
            "read-usage" => read_usage::handle(request, reader, &self.usage, now).await,
            "create-key" => {
                let keys = &NewKeys::new(tables);
                create_key::handle(request, keys, catalogue, issuer, *max_keys, *ceiling, now).await
            }
            "find-key" => find_key::handle(request, reader, self.imported, *ceiling, now).await,
            "update-key" => update_key::handle(request, reader, keys, catalogue, *ceiling, now).await,
            "rotate-key" => rotate_key::handle(request, reader, keys, issuer, *ceiling, now).await,
            "delete-key" => delete_key::handle(request, keys, &Quota::new(tables), now).await,
            "report-leaks" => {
                let Self { github, report_step: step, imported, .. } = self;
                let reports = Reports { reader, keys, github, imported: *imported, step: *step };
                report_leaks::handle(request, &reports, now).await
            }
            other => panic!("no function {other}"),
        })
    }
}

impl<'a> Client<'a> {
    /// One request with this client's key.
    pub async fn send(&self, method: &str, path: &str) -> Answer {
        self.gateway.send(method, path, &[&self.value], None).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path).await
    }

    /// `GET /authentication` with these parameters, whatever is in them.
    pub async fn list(&self, parameters: &[(String, String)]) -> Answer {
        let headers = [("X-API-Key", &*self.value)];
        let verdict = self.gateway.authorize("GET", "/authentication", &headers).await.unwrap();
        let mut event = event_of("list-keys", &verdict);
        set_query(&mut event, parameters.iter().map(|(name, value)| (&**name, &**value)));
        self.gateway.run("list-keys", &event).await
    }

    /// `DELETE` of the key of that id.
    pub async fn delete(&self, id: &str) -> Answer {
        self.send("DELETE", &format!("/authentication/{id}")).await
    }

    /// `POST /authentication`.
    pub async fn post(&self, body: &Value) -> Answer {
        self.gateway.send("POST", "/authentication", &[&self.value], Some(&body.to_string())).await
    }

    /// `PATCH` of the key of that id.
    pub async fn patch(&self, id: &str, body: &Value) -> Answer {
        let path = format!("/authentication/{id}");
        self.gateway.send("PATCH", &path, &[&self.value], Some(&body.to_string())).await
    }

    /// Rotates the key of that id.
    pub async fn rotate(&self, id: &str, grace_period_seconds: u64) -> Answer {
        let path = format!("/authentication/{id}/rotate");
        let body = json!({ "gracePeriodSeconds": grace_period_seconds }).to_string();
        self.gateway.send("POST", &path, &[&self.value], Some(&body)).await
    }

    /// The status of a request for the key itself.
    pub async fn status(&self) -> u16 {
        self.get("/authentication/self").await.status
    }

    /// The holder of another value of this key, the one in that answer.
    #[must_use]
    pub fn with_value_of(&self, answer: &Answer) -> Self {
        assert_eq!(answer.status, 201, "{answer:?}");
        let value = answer.body["value"].as_str().unwrap().to_owned();
        Self { value, ..self.clone() }
    }

    /// Makes a key with these operations for `user-2`, and becomes its holder.
    pub async fn create_key(&self, operations: &[&str]) -> Client<'a> {
        self.create_key_for("user-2", operations).await
    }

    /// Makes a key with these operations for a user, and becomes its holder.
    pub async fn create_key_for(&self, user_id: &str, operations: &[&str]) -> Client<'a> {
        self.create(&json!({ "userId": user_id, "username": "Grace", "operations": operations })).await
    }

    /// Makes the key of that body, and becomes its holder.
    pub async fn create(&self, body: &Value) -> Client<'a> {
        let answer = self.post(body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        Client {
            gateway: self.gateway,
            account_id: self.account_id.clone(),
            id: answer.body["id"].as_str().unwrap().to_owned(),
            value: answer.body["value"].as_str().unwrap().to_owned(),
        }
    }
}

impl Answer {
    /// The ids of a list, in its order.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let keys = self.body["apiKeys"].as_array().unwrap_or_else(|| panic!("no list: {self:?}"));
        keys.iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The wrong fields of a 400, sorted.
    #[must_use]
    pub fn wrong_fields(&self) -> Vec<String> {
        assert_eq!(self.status, 400, "{self:?}");
        let errors = self.body["errors"].as_array().unwrap();
        let mut fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect();
        fields.sort();
        fields
    }

    /// Asserts the shape of a problem.
    pub fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        for text in ["type", "title", "detail", "requestId"] {
            assert!(self.body[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {self:?}");
        }
        assert_eq!(self.body["errors"].is_array(), status == 400, "{self:?}");
    }

    /// An answer whose body is JSON, or empty.
    #[must_use]
    pub fn new(status: u16, headers: HeaderMap, text: String) -> Self {
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Self { status, headers, text, body }
    }

    fn of_function(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self::new(parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    fn of_gateway(status: u16) -> Self {
        Self::new(status, HeaderMap::new(), String::new())
    }
}

/// A failing test must not print an issued value.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = self.body.clone();
        if let Some(value) = body.get_mut("value") {
            *value = json!("…");
        }
        write!(f, "{} {:?} {body}", self.status, self.headers)
    }
}

/// What Lambda makes of an operators' function's answer.
fn operators_answer(answer: Result<impl Serialize, api_keys::lambda::Refusal>) -> Result<Value, Value> {
    answer
        .map(|answer| serde_json::to_value(&answer).unwrap())
        .map_err(|refusal| serde_json::to_value(lambda_runtime::Diagnostic::from(refusal)).unwrap())
}

/// An event of `infra/events`.
#[must_use]
pub fn sample_event(function: &str) -> Value {
    let file = template::root().join("infra/events").join(format!("{function}.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Whether the policy of a verdict allows the method of that ARN.
#[must_use]
pub fn allows(verdict: &Value, method_arn: &str) -> bool {
    let statements = verdict["policyDocument"]["Statement"].as_array().unwrap();
    let applies = |statement: &Value| {
        assert_eq!(statement["Action"], "execute-api:Invoke");
        let resources = statement["Resource"].as_array().unwrap();
        resources.iter().any(|resource| matches(resource.as_str().unwrap(), method_arn))
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

fn set_headers(event: &mut Value, more: &[(&str, &str)]) {
    let (mut single, mut multi) = (Map::new(), Map::new());
    for (name, value) in event["headers"].as_object().unwrap() {
        if name != "X-API-Key" {
            single.insert(name.clone(), value.clone());
            multi.insert(name.clone(), json!([value]));
        }
    }
    for (name, value) in more {
        single.insert((*name).to_owned(), json!(value));
        multi.entry(*name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(json!(value));
    }
    event["headers"] = single.into();
    event["multiValueHeaders"] = multi.into();
}

/// The event of a function for whom the authorizer let in.
#[must_use]
pub fn event_of(function: &str, verdict: &Value) -> Value {
    let mut event = sample_event(function);
    set_headers(&mut event, &[]);
    let mut context = verdict["context"].clone();
    context["principalId"] = verdict["principalId"].clone();
    event["requestContext"]["authorizer"] = context;
    event
}

fn set_query<'a>(event: &mut Value, query: impl Iterator<Item = (&'a str, &'a str)>) {
    let (mut single, mut multi) = (Map::new(), Map::new());
    for (name, value) in query {
        single.insert(name.to_owned(), json!(value));
        multi.entry(name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(json!(value));
    }
    let none = single.is_empty();
    event["queryStringParameters"] = if none { Value::Null } else { single.into() };
    event["multiValueQueryStringParameters"] = if none { Value::Null } else { multi.into() };
}
