//! What holds for every key, cursor, header and body that there may be, tried on many of each.

use std::fmt::Debug;

use api_keys::key::{AccountId, ImportedKeys, KeyId, KeyPrefix, KeyValue, Locator, Random};
use api_keys::request::normalize_text;
use authorizer::Refusal;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tests::gateway::{event_of, sample_event};
use tests::{Client, Gateway};
use tokio::runtime::Runtime;

/// So many of each; a failure is shown in its smallest form, and no file remembers it.
const CASES: u32 = 512;
const REQUESTS: u32 = 192;

pub(crate) fn for_all<S: Strategy>(cases: u32, strategy: &S, holds: impl Fn(S::Value))
where
    S::Value: Debug,
{
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(strategy, |value| {
            holds(value);
            Ok(())
        })
        .unwrap();
}

fn prefixes() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,5}(_[a-z0-9]{1,5}){0,3}"
}

fn ids() -> impl Strategy<Value = String> {
    "[0-9A-Za-z]{22}"
}

/// Of a place of no account, and never issued.
pub(crate) fn value_at(prefix: &str, account_id: &str, id: &str) -> KeyValue {
    let place = Locator { account_id: AccountId::parse(account_id).unwrap(), id: KeyId::parse(id).unwrap() };
    KeyValue::generate(&KeyPrefix::parse(prefix).unwrap(), place, &Random::system()).unwrap()
}

/// Text of every kind: any characters, visible ASCII, what looks like a key, and very long.
pub(crate) fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,300}",
        "[a-z]{1,8}(_[a-z0-9]{1,4}){0,3}_1[0-9A-Za-z]{44}_[0-9A-Za-z]{49}",
        "[a-z]{1,8}(_[a-z0-9]{0,4}){0,3}_1?[0-9A-Za-z]{43,45}_[0-9A-Za-z]{48,50}",
        ids(),
        "[0-9A-Za-z_]{90,130}",
        // As long as the gateway takes all of a request's head to be.
        ("[ -~]", 1_usize..10_240).prop_map(|(part, times)| part.repeat(times)),
    ]
}

/// JSON of every kind, a few levels deep.
fn jsons() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop_oneof!["SMS", "RCS", "OTP", "AUTHENTICATION", "2030-01-31T00:00:00Z", "10.0.0.0/8", "::1"]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Bodies as they should be, or nothing, with some fields put in that may be right, and now and then a stranger.
fn bodies() -> impl Strategy<Value = Value> {
    const FIELDS: [&str; 9] = [
        "tags",
        "trafficType",
        "name",
        "description",
        "expiresAt",
        "allowedIps",
        "limits",
        "enabled",
        "gracePeriodSeconds",
    ];
    let operations = || prop::sample::subsequence(vec!["SMS", "RCS", "WHATSAPP", "AUTHENTICATION"], 0..=4);
    let field = prop::sample::select(&FIELDS[..]).prop_map(str::to_owned);
    let likely = prop_oneof![
        "[a-z]{1,8}".prop_map(Value::from),
        Just(json!("OTP")),
        Just(json!(["203.0.113.0/24"])),
        Just(json!([{"requests": 5, "per": "DAY"}])),
        ("[a-zA-Z_.-]{1,3}", any::<String>()).prop_map(|(name, text)| json!({ name: text })),
        any::<String>().prop_map(Value::from),
        jsons(),
    ];
    let new = operations().prop_map(|list| json!({"userId": "u", "username": "n", "operations": list}));
    let patch = operations().prop_map(|list| json!({"operations": list}));
    let beginning = prop_oneof![4 => new, 2 => patch, 1 => Just(json!({}))];
    let more = prop::collection::vec((prop_oneof![8 => field, 1 => any::<String>()], likely), 0..3);
    (beginning, more).prop_map(|(mut body, more)| {
        body.as_object_mut().unwrap().extend(more);
        body
    })
}

#[test]
fn normalized_text_stays_as_it_is_and_has_no_space_but_one_kind_within() {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ \u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}]{1,3}",
        "[\u{300}-\u{36f}\u{3099}\u{309a}\u{20e3}\u{fe0e}\u{fe0f}]{1,3}",
        "[a-zA-Z0-9éÅ\u{1100}-\u{1112}\u{1161}-\u{1175}\u{11a8}-\u{11c2}]{1,3}",
    ];
    let texts = prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat());
    for_all(CASES * 8, &texts, |text| {
        let Ok(once) = normalize_text(&text, 512) else { return };
        assert_eq!(normalize_text(&once, 512).as_deref(), Ok(&*once));
        assert_eq!(once.trim(), once);
        assert!(once.chars().all(|letter| letter == ' ' || !letter.is_whitespace()));
        let around = format!("\u{3000}{text} ");
        assert_eq!(normalize_text(&around, 512).as_deref(), Ok(&*once));
        let count = once.chars().count();
        assert!(normalize_text(&around, count).is_ok());
        assert!(count == 1 || normalize_text(&around, count - 1).is_err());
    });
}

#[test]
fn a_generated_value_is_read_back() {
    for_all(CASES, &(prefixes(), ids(), ids()), |(prefix, account_id, id)| {
        let value = value_at(&prefix, &account_id, &id);
        for imported in [ImportedKeys::Refused, ImportedKeys::Accepted] {
            let back = KeyValue::parse(value.expose(), imported).unwrap();
            let place = back.locator().unwrap();
            assert_eq!((place.account_id.to_string(), place.id.to_string()), (account_id.clone(), id.clone()));
            assert!(back.hash() == value.hash());
        }
        assert_eq!(value.expose().len(), prefix.len() + 96);
    });
}

#[test]
fn one_changed_character_never_verifies() {
    let change = (
        ids(),
        ids(),
        any::<prop::sample::Index>(),
        prop_oneof![any::<char>(), "[0-9A-Za-z_]".prop_map(|text| text.chars().next().unwrap())],
    );
    for_all(CASES, &change, |(account_id, id, at, other)| {
        let value = value_at("ak_live", &account_id, &id);
        let mut text: Vec<char> = value.expose().chars().collect();
        let at = at.index(text.len());
        if std::mem::replace(&mut text[at], other) == other {
            return;
        }
        let text: String = text.into_iter().collect();
        assert!(KeyValue::parse(&text, ImportedKeys::Refused).is_none(), "position {at}");
        // Where others' keys are taken it may be one of theirs, but never this one.
        if let Some(theirs) = KeyValue::parse(&text, ImportedKeys::Accepted) {
            assert!(theirs.locator().is_none() && theirs.hash() != value.hash(), "position {at}");
        }
    });
}

#[test]
fn any_text_is_answered_as_a_key() {
    for_all(CASES, &texts(), |text| {
        let native = KeyValue::parse(&text, ImportedKeys::Refused);
        assert!(native.is_none(), "no guess hits a checksum");
        if let Some(theirs) = KeyValue::parse(&text, ImportedKeys::Accepted) {
            assert!(theirs.locator().is_none() && (16..=256).contains(&text.len()), "what is kept is short");
        }
        assert!(KeyId::parse(&text).is_none_or(|id| id.as_str() == text));
    });
}

#[test]
fn a_key_is_taken_from_the_header_that_is_there_once() {
    let name = prop_oneof!["[Xx]-[Aa][Pp][Ii]-[Kk][Ee][Yy]", Just("Accept".to_owned()), any::<String>()];
    let headers = prop::collection::vec((name, prop::collection::vec(texts(), 0..3)), 0..6);
    let gateway = Started::new(ImportedKeys::Refused);
    for_all(REQUESTS, &headers, |headers| {
        let mut event = sample_event("authorizer");
        // As text, since a client may send one name twice and the gateway would write it twice.
        event["multiValueHeaders"] = json!("HEADERS");
        let pairs: Vec<_> = headers.iter().map(|(name, values)| format!("{}:{}", json!(name), json!(values))).collect();
        let event = event.to_string().replacen("\"HEADERS\"", &format!("{{{}}}", pairs.join(",")), 1);
        let verdict = gateway.block_on(gateway.gateway.decide(&event));
        assert_eq!(verdict.err(), Some(Refusal::Unauthorized), "none of these is a key");
    });
    assert_eq!(gateway.gateway.wire.take_calls(), []);
}

#[test]
fn a_function_answers_with_any_headers() {
    let name = prop_oneof!["X-Forwarded-(Proto|For|Port)", Just("Host".to_owned()), "[A-Za-z-]{1,12}"];
    // What gets through HTTP: no control characters.
    let headers = prop::collection::vec((name, "\\PC{0,40}"), 0..6);
    let started = Started::new(ImportedKeys::Refused);
    let admin = started.account("Example");
    let verdict = started.block_on(started.gateway.authorize("GET", "/authentication", &[("X-API-Key", &admin.value)]));
    for_all(REQUESTS, &headers, |headers| {
        let mut event = event_of("list-keys", verdict.as_ref().unwrap());
        for (name, value) in headers {
            event["headers"][&name] = json!(value);
            event["multiValueHeaders"][&name] = json!([value]);
        }
        assert_eq!(started.block_on(started.gateway.run("list-keys", &event)).status, 200);
    });
}

#[test]
fn any_cursor_and_any_query_lead_to_a_page_or_a_400() {
    let parameter = prop_oneof![
        4 => ids().prop_map(|id| ("cursor".to_owned(), id)),
        2 => texts().prop_map(|text| ("cursor".to_owned(), text)),
        2 => "[0-9]{1,5}".prop_map(|limit| ("limit".to_owned(), limit)),
        1 => texts().prop_map(|text| ("userId".to_owned(), text)),
        1 => (any::<String>(), any::<String>()),
    ];
    let started = Started::new(ImportedKeys::Refused);
    let (admin, theirs) = (started.account("Ours"), started.account("Theirs"));
    started.block_on(async {
        for _ in 0..5 {
            admin.create_key(&["SMS"]).await;
            theirs.create_key(&["SMS"]).await;
        }
    });
    let all = started.block_on(admin.get("/authentication")).ids();
    for_all(REQUESTS, &prop::collection::vec(parameter, 0..4), |parameters| {
        let answer = started.block_on(admin.list(&parameters));
        match answer.status {
            200 => assert!(answer.ids().iter().all(|id| all.contains(id)), "its own keys and no others"),
            _ => answer.assert_problem(400),
        }
    });
}

#[test]
fn any_body_makes_what_it_describes_or_a_400() {
    let started = Started::new(ImportedKeys::Refused);
    let admin = started.account("Example");
    let limited = started.block_on(admin.create_key(&["SMS", "AUTHENTICATION"]));
    let key = started.block_on(admin.create_key(&["SMS"]));
    let texts = prop_oneof![4 => bodies().prop_map(|body| body.to_string()), 1 => jsons().prop_map(|body| body.to_string()), 1 => any::<String>()];
    for_all(REQUESTS, &texts, |body| {
        let own = format!("/authentication/{}", key.id);
        let rotate = format!("{own}/rotate");
        for (method, path) in [("POST", "/authentication"), ("PATCH", &own), ("POST", &rotate)] {
            let answer = started.block_on(started.gateway.send(method, path, &[&limited.value], Some(&body)));
            match answer.status {
                200 | 201 => {
                    let operations = answer.body["operations"].as_array().unwrap();
                    assert!(operations.iter().all(|it| it == "SMS" || it == "AUTHENTICATION"), "none out of nothing");
                    assert_eq!(answer.body["company"], "Example");
                }
                403 | 409 => {}
                _ => answer.assert_problem(400),
            }
        }
        // As it was: after any patch the next body finds a key that can be patched and rotated.
        let as_it_was = json!({"operations": ["SMS"], "enabled": true, "expiresAt": null, "allowedIps": null});
        assert_eq!(started.block_on(admin.patch(&key.id, &as_it_was)).status, 200);
    });
}

/// A service and what drives it, for properties, which know nothing of futures.
pub(crate) struct Started {
    pub(crate) gateway: Gateway,
    runtime: Runtime,
}

impl Started {
    pub(crate) fn new(imported: ImportedKeys) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let gateway = runtime.block_on(Gateway::start_with(imported));
        gateway.set(|settings| settings.max_keys = 1_000_000);
        Self { gateway, runtime }
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn account(&self, company: &str) -> Client {
        self.block_on(self.gateway.create_account(company))
    }
}
