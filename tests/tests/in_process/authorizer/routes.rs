//! Which routes a key opens: those of its operations, and its own look-up.

use std::time::Duration;

use serde_json::{Value, json};
use tests::gateway::{STAGE, allows, sample_event};
use tests::{Client, Gateway};

#[tokio::test]
async fn each_operation_opens_the_routes_of_its_name_and_no_others() {
    let (_, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;

    let verdict = sms.verdict().await;

    for open in ["GET/sms", "POST/sms", "POST/sms/1/parts"] {
        assert!(allows(&verdict, &format!("{STAGE}/{open}")), "{open}");
    }
    for closed in [
        "GET/rcs",
        "POST/rcs/1",
        "GET/smsx",
        "GET/xsms",
        "GET/",
        "GET/authentication",
        "GET/authentication/self",
        "POST/authentication",
        "DELETE/authentication/x",
        "PATCH/authentication/x",
        "POST/authentication/x/rotate",
        "GET/whatsapp",
    ] {
        assert!(!allows(&verdict, &format!("{STAGE}/{closed}")), "{closed}");
    }
    assert!(!allows(&verdict, "arn:aws:execute-api:eu-central-1:123456789012:zzzzzzzzzz/v1/GET/sms"), "another API");

    let verdict = admin.verdict().await;
    for open in ["GET/authentication", "POST/authentication", "DELETE/authentication/x", "GET/rcs/1", "GET/whatsapp"] {
        assert!(allows(&verdict, &format!("{STAGE}/{open}")), "{open}");
    }
}

#[tokio::test]
async fn an_operation_opens_no_route_of_another_whose_path_goes_on_like_its_own() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let both = admin.create_key(&["SMS", "RCS"]).await;

    // IAM's `*` for the method knows no slashes.
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

/// The verdict on a request with that key, by the stage variables of its API.
async fn verdict_with(gateway: &Gateway, variables: Value, method: &str, path: &str, key: &Client) -> Value {
    let mut event = sample_event("authorizer");
    event["methodArn"] = json!(format!("{STAGE}/{method}{path}"));
    event["stageVariables"] = variables;
    event["multiValueHeaders"] = json!({"X-API-Key": [key.value]});
    gateway.decide(&event).await.unwrap()
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
async fn a_refused_look_up_takes_no_route_of_its_operations_from_the_key() {
    let (gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let path = format!("/authentication/{}", admin.id);
    let verdict = gateway.authorize("GET", &path, &[("X-API-Key", &sms.value)]).await.unwrap();
    assert!(allows(&verdict, &format!("{STAGE}/GET/sms")), "it may be from a cache");
    assert!(!allows(&verdict, &format!("{STAGE}/GET{path}")));
}

#[tokio::test]
async fn an_api_that_attaches_the_authorizer_has_no_look_up_and_no_freedom_from_limits() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.ceiling = api_keys::key::Limits::parse("1/MONTH").unwrap());
    let sms = admin.create_key(&["SMS"]).await;
    let ours = json!({"keyService": "true"});
    for attached in [Value::Null, json!({}), json!({"keyService": "false"}), json!({"limitAnswer": "gateway"})] {
        for path in ["/authentication/self", "/authentication/self/usage"] {
            let verdict = verdict_with(&gateway, attached.clone(), "GET", path, &sms).await;
            assert!(!allows(&verdict, &format!("{STAGE}/GET{path}")));
        }
        let manager = admin.create_key(&["AUTHENTICATION"]).await;
        let admitted = async |variables: Value| {
            let verdict = verdict_with(&gateway, variables, "GET", "/authentication/x", &manager).await;
            allows(&verdict, &format!("{STAGE}/GET/authentication/x"))
        };
        let answers =
            [admitted(attached.clone()).await, admitted(attached.clone()).await, admitted(ours.clone()).await];
        assert_eq!(answers, [true, false, true], "one a month, and never limited where keys are managed");
    }
    let verdict = verdict_with(&gateway, ours, "GET", "/authentication/self", &sms).await;
    assert!(allows(&verdict, &format!("{STAGE}/GET/authentication/self")));
}
