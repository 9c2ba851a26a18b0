//! API Gateway in process: asks the authorizer, applies its policy, and hands the request to the function.
//!
//! Routes, identity sources and its own answers are those of the template (`api`, `identity`, `responses`), events are
//! AWS's (`events`), and those of HTTP APIs for their authorizers (`forms`). `stage` is the way of a request: its verdict may be a kept one (`cache`), and the policy is evaluated
//! for each request as IAM does (`policy`).

mod api;
mod cache;
mod events;
mod forms;
mod identity;
mod policy;
mod responses;
mod stage;

use std::fmt::Display;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use api_keys::key::{ImportedKeys, Timestamp};
use authorizer::Refusal;
use serde::Serialize;
use serde_json::{Value, json};

use self::api::{SAMPLE, SERVICE};
use self::stage::Stage;
use crate::engine::{self, Engine, USAGE};
use crate::functions::{Functions, Settings};
use crate::wire::Wire;
use crate::{Answer, Client};

pub use self::api::Api;
pub use self::events::{Address, Request, documented, event_of, of_url, sample_event};
pub use self::forms::{Asked, Form};
pub use self::policy::allows;

/// The ARN of the stage that requests go to.
pub const STAGE: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/v1";

/// Every so many transactions one is throttled; its repeat is not.
const THROTTLED: usize = 3;

/// When every test begins: far from the next minute, hour, day and month, each of which changes something.
/// It is 2027-01-14T10:15:05.123Z.
const START: Duration = Duration::from_millis(1_799_921_705_123);

/// The service as a client meets it, on an engine of its own; a clone is the same one.
#[derive(Clone)]
pub struct Gateway(Arc<Service>);

/// What is behind the gateway, and its two APIs.
pub struct Service {
    /// The table.
    pub engine: Engine,
    /// What stands before the table.
    pub wire: Wire,
    /// What answers.
    pub functions: Functions,
    /// What time it was, and when.
    clock: Mutex<(SystemTime, Instant)>,
    source_ip: Mutex<Value>,
    address: Mutex<Address>,
    own: Stage,
    sample: Stage,
}

/// Another API that attaches the authorizer.
pub struct Attached {
    gateway: Gateway,
    stage: Stage,
}

impl Deref for Gateway {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.0
    }
}

impl Gateway {
    /// Starts the service as the template's defaults have it.
    pub async fn start() -> Self {
        Self::counting_in(Some(USAGE)).await
    }

    /// Starts the service with usage switched off.
    pub async fn without_usage() -> Self {
        Self::counting_in(None).await
    }

    async fn counting_in(usage_table: Option<&str>) -> Self {
        let engine = Engine::start().await;
        let wire = Wire::to(&engine).await;
        wire.throttle_every(THROTTLED);
        let functions = Functions::of(&engine::aws(wire.url()), usage_table).await;
        Self(Arc::new(Service {
            engine,
            wire,
            functions,
            clock: Mutex::new((SystemTime::UNIX_EPOCH + START, Instant::now())),
            source_ip: Mutex::new(json!("203.0.113.7")),
            address: Mutex::new(Address::Stage),
            own: Stage::of(Arc::clone(&SERVICE)),
            sample: Stage::of(Arc::clone(&SAMPLE)),
        }))
    }

    /// Starts the service with or without keys from another system.
    pub async fn start_with(imported: ImportedKeys) -> Self {
        let gateway = Self::start().await;
        gateway.set(|settings| settings.imported = imported);
        gateway
    }

    /// Starts the service with keys from another system.
    pub async fn importing() -> Self {
        Self::start_with(ImportedKeys::Accepted).await
    }

    /// Starts the service; the client has the first key of an account, and manages its keys.
    pub async fn with_manager() -> (Self, Client) {
        let gateway = Self::start().await;
        let manager = gateway.create_account("Example").await;
        (gateway, manager)
    }

    /// The same with keys from another system.
    pub async fn importing_with_manager() -> (Self, Client) {
        let (gateway, manager) = Self::with_manager().await;
        gateway.set(|settings| settings.imported = ImportedKeys::Accepted);
        (gateway, manager)
    }

    /// Sets the clock to the true time, which the functions' own programs have beside it.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "programs have no other")]
    pub fn in_true_time(self) -> Self {
        self.set_time(SystemTime::now());
        self
    }

    /// Attaches the authorizer to another API.
    #[must_use]
    pub fn attach(&self, api: Api) -> Attached {
        Attached { gateway: self.clone(), stage: Stage::of(Arc::new(api)) }
    }

    /// Makes an account; the client has its first key.
    pub async fn create_account(&self, company: &str) -> Client {
        let payload = json!({ "company": company, "userId": "user-1", "username": "Ada" });
        self.client_of(&self.invoke_create_account(payload).await.unwrap())
    }

    /// The holder of the key that `create-account` answered with.
    #[must_use]
    pub fn client_of(&self, created: &Value) -> Client {
        Client::of(self, &created["accountId"], created)
    }
}

impl Service {
    /// From now on it is that time, and goes on from there.
    pub fn set_time(&self, now: SystemTime) {
        *self.clock.lock().unwrap() = (now, Instant::now());
    }

    /// Lets that much time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.lock().unwrap().0 += time;
    }

    /// What the functions take for now.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let (time, since) = *self.clock.lock().unwrap();
        time + since.elapsed()
    }

    /// The moment that lies so far ahead, as the API writes it.
    #[must_use]
    pub fn time_in(&self, ahead: Duration) -> String {
        let time = serde_json::to_value(Timestamp::from(self.now() + ahead)).unwrap();
        time.as_str().unwrap().to_owned()
    }

    /// Changes the stack's settings from now on.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.functions.set(change);
    }

    /// From now on requests come from there.
    pub fn come_from(&self, source_ip: impl Into<Value>) {
        *self.source_ip.lock().unwrap() = source_ip.into();
    }

    /// From now on clients reach its APIs there.
    pub fn move_to(&self, address: Address) {
        *self.address.lock().unwrap() = address;
    }

    /// Invokes `create-account` as Lambda does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_create_account(&self, payload: impl Serialize) -> Result<Value, Value> {
        self.functions.invoke("create-account", payload, self.now()).await
    }

    /// Invokes `import-keys` as Lambda does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_import_keys(&self, payload: impl Serialize) -> Result<Value, Value> {
        self.functions.invoke("import-keys", payload, self.now()).await
    }

    /// Invokes `manage-account` as Lambda does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_manage_account(&self, payload: impl Serialize) -> Result<Value, Value> {
        self.functions.invoke("manage-account", payload, self.now()).await
    }

    /// Invokes `erase-account` as Lambda does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_erase_account(&self, payload: impl Serialize) -> Result<Value, Value> {
        self.functions.invoke("erase-account", payload, self.now()).await
    }

    /// Invokes `notify-expiry` as its schedule does; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke_notify_expiry(&self) -> Result<Value, Value> {
        self.functions.invoke("notify-expiry", json!({}), self.now()).await
    }

    /// One request with these `X-API-Key` headers, as many as there are.
    pub async fn send(&self, method: &str, path_and_query: &str, keys: &[&str], body: Option<&str>) -> Answer {
        let headers = keys.iter().map(|key| ("X-API-Key", *key)).collect::<Vec<_>>();
        self.request(&Request { method, path_and_query, headers: &headers, body }).await
    }

    /// Reports leaks: a request without a key, with these headers.
    pub async fn report(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        self.request(&Request { method: "POST", path_and_query: "/leaks", headers, body: Some(body) }).await
    }

    /// One request to this service's own API or, where its path begins as none of its routes, to the sample's.
    pub async fn request(&self, request: &Request<'_>) -> Answer {
        self.stage_of(request.path()).answer(self, request).await
    }

    /// The answer to one request too many.
    #[must_use]
    pub fn throttle(&self, request: &Request<'_>) -> Answer {
        self.stage_of(request.path()).throttle(self, request)
    }

    /// Asks the authorizer as the gateway does, with any headers. The answer is its JSON.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn authorize(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Value, Refusal> {
        let request = Request { method, path_and_query: path, headers, body: None };
        let event = self.stage_of(path).event(self, &request);
        self.decide(&events::for_authorizer(event, &request.method_arn())).await
    }

    /// Asks the authorizer about an event just as it is.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn decide(&self, event: &impl Display) -> Result<Value, Refusal> {
        self.functions.authorize(event, self.now()).await
    }

    /// Asks `verify-key` with a payload just as it is; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn verify(&self, payload: &impl Display) -> Result<Value, Value> {
        let answer = self.functions.verify_in(&self.functions.verifying, payload, self.now()).await;
        drop(self.functions.verifying.after_answer().await);
        answer
    }

    /// The same by the function's URL, with that body.
    pub async fn verify_by_url(&self, body: &str) -> Answer {
        Answer::of_url(&self.verify(&events::of_url(body)).await.unwrap())
    }

    /// Hands a request to its function with the authorizer's context, even if its policy denies.
    pub async fn hand_on(&self, method: &str, path_and_query: &str, verdict: &Value, body: Option<&str>) -> Answer {
        self.hand_on_with(method, path_and_query, &[], verdict, body).await
    }

    /// The same with headers.
    pub async fn hand_on_with(
        &self,
        method: &str,
        path_and_query: &str,
        headers: &[(&str, &str)],
        verdict: &Value,
        body: Option<&str>,
    ) -> Answer {
        let request = Request { method, path_and_query, headers, body };
        let stage = self.stage_of(request.path());
        stage.hand_on(self, &request, stage.event(self, &request), Some(verdict)).await
    }

    /// Runs a function on an event just as it is.
    pub async fn run(&self, function: &str, event: &Value) -> Answer {
        self.functions.run(function, event, self.now()).await
    }

    fn stage_of(&self, path: &str) -> &Stage {
        if self.own.api.has_below(path) { &self.own } else { &self.sample }
    }
}

impl Attached {
    /// One request with that key.
    pub async fn send(&self, method: &str, path_and_query: &str, key: &str) -> Answer {
        self.request(&Request { method, path_and_query, headers: &[("X-API-Key", key)], body: None }).await
    }

    /// One request.
    pub async fn request(&self, request: &Request<'_>) -> Answer {
        self.stage.answer(&self.gateway, request).await
    }
}
