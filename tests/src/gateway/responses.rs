//! What the gateway answers by itself.

use lambda_http::http::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use crate::Answer;

/// Why the gateway answers by itself: the type of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// An identity source is missing, or the authorizer answered so.
    Unauthorized,
    /// The policy does not allow it.
    AccessDenied,
    /// The authorizer failed.
    AuthorizerFailure,
    /// What the authorizer answered is no verdict.
    AuthorizerConfigurationError,
    /// There is no such route.
    MissingAuthenticationToken,
    /// There are too many requests.
    Throttled,
}

impl Refused {
    /// The name in a template, and status and message where the template has none.
    fn default(self) -> (&'static str, u16, Option<&'static str>) {
        match self {
            Self::Unauthorized => ("UNAUTHORIZED", 401, Some("Unauthorized")),
            Self::AccessDenied => ("ACCESS_DENIED", 403, Some("User is not authorized to access this resource")),
            Self::Throttled => ("THROTTLED", 429, Some("Too Many Requests")),
            Self::AuthorizerFailure => ("AUTHORIZER_FAILURE", 500, None),
            Self::AuthorizerConfigurationError => ("AUTHORIZER_CONFIGURATION_ERROR", 500, None),
            Self::MissingAuthenticationToken => {
                ("MISSING_AUTHENTICATION_TOKEN", 403, Some("Missing Authentication Token"))
            }
        }
    }
}

/// An API's `GatewayResponses`.
#[derive(Debug)]
pub(super) struct Responses(Value);

impl Responses {
    pub(super) fn of(declared: &Value) -> Self {
        Self(declared.clone())
    }

    /// The answer to a request whose `$context` is that.
    pub(super) fn refuse(&self, refused: Refused, context: &Value) -> Answer {
        let (name, status, message) = refused.default();
        let of_class = if status < 500 { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let declared = [name, of_class].into_iter().map(|name| &self.0[name]).find(|declared| !declared.is_null());
        let declared = declared.unwrap_or(&Value::Null);
        let status = declared["StatusCode"].as_u64().map_or(status, |status| status.try_into().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        for (name, value) in declared["ResponseParameters"]["Headers"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            let literal = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            let sent = match value.strip_prefix("context.") {
                Some(path) => look_up(context, path),
                None => Some(literal.unwrap_or_else(|| panic!("this gateway does not know {value}")).to_owned()),
            };
            if let Some(sent) = sent {
                headers.insert(name.parse::<HeaderName>().unwrap(), sent.parse().unwrap());
            }
        }
        let text = match declared["ResponseTemplates"]["application/json"].as_str() {
            Some(template) => render(template, context),
            None => json!({ "message": message }).to_string(),
        };
        Answer::new(status, headers, text)
    }
}

/// A template with the values of `$context.…` in it, and nothing where there is none. It is no VTL.
fn render(template: &str, context: &Value) -> String {
    let mut parts = template.split("$context.");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.').unwrap_or(part.len());
        let (path, rest) = part.split_at(end);
        text += &look_up(context, path).unwrap_or_default();
        text += rest;
    }
    text
}

fn look_up(context: &Value, path: &str) -> Option<String> {
    match context.pointer(&format!("/{}", path.replace('.', "/")))? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_as_declared_or_as_its_class_or_as_aws_has_it() {
        let declared = json!({
            "ACCESS_DENIED": {
                "StatusCode": 429,
                "ResponseParameters": {"Headers":
                    {"Retry-After": "context.authorizer.retryAfter", "X-A": "'a'", "X-B": "context.authorizer.none"}},
                "ResponseTemplates": {"application/json": r#"{"in":"$context.authorizer.retryAfter","no":"$context.x"}"#}},
            "DEFAULT_5XX": {"StatusCode": 503}});
        let context = json!({"authorizer": {"retryAfter": "7"}});
        let responses = Responses::of(&declared);

        let denied = responses.refuse(Refused::AccessDenied, &context);
        assert_eq!((denied.status, denied.text.as_str()), (429, r#"{"in":"7","no":""}"#));
        assert_eq!(
            (&denied.headers["retry-after"], &denied.headers["x-a"]),
            (&"7".parse().unwrap(), &"a".parse().unwrap())
        );
        assert!(!denied.headers.contains_key("x-b"));
        assert_eq!(responses.refuse(Refused::AuthorizerFailure, &context).status, 503);
        let unauthorized = responses.refuse(Refused::Unauthorized, &context);
        assert_eq!((unauthorized.status, &unauthorized.body), (401, &json!({"message": "Unauthorized"})));
    }
}
