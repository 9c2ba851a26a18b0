//! The one match from errors to statuses.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use serde::Serialize;

use super::error::Error;
use super::response::json;
use crate::key::{KeyStatus, Operation};
use crate::request::{FieldError, Forbidden, InvalidRequest};

/// An error as clients see it: [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem<'a> {
    /// Always `about:blank`: the status says which kind of problem it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong, in a sentence for people. Its wording may change.
    detail: String,
    /// The gateway's id of the request, which is in the service's logs too.
    request_id: &'a str,
    /// Every wrong field at once, where the body or the query is what is wrong: up to 50, then how many more there are.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

pub(super) fn problem(request_id: &str, error: &Error) -> Result<Response<Body>, Error> {
    let (status, detail, errors): (_, _, &[_]) = match error {
        Error::Invalid(InvalidRequest(errors)) => {
            (StatusCode::BAD_REQUEST, "The request has fields that are wrong.".to_owned(), errors)
        }
        Error::Forbidden(Forbidden::NotManager) => {
            (StatusCode::FORBIDDEN, "The key lacks the operation AUTHENTICATION.".to_owned(), &[])
        }
        Error::Forbidden(Forbidden::CannotGrant(lacking)) => {
            let lacking = names(lacking);
            (
                StatusCode::FORBIDDEN,
                format!("A key can only grant operations that it has itself; this one lacks {lacking}."),
                &[],
            )
        }
        Error::Forbidden(Forbidden::CannotChange(lacking)) => {
            let lacking = names(lacking);
            (
                StatusCode::FORBIDDEN,
                format!("The key to change has operations that the calling key lacks: {lacking}."),
                &[],
            )
        }
        Error::NotFound => (StatusCode::NOT_FOUND, "The account has no such key.".to_owned(), &[]),
        // In the words of the gateway, which answers for all other routes.
        Error::NoRoute => (StatusCode::NOT_FOUND, "There is no such route.".to_owned(), &[]),
        Error::NotActive(KeyStatus::Exposed) => {
            (StatusCode::CONFLICT, "The key is exposed: rotate or delete it.".to_owned(), &[])
        }
        Error::NotActive(status) => (StatusCode::CONFLICT, format!("The key is {status}."), &[]),
        Error::QuotaReached { max_keys } => (
            StatusCode::CONFLICT,
            format!("The account has reached its limit of {max_keys} keys; delete one first."),
            &[],
        ),
        Error::Contended => {
            (StatusCode::CONFLICT, "Other requests changed the same key at the same time; try again.".to_owned(), &[])
        }
        // Only a request that was under way meets a suspended account: none of its keys opens anything.
        Error::Account(_) => (StatusCode::CONFLICT, "The account is suspended or gone.".to_owned(), &[]),
        Error::Unavailable(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "The request could not be served; try again later.".to_owned(), &[])
        }
        Error::Internal(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "The request could not be served; try again.".to_owned(), &[])
        }
    };
    let body = Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail,
        request_id,
        errors,
    };
    json(status, "application/problem+json", &body)
}

fn names(operations: &[Operation]) -> String {
    operations.iter().map(Operation::as_str).collect::<Vec<_>>().join(", ")
}
