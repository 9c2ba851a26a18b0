//! The authorizer: which header is a key, what the gateway is told, and what it costs.

use authorizer::{AuthorizerEvent, Refusal};
use serde_json::{Value, json};
use tests::Gateway;
use tests::gateway::{STAGE, allows, sample_event};
use tests::wire::Call;

#[tokio::test]
async fn one_good_key_is_read_once_strongly_consistent_and_never_through_the_index() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    drop(gateway.wire.take_calls());

    gateway.authorize("GET", "/sms", &[("X-API-Key", &admin.value)]).await.unwrap();

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
        let event: AuthorizerEvent = serde_json::from_value(event).unwrap();
        let event = lambda_runtime::LambdaEvent::new(event, lambda_runtime::Context::default());
        let verdict = authorizer::handle(
            event,
            &gateway.reader,
            &gateway.last_use,
            api_keys::ImportedKeys::Refused,
            gateway.now(),
        )
        .await;
        assert_eq!(verdict.err(), Some(Refusal::Unauthorized));
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
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    let random = api_keys::Random::system();
    let locator = api_keys::Locator {
        account_id: api_keys::AccountId::parse(&admin.account_id).unwrap(),
        id: api_keys::KeyId::parse(&admin.id).unwrap(),
    };
    let prefix = api_keys::KeyPrefix::parse("ak_live").unwrap();
    let forged = api_keys::KeyValue::generate(&prefix, locator, &random).unwrap();
    drop(gateway.wire.take_calls());

    let refused = gateway.authorize("GET", "/sms", &[("X-API-Key", forged.expose())]).await.err();

    assert_eq!(refused, Some(Refusal::Unauthorized), "the right place with another secret");
    assert_eq!(gateway.wire.take_calls().len(), 1);
}

#[tokio::test]
async fn each_operation_opens_the_routes_of_its_name_and_no_others() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    let sms = admin.create_key(&["SMS"]).await;

    let verdict = gateway.authorize("GET", "/sms", &[("X-API-Key", &sms.value)]).await.unwrap();

    for open in ["GET/sms", "POST/sms", "POST/sms/1/parts", "GET/authentication/self", "GET/authentication/anything"] {
        assert!(allows(&verdict, &format!("{STAGE}/{open}")), "{open}");
    }
    for closed in [
        "GET/rcs",
        "POST/rcs/1",
        "GET/smsx",
        "GET/xsms",
        "GET/",
        "GET/authentication",
        "POST/authentication",
        "DELETE/authentication/x",
        "PATCH/authentication/x",
        "POST/authentication/x/rotate",
        "GET/whatsapp",
    ] {
        assert!(!allows(&verdict, &format!("{STAGE}/{closed}")), "{closed}");
    }
    assert!(!allows(&verdict, "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/v2/GET/sms"), "another stage");
    assert!(!allows(&verdict, "arn:aws:execute-api:eu-central-1:123456789012:zzzzzzzzzz/v1/GET/sms"), "another API");

    let verdict = gateway.authorize("GET", "/sms", &[("X-API-Key", &admin.value)]).await.unwrap();
    for open in ["GET/authentication", "POST/authentication", "DELETE/authentication/x", "GET/rcs/1", "GET/whatsapp"] {
        assert!(allows(&verdict, &format!("{STAGE}/{open}")), "{open}");
    }
}

#[tokio::test]
async fn an_operation_opens_no_route_of_another_whose_path_goes_on_like_its_own() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;
    let sms = admin.create_key(&["SMS"]).await;
    let both = admin.create_key(&["SMS", "RCS"]).await;
    let opens = async |key: &tests::Client<'_>, method: &str, path: &str| {
        let verdict = gateway.authorize(method, path, &[("X-API-Key", &key.value)]).await.unwrap();
        allows(&verdict, &format!("{STAGE}/{method}{path}"))
    };

    // IAM's `*` for the method knows no slashes.
    for path in ["/rcs/sms", "/rcs/sms/1", "/rcs/1/sms/2", "/other/sms", "//sms", "/authentication/sms", "/s/sms"] {
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

#[tokio::test]
async fn the_verdict_says_who_calls_and_carries_no_secret_even_when_the_path_does() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Example").await;

    let path = format!("/authentication/{}", admin.value);
    let verdict = gateway.authorize("GET", &path, &[("X-API-Key", &admin.value)]).await.unwrap();

    assert_eq!(verdict["principalId"], json!(admin.id));
    assert_eq!(
        verdict["context"],
        json!({
            "accountId": admin.account_id, "keyId": admin.id, "userId": "user-1", "username": "Ada",
            "company": "Example", "operations": "SMS,RCS,WHATSAPP,AUTHENTICATION", "trafficType": "TRANSACTIONAL"
        })
    );
    assert!(!verdict.to_string().contains(&admin.value));
    let secret = admin.value.rsplit('_').next().unwrap();
    assert!(!verdict.to_string().contains(secret));
}

#[tokio::test]
async fn a_policy_for_the_largest_catalogue_fits_into_what_the_gateway_takes() {
    let names: Vec<_> = (0..39).map(|number| format!("OPERATION_WITH_A_LONG_NAME_{number:05}")).collect();
    assert!(api_keys::Catalogue::parse(&names.join(","), "A").is_some());
    let resources: usize = names
        .iter()
        .map(|name| api_keys::Operation::parse(name).unwrap().path_segment())
        .map(|segment| format!("\"{STAGE}/*/{segment}\",\"{STAGE}/*/{segment}/*\",").len())
        .sum();
    assert!(resources < 8_192, "{resources}");
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
