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
    /// The client's address, as the asking service saw it.
    pub(crate) source_ip: Option<IpAddr>,
}

impl Question {
    /// Reads `{"value","operation","sourceIp"}`.
    pub(crate) fn read(json: &[u8]) -> Result<Self, InvalidRequest> {
        let whole = json.contains(&b'\\').then(|| without_surrogates(json));
        let read = Fields::read(whole.as_deref().map_or(json, Vec::as_slice), |fields| {
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
    let operation = fields.id(OPERATION, Operation::parse, MESSAGE)?;
    if !operation.is_for_other_apis() {
        fields.wrong(OPERATION, "must be another one: AUTHENTICATION_READ opens routes of the key service alone");
    }
    Some(operation)
}

/// A text of JSON in which each escape of a surrogate is one of U+FFFD: no key's value has what either stands for, and of half a
/// pair a reader would refuse the whole.
///
/// Servers read a byte of a header that is no UTF-8 as such a half. Were that no question, a client could make an outage of it.
fn without_surrogates(json: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(Vec::with_capacity(json.len()));
    let mut rest = json;
    while !rest.is_empty() {
        let is_surrogate = matches!(code_unit(rest), Some(0xD800..=0xDFFF));
        let length = match rest {
            _ if is_surrogate => 6,
            // A backslash behind it begins no escape.
            [b'\\', ..] => 2,
            _ => 1,
        };
        let (read, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        whole.extend_from_slice(if is_surrogate { b"\\ufffd" } else { read });
        rest = behind;
    }
    whole
}

/// The escape of a code unit of UTF-16 with which that text begins.
fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
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
