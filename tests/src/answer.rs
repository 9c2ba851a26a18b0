//! What came back.

use std::collections::HashMap;
use std::fmt;

use api_keys::lambda::Code;
use lambda_http::http::HeaderMap;
use lambda_http::{Body, Response};
use serde_json::{Value, json};

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

impl Answer {
    /// An answer whose body is JSON, or empty.
    #[must_use]
    pub fn new(status: u16, headers: HeaderMap, text: String) -> Self {
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Self { status, headers, text, body }
    }

    /// The answer of a function, whose body may be something else.
    pub(crate) fn of_function(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let (status, text) = (parts.status.as_u16(), String::from_utf8(body.to_vec()).unwrap());
        let is_json = parts.headers.get("content-type").is_none_or(|kind| kind.to_str().unwrap().ends_with("json"));
        if is_json {
            return Self::new(status, parts.headers, text);
        }
        Self { status, headers: parts.headers, text, body: Value::Null }
    }

    /// What a function's URL makes of the function's answer.
    pub(crate) fn of_url(answer: &Value) -> Self {
        let fields: Vec<_> = answer.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["body", "headers", "statusCode"], "and nothing else");
        let headers: HashMap<String, String> = serde_json::from_value(answer["headers"].clone()).unwrap();
        let status = answer["statusCode"].as_u64().unwrap().try_into().unwrap();
        Self::new(status, (&headers).try_into().unwrap(), answer["body"].as_str().unwrap().to_owned())
    }

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

    /// The code of a problem.
    #[must_use]
    pub fn code(&self) -> Code {
        serde_json::from_value(self.body["code"].clone()).unwrap_or_else(|_| panic!("no code of the list: {self:?}"))
    }

    /// Asserts the shape of a problem.
    pub fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        for text in ["type", "title", "code", "detail", "requestId"] {
            assert!(self.body[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {self:?}");
        }
        // The emulator's gateway does not know the authorizer's context.
        if self.body["code"] != "$context.authorizer.reason" {
            assert_eq!(self.code().status().as_u16(), status, "{self:?}");
        }
        assert_eq!(self.body["errors"].is_array(), status == 400, "{self:?}");
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
