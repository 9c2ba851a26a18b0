//! The one match from errors to codes and sentences; a code has its status.

use lambda_http::{Body, Response};
use serde::Serialize;

use super::code::Code;
use super::error::Error;
use super::response::json;
use crate::key::{Etag, KeyId, KeyStatus, Operation};
use crate::request::{FieldError, Forbidden, InvalidRequest};

/// An error as clients see it: [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem<'a> {
    /// Always `about:blank`: the code names the kind of problem.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Which problem it is.
    code: Code,
    /// What went wrong, in a sentence for people. Its wording may change.
    detail: String,
    /// The gateway's id of the request, which is in the service's logs too.
    request_id: &'a str,
    /// Every wrong field at once, where the body or the query is what is wrong: up to 50, then how many more there are.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// Of a request that was carried out before: the key that it made or rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    key_id: Option<KeyId>,
    /// The version that it gave that key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    etag: Option<Etag>,
}

pub(super) fn problem(request_id: &str, error: &Error) -> Result<Response<Body>, Error> {
    let (code, detail) = code_and_detail(error);
    let status = code.status();
    let done = if let Error::RequestDone { key_id, etag } = error { Some((*key_id, *etag)) } else { None };
    let body = Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        code,
        detail,
        request_id,
        errors: match error {
            Error::Invalid(InvalidRequest(errors)) | Error::LifetimeExceeded(InvalidRequest(errors)) => errors,
            _ => &[],
        },
        key_id: done.map(|(key_id, _)| key_id),
        etag: done.map(|(_, etag)| etag),
    };
    json(status, "application/problem+json", &body)
}

fn code_and_detail(error: &Error) -> (Code, String) {
    let (code, detail) = match error {
        Error::Invalid(_) => (Code::InvalidRequest, "The request has fields that are wrong."),
        Error::LifetimeExceeded(_) => (Code::LifetimeExceeded, "The key would live longer than it may."),
        Error::Forbidden(Forbidden::NotManager) => (Code::Operation, "The key lacks the operation AUTHENTICATION."),
        Error::Forbidden(Forbidden::NotReader) => {
            (Code::Operation, "The key lacks the operation AUTHENTICATION_READ, and sees itself alone.")
        }
        Error::Forbidden(Forbidden::CannotGrant(lacking)) => {
            let lacking = names(lacking);
            let detail = format!("A key can only grant operations that it has itself; this one lacks {lacking}.");
            return (Code::CannotGrant, detail);
        }
        Error::Forbidden(Forbidden::CannotChange(lacking)) => {
            let lacking = names(lacking);
            let detail = format!("The key to change has operations that the calling key lacks: {lacking}.");
            return (Code::CannotChange, detail);
        }
        Error::NotFound => (Code::NotFound, "The account has no such key."),
        // In the words of the gateway, which answers for all other routes.
        Error::NoRoute => (Code::NoRoute, "There is no such route."),
        Error::NotActive(status) => return not_active(*status),
        Error::PreconditionFailed => {
            (Code::PreconditionFailed, "The key is of another version than If-Match names; look it up again.")
        }
        Error::RequestDone { .. } => {
            (Code::RequestDone, "The request of this Idempotency-Key was carried out before; nothing was done now.")
        }
        Error::RequestDiffers => (Code::RequestDiffers, "Another request had this Idempotency-Key; nothing was done."),
        Error::QuotaReached { max_keys } => {
            let detail = format!("The account has reached its limit of {max_keys} keys; delete one first.");
            return (Code::QuotaReached, detail);
        }
        Error::Contended => (Code::Contended, "Other requests changed the same key at the same time; try again."),
        // Only a request that was under way meets a suspended account: none of its keys opens anything.
        Error::Account(_) => (Code::AccountSuspended, "The account is suspended or gone."),
        Error::Unavailable(_) => (Code::Unavailable, "The request could not be served; try again later."),
        Error::Internal(_) => (Code::Internal, "The request could not be served; try again."),
    };
    (code, detail.to_owned())
}

fn not_active(status: KeyStatus) -> (Code, String) {
    let code = match status {
        KeyStatus::Exposed => return (Code::KeyExposed, "The key is exposed: rotate or delete it.".to_owned()),
        KeyStatus::Disabled => Code::KeyDisabled,
        KeyStatus::Expired => Code::KeyExpired,
        KeyStatus::Suspended => Code::AccountSuspended,
        // It works again by now.
        KeyStatus::Active => Code::Contended,
    };
    (code, format!("The key is {status}."))
}

fn names(operations: &[Operation]) -> String {
    operations.iter().map(Operation::as_str).collect::<Vec<_>>().join(", ")
}
