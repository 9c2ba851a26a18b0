//! An API's authorizer as its template declares it: what a caller is known by, and for how long.

use std::time::Duration;

use serde_json::Value;

/// A REQUEST authorizer.
#[derive(Debug)]
pub(super) struct Authorizer {
    sources: Vec<Source>,
    /// How long a verdict is used again; zero is never.
    pub(super) ttl: Duration,
}

/// Where a part of the caller's identity is.
#[derive(Debug)]
enum Source {
    Header(String),
    /// Behind this JSON pointer of the event.
    Pointer(String),
}

impl Authorizer {
    pub(super) fn of(template: &Value, declared: &Value, parameters: &[(&str, &str)]) -> Self {
        let identity = &declared["Identity"];
        let names = |kind: &str| {
            let names = identity[kind].as_array().cloned().unwrap_or_default();
            names.into_iter().map(|name| name.as_str().unwrap().to_owned())
        };
        let sources = names("Headers")
            .map(Source::Header)
            .chain(names("QueryStrings").map(|name| Source::Pointer(format!("/queryStringParameters/{name}"))))
            .chain(names("StageVariables").map(|name| Source::Pointer(format!("/stageVariables/{name}"))))
            .chain(names("Context").map(|name| Source::Pointer(format!("/requestContext/{}", name.replace('.', "/")))));
        // API Gateway's own default.
        let ttl = number(template, &identity["ReauthorizeEvery"], parameters).unwrap_or(300);
        Self { sources: sources.collect(), ttl: Duration::from_secs(ttl) }
    }

    /// What the identity sources have in an event; `None` where one has nothing, and the authorizer is not called.
    pub(super) fn identity(&self, event: &Value) -> Option<Vec<String>> {
        let value = |source: &Source| match source {
            Source::Header(name) => {
                let mut headers = event["headers"].as_object()?.iter();
                Some(headers.rfind(|(header, _)| header.eq_ignore_ascii_case(name))?.1)
            }
            Source::Pointer(pointer) => event.pointer(pointer),
        };
        let text = |source| Some(value(source)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
        self.sources.iter().map(text).collect()
    }
}

/// A number, or the parameter that a `!Ref` names.
fn number(template: &Value, value: &Value, parameters: &[(&str, &str)]) -> Option<u64> {
    let Some(name) = value["Ref"].as_str() else { return value.as_u64() };
    let given = parameters.iter().find(|(parameter, _)| *parameter == name);
    given.map_or_else(|| template["Parameters"][name]["Default"].as_u64(), |(_, value)| value.parse().ok())
}
