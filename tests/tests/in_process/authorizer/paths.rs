//! A path may be read in several ways: a key opens what is its own in each reading, and a verdict opens no other route.

use serde_json::{Value, json};
use tests::gateway::{Api, Attached, Request, STAGE, allows};
use tests::template::sample_api;
use tests::{Client, Gateway};

/// Paths that are below `/sms` however they are read.
const BELOW_SMS: [&str; 17] = [
    "/sms",
    "/sms/",
    "/sms/1",
    "/sms/rcs",
    "/sms/a%2Fb",
    "/sms/a%252fb",
    "/sms/a;v=1",
    "/sms/a%3Bv",
    "/sms/A",
    "/sms/é",
    "/sms/%C3%A9",
    "/sms/100%",
    "/sms/100%unsure",
    "/sms/%23x",
    "/sms/a%2Fb;v%3Bw",
    "/sms/$x",
    "/sms/a.b~c",
];

/// Paths that are, or may be taken for, something else.
const ELSEWHERE: [&str; 57] = [
    "/",
    "/rcs",
    "/rcs/sms",
    "/SMS",
    "/Sms/1",
    "/%73ms",
    "/%2573ms",
    "/s%6ds/1",
    "/ſms",
    "/sms%2Frcs",
    "/sms%2F1",
    "/sms%5Crcs",
    "/sms;x",
    "/sms;/../rcs",
    "/sms%3Bx/1",
    "/;/rcs",
    "/sms/;x/rcs",
    "/sms/../rcs",
    "/sms/..",
    "/sms/./rcs",
    "/sms/..;/rcs",
    "/sms/..;x=y/rcs",
    "/sms/%2e%2e/rcs",
    "/sms/%2E./rcs",
    "/sms/.%2e/rcs",
    "/sms/%252e%252e/rcs",
    "/sms/%25252e%25252e/rcs",
    "/sms/%2e%252e/rcs",
    "/sms/%%32%65%%32%65/rcs",
    "/sms/..%2Frcs",
    "/sms/..%252Frcs",
    "/sms%2F..%2Frcs",
    "/sms/%2e%2e%2frcs",
    "/sms/..%5Crcs",
    "/sms/..\\rcs",
    "/sms\\rcs",
    "//sms",
    "//rcs",
    "/sms//rcs",
    "/sms//",
    "/sms/%2F/rcs",
    "/sms/%u002e%u002e/rcs",
    "/sms/%25U002e./rcs",
    "/sms/*",
    "/sms/%2a",
    "/*/sms",
    "/sms/?",
    "/sms/%3Fx",
    "/sms/${aws:username}",
    "/sms/$%7Bx}",
    "/sms/{id}",
    "/sms/{*",
    "/sms/{x/../rcs",
    "/sms/$default",
    "/sms/%00",
    "/sms/%C2%85",
    "/sms/%ff%c0%ae",
];

fn paths() -> impl Iterator<Item = &'static str> {
    BELOW_SMS.into_iter().chain(ELSEWHERE)
}

fn arn(method: &str, path: &str) -> String {
    format!("{STAGE}/{method}{path}")
}

#[tokio::test]
async fn a_key_opens_what_is_its_own_however_the_path_is_read_and_the_pattern_allows() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;

    for pattern in ["/{proxy+}", "/{first}/{rest+}", "/sms/{proxy+}", "/sms"] {
        for path in BELOW_SMS {
            let verdict = sms.verdict_on("POST", path, pattern, &Value::Null).await;
            assert!(allows(&verdict, &arn("POST", path)), "{path} of {pattern}");
            assert_eq!(verdict["context"]["reason"], "ALLOWED");
        }
    }
    for pattern in ["/{proxy+}", "/sms/{proxy+}", "/rcs/{proxy+}"] {
        for path in ELSEWHERE {
            let verdict = sms.verdict_on("POST", path, pattern, &Value::Null).await;
            assert!(!allows(&verdict, &arn("POST", path)), "{path} of {pattern}");
            assert_eq!(verdict["context"]["reason"], "OPERATION");
        }
    }
    for pattern in ["/rcs/{proxy+}", "/rcs", "/", "/SMS", "", "sms", "/{x}x"] {
        let verdict = sms.verdict_on("POST", "/sms", pattern, &Value::Null).await;
        assert_eq!(allows(&verdict, &arn("POST", "/sms")), pattern == "/{x}x", "what {pattern} leads to is no /sms");
    }
}

/// The rules that an API may have, if it has some.
const RULES: [Option<&str>; 9] = [
    None,
    Some(":SMS"),
    Some("sms:SMS,rcs:RCS"),
    Some("rcs:RCS,:SMS"),
    Some("GET/sms:SMS,POST/sms:RCS"),
    Some("sms/rcs:RCS,GET/sms:SMS,~/1:RCS,:WHATSAPP"),
    Some("SMS:RCS,sms:SMS"),
    Some("sms/a/b:RCS,~/~:SMS"),
    Some("POST/:RCS,sms:"),
];

#[tokio::test]
async fn a_verdict_on_one_request_opens_no_other_that_would_be_refused() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let keys =
        [admin.create_key(&["SMS"]).await, admin.create_key(&["SMS", "RCS"]).await, admin.create_key(&["RCS"]).await];
    let patterns = ["/{proxy+}", "/{first}/{rest+}", "/sms/{proxy+}"];
    for (rules, pattern) in RULES.into_iter().flat_map(|rules| patterns.map(|pattern| (rules, pattern))) {
        let key = &keys[rules.map_or(0, |rules| rules.len() + pattern.len()) % 3];
        let variables = json!({ "routeOperations": rules });
        let variables = if rules.is_none() { Value::Null } else { variables };
        let mut asked = Vec::new();
        for (method, path) in ["GET", "POST"].into_iter().flat_map(|method| paths().map(move |path| (method, path))) {
            let verdict = key.verdict_on(method, path, pattern, &variables).await;
            let route = arn(method, path);
            asked.push((allows(&verdict, &route), verdict, route));
        }
        assert!(asked.iter().any(|(is_open, ..)| !is_open));
        for (_, verdict, first) in &asked {
            for (is_open, _, second) in &asked {
                assert!(*is_open || !allows(verdict, second), "by {rules:?} a verdict on {first} opens {second}");
            }
        }
    }
}

/// An API whose only route takes every path, with a cache of a minute by these sources.
fn cached_by(gateway: &Gateway, headers: &[&str], context: &[&str]) -> Attached {
    let mut template = sample_api();
    let resources = template["Resources"].as_object_mut().unwrap();
    resources["SendFunction"]["Properties"]["Events"] = json!({"Any": {"Type": "Api", "Properties":
        {"RestApiId": {"Ref": "Api"}, "Method": "ANY", "Path": "/{proxy+}"}}});
    let authorizers = &mut resources["Api"]["Properties"]["Auth"]["Authorizers"];
    authorizers["KeyAuthorizer"]["Identity"] = json!({"Headers": headers, "Context": context, "ReauthorizeEvery": 60});
    gateway.attach(Api::of(&template, "Api", &[]))
}

async fn status(api: &Attached, key: &Client, method: &str, path: &str) -> u16 {
    let headers = [("X-API-Key", &*key.value)];
    api.request(&Request { method, path_and_query: path, headers: &headers, body: None }).await.status
}

#[tokio::test]
async fn a_cache_by_the_declared_sources_changes_no_answer_and_no_other_cache_opens_more() {
    let (gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    // A question mark begins the query, and the gateway does not route an empty path to this one.
    let paths: Vec<_> = paths().filter(|path| *path != "/" && !path.contains('?')).collect();
    let requests: Vec<_> =
        ["GET", "POST"].into_iter().flat_map(|method| paths.iter().map(move |path| (method, *path))).collect();
    let declared = cached_by(&gateway, &["X-API-Key"], &["identity.sourceIp", "httpMethod", "path"]);
    let (by_path, by_key) = (cached_by(&gateway, &["X-API-Key"], &["path"]), cached_by(&gateway, &["X-API-Key"], &[]));

    for round in 0..2 {
        let order: Vec<_> = if round == 0 { requests.clone() } else { requests.iter().rev().copied().collect() };
        for (method, path) in order {
            let expected = if BELOW_SMS.contains(&path) { 200 } else { 403 };
            assert_eq!(status(&declared, &sms, method, path).await, expected, "{method} {path}");
            assert_eq!(
                status(&by_path, &sms, method, path).await,
                expected,
                "the methods are of one entry: {method} {path}"
            );
            let by_key = status(&by_key, &sms, method, path).await;
            assert!(
                by_key == 403 || by_key == expected,
                "it may refuse a good request, and opens none: {method} {path}"
            );
        }
    }
}
