//! The authorizer: which header is a key, what the gateway is told, and what it costs.

use std::time::Duration;

use api_keys::key::Catalogue;
use api_keys::lambda::settings;
use authorizer::{AuthorizerEvent, Refusal};
use serde_json::{Value, json};
use tests::gateway::{STAGE, allows, sample_event};
use tests::template::template;
use tests::wire::Call;
use tests::{Client, Gateway};

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
async fn a_well_formed_key_that_nobody_has_is_refused_after_one_read() {
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
    let (gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let both = admin.create_key(&["SMS", "RCS"]).await;
    let opens = async |key: &Client, method: &str, path: &str| {
        let verdict = gateway.authorize(method, path, &[("X-API-Key", &key.value)]).await.unwrap();
        allows(&verdict, &format!("{STAGE}/{method}{path}"))
    };

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
        assert!(!opens(&sms, "DELETE", path).await, "{path}");
        assert!(!opens(&sms, "POST", path).await, "{path}");
    }
    assert!(!opens(&both, "POST", "/other/rcs/sms").await);
    for path in ["/sms/rcs", "/sms/sms", "/sms/rcs/1"] {
        assert!(opens(&sms, "POST", path).await, "{path}");
    }
    for path in ["/rcs/sms", "/sms/rcs/1"] {
        assert!(opens(&both, "POST", path).await, "{path}");
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
    let opens = async |method: &str, path: &str| {
        let verdict = gateway.authorize(method, path, &[("X-API-Key", &new.value)]).await.unwrap();
        allows(&verdict, &format!("{STAGE}/{method}{path}"))
    };
    let encoded = |text: &str| text.replace('_', "%5f").replace('s', "%73");
    let own = [&*new.id, &new.value, &old.value, "self"];

    for name in own.iter().map(|name| (*name).to_owned()).chain(own.iter().map(|name| encoded(name))) {
        let path = format!("/authentication/{name}");
        assert!(opens("GET", &path).await);
        for method in ["DELETE", "PATCH", "POST", "PUT", "HEAD"] {
            assert!(!opens(method, &path).await, "{method}");
        }
    }
    for id in [&*new.id, "self", "%73elf"] {
        for rest in ["/", "/usage", "/usage/"] {
            assert!(opens("GET", &format!("/authentication/{id}{rest}")).await, "{rest}");
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
        assert!(!opens("GET", &format!("/authentication/{other}")).await);
    }
    gateway.pass(Duration::from_mins(1));
    assert!(!opens("GET", &format!("/authentication/{}", old.value)).await, "the grace period is over");
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

#[tokio::test]
async fn the_verdict_says_who_calls_and_carries_no_secret_even_when_the_path_does() {
    let (gateway, admin) = Gateway::with_manager().await;

    let path = format!("/authentication/{}", admin.value);
    let verdict = gateway.authorize("GET", &path, &[("X-API-Key", &admin.value)]).await.unwrap();

    assert_eq!(verdict["principalId"], json!(admin.id));
    assert_eq!(
        verdict["context"],
        json!({
            "accountId": admin.account_id, "keyId": admin.id, "userId": "user-1", "username": "Ada",
            "company": "Example", "operations": "SMS,RCS,WHATSAPP,AUTHENTICATION", "trafficType": "TRANSACTIONAL",
            "retryAfter": "0", "limited": "false"
        })
    );
    assert!(!verdict.to_string().contains(&admin.value));
    let secret = admin.value.rsplit('_').next().unwrap();
    assert!(!verdict.to_string().contains(secret));
}

/// What API Gateway documents to take from an authorizer, less what is kept for the context of limited keys.
const LIMIT: usize = 8_192 - 400;

/// The largest catalogues that the template takes: one of each number of names, as long as may be.
fn largest_catalogues() -> Vec<String> {
    let parameter = &template()["Parameters"]["Operations"];
    let pattern = "^[A-Z][A-Z0-9_]{0,31}(,[A-Z][A-Z0-9_]{0,31}){0,38}$";
    assert_eq!(parameter["AllowedPattern"], pattern, "these are the largest ones of this pattern");
    let max_length: usize = parameter["MaxLength"].as_u64().unwrap().try_into().unwrap();
    (1..=39)
        .map(|count| {
            let letters = max_length + 1 - count;
            let length = |at: usize| (letters / count + usize::from(at < letters % count)).min(32);
            (0..count).map(|at| format!("A{at:0>width$}", width = length(at) - 1)).collect::<Vec<_>>().join(",")
        })
        .collect()
}

fn catalogue_of(operations: &str) -> Result<Catalogue, String> {
    let variables = [("OPERATIONS", Some(operations)), ("TRAFFIC_TYPES", Some("AN_OVERLONG_NAME_OF_TRAFFIC_TYPE"))];
    temp_env::with_vars(variables, settings::catalogue).map_err(|error| error.to_string())
}

#[tokio::test]
async fn the_largest_answer_is_within_what_the_gateway_takes() {
    let longest = "😀".repeat(128);
    let mut largest = 0;
    for operations in largest_catalogues() {
        let gateway = Gateway::start().await;
        gateway.set(|settings| {
            settings.catalogue = catalogue_of(&operations).expect("the functions start with what the template takes");
        });
        let account = json!({"company": longest, "userId": longest, "username": longest});
        let manager = gateway.client_of(&gateway.invoke_create_account(account).await.unwrap());
        let others: Vec<_> = operations.split(',').collect();
        let other = manager.create(&json!({"userId": longest, "username": longest, "operations": others})).await;
        for key in [&manager, &other] {
            let mut event = sample_event("authorizer");
            let stage = "s".repeat(128);
            let arn = format!("arn:aws-us-gov:execute-api:us-isof-south-1:123456789012:a1b2c3d4e5/{stage}/GET/x");
            event["methodArn"] = json!(arn);
            event["multiValueHeaders"] = json!({"X-API-Key": [key.value]});
            let verdict = gateway.decide(&event).await.unwrap();
            largest = largest.max(verdict.to_string().len());
        }
    }
    assert!(largest <= LIMIT, "{largest} bytes");
    assert!(largest > LIMIT - 150, "{largest} bytes: the template could take more");
}

#[test]
fn no_function_starts_with_a_catalogue_whose_answers_the_gateway_would_not_take() {
    let names = |count: usize| (0..count).map(|at| format!("A{at:0>31}")).collect::<Vec<_>>().join(",");
    assert!(catalogue_of(&names(29)).is_ok());
    let error = catalogue_of(&names(30)).unwrap_err();
    let expected = "the environment variable OPERATIONS must be a list of fewer or shorter names: the authorizer's answer for all of \
                    them exceeds API Gateway's 8 KB";
    assert_eq!(error, expected);
    assert!(catalogue_of(&format!("A{}", "A".repeat(32))).unwrap_err().contains("at most 32 characters"));
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
    for arn in ["secret", "arn:aws:execute-api", "secret/v1/GET/x", "arn:x//GET/x"] {
        let mut event = sample_event("authorizer");
        event["methodArn"] = json!(arn);
        let error = serde_json::from_str::<AuthorizerEvent>(&event.to_string()).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
