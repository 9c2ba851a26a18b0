//! A client with a key.

use authorizer::Refusal;
use form_urlencoded::Serializer;
use serde_json::{Value, json};

use crate::gateway::{Request, STAGE, allows, sample_event};
use crate::{Answer, Gateway};

/// The body of a new key, with all that it must have.
pub const NEW_KEY: &str = r#"{"userId": "u", "username": "n", "operations": ["SMS"]}"#;

/// The same as JSON.
#[must_use]
pub fn new_key() -> Value {
    new_key_with(&json!({}))
}

/// The same with more fields.
#[must_use]
pub fn new_key_with(more: &Value) -> Value {
    let mut body: Value = serde_json::from_str(NEW_KEY).unwrap();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// A client with a key.
#[derive(Clone)]
pub struct Client {
    gateway: Gateway,
    /// The account's id.
    pub account_id: String,
    /// The key's id.
    pub id: String,
    /// The key's value.
    pub value: String,
}

impl Client {
    /// The holder of an issued key.
    pub(crate) fn of(gateway: &Gateway, account_id: &Value, issued: &Value) -> Self {
        let text = |text: &Value| text.as_str().unwrap().to_owned();
        Self {
            gateway: gateway.clone(),
            account_id: text(account_id),
            id: text(&issued["id"]),
            value: text(&issued["value"]),
        }
    }

    /// One request with this client's key.
    pub async fn send(&self, method: &str, path: &str) -> Answer {
        self.gateway.send(method, path, &[&self.value], None).await
    }

    /// The same with more headers, and a body where there is one.
    pub async fn send_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let headers = [&[("X-API-Key", &*self.value)], headers].concat();
        let body = body.map(Value::to_string);
        let request = Request { method, path_and_query: path, headers: &headers, body: body.as_deref() };
        self.gateway.request(&request).await
    }

    /// Asks the authorizer about `GET /sms`.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn authorize(&self) -> Result<Value, Refusal> {
        self.gateway.authorize("GET", "/sms", &[("X-API-Key", &self.value)]).await
    }

    /// The authorizer's verdict on `GET /sms`: whose key it is, for functions that are called with it.
    pub async fn verdict(&self) -> Value {
        self.authorize().await.unwrap()
    }

    /// The authorizer's verdict on a request to a route of that pattern, in an API whose stage has these variables.
    pub async fn verdict_on(&self, method: &str, path: &str, pattern: &str, variables: &Value) -> Value {
        let mut event = sample_event("authorizer");
        event["methodArn"] = json!(format!("{STAGE}/{method}{path}"));
        event["resource"] = json!(pattern);
        event["stageVariables"] = variables.clone();
        event["multiValueHeaders"] = json!({"X-API-Key": [self.value]});
        self.gateway.decide(&event).await.unwrap()
    }

    /// Whether the authorizer lets this client's key through to that route.
    pub async fn opens(&self, method: &str, path: &str) -> bool {
        let verdict = self.gateway.authorize(method, path, &[("X-API-Key", &self.value)]).await.unwrap();
        allows(&verdict, &format!("{STAGE}/{method}{path}"))
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path).await
    }

    /// `GET /authentication` with these parameters as they are.
    pub async fn list(&self, parameters: &[(String, String)]) -> Answer {
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.get(&format!("/authentication?{query}")).await
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

    /// Rotates the key of that id after a lost answer.
    pub async fn rotate_keeping_previous(&self, id: &str) -> Answer {
        let path = format!("/authentication/{id}/rotate");
        self.send_with("POST", &path, &[], Some(&json!({"keepPrevious": true}))).await
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
    pub async fn create_key(&self, operations: &[&str]) -> Self {
        self.create_key_for("user-2", operations).await
    }

    /// Makes a key with these operations for a user, and becomes its holder.
    pub async fn create_key_for(&self, user_id: &str, operations: &[&str]) -> Self {
        self.create(&json!({ "userId": user_id, "username": "Grace", "operations": operations })).await
    }

    /// Makes a narrow key with more fields, and becomes its holder.
    pub async fn create_with(&self, more: &Value) -> Self {
        self.create(&new_key_with(more)).await
    }

    /// Makes the key of that body, and becomes its holder.
    pub async fn create(&self, body: &Value) -> Self {
        let answer = self.post(body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        Self::of(&self.gateway, &json!(self.account_id), &answer.body)
    }
}
