//! A request as each kind of API hands it to its authorizer, in AWS's documented events.

use serde_json::{Map, Value, json};

use super::{STAGE, documented};

/// A kind of API, and the format of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A REST API.
    Rest,
    /// An HTTP API with payload format 1.0.
    Http1,
    /// An HTTP API with payload format 2.0.
    Http2,
}

/// What is asked of an API.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Such as `GET`.
    pub method: &'a str,
    /// As the client sent it, with the slash that it begins with.
    pub path: &'a str,
    /// The path of the route that the gateway chose, such as `/{proxy+}`.
    pub pattern: &'a str,
    /// The headers that matter, in order.
    pub headers: &'a [(&'a str, &'a str)],
    /// Where it comes from.
    pub source_ip: &'a str,
    /// The stage's variables.
    pub variables: &'a Value,
}

impl Form {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Rest, Self::Http1, Self::Http2];

    /// AWS's documented example.
    #[must_use]
    pub fn documented(self) -> Value {
        let name = match self {
            Self::Rest => "rest",
            Self::Http1 => "http-1.0",
            Self::Http2 => "http-2.0",
        };
        documented(name)
    }

    /// The event of a request.
    #[must_use]
    pub fn event(self, asked: &Asked<'_>) -> Value {
        let Asked { method, path, pattern, source_ip, .. } = asked;
        let mut event = self.documented();
        let arn = json!(format!("{STAGE}/{method}{path}"));
        event["stageVariables"] = asked.variables.clone();
        let context = &mut event["requestContext"];
        if self == Self::Http2 {
            let key = json!(format!("ANY {pattern}"));
            context["http"] = json!({"method": method, "path": format!("/v1{path}"), "sourceIp": source_ip});
            context["routeKey"] = key.clone();
            event["routeArn"] = arn;
            event["routeKey"] = key;
            event["rawPath"] = json!(format!("/v1{path}"));
        } else {
            context["identity"]["sourceIp"] = json!(source_ip);
            context["resourcePath"] = json!(pattern);
            context["httpMethod"] = json!(method);
            event["methodArn"] = arn;
            event["resource"] = json!(pattern);
            event["path"] = json!(path);
            event["httpMethod"] = json!(method);
        }
        self.set_headers(&mut event, asked.headers);
        event
    }

    /// Adds headers to those of an event, as that kind of API has them.
    pub fn set_headers(self, event: &mut Value, headers: &[(&str, &str)]) {
        let mut lists = Map::new();
        for (name, value) in headers {
            let name = if self == Self::Http2 { name.to_lowercase() } else { (*name).to_owned() };
            lists.entry(name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(json!(value));
        }
        for (name, values) in &lists {
            let values: Vec<_> = values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
            // An HTTP API joins those that are there more than once.
            let single = if self == Self::Rest { (*values.last().unwrap()).to_owned() } else { values.join(",") };
            event["headers"][name] = json!(single);
        }
        if self == Self::Rest {
            event["multiValueHeaders"] = lists.into();
        }
    }
}
