//! Which routes a key opens: those of its operations, and its own look-up.

use std::time::Duration;

use serde_json::{Value, json};
use tests::gateway::{STAGE, allows};
use tests::{Client, Gateway};

#[tokio::test]
async fn each_operation_opens_the_routes_of_its_name_and_no_others() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;

    for (method, path) in [("GET", "/sms"), ("POST", "/sms"), ("POST", "/sms/1/parts"), ("DELETE", "/sms/")] {
        assert!(sms.opens(method, path).await, "{method} {path}");
    }
    for (method, path) in [
        ("GET", "/rcs"),
        ("POST", "/rcs/1"),
        ("GET", "/smsx"),
        ("GET", "/xsms"),
        ("GET", "/SMS"),
        ("GET", "/"),
        ("GET", "/authentication"),
        ("POST", "/authentication"),
        ("DELETE", "/authentication/x"),
        ("PATCH", "/authentication/x"),
        ("POST", "/authentication/x/rotate"),
        ("GET", "/whatsapp"),
        ("ANY", "/sms"),
        ("CONNECT", "/sms"),
        ("get", "/sms"),
    ] {
        assert!(!sms.opens(method, path).await, "{method} {path}");
    }
    for (method, path) in [
        ("GET", "/authentication"),
        ("POST", "/authentication"),
        ("DELETE", "/authentication/x"),
        ("GET", "/rcs/1"),
        ("GET", "/whatsapp"),
    ] {
        assert!(admin.opens(method, path).await, "{method} {path}");
    }
}

#[tokio::test]
async fn a_verdict_names_the_requested_route_alone_for_each_method() {
    let (gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS", "RCS"]).await;
    let routes = async |key: &Client, method: &str, path: &str| {
        let verdict = gateway.authorize(method, path, &[("X-API-Key", &key.value)]).await.unwrap();
        let statement = verdict["policyDocument"]["Statement"].as_array().unwrap();
        let [statement] = statement.as_slice() else { panic!("{statement:?}") };
        let resources: Vec<_> =
            statement["Resource"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        assert!(resources.iter().all(|route| route.starts_with(STAGE)), "of this stage of this API alone");
        let resources: Vec<_> = resources.iter().map(|route| route[STAGE.len() + 1..].to_owned()).collect();
        (statement["Effect"].as_str().unwrap().to_owned(), resources)
    };
    let methods = ["POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];

    let named = methods.map(|method| format!("{method}/sms/a%2Fb/"));
    assert_eq!(routes(&sms, "POST", "/sms/a%2Fb/").await, ("Allow".to_owned(), named.to_vec()), "as it was sent");
    let path = format!("/sms/{}", "x".repeat(1_700));
    assert_eq!(
        routes(&sms, "POST", &path).await.1,
        [format!("POST{path}"), format!("GET{path}")],
        "as far as there is room"
    );
    let path = format!("/sms/{}", "x".repeat(3_296));
    assert_eq!(routes(&sms, "POST", &path).await.1, [format!("POST{path}")]);
    for path in [format!("{path}x"), path.replacen('x', "\"", 2)] {
        assert_eq!(
            routes(&sms, "POST", &path).await,
            ("Deny".to_owned(), vec!["*".to_owned()]),
            "longer than there is room for"
        );
    }
    assert_eq!(routes(&sms, "POST", "/whatsapp").await, ("Deny".to_owned(), vec!["*".to_owned()]));
    let named = methods.map(|method| ["", "/*"].map(|below| format!("{method}/authentication{below}"))).concat();
    assert_eq!(routes(&admin, "POST", &format!("/authentication/{}/rotate", sms.value)).await.1, named, "and no value");
    assert_eq!(routes(&sms, "GET", &format!("/authentication/{}", sms.value)).await.1, ["GET/authentication/*"]);
}

#[tokio::test]
async fn an_operation_opens_no_route_of_another_whose_path_goes_on_like_its_own() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let both = admin.create_key(&["SMS", "RCS"]).await;

    for path in [
        "/rcs/sms",
        "/rcs/sms/1",
        "/rcs/1/sms/2",
        "/other/sms",
        "//sms",
        "/authentication/sms",
        "/s/sms",
        "/rcs/v1/POST/sms",
        "/rcs/x:a1b2c3d4e5/v1/POST/sms",
        "/rcs/GET/authentication/self",
        "/v1/GET/authentication/self",
    ] {
        assert!(!sms.opens("DELETE", path).await, "{path}");
        assert!(!sms.opens("POST", path).await, "{path}");
    }
    assert!(!both.opens("POST", "/other/rcs/sms").await);
    for path in ["/sms/rcs", "/sms/sms", "/sms/rcs/1"] {
        assert!(sms.opens("POST", path).await, "{path}");
    }
    for path in ["/rcs/sms", "/sms/rcs/1"] {
        assert!(both.opens("POST", path).await, "{path}");
    }
}

#[tokio::test]
async fn a_key_without_authentication_looks_itself_up_and_no_other_key() {
    let (gateway, admin) = Gateway::with_manager().await;
    let old = admin.create_key(&["SMS"]).await;
    let neighbour = admin.create_key(&["SMS"]).await;
    let new = old.with_value_of(&admin.rotate(&old.id, 60).await);
    let encoded = |text: &str| text.replace('_', "%5f").replace('s', "%73");
    let own = [&*new.id, &new.value, &old.value, "self"];

    for name in own.iter().map(|name| (*name).to_owned()).chain(own.iter().map(|name| encoded(name))) {
        let path = format!("/authentication/{name}");
        assert!(new.opens("GET", &path).await);
        for method in ["DELETE", "PATCH", "POST", "PUT", "HEAD"] {
            assert!(!new.opens(method, &path).await, "{method}");
        }
    }
    for id in [&*new.id, "self", "%73elf"] {
        for rest in ["/", "/usage", "/usage/"] {
            assert!(new.opens("GET", &format!("/authentication/{id}{rest}")).await, "{rest}");
        }
    }
    for other in [
        &*neighbour.id,
        &neighbour.value,
        &admin.id,
        &admin.value,
        &admin.account_id,
        "",
        "x",
        "Self",
        "%2573elf",
        "self//",
        "self/x",
        "/self",
        "self/usage/usage",
        "usage",
        "events",
        &format!("{}/usage", neighbour.id),
        &format!("{}/usage", new.value),
        &format!("{}/rotate", new.id),
        &format!("{}%2Fusage", new.value),
    ] {
        assert!(!new.opens("GET", &format!("/authentication/{other}")).await);
    }
    gateway.pass(Duration::from_mins(1));
    assert!(!new.opens("GET", &format!("/authentication/{}", old.value)).await, "the grace period is over");
    let own = gateway.authorize("GET", &format!("/authentication/{}", new.value), &[("X-API-Key", &new.value)]).await;
    assert!(!own.unwrap().to_string().contains(&new.value));
}

#[tokio::test]
async fn the_routes_under_authentication_are_opened_where_the_gateway_took_them_for_such() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let ours = json!({"keyService": "true"});
    for (key, pattern, method, reason) in [
        (&admin, "/authentication/{key}", "GET", "ALLOWED"),
        (&admin, "/authentication/{key}", "PATCH", "ALLOWED"),
        (&admin, "/console", "GET", "OPERATION"),
        (&sms, "/authentication/{key}", "GET", "ALLOWED"),
        (&sms, "/authentication/{key}", "HEAD", "OPERATION"),
        (&sms, "/console/{file}", "GET", "OPERATION"),
    ] {
        let verdict = key.verdict_on(method, "/authentication/self", pattern, &ours).await;
        assert_eq!(verdict["context"]["reason"], reason, "{method} {pattern}");
        assert_eq!(allows(&verdict, &format!("{STAGE}/{method}/authentication/self")), reason == "ALLOWED");
    }
}

#[tokio::test]
async fn an_api_that_attaches_the_authorizer_has_no_look_up_and_no_freedom_from_limits() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.ceiling = api_keys::key::Limits::parse("1/MONTH").unwrap());
    let sms = admin.create_key(&["SMS"]).await;
    let ours = json!({"keyService": "true"});
    for attached in [Value::Null, json!({}), json!({"keyService": "false"}), json!({"limitAnswer": "gateway"})] {
        for path in ["/authentication/self", "/authentication/self/usage"] {
            let verdict = sms.verdict_on("GET", path, "/{proxy+}", &attached).await;
            assert!(!allows(&verdict, &format!("{STAGE}/GET{path}")));
        }
        let manager = admin.create_key(&["AUTHENTICATION"]).await;
        let admitted = async |variables: Value| {
            let verdict = manager.verdict_on("GET", "/authentication/x", "/{proxy+}", &variables).await;
            allows(&verdict, &format!("{STAGE}/GET/authentication/x"))
        };
        let answers =
            [admitted(attached.clone()).await, admitted(attached.clone()).await, admitted(ours.clone()).await];
        assert_eq!(answers, [true, false, true], "one a month, and never limited where keys are managed");
    }
    let verdict = sms.verdict_on("GET", "/authentication/self", "/{proxy+}", &ours).await;
    assert!(allows(&verdict, &format!("{STAGE}/GET/authentication/self")));
}
