//! Other kinds of APIs that attach the authorizer.

use serde_json::{Value, json};

use crate::stack::{Client, Stack};

/// So many requests to each API.
const REQUESTS: usize = 100;

/// An API's answer to a request, with the caller as the backend got it.
fn ask(stack: &Stack, url: &str, key: &Client<'_>, method: &str, path: &str) -> (u16, Value) {
    let answer = stack.send(method, &format!("{url}{path}"), &[&key.value], None);
    let mut caller = if answer.status == 200 { answer.body } else { Value::Null };
    // What the gateways add.
    for name in ["principalId", "integrationLatency"] {
        caller.as_object_mut().map(|caller| caller.remove(name));
    }
    (answer.status, caller)
}

pub fn every_kind_of_api_gets_the_same_verdicts(stack: &Stack) {
    let admin = stack.create_account("Example");
    let keys =
        [admin.create_key(&["SMS"]), admin.create_key(&["RCS"]), admin.create_key(&["SMS", "RCS"]), admin.clone()];
    let [sms, rcs, ..] = &keys;

    let routes =
        [("GET", "/sms"), ("POST", "/sms"), ("GET", "/sms/1"), ("POST", "/sms/a/b"), ("GET", "/rcs"), ("POST", "/rcs")];
    for (key, (method, path)) in
        (0..REQUESTS).map(|at| (&keys[at % keys.len()], routes[at / keys.len() % routes.len()]))
    {
        let (status, caller) = ask(stack, &stack.sample, key, method, path);
        assert_eq!(ask(stack, &stack.http_api, key, method, path), (status, caller.clone()), "{method} {path}");
        let has = |operation: &str| {
            caller["operations"].as_str().is_some_and(|held| held.split(',').any(|it| it == operation))
        };
        let needed = if path.starts_with("/sms") { "SMS" } else { "RCS" };
        assert_eq!(status == 200, has(needed), "{method} {path}: {status}");
        assert!(status == 200 || status == 403);
    }
    let orders = [("GET", "/v1/orders", 200, 403), ("POST", "/v1/orders", 403, 200), ("GET", "/v1/health", 200, 200)];
    for (method, path, of_sms, of_rcs) in orders.into_iter().cycle().take(REQUESTS / 2) {
        assert_eq!(ask(stack, &stack.routes_api, sms, method, path).0, of_sms, "{method} {path}");
        assert_eq!(ask(stack, &stack.routes_api, rcs, method, path).0, of_rcs, "{method} {path}");
    }
    assert_eq!(ask(stack, &stack.http_api, sms, "GET", "/sms").1["keyId"], json!(sms.id));

    for path in ["/sms/../rcs", "/sms/%2e%2e/rcs", "/sms/..%2Frcs", "/sms/%252e%252e/rcs"] {
        for url in [&stack.sample, &stack.http_api] {
            let status = ask(stack, url, sms, "GET", path).0;
            assert!(status == 403 || status == 404, "{path}: {status}");
        }
    }
    // Every refusal is the gateway's own 403 there, and a missing key its 401.
    let disabled = admin.create_key(&["SMS"]);
    assert_eq!(admin.patch(&disabled.id, &json!({"enabled": false})).status, 200);
    assert_eq!(ask(stack, &stack.http_api, &disabled, "GET", "/sms").0, 403);
    assert_eq!(ask(stack, &stack.sample, &disabled, "GET", "/sms").0, 401);
    assert_eq!(stack.send("GET", &format!("{}/sms", stack.http_api), &["garbage"], None).status, 403);
    assert_eq!(stack.send("GET", &format!("{}/sms", stack.http_api), &[], None).status, 401);
    assert_eq!(stack.send("GET", &format!("{}/sms", stack.http_api), &[&sms.value, &rcs.value], None).status, 403);
    assert_eq!(admin.delete(&sms.id).status, 204);
    assert_eq!(ask(stack, &stack.http_api, sms, "GET", "/sms").0, 403, "revoked there too");
}
