//! One environment of a function that checks keys, with a connection and leases of its own.

use std::time::Duration;

use api_keys::check::{EnvironmentState, LEASES};
use api_keys::store::{KeyReader, Leases};
use authorizer::Refusal;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::engine::{self, TABLE, USAGE};
use crate::gateway::{Gateway, STAGE, sample_event};

/// More than Lambda gives, on a machine that does more at once.
const LAST_WORK: Duration = Duration::from_secs(10);

/// An environment that Lambda has started beside others.
pub struct Environment {
    /// What it keeps.
    pub kept: EnvironmentState,
}

impl Environment {
    /// Starts one of that gateway's functions.
    pub async fn of(gateway: &Gateway) -> Self {
        Self::with_room(gateway, LEASES).await
    }

    /// Starts one that holds leases of at most so many keys.
    pub async fn with_room(gateway: &Gateway, most: usize) -> Self {
        let reader = KeyReader::new(&engine::aws(gateway.wire.url()), TABLE.to_owned()).await.unwrap();
        let leases = Leases::new(&reader, most);
        let kept = EnvironmentState { leases, ..EnvironmentState::new(reader, Some(USAGE.to_owned())) };
        Self { kept }
    }

    /// Asks about `GET /sms` with that key.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn authorize(&self, gateway: &Gateway, value: &str) -> Result<Value, Refusal> {
        let mut event = sample_event("authorizer");
        event["methodArn"] = json!(format!("{STAGE}/GET/sms"));
        event["resource"] = json!("/sms");
        event["stageVariables"] = Value::Null;
        event["multiValueHeaders"] = json!({"X-API-Key": [value]});
        self.decide(gateway, &event).await
    }

    /// Asks `verify-key` with that payload; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn verify(&self, gateway: &Gateway, payload: &Value) -> Result<Value, Value> {
        gateway.functions.verify_in(&self.kept, payload, gateway.now()).await
    }

    /// Of how many keys it holds leases.
    #[must_use]
    pub fn leases(&self) -> usize {
        self.kept.leases.len()
    }

    /// Of how many accounts it holds leases.
    #[must_use]
    pub fn account_leases(&self) -> usize {
        self.kept.leases.accounts()
    }

    /// Ends it as Lambda does: it writes what it holds.
    pub async fn end(&self, gateway: &Gateway) {
        drop(self.kept.finish(gateway.now().into(), Instant::now() + LAST_WORK).await);
    }

    /// Asks about an event just as it is.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn decide(&self, gateway: &Gateway, event: &Value) -> Result<Value, Refusal> {
        gateway.functions.authorize_in(&self.kept, event, gateway.now()).await
    }
}
