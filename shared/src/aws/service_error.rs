//! The JSON in which services of AWS refuse a call.

use serde::Deserialize;
use serde_json::Value;

/// An error of a service.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ServiceError {
    /// Such as `ThrottlingException`.
    #[serde(rename = "__type")]
    pub(crate) code: String,
    #[serde(alias = "Message")]
    pub(crate) message: String,
    /// The item that stood against a condition of DynamoDB's, where that was asked for.
    #[serde(rename = "Item")]
    pub(crate) item: Option<Value>,
}

impl ServiceError {
    /// Reads the body of an answer; what is not an error in JSON is empty.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut error: Self = serde_json::from_slice(body).unwrap_or_default();
        // Some services have the name of a schema before it.
        if let Some((_, code)) = error.code.rsplit_once('#') {
            error.code = code.to_owned();
        }
        error
    }
}
