//! What is asked of a key.

use std::net::IpAddr;

use api_keys::key::Operation;
use api_keys::request::{FieldError, Fields, InvalidRequest};
use serde_json::Value;
use zeroize::Zeroizing;

const VALUE: &str = "value";
const OPERATION: &str = "operation";
const SOURCE_IP: &str = "sourceIp";
/// The payload as a whole.
const BODY: &str = "body";

/// One question.
pub(crate) struct Question {
    /// What was presented as a key's value, as it was.
    pub(crate) value: Zeroizing<String>,
    pub(crate) operation: Option<Operation>,
    /// What whoever asks saw of the client.
    pub(crate) source_ip: Option<IpAddr>,
}

impl Question {
    /// Reads `{"value","operation","sourceIp"}`.
    pub(crate) fn read(json: &[u8]) -> Result<Self, InvalidRequest> {
        let read = Fields::read(json, |fields| {
            Ok::<_, InvalidRequest>(Self {
                value: value(fields),
                operation: operation(fields),
                source_ip: fields.id(SOURCE_IP, |text| text.parse().ok(), "must be an IP address"),
            })
        });
        read.map_err(without_other_names)
    }
}

/// Any text: what is no key's value is for the check to refuse.
fn value(fields: &mut Fields) -> Zeroizing<String> {
    match fields.take(VALUE) {
        Some(Value::String(text)) => return Zeroizing::new(text),
        Some(_) => fields.wrong(VALUE, "must be a string"),
        None => fields.wrong(VALUE, "is required"),
    }
    Zeroizing::default()
}

/// `null` is what a table without an entry for a route gives: it must not open the route to any live key.
fn operation(fields: &mut Fields) -> Option<Operation> {
    const MESSAGE: &str = "must be the name of an operation, such as SMS, or absent";
    if fields.has(OPERATION) && fields.text_of(OPERATION).is_none() {
        fields.take(OPERATION);
        fields.wrong(OPERATION, MESSAGE);
        return None;
    }
    fields.id(OPERATION, Operation::parse, MESSAGE)
}

/// The names of other fields are not repeated: a value may stand in the place of one, and callers log errors.
fn without_other_names(InvalidRequest(mut errors): InvalidRequest) -> InvalidRequest {
    let all = errors.len();
    errors.retain(|error| [VALUE, OPERATION, SOURCE_IP, BODY].contains(&&*error.field));
    if errors.len() < all {
        let message = "must have no field but value, operation and sourceIp, each once".to_owned();
        errors.push(FieldError { field: BODY.to_owned(), message });
    }
    InvalidRequest(errors)
}
