//! A key with `AUTHENTICATION_READ`: it sees all that a manager sees, changes nothing, and opens nothing else.

use std::collections::BTreeSet;

use authorizer::Refusal;
use serde_json::{Value, json};
use tests::gateway::{STAGE, allows, sample_event};
use tests::template::template;
use tests::values::import_of;
use tests::{Client, Gateway};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The routes of the template under `/authentication`, as method and pattern.
fn routes() -> BTreeSet<(String, String)> {
    let template = template();
    let functions = template["Resources"].as_object().unwrap().values();
    let events =
        functions.filter_map(|function| function["Properties"]["Events"].as_object()).flat_map(|it| it.values());
    let text = |of: &Value, name: &str| of["Properties"][name].as_str().unwrap_or_default().to_owned();
    let routes = events.map(|event| (text(event, "Method"), text(event, "Path")));
    routes.filter(|(_, path)| path.starts_with("/authentication")).collect()
}

fn everything(gateway: &Gateway) -> (Vec<Value>, Vec<Value>) {
    let used = ["lastUsedAt", "previousLastUsedAt", "previousLastUsedOf"];
    let mut items = gateway.engine.dump();
    for item in &mut items {
        item.as_object_mut().unwrap().retain(|name, _| !used.contains(&&**name));
    }
    (items, gateway.engine.events())
}

#[tokio::test]
async fn it_reads_what_a_manager_reads_and_writes_nothing_on_each_route_by_each_verb() {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = admin.create_key(&["SMS", "RCS", "AUTHENTICATION"]).await;
    let reader = admin.create_key(&["AUTHENTICATION_READ"]).await;
    let context = reader.verdict_on("GET", "/authentication", "/authentication", &json!({"keyService": "true"})).await;
    let before = everything(&gateway);
    let (routes, mut reached) = (routes(), BTreeSet::new());
    let names = [&*other.id, &*other.value, &*admin.id, "self", &*reader.id, "x", "00000000000000000000"];
    let mut paths: BTreeSet<_> = routes.iter().map(|(_, pattern)| pattern.clone()).collect();
    paths.insert("/authentication/{key}/no-route".to_owned());
    for pattern in &paths {
        for name in names.iter().filter(|name| pattern.contains("{key}") || **name == "x") {
            let path = pattern.replace("{key}", name);
            for method in METHODS {
                let what = format!("{method} {pattern}");
                let answer =
                    gateway.send(method, &path, &[&reader.value], Some("{}").filter(|_| method != "GET")).await;
                let is_route = routes.contains(&(method.to_owned(), pattern.clone()));
                if is_route && method == "GET" {
                    reached.insert(pattern.clone());
                    let of_manager = admin.get(&path).await;
                    let mut expected = of_manager.body.clone();
                    match &**pattern {
                        "/authentication/account" => expected["grantableOperations"] = json!([]),
                        _ if *name == "self" => expected = admin.get(&path.replace("self", &reader.id)).await.body,
                        _ => {}
                    }
                    let status = if *name == "self" { 200 } else { of_manager.status };
                    assert_eq!(answer.status, status, "{what}");
                    if status == 200 {
                        assert_eq!(answer.body, expected, "{what}");
                    }
                } else {
                    answer.assert_problem(if is_route { 403 } else { 404 });
                    let opens = reader.opens(method, &path).await;
                    assert_eq!(opens, method == "GET", "{what}: the verdict, whether or not there is a route");
                }
                if is_route && method != "GET" {
                    // Even if a policy allows it.
                    reached.insert(what);
                    let body = Some("{}").filter(|_| method != "DELETE");
                    gateway.hand_on(method, &path, &context, body).await.assert_problem(403);
                }
            }
        }
    }
    assert_eq!(reached.len(), routes.len());
    assert_eq!(everything(&gateway), before);
}

#[tokio::test]
async fn its_verdict_is_for_reading_alone_from_any_cache() {
    let (gateway, admin) = Gateway::with_manager().await;
    let reader = admin.create_key(&["AUTHENTICATION_READ"]).await;
    let verdict = gateway.authorize("GET", "/authentication/events", &[("X-API-Key", &reader.value)]).await.unwrap();
    let resources = json!([format!("{STAGE}/GET/authentication"), format!("{STAGE}/GET/authentication/*")]);
    assert_eq!(verdict["policyDocument"]["Statement"][0]["Resource"], resources);
    for method in METHODS {
        assert_eq!(allows(&verdict, &format!("{STAGE}/{method}/authentication/x")), method == "GET");
    }
}

#[tokio::test]
async fn it_opens_nothing_of_another_api_by_name_or_by_rule() {
    let (gateway, admin) = Gateway::with_manager().await;
    let reader = admin.create_key(&["AUTHENTICATION_READ"]).await;
    let opens = async |key: &Client, variables: &Value, path: &str| {
        let verdict = key.verdict_on("GET", path, "/{proxy+}", variables).await;
        allows(&verdict, &format!("{STAGE}/GET{path}"))
    };
    for path in ["/authentication-read", "/authentication-read/1", "/authentication", "/authentication/self", "/sms"] {
        assert!(!opens(&reader, &Value::Null, path).await, "{path}");
        assert!(!opens(&reader, &json!({"routeOperations": ":AUTHENTICATION"}), path).await, "{path}");
    }
    assert!(!reader.opens("GET", "/authentication-read").await, "nor here");
    assert!(opens(&reader, &json!({"routeOperations": "health:,:SMS"}), "/health").await, "as any live key does");

    let mut event = sample_event("authorizer");
    event["methodArn"] = json!(format!("{STAGE}/GET/reports"));
    event["resource"] = json!("/{proxy+}");
    event["stageVariables"] = json!({"routeOperations": "reports:AUTHENTICATION_READ,:SMS"});
    for key in [&reader, &admin] {
        event["multiValueHeaders"] = json!({"X-API-Key": [key.value]});
        assert_eq!(gateway.decide(&event).await.err(), Some(Refusal::Misconfigured), "such a rule makes no sense");
    }
}

#[tokio::test]
async fn it_may_have_other_operations_beside() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let both = admin.create_key(&["SMS", "AUTHENTICATION_READ"]).await;
    for (method, path, is_open) in [
        ("POST", "/sms", true),
        ("GET", "/rcs", false),
        ("GET", "/authentication", true),
        ("POST", "/authentication", false),
    ] {
        assert_eq!(both.opens(method, path).await, is_open, "{method} {path}");
    }
    let limited = json!({"operations": ["AUTHENTICATION_READ"], "limits": [{"requests": 1, "per": "MONTH"}]});
    let limited = admin.create_with(&limited).await;
    for _ in 0..3 {
        assert_eq!(limited.get("/authentication").await.status, 200, "no limit holds there");
    }
}

#[tokio::test]
async fn only_a_manager_gives_it_and_there_is_no_way_up_through_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let manager = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    // It covers what it implies.
    let reader = manager.create_key(&["AUTHENTICATION_READ"]).await;
    let narrow = manager.create_key(&["SMS"]).await;
    let given = manager.patch(&narrow.id, &json!({"operations": ["AUTHENTICATION_READ", "SMS"]})).await;
    assert_eq!(given.status, 200);
    assert_eq!(manager.patch(&reader.id, &json!({"name": "review"})).await.status, 200);
    let rotated = reader.with_value_of(&manager.rotate(&reader.id, 0).await);
    assert_eq!(rotated.get("/authentication").await.status, 200);
    // And nothing more than that.
    let more = admin.create_key(&["RCS", "AUTHENTICATION_READ"]).await;
    for refused in [manager.patch(&more.id, &json!({"name": "mine"})).await, manager.rotate(&more.id, 0).await] {
        refused.assert_problem(403);
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.ends_with(": RCS."), "{detail}");
    }
    // Even if a policy allows it, a reader gives and takes nothing.
    let context = rotated.verdict_on("GET", "/authentication", "/authentication", &json!({"keyService": "true"})).await;
    let new = json!({"userId": "u", "username": "n", "operations": ["AUTHENTICATION_READ"]}).to_string();
    for (method, path, body) in [
        ("POST", "/authentication".to_owned(), Some(&*new)),
        ("PATCH", format!("/authentication/{}", rotated.id), Some(r#"{"operations":["AUTHENTICATION"]}"#)),
        ("PATCH", format!("/authentication/{}", narrow.id), Some(r#"{"enabled":false}"#)),
        ("POST", format!("/authentication/{}/rotate", rotated.id), None),
        ("DELETE", format!("/authentication/{}", narrow.id), None),
    ] {
        let refused = gateway.hand_on(method, &path, &context, body).await;
        refused.assert_problem(403);
        assert_eq!(refused.body["detail"], "The key lacks the operation AUTHENTICATION.");
    }
}

#[tokio::test]
async fn it_is_in_no_catalogue_and_no_first_key_has_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let recovered = json!({"userId": "user-1", "username": "Ada"});
    let recovered = gateway.client_of(&gateway.manage_with("recover", &admin, &recovered).await.unwrap());
    let all = json!(["SMS", "RCS", "WHATSAPP", "AUTHENTICATION"]);
    for first in [&admin, &recovered] {
        assert_eq!(first.get("/authentication/self").await.body["operations"], all);
    }
    let account = admin.get("/authentication/account").await.body;
    assert_eq!(account["operations"], all);
    assert_eq!(account["grantableOperations"].as_array().unwrap().last(), Some(&json!("AUTHENTICATION_READ")));
    // A key may have all of them, and it, each once.
    let most = admin.create_key(&["SMS", "RCS", "WHATSAPP", "AUTHENTICATION", "AUTHENTICATION_READ"]).await;
    assert_eq!(
        most.patch(&most.id, &json!({"operations": ["AUTHENTICATION", "AUTHENTICATION_READ"]})).await.status,
        200
    );
    let wrong = json!({"operations": ["AUTHENTICATION_READ", "AUTHENTICATION_READ"]});
    assert_eq!(admin.patch(&most.id, &wrong).await.wrong_fields(), ["operations[1]"]);
    let unknown = admin.patch(&most.id, &json!({"operations": ["FAX"]})).await;
    let message = "must be one of SMS,RCS,WHATSAPP,AUTHENTICATION,AUTHENTICATION_READ";
    assert_eq!(unknown.body["errors"][0]["message"], message);
    let found = admin.get("/authentication?operation=AUTHENTICATION_READ").await;
    assert_eq!(found.ids(), [most.id], "those that have it, and not all that may read");
}

#[tokio::test]
async fn an_imported_key_may_read_and_is_another_than_one_that_manages() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let key = |operations: &[&str]| {
        let mut key = import_of("a-value-of-another-system");
        key["operations"] = json!(operations);
        json!([key])
    };
    let report = gateway.import_keys(&admin, key(&["AUTHENTICATION_READ"])).await;
    assert_eq!(report["imported"].as_array().unwrap().len(), 1, "{report}");
    let reads = gateway.send("GET", "/authentication", &["a-value-of-another-system"], None).await;
    assert_eq!(reads.status, 200);
    let report = gateway.import_keys(&admin, key(&["AUTHENTICATION"])).await;
    assert_eq!(report["present"][0]["differs"], json!(["operations"]));
}
