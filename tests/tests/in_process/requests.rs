//! What holds for a request to any route with a key: no part of it is ignored.

use serde_json::{Value, json};
use tests::template::template;
use tests::{Answer, Client, Gateway, new_key};

/// The method and path of each route of the template that asks the authorizer.
fn routes_with_a_key() -> Vec<(String, String)> {
    let template = template();
    let functions = template["Resources"].as_object().unwrap().values();
    let events =
        functions.filter_map(|function| function["Properties"]["Events"].as_object()).flat_map(|all| all.values());
    let routes = events.filter(|event| event["Type"] == "Api" && event["Properties"]["Auth"]["Authorizer"] != "NONE");
    let text = |route: &Value, name: &str| route["Properties"][name].as_str().unwrap().to_owned();
    routes.map(|route| (text(route, "Method").to_uppercase(), text(route, "Path"))).collect()
}

/// A body that the route takes.
fn body_of(method: &str, path: &str) -> Option<Value> {
    match (method, path) {
        ("POST", "/authentication") => Some(new_key()),
        ("POST", _) => Some(json!({"gracePeriodSeconds": 60})),
        ("PATCH", _) => Some(json!({"enabled": false})),
        _ => None,
    }
}

async fn send(client: &Client, gateway: &Gateway, method: &str, path: &str, body: Option<&Value>) -> Answer {
    gateway.send(method, path, &[&client.value], body.map(Value::to_string).as_deref()).await
}

/// All that is stored but times of last use, which a refused request may write too.
fn stored(gateway: &Gateway) -> Vec<Value> {
    let mut items = gateway.engine.dump();
    for item in &mut items {
        if let Some(item) = item.as_object_mut() {
            item.remove("lastUsedAt");
        }
    }
    items
}

#[tokio::test]
async fn a_parameter_that_a_route_does_not_know_is_a_400_and_nothing_is_done() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let before = stored(&gateway);
    let routes = routes_with_a_key();
    assert_eq!(routes.len(), 10);

    for (method, route) in &routes {
        let path = route.replace("{key}", &key.id);
        let body = body_of(method, route);
        for (query, wrong) in [
            ("dryRun=true", &["dryRun"][..]),
            ("dryRun=", &["dryRun"]),
            ("If-Match=1&dryRun=true", &["If-Match", "dryRun"]),
            ("key=x", &["key"]),
            ("limit2=1&limit2=1", &["limit2", "limit2"]),
        ] {
            let answer = send(&admin, &gateway, method, &format!("{path}?{query}"), body.as_ref()).await;
            answer.assert_problem(400);
            assert_eq!(answer.wrong_fields(), wrong, "{method} {route}?{query}");
        }
    }
    assert_eq!(stored(&gateway), before);
    assert_eq!(key.status().await, 200);

    for (method, route) in &routes {
        let key = admin.create_key(&["SMS"]).await;
        let path = route.replace("{key}", &key.id);
        let answer = send(&admin, &gateway, method, &path, body_of(method, route).as_ref()).await;
        assert!(answer.status < 300, "{method} {route}: {answer:?}");
    }
}

/// AWS hands the query on as a map, which has no order.
#[tokio::test]
async fn wrong_parameters_are_named_in_the_order_of_their_names() {
    let (_, admin) = Gateway::with_manager().await;
    let names: Vec<_> = (0..60).map(|at| format!("x{at:02}")).collect();
    let backwards: Vec<_> = names.iter().rev().map(|name| format!("{name}=1")).collect();

    for known in ["limit=x&cursor=x&", "status=x&userId=", "createdByKeyId=x&unusedSince=x&limit=1&"] {
        let answer = admin.get(&format!("/authentication?{known}{}", backwards.join("&"))).await;
        let errors = answer.body["errors"].as_array().unwrap();
        let unknown = errors.iter().filter(|error| error["message"] == "is not a known field");
        let fields: Vec<_> = unknown.map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(fields, names[..fields.len()], "{known}");
        assert_eq!(errors.len(), 51, "{known}");
    }
    let tags = admin.get("/authentication?tag.c=&tag.a=&tag.d=&tag.b=").await;
    let errors = tags.body["errors"].as_array().unwrap();
    let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["tag.a", "tag.b", "tag.c", "tag.d"]);
}

#[tokio::test]
async fn a_body_with_a_get_or_a_delete_is_a_400_and_nothing_is_done() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    for (method, route) in routes_with_a_key() {
        let path = route.replace("{key}", &key.id);
        if body_of(&method, &route).is_none() {
            let answer = send(&admin, &gateway, &method, &path, Some(&json!({"dryRun": true}))).await;
            assert_eq!(answer.wrong_fields(), ["body"], "{method} {route}");
        }
    }
    assert_eq!(key.status().await, 200);
    assert_eq!(
        gateway.send("DELETE", &format!("/authentication/{}", key.id), &[&admin.value], Some("")).await.status,
        204
    );
}

#[tokio::test]
async fn what_may_name_a_key_that_works_is_a_400_where_an_id_is_wanted() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let stranger = gateway.create_account("Other").await;
    let mistyped = format!("{}{}", &key.value[..key.value.len() - 1], if key.value.ends_with('0') { "1" } else { "0" });
    let encoded = key.value.replace('_', "%5F");
    let before = stored(&gateway);

    let values = ["self", "%73elf", &key.value, &admin.value, &stranger.value, &mistyped, &encoded];
    for (at, name) in values.into_iter().enumerate() {
        for (method, after) in [("DELETE", ""), ("PATCH", ""), ("POST", "/rotate"), ("GET", "/usage")] {
            if method == "GET" && at < 2 {
                continue;
            }
            let path = format!("/authentication/{name}{after}");
            let answer = send(&admin, &gateway, method, &path, body_of(method, &path).as_ref()).await;
            answer.assert_problem(400);
            let error = &answer.body["errors"][0];
            let others = if method == "GET" { "or self, not a value" } else { "neither a value nor self" };
            assert_eq!(error, &json!({"field": "key", "message": format!("must be the id of a key, {others}")}));
            // With what else is wrong.
            let both = send(&admin, &gateway, method, &format!("{path}?dryRun=true"), None).await;
            assert_eq!(both.wrong_fields(), ["dryRun", "key"], "{method} {at}");
        }
        for (path, parameter) in [("/events", "keyId"), ("/events", "actorKeyId"), ("", "createdByKeyId")] {
            let answer = admin.get(&format!("/authentication{path}?{parameter}={name}")).await;
            let message = "must be the id of a key, neither a value nor self";
            assert_eq!(answer.body["errors"], json!([{"field": parameter, "message": message}]), "{at}");
        }
        let revoke = json!({"action": "revoke-keys", "accountId": admin.account_id, "keyIds": [name]});
        let error = gateway.invoke_manage_account(revoke).await.unwrap_err();
        // Nothing is encoded there.
        let other_name = if name.contains('%') { "" } else { ", neither a value nor self" };
        assert_eq!(error["errorMessage"], format!("keyIds[0] must be the id of a key{other_name}"));
    }
    assert_eq!(stored(&gateway), before);
    assert_eq!(key.status().await, 200);
}

#[tokio::test]
async fn any_other_text_where_an_id_is_wanted_is_the_404_of_an_unknown_key() {
    let (gateway, admin) = Gateway::with_manager().await;
    let unknown = admin.delete(&"0".repeat(22)).await;
    unknown.assert_problem(404);
    let cut = &admin.value[..admin.value.len() - 1];
    for name in ["x", "Self", "self ", "sk_of_another_system_0123456789", "%ff", "%2e%2e", cut, &"x".repeat(300)] {
        for (method, after) in [("DELETE", ""), ("PATCH", ""), ("POST", "/rotate"), ("GET", "/usage")] {
            let path = format!("/authentication/{name}{after}");
            let answer = send(&admin, &gateway, method, &path, body_of(method, &path).as_ref()).await;
            assert_eq!((answer.status, &answer.text), (404, &unknown.text), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_key_that_may_not_manage_learns_nothing_of_what_else_is_wrong() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let own = gateway.authorize("GET", "/authentication/self", &[("X-API-Key", &key.value)]).await.unwrap();
    for (method, path) in [
        ("DELETE", format!("/authentication/{}?dryRun=true", admin.value)),
        ("PATCH", "/authentication/self?dryRun=true".to_owned()),
        ("POST", "/authentication/self/rotate?dryRun=true".to_owned()),
        ("POST", "/authentication?dryRun=true".to_owned()),
        ("GET", "/authentication?dryRun=true".to_owned()),
        ("GET", "/authentication/usage?dryRun=true".to_owned()),
        ("GET", "/authentication/events?dryRun=true".to_owned()),
    ] {
        gateway.hand_on(method, &path, &own, None).await.assert_problem(403);
    }
    assert_eq!(key.get("/authentication/self?dryRun=true").await.wrong_fields(), ["dryRun"]);
    assert_eq!(key.get("/authentication/self/usage?dryRun=true").await.wrong_fields(), ["dryRun"]);
}
