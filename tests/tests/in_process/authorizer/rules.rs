//! Which operation which route needs, where an API has rules of its own.

use std::env;
use std::time::Duration;

use api_keys::check::RouteRules;
use authorizer::Refusal;
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::gateway::{STAGE, allows, sample_event};
use tests::{Again, Client, Gateway};

use crate::properties::for_all;

async fn is_opened(key: &Client, variables: &Value, method: &str, path: &str) -> bool {
    let verdict = key.verdict_on(method, path, "/{proxy+}", variables).await;
    allows(&verdict, &format!("{STAGE}/{method}{path}"))
}

#[tokio::test]
async fn an_api_keeps_its_paths_and_names_what_each_needs() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let (sms, rcs) = (admin.create_key(&["SMS"]).await, admin.create_key(&["RCS"]).await);
    let variables =
        json!({"routeOperations": "GET/v1/orders:SMS,POST/v1/orders:RCS,GET/v1/health:,users/~/invoices:RCS"});

    for (method, path, by_sms, by_rcs) in [
        ("GET", "/v1/orders", true, false),
        ("GET", "/v1/orders/7", true, false),
        ("POST", "/v1/orders", false, true),
        ("GET", "/v1/health", true, true),
        ("POST", "/v1/health", false, false),
        ("DELETE", "/users/1/invoices/2", false, true),
        ("DELETE", "/users/1", false, false),
        ("GET", "/sms", false, false),
        ("GET", "/v1", false, false),
        ("GET", "/V1/orders", false, false),
        ("GET", "/v1/orders/../health", false, false),
        ("GET", "/v1%2Forders", false, false),
        ("GET", "/v1/health;/../orders", false, false),
    ] {
        assert_eq!(is_opened(&sms, &variables, method, path).await, by_sms, "{method} {path}");
        assert_eq!(is_opened(&rcs, &variables, method, path).await, by_rcs, "{method} {path}");
    }
    let verdict = sms.verdict_on("GET", "/v1/orders", "/v1/orders", &variables).await;
    assert!(!allows(&verdict, &format!("{STAGE}/POST/v1/orders")), "another entry");
    assert!(!allows(&verdict, &format!("{STAGE}/DELETE/v1/orders")));
    for pattern in ["/v1/health", "/v1", "/{one}"] {
        let verdict = sms.verdict_on("GET", "/v1/orders", pattern, &variables).await;
        assert!(!allows(&verdict, &format!("{STAGE}/GET/v1/orders")), "what {pattern} leads to meets another entry");
    }
}

#[tokio::test]
async fn a_path_that_meets_another_entry_in_another_reading_is_refused() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let variables = json!({"routeOperations": "v1/admin:RCS,:SMS"});
    assert!(is_opened(&sms, &variables, "GET", "/v1/orders").await);
    for path in
        ["/v1/%61dmin", "/v1/%2561dmin", "/v1/admin;x", "/v1/admin%3Bx", "/v1/ADMIN", "/v1%2Fadmin", "/V1/%41dmin/x"]
    {
        assert!(!is_opened(&sms, &variables, "GET", path).await, "{path}");
    }
}

#[tokio::test]
async fn a_path_is_read_in_the_orders_in_which_servers_split_cut_and_decode_it() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let mut opened = Vec::new();
    for (rules, path, reading) in [
        ("v1/admin/users:RCS,:SMS", "/v1/%61dmin;%2Fx/users", "parameters are cut off, then it is decoded"),
        ("v1/admin/users:RCS,:SMS", "/v1/%2561dmin;%252Fx/users", "the same by a server behind a proxy that decodes"),
        ("v1/admin/~/users:RCS,:SMS", "/v1/%61dmin/x%2Fy/users", "it is split, then each segment is decoded"),
        ("v1/admin/~/users:RCS,:SMS", "/v1/%61dmin/x%252Fy/users", "the same behind a proxy that decodes"),
        ("v1/admin/~/users:RCS,:SMS", "/v1/%61dmin;v=1/x%2Fy;z/users", "all of these"),
        ("v1/admin:RCS,:SMS", "/v1/admin%23x", "a proxy decodes it, and takes the rest for a fragment"),
        ("v1/admin:RCS,:SMS", "/v1/%2561dmin%2523/x", "the same, encoded twice"),
        ("v1/admin:RCS,:SMS", "/v1/ADM\u{130}N", "letters are made small one by one"),
        ("v1/admin:RCS,:SMS", "/v1/adm%C4%B0n", "the same, encoded"),
        ("v1/admin:RCS,:SMS", "/v1/%u0061dmin", "as Windows decodes"),
    ] {
        let variables = json!({"routeOperations": rules});
        if is_opened(&sms, &variables, "GET", path).await {
            opened.push((path, reading));
        }
        assert!(is_opened(&sms, &variables, "GET", "/v1/orders/x%2Fy;z/%23u").await);
    }
    assert_eq!(opened, []);
}

#[tokio::test]
async fn a_route_that_always_meets_one_entry_is_opened_by_no_other() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let variables = json!({"routeOperations": "POST/v1/admin:RCS,v1/admin/~:RCS,users/~/invoices:RCS,:SMS"});
    for (method, pattern, is_opened) in [
        ("GET", "/v1/admin/{id}", false),
        ("GET", "/v1/admin/users", false),
        ("GET", "/v1/admin/users/{proxy+}", false),
        ("GET", "/users/{id}/invoices", false),
        ("POST", "/v1/admin", false),
        ("GET", "/v1/admin", true),
        ("GET", "/v1/admin/{proxy+}", true),
        ("GET", "/v1/{id}/users", true),
        ("GET", "/{proxy+}", true),
    ] {
        // As if the gateway took this path for one of that route, for an unknown reason.
        let verdict = sms.verdict_on(method, "/v1/orders", pattern, &variables).await;
        assert_eq!(allows(&verdict, &format!("{STAGE}/{method}/v1/orders")), is_opened, "{method} {pattern}");
    }
}

#[tokio::test]
async fn a_brace_in_a_path_does_not_hide_an_encoded_slash() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let (sms, both) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS", "RCS"]).await);
    for (rules, pattern, path) in [
        ("v1/admin:RCS,:SMS", "/{one}", "/v1%2Fadmin%2F{x}"),
        ("users/~/invoices:RCS,:SMS", "/users/{id}", "/users/1%2Finvoices%2F{x}"),
        ("users/~/invoices:RCS,:SMS", "/users/{id}", "/users/{id}"),
        ("users/~/invoices:RCS,:SMS", "/USERS/{id}/{what}", "/USERS/1/invoices{"),
    ] {
        let opens = async |key: &Client| {
            let verdict = key.verdict_on("GET", path, pattern, &json!({"routeOperations": rules})).await;
            allows(&verdict, &format!("{STAGE}/GET{path}"))
        };
        assert!(!opens(&sms).await, "{path} of {pattern} may be what {rules} names first");
        assert!(opens(&both).await, "{path} of {pattern}");
    }
}

#[tokio::test]
async fn rules_are_continued_in_further_variables() {
    let (_gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    for (first, second) in [("a:SMS", "b:SMS"), ("a:SMS,", "b:SMS"), ("a:SMS", ",b:SMS"), ("a:SMS,x:", "b:SMS,c:")] {
        let variables = json!({"routeOperations": first, "routeOperations2": second});
        assert!(is_opened(&sms, &variables, "GET", "/a").await && is_opened(&sms, &variables, "GET", "/b").await);
    }
    let mut variables = json!({"routeOperations": "v1:SMS"});
    for number in 2..=9 {
        variables[format!("routeOperations{number}")] = json!(format!("v{number}:SMS"));
    }
    for number in 1..=9 {
        assert!(is_opened(&sms, &variables, "GET", &format!("/v{number}/x")).await);
    }
    assert!(!is_opened(&sms, &variables, "GET", "/v10").await);
}

/// Set where malformed variables are to be asked with.
const ASKS: &str = "TESTS_ASK_WITH_MALFORMED_RULES";
const NAME: &str = "authorizer::rules::malformed_rules_refuse_everything_and_are_logged_once_a_minute";

#[tokio::test]
async fn malformed_rules_refuse_everything_and_are_logged_once_a_minute() {
    if env::var_os(ASKS).is_some() {
        return ask_with_malformed_rules().await;
    }
    let Again { log, lines, .. } = Again::run(NAME, ASKS);
    let logged = |what: &str| lines.iter().filter(|line| line["message"].as_str().unwrap().contains(what)).count();
    assert_eq!(logged("entry 2 of routeOperations, `Reports:reports`: behind its last `:` is no operation"), 2);
    assert_eq!(logged("routeOperations3 is there, and one before it is missing"), 1);
    assert_eq!(logged("routeOperations2 is there, and one before it is missing"), 1);
    assert_eq!(lines.len(), 4, "{log}");
    for line in &lines {
        assert_eq!((&line["level"], &line["operation"]), (&json!("ERROR"), &json!("authorize a1b2c3d4e5/v1")));
        assert!(line["requestId"].is_string());
    }
}

async fn ask_with_malformed_rules() {
    let (gateway, admin) = Gateway::with_manager().await;
    drop((gateway.functions.kept.reasons.take_rest(), gateway.wire.take_calls()));
    let refuses = async |variables: Value| {
        let mut event = sample_event("authorizer");
        event["stageVariables"] = variables;
        event["multiValueHeaders"] = json!({"X-API-Key": [admin.value]});
        assert_eq!(gateway.decide(&event).await.err(), Some(Refusal::Misconfigured));
    };
    for _ in 0..12 {
        refuses(json!({"routeOperations": ":SMS,Reports:reports"})).await;
        gateway.pass(Duration::from_secs(6));
    }
    refuses(json!({"routeOperations": ":SMS", "routeOperations3": "a:A"})).await;
    refuses(json!({"routeOperations2": ":SMS"})).await;
    assert!(gateway.wire.take_calls().is_empty(), "nothing is read");
    let counted = gateway.functions.kept.reasons.take_rest();
    let counts = counted.iter().flat_map(|minute| &minute.counts).map(|(reason, count)| (reason.name(), *count));
    assert!(
        counts.clone().all(|(reason, _)| reason == "Unavailable") && counts.map(|(_, count)| count).sum::<u64>() > 0
    );
}

/// An entry of a list, as text and as what it means.
type Entry = (Option<&'static str>, Vec<String>, &'static str);

fn entries() -> impl Strategy<Value = Entry> {
    let method = prop_oneof![2 => Just(None), 1 => prop_oneof![Just("GET"), Just("POST")].prop_map(Some)];
    let segment = prop_oneof![3 => "[ab]", 1 => Just("~".to_owned()), 1 => "[a-z0-9._:=&-]{1,3}[a-z]"];
    let operation = prop_oneof![Just(""), Just("SMS"), Just("RCS_BULK"), Just("A")];
    (method, prop::collection::vec(segment, 0..4), operation)
}

fn text((method, prefix, operation): &Entry) -> String {
    let method = method.map(|method| format!("{method}/")).unwrap_or_default();
    format!("{method}{}:{operation}", prefix.join("/"))
}

/// Whether these operations open a plain path by these entries, by the shortest way to decide it.
fn opens(entries: &[Entry], operations: &[&str], method: &str, path: &[String]) -> bool {
    let met = entries.iter().find(|(of_method, prefix, _)| {
        of_method.is_none_or(|of_method| of_method == method)
            && prefix.len() <= path.len()
            && prefix.iter().zip(path).all(|(wanted, segment)| wanted == "~" || wanted == segment)
    });
    met.is_some_and(|(.., operation)| operation.is_empty() || operations.contains(operation))
}

#[test]
fn any_rules_of_an_api_are_read_as_they_are_meant() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_gateway, sms) = runtime.block_on(async {
        let (gateway, admin) = Gateway::with_manager().await;
        let sms = admin.create_key(&["SMS"]).await;
        (gateway, sms)
    });
    let paths = prop::collection::vec(prop_oneof!["[abc]", "[a-z0-9._:=&-]{1,3}[a-z]"], 0..5);
    let methods = prop_oneof![Just("GET"), Just("POST"), Just("DELETE")];
    let cases = (prop::collection::vec(entries(), 1..8), paths, methods);
    for_all(512, &cases, |(entries, path, method)| {
        let list = entries.iter().map(text).collect::<Vec<_>>().join(",");
        assert_eq!(RouteRules::parse(&list).unwrap().to_string(), list);
        let variables = json!({ "routeOperations": list });
        let opened = runtime.block_on(is_opened(&sms, &variables, method, &format!("/{}", path.join("/"))));
        assert_eq!(opened, opens(&entries, &["SMS"], method, &path), "{list} on {method} {path:?}");
    });
}

#[test]
fn any_text_is_a_list_or_an_error_that_names_its_entry() {
    let texts = prop_oneof![any::<String>(), "[A-Za-z0-9~/:,. ]{0,60}", "((GET/)?[a-z~/]{0,9}:[A-Z]{0,3},){0,5}"];
    for_all(4096, &texts, |list| match RouteRules::parse(&list) {
        Ok(rules) => assert_eq!(rules.to_string(), list),
        Err(error) => {
            let error = error.to_string();
            assert!(error.starts_with("entry ") && list.split(',').any(|entry| error.contains(&format!("`{entry}`"))));
        }
    });
}
