//! REST APIs and HTTP APIs get the same verdict, each in its form.

use std::env;

use api_keys::key::Limits;
use authorizer::{AuthorizerEvent, Refusal};
use serde_json::{Value, json};
use tests::gateway::{Asked, Form, STAGE, allows};
use tests::refused_keys::RefusedKeys;
use tests::{Client, Gateway, new_key_with};

/// What AWS's examples ask for.
const DOCUMENTED: &str = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test";

/// AWS's example with a key.
fn documented_with(form: Form, key: &str) -> Value {
    let mut event = form.documented();
    event["stageVariables"]["routeOperations"] = json!("request:SMS");
    form.set_headers(&mut event, &[("X-API-Key", key)]);
    event
}

#[tokio::test]
async fn the_documented_events_of_all_forms_get_the_same_verdict() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (sms, rcs) = (admin.create_key(&["SMS"]).await, admin.create_key(&["RCS"]).await);
    let mut verdicts = Vec::new();
    for form in Form::ALL {
        let verdict = gateway.decide(&documented_with(form, &sms.value)).await.unwrap();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            assert!(allows(&verdict, &format!("{DOCUMENTED}/{method}/request")), "{form:?}");
        }
        let refused = gateway.decide(&documented_with(form, &rcs.value)).await.unwrap();
        assert!(!allows(&refused, &format!("{DOCUMENTED}/GET/request")), "{form:?}");
        verdicts.push((verdict, refused));
        let without_key = gateway.decide(&form.documented()).await;
        if form == Form::Rest {
            assert_eq!(without_key.unwrap_err(), Refusal::Unauthorized);
        } else {
            let refused = without_key.unwrap();
            assert!(!allows(&refused, &format!("{DOCUMENTED}/GET/request")));
            assert_eq!(refused["policyDocument"]["Statement"][0]["Effect"], "Deny");
            assert_eq!(refused["context"], json!({"reason": "UNKNOWN", "retryAfter": "0", "limited": "false"}));
        }
    }
    assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]));
}

/// JSON in which the field behind that pointer comes twice, the second time with another value.
fn doubled(event: &Value, pointer: &str, second: &Value) -> String {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let mut event = event.clone();
    let object = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    let first = object.remove(name).unwrap();
    object.insert("doubled".to_owned(), json!("here"));
    let twice = format!("{}:{first},{}:{second}", json!(name), json!(name));
    event.to_string().replacen(r#""doubled":"here""#, &twice, 1)
}

/// The pointers of all fields.
fn fields(event: &Value, before: &str) -> Vec<String> {
    let object = event.as_object().into_iter().flatten();
    object
        .flat_map(|(name, value)| {
            let pointer = format!("{before}/{name}");
            [vec![pointer.clone()], fields(value, &pointer)].concat()
        })
        .collect()
}

#[tokio::test]
async fn a_field_that_is_there_twice_opens_nothing_more() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (sms, rcs) = (admin.create_key(&["SMS"]).await, admin.create_key(&["RCS"]).await);
    let mut refused = 0;
    for form in Form::ALL {
        let (good, other) = (documented_with(form, &sms.value), documented_with(form, &rcs.value));
        let verdict = gateway.decide(&good).await.unwrap();
        for pointer in fields(&good, "") {
            let own = good.pointer(&pointer).unwrap();
            let of_other = other.pointer(&pointer).unwrap_or(own);
            for text in [
                doubled(&good, &pointer, own),
                doubled(&good, &pointer, of_other),
                doubled(&good, &pointer, &Value::Null),
                doubled(&other, &pointer, own),
            ] {
                let error = serde_json::from_str::<AuthorizerEvent>(&text).err();
                if let Some(error) = error {
                    let error = error.to_string();
                    assert!(!error.contains(&sms.value) && !error.contains(&rcs.value), "{pointer}");
                    refused += 1;
                } else if let Ok(found) = gateway.decide(&text).await {
                    let opens = allows(&found, &format!("{DOCUMENTED}/GET/request"));
                    assert!(!opens || found == verdict, "{form:?} {pointer}");
                }
            }
        }
        for name in ["version", "methodArn", "routeArn", "headers", "stageVariables", "requestContext", "routeKey"] {
            if good[name].is_null() {
                continue;
            }
            let text = doubled(&good, &format!("/{name}"), &good[name]);
            assert!(serde_json::from_str::<AuthorizerEvent>(&text).is_err(), "{form:?} {name}");
        }
    }
    assert!(refused > 30, "{refused}");
}

#[test]
fn an_event_of_another_form_is_an_error() {
    for form in Form::ALL {
        let event = form.documented();
        let arn = event["methodArn"].as_str().or(event["routeArn"].as_str()).unwrap().to_owned();
        for (name, value) in [
            ("version", json!("3.0")),
            ("version", json!(if form == Form::Http2 { "1.0" } else { "2.0" })),
            (if form == Form::Http2 { "routeArn" } else { "methodArn" }, Value::Null),
            (if form == Form::Http2 { "methodArn" } else { "routeArn" }, json!(arn)),
        ] {
            let mut event = event.clone();
            event[name] = value;
            assert!(serde_json::from_str::<AuthorizerEvent>(&event.to_string()).is_err(), "{form:?} {name}");
        }
    }
}

#[tokio::test]
async fn a_route_whose_path_the_gateway_does_not_pass_is_opened_by_a_rule_for_every_path() {
    let (gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let arns =
        [format!("{STAGE}/$default"), STAGE.replace("/v1", "/$default/$default"), format!("{STAGE}/GET/$default")];
    for (rules, is_opened) in [(":SMS", true), ("health:,:SMS", true), ("sms:SMS", false), ("admin:ADMIN,:SMS", false)]
    {
        for arn in &arns {
            let mut event = documented_with(Form::Http2, &sms.value);
            event["routeArn"] = json!(arn);
            event["stageVariables"]["routeOperations"] = json!(rules);
            let verdict = gateway.decide(&event).await.unwrap();
            assert_eq!(allows(&verdict, arn), is_opened, "{rules} {arn}");
            event["stageVariables"] = Value::Null;
            assert!(!allows(&gateway.decide(&event).await.unwrap(), arn), "no operation has such a name");
        }
    }
}

/// What a request is answered by the gateway, in any form.
#[derive(Debug, PartialEq)]
enum Outcome {
    Allowed(Value),
    Refused(Value),
    Unauthorized,
    Failure(Refusal),
}

async fn outcome(gateway: &Gateway, form: Form, asked: &Asked<'_>) -> Outcome {
    let mut verdict = match gateway.decide(&form.event(asked)).await {
        Ok(verdict) => verdict,
        Err(Refusal::Unauthorized) => {
            assert_eq!(form, Form::Rest, "nothing else makes a 401 of it");
            return Outcome::Unauthorized;
        }
        Err(refusal) => return Outcome::Failure(refusal),
    };
    let is_allowed = allows(&verdict, &format!("{STAGE}/{}{}", asked.method, asked.path));
    let context = verdict["context"].as_object_mut().unwrap();
    // What is left of a limit, which each of the forms takes its own of.
    context.remove("rateLimit");
    match context["reason"].as_str().unwrap() {
        "UNKNOWN" | "EXPIRED" | "DISABLED" | "SUSPENDED" | "EXPOSED" => {
            assert!(!is_allowed);
            Outcome::Unauthorized
        }
        _ if is_allowed => Outcome::Allowed(verdict),
        _ => Outcome::Refused(verdict),
    }
}

/// Keys in every state, and texts that are none.
async fn values(gateway: &Gateway, admin: &Client) -> Vec<String> {
    let key = async |more: Value| admin.create(&new_key_with(&more)).await;
    let RefusedKeys { disabled, exposed, deleted, expired, suspended } = RefusedKeys::of(gateway, admin).await;
    let limited = key(json!({"limits": [{"requests": 1, "per": "MONTH"}]})).await;
    assert!(limited.authorize().await.is_ok());
    let keys = [
        key(json!({"operations": ["SMS", "RCS"]})).await,
        key(json!({"allowedIps": ["192.0.2.1"]})).await,
        key(json!({"limits": [{"requests": 900_000_000, "per": "MONTH"}]})).await,
        limited,
        disabled,
        exposed,
        deleted,
        expired,
        suspended,
        admin.create_key(&["SMS"]).await,
        admin.create_key(&["RCS"]).await,
        admin.clone(),
    ];
    let values = keys.map(|key| key.value);
    let mistyped = values[0].replace(|letter: char| letter.is_ascii_digit(), "x");
    values.into_iter().chain(["garbage".to_owned(), String::new(), mistyped]).collect()
}

/// So many requests in all; `make nightly` makes 100,000.
fn requests() -> usize {
    env::var("FORM_REQUESTS").map_or(6_000, |count| count.parse().unwrap())
}

#[tokio::test]
async fn the_same_request_gets_the_same_verdict_in_every_form() {
    const PATHS: [&str; 16] = [
        "/sms",
        "/sms/",
        "/sms/1",
        "/rcs",
        "/rcs/sms",
        "/SMS",
        "/sms/../rcs",
        "/sms/%2e%2e/rcs",
        "/sms%2Frcs",
        "/sms/a%2Fb",
        "/sms;x",
        "/v1/orders",
        "/v1/orders/7/items",
        "/v1/health",
        "/authentication/self",
        "/sms/{x}",
    ];
    const PATTERNS: [&str; 5] = ["/{proxy+}", "/{one}", "/sms", "/sms/{proxy+}", "/v1/orders/{proxy+}"];
    const METHODS: [&str; 4] = ["GET", "POST", "DELETE", "CONNECT"];
    const ADDRESSES: [&str; 3] = ["192.0.2.1", "203.0.113.7", "..."];
    let variables = [
        Value::Null,
        json!({}),
        json!({"limitAnswer": "integration"}),
        json!({"keyHeader": "authorization"}),
        json!({"keyService": "true"}),
        json!({"routeOperations": "GET/v1/orders:SMS,v1/orders:RCS,v1/health:,sms:SMS"}),
        json!({"routeOperations": "rcs:RCS,:SMS", "limitAnswer": "integration"}),
        json!({"routeOperations": "rcs"}),
    ];
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.ceiling = Limits::NONE);
    let values = values(&gateway, &admin).await;
    let mut random = fastrand::Rng::with_seed(27);
    // A limit has the seconds until the time to come back.
    let moment = gateway.now();
    let mut seen = [0; 4];
    for _ in 0..requests() / Form::ALL.len() {
        let value = random.choice(&values).unwrap();
        let bearer = format!("Bearer {value}");
        let (key, authorization) = (("X-API-Key", &**value), ("Authorization", &*bearer));
        let headers: Vec<_> = match random.u8(0..8) {
            0 => vec![authorization],
            1 => vec![key, authorization],
            2 => vec![key, key],
            3 => vec![],
            _ => vec![key],
        };
        let asked = Asked {
            method: random.choice(METHODS).unwrap(),
            path: random.choice(PATHS).unwrap(),
            pattern: random.choice(PATTERNS).unwrap(),
            headers: &headers,
            source_ip: random.choice(ADDRESSES).unwrap(),
            variables: random.choice(&variables).unwrap(),
        };
        gateway.set_time(moment);
        let rest = outcome(&gateway, Form::Rest, &asked).await;
        for form in [Form::Http1, Form::Http2] {
            gateway.set_time(moment);
            assert_eq!(outcome(&gateway, form, &asked).await, rest, "{form:?} {} {}", asked.method, asked.path);
        }
        seen[match rest {
            Outcome::Allowed(_) => 0,
            Outcome::Refused(_) => 1,
            Outcome::Unauthorized => 2,
            Outcome::Failure(_) => 3,
        }] += 1;
    }
    assert!(seen.iter().all(|count| *count > requests() / 300), "{seen:?}");
}
