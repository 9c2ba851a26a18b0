//! An API as its template declares it: its routes, and what they lead to.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

use super::identity::Authorizer;
use super::responses::Responses;
use crate::template;

/// This service's own API.
pub static SERVICE: LazyLock<Arc<Api>> = LazyLock::new(|| Arc::new(Api::of(&template::template(), "Api", &[])));

/// The API of `tests/sample-api`, which attaches the authorizer.
pub static SAMPLE: LazyLock<Arc<Api>> = LazyLock::new(|| Arc::new(Api::of(&template::sample_api(), "Api", &[])));

/// An `AWS::Serverless::Api` with the events of the functions that it calls.
#[derive(Debug)]
pub struct Api {
    pub(super) authorizer: Option<Authorizer>,
    pub(super) responses: Responses,
    pub(super) stage_variables: Value,
    routes: Vec<Route>,
}

/// A method of a resource.
#[derive(Debug)]
pub(super) struct Route {
    method: String,
    pub(super) resource: String,
    pub(super) is_authorized: bool,
    pub(super) target: Target,
}

/// What answers a request.
#[derive(Debug)]
pub(super) enum Target {
    /// This workspace's function of that name.
    Function(String),
    /// Another company's function or server: it answers with what it was sent.
    Backend,
    /// The gateway itself, with these headers, before a browser's request from another origin.
    Preflight(Map<String, Value>),
}

impl Target {
    fn function(&self) -> Option<&str> {
        if let Self::Function(name) = self { Some(name) } else { None }
    }
}

impl Api {
    /// The API of that name in a template, with these parameters instead of their defaults.
    #[must_use]
    pub fn of(template: &Value, name: &str, parameters: &[(&str, &str)]) -> Self {
        let properties = &template["Resources"][name]["Properties"];
        let auth = &properties["Auth"];
        let default = auth["DefaultAuthorizer"].as_str();
        let authorizer = default.map(|name| Authorizer::of(template, &auth["Authorizers"][name], parameters));
        let resources = template["Resources"].as_object().unwrap().iter();
        let functions = resources.filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
        let mut routes: Vec<_> =
            functions.flat_map(|(_, function)| routes_to(function, name, default.is_some())).collect();
        if !properties["Cors"].is_null() {
            let with_default = auth["AddDefaultAuthorizerToCorsPreflight"] != false && default.is_some();
            let mut paths: Vec<_> = routes.iter().map(|route| route.resource.clone()).collect();
            paths.sort();
            paths.dedup();
            routes.extend(paths.into_iter().map(|resource| Route {
                method: "OPTIONS".to_owned(),
                resource,
                is_authorized: with_default,
                target: Target::Preflight(preflight_headers(&properties["Cors"])),
            }));
        }
        let responses = Responses::of(&properties["GatewayResponses"]);
        Self { authorizer, responses, stage_variables: properties["Variables"].clone(), routes }
    }

    /// The route of a request, and what its path has for the route's variables.
    ///
    /// First comes the resource, a literal segment before a variable and that before the rest of a path; then its method.
    pub(super) fn route(&self, method: &str, path: &str) -> Option<(&Route, Map<String, Value>)> {
        let matching = self.routes.iter().filter_map(|route| Some((route, variables(&route.resource, path)?)));
        let best = matching.clone().map(|(route, _)| rank(&route.resource)).min()?;
        let mut of_resource: Vec<_> = matching.filter(|(route, _)| rank(&route.resource) == best).collect();
        of_resource.sort_by_key(|(route, _)| route.method == "ANY");
        of_resource.into_iter().find(|(route, _)| [method, "ANY"].contains(&&*route.method))
    }

    /// The functions that are called for whom the authorizer let in.
    #[must_use]
    pub fn authorized_functions(&self) -> BTreeSet<&str> {
        let authorized = self.routes.iter().filter(|route| route.is_authorized);
        authorized.filter_map(|route| route.target.function()).collect()
    }

    /// Whether a path begins as one of the routes does.
    pub(super) fn has_below(&self, path: &str) -> bool {
        let first = |path: &str| path.split('/').nth(1).map(str::to_owned);
        self.routes.iter().any(|route| first(&route.resource) == first(path))
    }
}

/// The routes of one API that call a function.
fn routes_to<'a>(function: &'a Value, api: &str, has_default: bool) -> impl Iterator<Item = Route> + use<'a> {
    let api = json!({ "Ref": api });
    let properties = &function["Properties"];
    let events = properties["Events"].as_object().into_iter().flat_map(Map::values);
    let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str();
    events.filter(move |event| event["Type"] == "Api" && event["Properties"]["RestApiId"] == api).map(move |event| {
        let text = |name: &str| event["Properties"][name].as_str().unwrap().to_owned();
        Route {
            method: text("Method").to_uppercase(),
            resource: text("Path"),
            is_authorized: has_default && event["Properties"]["Auth"]["Authorizer"] != "NONE",
            target: binary.map_or(Target::Backend, |name| Target::Function(name.to_owned())),
        }
    })
}

/// SAM's `Cors`: an origin, or the headers one by one; their values have quotes.
fn preflight_headers(cors: &Value) -> Map<String, Value> {
    let unquoted = |value: &Value| json!(value.as_str().unwrap().trim_matches('\''));
    let named = |name: &str, header: &str| (!cors[name].is_null()).then(|| (header.to_owned(), unquoted(&cors[name])));
    match cors {
        Value::String(_) => Map::from_iter([("Access-Control-Allow-Origin".to_owned(), unquoted(cors))]),
        _ => [
            named("AllowOrigin", "Access-Control-Allow-Origin"),
            named("AllowMethods", "Access-Control-Allow-Methods"),
            named("AllowHeaders", "Access-Control-Allow-Headers"),
            named("MaxAge", "Access-Control-Max-Age"),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

/// What a path has for a resource's variables, or `None` if it is another resource's.
fn variables(resource: &str, path: &str) -> Option<Map<String, Value>> {
    // The gateway finds the same resource with a slash at the end.
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    let (mut found, mut rest) = (Map::new(), path.strip_prefix('/')?);
    let mut expected = resource.strip_prefix('/')?.split('/').peekable();
    while let Some(segment) = expected.next() {
        let variable = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        if let Some(name) = variable.and_then(|name| name.strip_suffix('+')) {
            found.insert(name.to_owned(), json!(rest));
            return (!rest.is_empty()).then_some(found);
        }
        let (here, behind) = rest.split_once('/').map_or((rest, None), |(here, behind)| (here, Some(behind)));
        match variable {
            Some(name) if !here.is_empty() => drop(found.insert(name.to_owned(), json!(here))),
            None if here == segment => {}
            _ => return None,
        }
        match (behind, expected.peek()) {
            (Some(behind), Some(_)) => rest = behind,
            (None, None) => return Some(found),
            _ => return None,
        }
    }
    None
}

/// How general a resource is, segment by segment.
fn rank(resource: &str) -> Vec<u8> {
    let of = |segment: &str| u8::from(segment.starts_with('{')) + u8::from(segment.ends_with("+}"));
    resource.split('/').map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_literal_resource_is_found_first_and_then_its_method() {
        let resource = |method: &str, path: &str| {
            SERVICE.route(method, path).map(|(route, variables)| (route.resource.clone(), Value::Object(variables)))
        };
        let found = |path: &str, variables: Value| Some((path.to_owned(), variables));
        assert_eq!(resource("GET", "/authentication"), found("/authentication", json!({})));
        assert_eq!(resource("GET", "/authentication/"), found("/authentication", json!({})));
        assert_eq!(resource("GET", "/authentication/x"), found("/authentication/{key}", json!({"key": "x"})));
        assert_eq!(resource("GET", "/authentication/events"), found("/authentication/events", json!({})));
        assert_eq!(
            resource("GET", "/authentication/a/usage"),
            found("/authentication/{key}/usage", json!({"key": "a"}))
        );
        for (method, path) in [
            ("DELETE", "/authentication/events"),
            ("PUT", "/authentication/x"),
            ("GET", "/authentication/x/y"),
            ("GET", "/authentication//usage"),
            ("GET", "/Authentication"),
            ("GET", "/"),
        ] {
            assert_eq!(resource(method, path), None, "{method} {path}");
        }
        let (route, variables) = SAMPLE.route("GET", "/sms/a/b").unwrap();
        assert_eq!((&*route.resource, &variables["proxy"]), ("/sms/{proxy+}", &json!("a/b")));
    }

    #[test]
    fn any_method_is_taken_where_none_is_named() {
        let template = json!({"Resources": {
            "Api": {"Properties": {"Cors": "'https://example.com'"}},
            "Backend": {"Type": "AWS::Serverless::Function", "Properties": {"Events": {
                "Any": {"Type": "Api", "Properties": {"RestApiId": {"Ref": "Api"}, "Method": "any", "Path": "/{proxy+}"}},
                "Get": {"Type": "Api", "Properties": {"RestApiId": {"Ref": "Api"}, "Method": "get", "Path": "/{proxy+}"}},
                "Other": {"Type": "Api", "Properties": {"RestApiId": {"Ref": "Other"}, "Method": "get", "Path": "/x"}}}}}}});
        let api = Api::of(&template, "Api", &[]);
        let method = |method: &str| api.route(method, "/x").map(|(route, _)| route.method.clone());
        assert_eq!(["GET", "PUT", "OPTIONS"].map(method), ["GET", "ANY", "OPTIONS"].map(|it| Some(it.to_owned())));
        assert!(api.authorizer.is_none() && !api.route("GET", "/x").unwrap().0.is_authorized);
    }
}
