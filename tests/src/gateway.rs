//! API Gateway in process: asks the authorizer, applies its policy, and hands the request to the function.
//!
//! The events are those of `infra/events`, with what a request changes of them put in.

use std::time::SystemTime;
use std::{fmt, fs};

use api_keys::{Catalogue, ImportedKeys, Issuer, KeyPrefix, KeyReader, KeyStore, Random};
use authorizer::{AuthorizerEvent, Refusal};
use lambda_http::http::HeaderMap;
use lambda_http::{Body, Response};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Map, Value, json};

use crate::engine::{Engine, TABLE};
use crate::wire::Wire;
use crate::{engine, template};

const STAGE: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/v1";

/// The service as a client meets it, on an engine of its own.
pub struct Gateway {
    /// The table.
    pub engine: Engine,
    /// What stands before the table.
    pub wire: Wire,
    /// What reads single keys.
    pub reader: KeyReader,
    /// What lists and writes them.
    pub store: KeyStore,
    /// What keys may do.
    pub catalogue: Catalogue,
    issuer: Issuer,
    imported: ImportedKeys,
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
        let wire = Wire::to(engine.address()).await;
        let aws = engine::aws(wire.url());
        let reader = KeyReader::new(&aws, TABLE.to_owned()).await.unwrap();
        let store = KeyStore::new(&aws, TABLE.to_owned());
        let catalogue = Catalogue::parse("SMS,RCS,WHATSAPP", "TRANSACTIONAL,PROMOTIONAL,OTP").unwrap();
        let issuer = Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system());
        Self { engine, wire, reader, store, catalogue, issuer, imported }
    }

    /// Makes an account; the client has its first key.
    pub async fn create_account(&self, company: &str) -> Client<'_> {
        let payload = json!({ "company": company, "userId": "user-1", "username": "Ada" });
        let created = self.invoke_create_account(payload).await.unwrap();
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
    pub async fn invoke_create_account(&self, payload: Value) -> Result<Value, Value> {
        let event = LambdaEvent::new(payload, Context::default());
        create_account::handle(event, &self.store, &self.catalogue, &self.issuer, now())
            .await
            .map(|issued| serde_json::to_value(&issued).unwrap())
            .map_err(|refusal| serde_json::to_value(lambda_runtime::Diagnostic::from(refusal)).unwrap())
    }

    /// One request with these `X-API-Key` headers, as many as there are.
    pub async fn send(&self, method: &str, path_and_query: &str, keys: &[&str], body: Option<&str>) -> Answer {
        let path = path_and_query.split('?').next().unwrap();
        let headers = keys.iter().map(|key| ("X-API-Key", *key)).collect::<Vec<_>>();
        match self.authorize(method, path, &headers).await {
            Ok(verdict) if !allows(&verdict, &format!("{STAGE}/{method}{path}")) => Answer::of_gateway(403),
            Ok(verdict) => self.hand_on(method, path_and_query, &verdict, body).await,
            Err(Refusal::Unauthorized) => Answer::of_gateway(401),
            Err(Refusal::Unavailable) => Answer::of_gateway(500),
        }
    }

    /// Asks the authorizer as the gateway does. The answer is its JSON.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn authorize(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Value, Refusal> {
        let mut event = sample_event("authorizer");
        event["methodArn"] = json!(format!("{STAGE}/{method}{path}"));
        set_headers(&mut event, headers);
        // From text, as it comes: some readers differ from those of a tree.
        let event: AuthorizerEvent = serde_json::from_str(&event.to_string()).unwrap();
        let verdict =
            authorizer::handle(LambdaEvent::new(event, Context::default()), &self.reader, self.imported).await?;
        Ok(serde_json::to_value(verdict).unwrap())
    }

    /// Hands a request to its function with the authorizer's context, whatever its policy says.
    pub async fn hand_on(&self, method: &str, path_and_query: &str, verdict: &Value, body: Option<&str>) -> Answer {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let key = path.strip_prefix("/authentication/");
        let function = match (method, key) {
            ("GET", None) => "list-keys",
            ("POST", None) => "create-key",
            ("GET", Some(_)) => "find-key",
            ("DELETE", Some(_)) => "delete-key",
            _ => return Answer::of_gateway(404),
        };
        let mut event = sample_event(function);
        event["path"] = json!(path);
        event["pathParameters"] = key.map_or(Value::Null, |key| json!({ "key": key }));
        event["body"] = json!(body);
        set_query(&mut event, query);
        set_headers(&mut event, &[]);
        let mut context = verdict["context"].clone();
        context["principalId"] = verdict["principalId"].clone();
        event["requestContext"]["authorizer"] = context;
        self.run(function, &event).await
    }

    /// Runs a function on an event just as it is.
    pub async fn run(&self, function: &str, event: &Value) -> Answer {
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        Answer::of_function(match function {
            "list-keys" => list_keys::handle(request, &self.store).await,
            "create-key" => create_key::handle(request, &self.store, &self.catalogue, &self.issuer, now()).await,
            "find-key" => find_key::handle(request, &self.reader, self.imported).await,
            "delete-key" => delete_key::handle(request, &self.store).await,
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

    /// `DELETE` of the key of that id.
    pub async fn delete(&self, id: &str) -> Answer {
        self.send("DELETE", &format!("/authentication/{id}")).await
    }

    /// `POST /authentication`.
    pub async fn post(&self, body: &Value) -> Answer {
        self.gateway.send("POST", "/authentication", &[&self.value], Some(&body.to_string())).await
    }

    /// Makes a key with these operations for `user-2`, and becomes its holder.
    pub async fn create_key(&self, operations: &[&str]) -> Client<'a> {
        self.create_key_for("user-2", operations).await
    }

    /// Makes a key with these operations for a user, and becomes its holder.
    pub async fn create_key_for(&self, user_id: &str, operations: &[&str]) -> Client<'a> {
        let answer = self.post(&json!({ "userId": user_id, "username": "Grace", "operations": operations })).await;
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
    statements.iter().any(|statement| {
        assert_eq!(statement["Effect"], "Allow");
        assert_eq!(statement["Action"], "execute-api:Invoke");
        let resources = statement["Resource"].as_array().unwrap();
        resources.iter().any(|resource| matches(resource.as_str().unwrap(), method_arn))
    })
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

fn set_query(event: &mut Value, query: &str) {
    let (mut single, mut multi) = (Map::new(), Map::new());
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        single.insert(name.to_owned(), json!(value));
        multi.entry(name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(json!(value));
    }
    let none = single.is_empty();
    event["queryStringParameters"] = if none { Value::Null } else { single.into() };
    event["multiValueQueryStringParameters"] = if none { Value::Null } else { multi.into() };
}

#[allow(clippy::disallowed_methods, reason = "tests run now")]
fn now() -> SystemTime {
    SystemTime::now()
}
