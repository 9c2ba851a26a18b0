//! The authorizer: which header is a key, its answers to the gateway, and what they cost.

mod forms;
mod key_header;
mod paths;
mod routes;
mod rules;

use api_keys::key::Limits;
use api_keys::lambda::settings;
use authorizer::{AuthorizerEvent, Refusal};
use serde_json::{Value, json};
use tests::Gateway;
use tests::gateway::{Asked, Form, sample_event};
use tests::template::template;
use tests::wire::Call;

#[tokio::test]
async fn one_good_key_is_read_once_strongly_consistent_and_never_through_the_index() {
    let (gateway, admin) = Gateway::with_manager().await;
    drop(gateway.wire.take_calls());

    admin.verdict().await;

    let read = Call { operation: "GetItem".into(), index: None, consistent: true };
    assert_eq!(gateway.wire.take_calls(), [read]);
}

#[tokio::test]
async fn the_header_may_be_spelt_in_any_case_but_is_there_once() {
    let gateway = Gateway::start().await;
    let key = &*gateway.create_account("Example").await.value;

    for name in ["X-API-Key", "x-api-key", "X-Api-Key", "X-API-KEY"] {
        assert!(gateway.authorize("GET", "/sms", &[(name, key)]).await.is_ok(), "{name}");
    }
    let joined = format!("{key},{key}");
    drop(gateway.wire.take_calls());
    for headers in [
        vec![],
        vec![("Authorization", key)],
        vec![("X-API-Key", "")],
        vec![("X-API-Key", key), ("X-API-Key", key)],
        vec![("X-API-Key", key), ("x-api-key", key)],
        vec![("X-API-Key", key), ("x-api-key", "")],
        vec![("X-API-Key", &*joined)],
    ] {
        assert_eq!(gateway.authorize("GET", "/sms", &headers).await.err(), Some(Refusal::Unauthorized));
    }
    assert_eq!(gateway.wire.take_calls(), [], "none of them is worth a read");
}

#[tokio::test]
async fn an_event_without_lists_of_headers_has_no_key() {
    let gateway = Gateway::start().await;
    for headers in [Value::Null, json!({}), json!({"X-API-Key": []})] {
        let mut event = sample_event("authorizer");
        event["multiValueHeaders"] = headers;
        assert_eq!(gateway.decide(&event).await.err(), Some(Refusal::Unauthorized));
    }
}

#[tokio::test]
async fn what_is_no_key_costs_no_read() {
    let gateway = Gateway::start().await;
    let key = gateway.create_account("Example").await.value;
    drop(gateway.wire.take_calls());

    let cut = &key[..key.len() - 1];
    let long = key.repeat(100);
    let upper = key.to_uppercase();
    for garbage in [
        "x",
        "null",
        " ",
        "\u{0}",
        "é",
        "ak_live",
        "ak_live_",
        cut,
        &long,
        &upper,
        &format!("{key} "),
        &format!(" {key}"),
        &format!("{key}\n"),
        &key.replace("ak_live", "Ak_live"),
        &key.replace("ak_live_1", "ak_live_2"),
        &key.replace("ak_live", "ak_test"),
        "sk_test_0123456789abcdef0123456789abcdef",
        &"x".repeat(100_000),
        &"_".repeat(500),
    ] {
        let refused = gateway.authorize("GET", "/sms", &[("X-API-Key", garbage)]).await.err();
        assert_eq!(refused, Some(Refusal::Unauthorized));
    }
    assert_eq!(gateway.wire.take_calls(), []);
}

#[tokio::test]
async fn one_changed_character_anywhere_is_refused_without_a_read() {
    let gateway = Gateway::start().await;
    let key = gateway.create_account("Example").await.value;
    drop(gateway.wire.take_calls());

    for at in 0..key.len() {
        for other in ['0', 'a', 'Z', '_', '-'] {
            let mut changed: Vec<char> = key.chars().collect();
            if std::mem::replace(&mut changed[at], other) != other {
                let changed: String = changed.into_iter().collect();
                let refused = gateway.authorize("GET", "/sms", &[("X-API-Key", &changed)]).await.err();
                assert_eq!(refused, Some(Refusal::Unauthorized), "position {at}");
            }
        }
    }
    assert_eq!(gateway.wire.take_calls(), []);
}

#[tokio::test]
async fn a_well_formed_unknown_key_is_refused_after_one_read() {
    let (gateway, admin) = Gateway::with_manager().await;
    let random = api_keys::key::Random::system();
    let locator = api_keys::key::Locator {
        account_id: api_keys::key::AccountId::parse(&admin.account_id).unwrap(),
        id: api_keys::key::KeyId::parse(&admin.id).unwrap(),
    };
    let prefix = api_keys::key::KeyPrefix::parse("ak_live").unwrap();
    let forged = api_keys::key::KeyValue::generate(&prefix, locator, &random).unwrap();
    drop(gateway.wire.take_calls());

    let refused = gateway.authorize("GET", "/sms", &[("X-API-Key", forged.expose())]).await.err();

    assert_eq!(refused, Some(Refusal::Unauthorized), "the right place with another secret");
    assert_eq!(gateway.wire.take_calls().len(), 1);
}

#[tokio::test]
async fn the_verdict_names_the_caller_and_carries_no_secret_even_when_the_path_does() {
    let (gateway, admin) = Gateway::with_manager().await;

    let path = format!("/authentication/{}", admin.value);
    let verdict = gateway.authorize("GET", &path, &[("X-API-Key", &admin.value)]).await.unwrap();

    assert_eq!(verdict["principalId"], json!(admin.id));
    assert_eq!(
        verdict["context"],
        json!({
            "accountId": admin.account_id, "keyId": admin.id, "userId": "user-1", "username": "Ada",
            "company": "Example", "externalId": "", "operations": "SMS,RCS,WHATSAPP,AUTHENTICATION", "trafficType": "TRANSACTIONAL",
            "tags": "", "reason": "ALLOWED", "retryAfter": "0", "limited": "false"
        })
    );
    assert!(!verdict.to_string().contains(&admin.value));
    let secret = admin.value.rsplit('_').next().unwrap();
    assert!(!verdict.to_string().contains(secret));
}

/// The largest catalogue that the template takes: short names are the most text in a list.
fn largest_catalogue() -> String {
    let parameter = &template()["Parameters"]["Operations"];
    let pattern = "^(?!(.*,)?AUTHENTICATION_READ(,|$))[A-Z][A-Z0-9_]{0,31}(,[A-Z][A-Z0-9_]{0,31}){0,38}$";
    assert_eq!(parameter["AllowedPattern"], pattern, "this is the largest one of this pattern");
    let most: usize = parameter["MaxLength"].as_u64().unwrap().try_into().unwrap();
    let names = (most + 1) / 33;
    (0..names)
        .map(|at| format!("A{at:0>31}"))
        .chain([format!("A{:0>1$}", 0, most - names * 33 - 1)])
        .collect::<Vec<_>>()
        .join(",")
}

/// The most bytes of an answer; API Gateway documents to take 8 KB.
const MOST: usize = 8_000;

#[tokio::test]
async fn the_largest_answer_is_within_what_the_gateway_takes() {
    let operations = largest_catalogue();
    assert_eq!(operations.len(), 600);
    let gateway = Gateway::start().await;
    let variables = [("OPERATIONS", Some(&*operations)), ("TRAFFIC_TYPES", Some("AN_OVERLONG_NAME_OF_TRAFFIC_TYPE"))];
    gateway.set(|settings| settings.catalogue = temp_env::with_vars(variables, settings::catalogue).unwrap());
    let longest = "😀".repeat(128);
    let limits: Vec<_> = ["MINUTE", "DAY", "MONTH"].map(|per| json!({"requests": 900_000_000, "per": per})).to_vec();
    let account = json!({
        "company": longest, "externalId": longest, "userId": longest, "username": longest, "accountLimits": limits
    });
    let manager = gateway.client_of(&gateway.invoke_create_account(account).await.unwrap());
    // One more than a key may have of its own.
    gateway.set(|settings| settings.ceiling = Limits::parse("900000000/HOUR").unwrap());
    let operations: Vec<_> = operations.split(',').chain(["AUTHENTICATION", "AUTHENTICATION_READ"]).collect();
    let key = manager
        .create(&json!({"userId": longest, "username": longest, "operations": operations, "limits": limits, "tags": longest_tags()}))
        .await;
    let mut largest = 0;
    for path in
        (0..3_700).step_by(50).map(|length| format!("{}/{}", operations[0].to_lowercase(), "\"".repeat(length / 2)))
    {
        let stage = "s".repeat(128);
        let arn = format!("arn:aws-us-gov:execute-api:us-isof-south-1:123456789012:a1b2c3d4e5/{stage}/OPTIONS/{path}");
        for form in Form::ALL {
            let mut event = form.event(&Asked {
                method: "OPTIONS",
                path: "",
                pattern: "/{proxy+}",
                headers: &[("X-API-Key", &key.value)],
                source_ip: "192.0.2.1",
                variables: &Value::Null,
            });
            event[if form == Form::Http2 { "routeArn" } else { "methodArn" }] = json!(arn);
            let verdict = gateway.decide(&event).await.unwrap();
            let policy = verdict["policyDocument"]["Statement"][0]["Resource"].to_string();
            assert!(policy.len() <= 4_000, "{} bytes", policy.len());
            largest = largest.max(verdict.to_string().len());
        }
    }
    assert!((MOST - 500..=MOST).contains(&largest), "{largest} bytes");
}

/// Tags of as many bytes as there may be.
fn longest_tags() -> Value {
    let texts =
        (0..8).map(|at| (format!("t{at}"), json!("x".repeat(if at == 7 { 1024 - 8 * 3 - 7 * 124 - 7 } else { 124 }))));
    texts.collect()
}

#[test]
fn a_catalogue_has_names_of_a_shape() {
    let variables = [("OPERATIONS", Some(format!("A{}", "A".repeat(32)))), ("TRAFFIC_TYPES", Some("A".to_owned()))];
    let error = temp_env::with_vars(variables, settings::catalogue).unwrap_err().to_string();
    assert!(error.contains("at most 32 characters"), "{error}");
}

#[test]
fn the_gateway_turns_exactly_this_word_into_a_401() {
    let refused = lambda_runtime::Diagnostic::from(Refusal::Unauthorized);
    assert_eq!(refused.error_message, "Unauthorized");
    let unavailable = lambda_runtime::Diagnostic::from(Refusal::Unavailable);
    assert!(!unavailable.error_message.eq_ignore_ascii_case("Unauthorized"));
}

#[test]
fn an_event_that_names_no_method_is_an_error_that_repeats_nothing_of_it() {
    for arn in ["secret", "arn:aws:execute-api", "secret/v1/GET/x", "arn:x//GET/x", "arn:x/v1", "arn:x/v1/secret"] {
        let mut event = sample_event("authorizer");
        event["methodArn"] = json!(arn);
        let error = serde_json::from_str::<AuthorizerEvent>(&event.to_string()).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
