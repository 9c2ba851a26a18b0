//! Each route answers with the codes that it documents, and with no others.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api_keys::key::Lifetime;
use api_keys::lambda::Code;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::template::{root, template};
use tests::wire::{Fault, Reason};
use tests::{Answer, Client, Gateway, NEW_KEY, Signer, new_key_with};

use crate::api;

/// A route with a key, and a request to it that is good.
struct Route {
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    body: Option<&'static str>,
}

const fn route(operation: &'static str, method: &'static str, path: &'static str, body: Option<&'static str>) -> Route {
    Route { operation, method, path, body }
}

/// In each path `*` stands for a key's id.
const ROUTES: [Route; 10] = [
    route("listKeys", "GET", "/authentication", None),
    route("createKey", "POST", "/authentication", Some(NEW_KEY)),
    route("getKey", "GET", "/authentication/*", None),
    route("updateKey", "PATCH", "/authentication/*", Some(r#"{"name":"x"}"#)),
    route("deleteKey", "DELETE", "/authentication/*", None),
    route("rotateKey", "POST", "/authentication/*/rotate", None),
    route("listEvents", "GET", "/authentication/events", None),
    route("getAccount", "GET", "/authentication/account", None),
    route("getKeyUsage", "GET", "/authentication/*/usage", None),
    route("getAccountUsage", "GET", "/authentication/usage", None),
];

/// The codes that were reached, by route.
#[derive(Default)]
struct Reached(RefCell<BTreeMap<String, BTreeSet<Code>>>);

impl Reached {
    fn note(&self, operation: &str, code: Code, answer: &Answer) {
        assert_eq!(answer.body["code"], json!(code), "{operation}: {answer:?}");
        assert_eq!(answer.status, code.status().as_u16(), "{operation}: {answer:?}");
        self.0.borrow_mut().entry(operation.to_owned()).or_default().insert(code);
    }
}

/// What a route documents.
fn documented(api: &Value) -> BTreeMap<String, BTreeSet<Code>> {
    let operations = api["paths"].as_object().unwrap().values().flat_map(|it| it.as_object().unwrap().values());
    let codes = |operation: &Value| serde_json::from_value(operation["x-codes"].clone()).unwrap();
    operations.map(|it| (it["operationId"].as_str().unwrap().to_owned(), codes(it))).collect()
}

/// What the gateway alone answers, on every route: the test of the template looks at its words.
fn of_the_gateway() -> BTreeSet<Code> {
    let responses = template()["Resources"]["Api"]["Properties"]["GatewayResponses"].clone();
    let words = |response: &Value| response["ResponseTemplates"]["application/json"].as_str().unwrap().to_owned();
    let problems = responses.as_object().unwrap().values().map(|it| serde_json::from_str::<Value>(&words(it)).unwrap());
    problems.filter_map(|problem| serde_json::from_value(problem["code"].clone()).ok()).collect()
}

#[tokio::test]
async fn every_code_is_reached_on_each_route_that_documents_it() {
    let reached = Reached::default();
    reach_what_all_routes_have(&reached).await;
    reach_refusals_of_grants(&reached).await;
    reach_lifetimes(&reached).await;
    reach_missing_keys(&reached).await;
    reach_states_of_keys(&reached).await;
    reach_states_of_the_account(&reached).await;
    reach_contention(&reached).await;
    reach_other_versions(&reached).await;
    reach_repeats(&reached).await;
    reach_leaks(&reached).await;

    let reached = reached.0.into_inner();
    let of_the_gateway = of_the_gateway();
    for (operation, documented) in documented(&api()) {
        let reached = &reached[&operation];
        assert!(reached.is_subset(&documented), "{operation}: {:?}", reached.difference(&documented));
        for code in documented.difference(reached) {
            assert!(of_the_gateway.contains(code), "{operation} never answers {code:?}");
        }
    }
    let all: BTreeSet<_> = reached.into_values().flatten().chain(of_the_gateway).collect();
    // Of an attached API: see the test of the README's lines.
    let others: Vec<_> = Code::ALL.iter().filter(|code| !all.contains(code)).collect();
    assert_eq!(others, [&Code::Limited]);
}

async fn reach_what_all_routes_have(reached: &Reached) {
    let (gateway, admin) = Gateway::with_manager().await;
    let elsewhere = admin.create_with(&json!({"operations": ["AUTHENTICATION"], "allowedIps": ["198.51.100.1"]})).await;
    let narrow = admin.create_key(&["SMS"]).await;
    let other = admin.create_key(&["SMS"]).await;
    let (own, of_narrow) = (admin.verdict().await, narrow.verdict().await);
    for Route { operation, method, path, body } in &ROUTES {
        let path = path.replace('*', &other.id);
        let send = async |value: &str, path: &str| gateway.send(method, path, &[value], *body).await;

        reached.note(operation, Code::Unauthorized, &send("x", &path).await);
        reached.note(operation, Code::Address, &send(&elsewhere.value, &path).await);
        reached.note(operation, Code::Operation, &send(&narrow.value, &path).await);
        // Should the policy of a cached verdict ever let it through.
        reached.note(operation, Code::Operation, &gateway.hand_on(method, &path, &of_narrow, *body).await);
        reached.note(operation, Code::InvalidRequest, &send(&admin.value, &format!("{path}?unknown=1")).await);
    }
    gateway.wire.break_with(Fault::Fail);
    join_all(ROUTES.iter().map(async |Route { operation, method, path, body }| {
        let path = path.replace('*', &other.id);
        reached.note(operation, Code::Internal, &gateway.send(method, &path, &[&admin.value], *body).await);
        reached.note(operation, Code::Internal, &gateway.hand_on(method, &path, &own, *body).await);
    }))
    .await;
}

async fn reach_refusals_of_grants(reached: &Reached) {
    let (_, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["AUTHENTICATION"]).await;
    let sms = json!({"operations": ["SMS"]});
    let other = admin.create_key(&["SMS"]).await;

    reached.note("createKey", Code::CannotGrant, &limited.post(&new_key_with(&sms)).await);
    reached.note("updateKey", Code::CannotGrant, &limited.patch(&limited.id, &sms).await);
    reached.note("updateKey", Code::CannotChange, &limited.patch(&other.id, &json!({"name": "x"})).await);
    reached.note("rotateKey", Code::CannotChange, &limited.rotate(&other.id, 0).await);
}

async fn reach_lifetimes(reached: &Reached) {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.set(|settings| settings.lifetime = Lifetime::of_days(1));
    let late = json!({"expiresAt": gateway.time_in(Duration::from_hours(25))});

    reached.note("createKey", Code::LifetimeExceeded, &admin.post(&new_key_with(&late)).await);
    reached.note("updateKey", Code::LifetimeExceeded, &admin.patch(&key.id, &late).await);
    let rotation = format!("/authentication/{}/rotate", key.id);
    reached.note("rotateKey", Code::LifetimeExceeded, &admin.send_with("POST", &rotation, &[], Some(&late)).await);
}

async fn reach_missing_keys(reached: &Reached) {
    let (gateway, admin) = Gateway::with_manager().await;
    for route in ROUTES.iter().filter(|route| route.path.contains('*')) {
        // No key has it, and no key can have the other one; any id has usage.
        let id = if route.operation == "getKeyUsage" { "x" } else { "0000000000000000000000" };
        let path = route.path.replace('*', id);
        let answer = gateway.send(route.method, &path, &[&admin.value], route.body).await;
        reached.note(route.operation, Code::NotFound, &answer);
    }
}

async fn reach_states_of_keys(reached: &Reached) {
    let (gateway, admin) = Gateway::with_manager().await;
    let disabled = admin.create_key(&["SMS"]).await;
    admin.patch(&disabled.id, &json!({"enabled": false})).await;
    let expired = admin.create_with(&json!({"expiresAt": gateway.time_in(Duration::from_mins(1))})).await;
    gateway.pass(Duration::from_mins(1));
    let exposed = admin.create_key(&["SMS"]).await;
    let report = json!([{"token": exposed.value}]).to_string();
    assert_eq!(gateway.report(&[], &report).await.status, 202);

    reached.note("rotateKey", Code::KeyDisabled, &admin.rotate(&disabled.id, 0).await);
    reached.note("rotateKey", Code::KeyExpired, &admin.rotate(&expired.id, 0).await);
    reached.note("updateKey", Code::KeyExposed, &admin.patch(&exposed.id, &json!({"enabled": true})).await);
}

async fn reach_states_of_the_account(reached: &Reached) {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.max_keys = 1);
    reached.note("createKey", Code::QuotaReached, &admin.post(&new_key_with(&json!({}))).await);

    // The authorizer refuses keys of a suspended account, so only a request under way sees this code.
    gateway.set(|settings| settings.max_keys = 10);
    let verdict = admin.verdict().await;
    gateway.suspend(&admin).await;
    let create = gateway.hand_on("POST", "/authentication", &verdict, Some(NEW_KEY)).await;
    reached.note("createKey", Code::AccountSuspended, &create);
    let path = format!("/authentication/{}/rotate", admin.id);
    reached.note("rotateKey", Code::AccountSuspended, &gateway.hand_on("POST", &path, &verdict, None).await);
    let payload = json!({"accountId": admin.account_id, "confirm": admin.account_id});
    assert_eq!(gateway.invoke_erase_account(payload).await.unwrap()["done"], true);
    let read = gateway.hand_on("GET", "/authentication/account", &verdict, None).await;
    reached.note("getAccount", Code::AccountSuspended, &read);
}

async fn reach_contention(reached: &Reached) {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.wire.break_with(Fault::Cancel(Reason::TransactionConflict, 0));

    let (body, patch) = (new_key_with(&json!({})), json!({"name": "x"}));
    let own = format!("/authentication/{}", key.id);
    let answers = tokio::join!(
        admin.post(&body),
        admin.patch(&key.id, &patch),
        admin.rotate(&key.id, 0),
        admin.send_with("DELETE", &own, &[("If-Match", "*")], None)
    );
    reached.note("createKey", Code::Contended, &answers.0);
    reached.note("updateKey", Code::Contended, &answers.1);
    reached.note("rotateKey", Code::Contended, &answers.2);
    reached.note("deleteKey", Code::Contended, &answers.3);
}

async fn reach_other_versions(reached: &Reached) {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    for Route { operation, method, path, body } in &ROUTES {
        if ["updateKey", "rotateKey", "deleteKey"].contains(operation) {
            let body = body.map(|body| serde_json::from_str(body).unwrap());
            let headers = [("If-Match", "\"0\"")];
            let answer = admin.send_with(method, &path.replace('*', &key.id), &headers, body.as_ref()).await;
            reached.note(operation, Code::PreconditionFailed, &answer);
        }
    }
}

async fn reach_repeats(reached: &Reached) {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let [first, other] = [json!({"name": "x"}), json!({"name": "y"})].map(|more| new_key_with(&more));
    let rotation = format!("/authentication/{}/rotate", key.id);
    for (operation, path, first, other) in [
        ("createKey", "/authentication", first, other),
        ("rotateKey", &rotation, json!({}), json!({"gracePeriodSeconds": 1})),
    ] {
        let headers = [("Idempotency-Key", operation)];
        let send = async |body: &Value| admin.send_with("POST", path, &headers, Some(body)).await;
        assert_eq!(send(&first).await.status, 201);
        reached.note(operation, Code::RequestDone, &send(&first).await);
        reached.note(operation, Code::RequestDiffers, &send(&other).await);
    }
}

async fn reach_leaks(reached: &Reached) {
    let gateway = Gateway::start().await;
    reached.note("reportLeaks", Code::InvalidRequest, &gateway.report(&[], "{}").await);
    let signer = Signer::new("one");
    let body = json!([{"token": "x", "type": "ak_live"}]).to_string();
    let headers = signer.headers(&body);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    // GitHub's keys cannot be fetched here.
    reached.note("reportLeaks", Code::Unavailable, &gateway.report(&headers, &body).await);
    gateway.set(|settings| settings.leaks = false);
    reached.note("reportLeaks", Code::NoRoute, &gateway.report(&[], &body).await);
}

#[tokio::test]
async fn a_route_that_is_none_has_a_code_too() {
    let (_, admin) = Gateway::with_manager().await;
    let reached = Reached::default();
    reached.note("none", Code::NoRoute, &admin.get("/authentication/x/y").await);
    reached.note("none", Code::NoRoute, &admin.get("/console/nothing.js").await);
}

#[tokio::test]
async fn an_attached_api_can_show_why_it_refuses() {
    let (_, admin) = Gateway::with_manager().await;
    let of = async |key: &Client, path: &str| key.get(path).await.code();
    let limited = admin.create_with(&json!({"limits": [{"requests": 1, "per": "DAY"}]})).await;
    let elsewhere = admin.create_with(&json!({"allowedIps": ["198.51.100.1"]})).await;
    let other = admin.create_key(&["RCS"]).await;

    assert_eq!(limited.get("/sms").await.status, 200);
    assert_eq!(of(&limited, "/sms").await, Code::Limited);
    assert_eq!(of(&elsewhere, "/sms").await, Code::Address);
    assert_eq!(of(&other, "/sms").await, Code::Operation);
}

/// `docs/reference/codes.md` has the list as the code has it.
#[test]
fn the_documents_list_every_code() {
    let text = std::fs::read_to_string(root().join("docs/reference/codes.md")).unwrap();
    let (_, section) = text.split_once("\n## Codes\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let listed: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let rows: Vec<_> = Code::ALL.iter().copied().map(row).collect();
    assert!(listed == rows, "they are to be\n{}", rows.join("\n"));
}

fn row(code: Code) -> String {
    let name = json!(code);
    let (status, again, meaning) = (code.status().as_u16(), code.retry(), code.meaning());
    format!("| `{}` | {status} | {again} | {meaning} |", name.as_str().unwrap())
}
