//! Examples that cannot be wrong: the code's own answers, the template's own sentences, and bodies of the documented types.

use std::str::FromStr;

use api_keys::key::{
    AccountId, Catalogue, Counters, Denial, Denials, Etag, EventId, ImportedKeys, IpRange, KeyHash, KeyId, KeyMetadata,
    KeyRecord, KeySettings, KeyStatus, KeyValue, Lifetime, Limits, Operation, Operations, Period, PreviousValue, Tags,
    Timestamp, TrafficType,
};
use api_keys::lambda::{Error, IssuedKey, http};
use api_keys::request::{Caller, FieldError, Forbidden, InvalidRequest, UsageBucket};
use api_keys::store::{AccountSummary, Event};
use lambda_http::Body;
use read_account::{AccountView, LimitLeft};
use report_leaks::{Feedback, Label, ReportedToken};
use serde::Serialize;
use serde_yaml_ng::{Mapping, Value as Yaml};
use tests::gateway::sample_event;
use tests::template::template;

use crate::bodies::{KeyChanges, NewKey, Rotation, TagChanges};

const VALUE: &str =
    "ak_sample_14Vn8QkT2mZrB0xYcW7eHsA0QbXn6T4mKrV9sYdJ2wLhP_SampleKeyForLocalUseOnlyNeverIssuedByAnyone1qM5a2";

/// The events of a key of the examples.
const CREATED: &str = "0QbXn6T5Xb2hGkq7pZtYdM";
const CHANGED: &str = "0QbXo1cYwS8sR2vLk4JfQx";

/// Everything that `#/components/examples` holds.
pub fn all() -> Mapping {
    let mut examples = Mapping::new();
    for (name, summary, value) in bodies().into_iter().chain(answers()).chain(problems()).chain(gateway_problems()) {
        let example = Mapping::from_iter([("summary".into(), summary.into()), ("value".into(), value)]);
        examples.insert(name.into(), example.into());
    }
    examples
}

type Example = (&'static str, &'static str, Yaml);

fn bodies() -> [Example; 13] {
    let operations = |list: &str| Operations::parse(list).unwrap();
    let time = |text: &str| Timestamp::parse(text).unwrap();
    let limits = Limits::parse("100/MINUTE,100000/MONTH");
    let ranges = |list: &[&str]| Some(list.iter().map(|range| range.parse::<IpRange>().unwrap()).collect());
    let new = NewKey {
        user_id: "user-2".to_owned(),
        username: "Grace".to_owned(),
        operations: operations("SMS"),
        ..NewKey::default()
    };
    // Field by field, so that none is missing.
    let full = NewKey {
        user_id: "user-2".to_owned(),
        username: "Grace".to_owned(),
        operations: operations("SMS,RCS"),
        traffic_type: TrafficType::parse("OTP"),
        name: Some("reminders".to_owned()),
        description: Some("Appointment reminders of the surgery".to_owned()),
        expires_at: Some(time("2030-01-31T00:00:00Z")),
        allowed_ips: ranges(&["203.0.113.0/24", "2001:db8::1"]),
        limits,
        tags: Some(tags()),
    };
    [
        ("newKey", "The required fields", yaml(&new)),
        ("newKeyWithAll", "All fields", yaml(&full)),
        ("switchOff", "Switch the key off", yaml(&KeyChanges { enabled: Some(false), ..KeyChanges::default() })),
        (
            "restrict",
            "Let it end, and be used from one network only",
            yaml(&KeyChanges {
                expires_at: Some(time("2030-01-31T00:00:00Z")),
                allowed_ips: ranges(&["203.0.113.0/24"]),
                ..KeyChanges::default()
            }),
        ),
        ("limit", "Let it be used so often", yaml(&KeyChanges { limits, ..KeyChanges::default() })),
        (
            "tag",
            "Set one tag and remove another",
            yaml(&KeyChanges {
                tags: Some(TagChanges([("env".to_owned(), Some("test".to_owned())), ("team".to_owned(), None)].into())),
                ..KeyChanges::default()
            }),
        ),
        (
            "release",
            "Take name and expiry away",
            serde_yaml_ng::from_str(r#"{"name": null, "expiresAt": null}"#).unwrap(),
        ),
        (
            "endGracePeriod",
            "The value before fails on the next request",
            serde_yaml_ng::from_str(r#"{"previousValueValidUntil": null}"#).unwrap(),
        ),
        ("atOnce", "The old value fails on the next request", yaml(&Rotation::default())),
        (
            "afterALostAnswer",
            "The value of the answer that was lost ends, and nothing else",
            yaml(&Rotation { keep_previous: Some(true), ..Rotation::default() }),
        ),
        (
            "inAnHour",
            "The old value works for another hour",
            yaml(&Rotation { grace_period_seconds: Some(3600), ..Rotation::default() }),
        ),
        (
            "withAnotherEnd",
            "The key lives on with its new value, until another end",
            yaml(&Rotation { expires_at: Timestamp::parse("2030-01-31T00:00:00Z"), ..Rotation::default() }),
        ),
        ("leak", "A value that leaked", yaml(&[Mapping::from_iter([("token".into(), VALUE.into())])])),
    ]
}

fn tags() -> Tags {
    Tags::of(&[("env", "prod"), ("team", "blue")].map(|(name, text)| (name.to_owned(), text.to_owned())).into())
        .unwrap()
}

fn answers() -> [Example; 8] {
    let metadata = |text: &str| serde_json::from_str::<KeyMetadata>(text).unwrap();
    let now = Timestamp::parse("2026-11-23T10:15:30.123Z").unwrap();
    let account_id = AccountId::parse("4Vn8QkT2mZrB0xYcW7eHsA").unwrap();
    let record = |metadata, last_event| KeyRecord {
        last_event: EventId::parse(last_event),
        ..KeyRecord::new(account_id, KeyHash::of(VALUE), metadata)
    };
    let key = metadata(
        r#"{"id": "0QbXn6T4mKrV9sYdJ2wLhP", "company": "Example", "userId": "user-2", "username": "Grace",
            "createdBy": "user-1", "createdByKeyId": "0QbXk1pVq3cTt8hGfWzR5N", "operations": ["SMS"], "trafficType": "TRANSACTIONAL", "name": "reminders",
            "createdAt": "2026-11-23T10:15:30.123Z", "enabled": true}"#,
    );
    let changed = KeyMetadata {
        last_used_at: Timestamp::parse("2026-11-23T11:02:17.480Z"),
        settings: KeySettings {
            expires_at: Timestamp::parse("2030-01-31T00:00:00Z"),
            allowed_ips: Some([IpRange::from_str("203.0.113.0/24").unwrap()].into_iter().collect()),
            limits: Limits::parse("100/MINUTE,100000/MONTH").unwrap(),
            tags: tags(),
            ..key.settings.clone()
        },
        ..key.clone()
    };
    let previous = PreviousValue {
        key_hash: KeyHash::of("its value before"),
        valid_until: Timestamp::parse("2026-11-24T10:20:00Z").unwrap(),
        last_used_at: Timestamp::parse("2026-11-23T10:58:41.007Z"),
    };
    let (changed, key) = (KeyRecord { previous: Some(previous), ..record(changed, CHANGED) }, record(key, CREATED));
    let page = Mapping::from_iter([
        ("apiKeys".into(), vec![yaml(&key.at(now, Limits::NONE))].into()),
        ("nextCursor".into(), key.metadata.id.as_str().into()),
    ]);
    let value = KeyValue::parse(VALUE, ImportedKeys::Refused).unwrap();
    let report =
        ReportedToken::parse(format!(r#"[{{"token": "{VALUE}", "type": "ak_live"}}]"#).as_bytes(), true).unwrap();
    let feedback = Feedback::of(&report, &[Label::TruePositive]);
    [
        ("key", "A key", yaml(&key.at(now, Limits::NONE))),
        (
            "restricted",
            "A key that expires, is restricted to one network, has limits, and was rotated with a grace period",
            yaml(&changed.at(now, Limits::parse("1000/MINUTE,5000/DAY").unwrap())),
        ),
        ("page", "A page that is not the last one", page.into()),
        ("events", "What was done to a key", events(&key.metadata)),
        (
            "issued",
            "A key and its value",
            yaml(&IssuedKey { account_id: None, key, value, now, ceiling: Limits::NONE }),
        ),
        ("account", "An account with a quota of its own", account()),
        ("usage", "Two days", usage()),
        ("leakFeedback", "A key had it", yaml(&feedback)),
    ]
}

fn account() -> Yaml {
    let context = sample_event("list-keys")["requestContext"]["authorizer"].clone();
    let caller: Caller = serde_json::from_value(context).unwrap();
    let summary = AccountSummary {
        company: Some("Example".to_owned()),
        external_id: Some("customer-7".to_owned()),
        suspended: false,
        key_count: 12,
        max_keys: Some(5000),
        limits: Limits::parse("1000/MINUTE").unwrap(),
        max_key_lifetime: Lifetime::of_days(90),
        account_limits: Limits::parse("1000000/MONTH").unwrap(),
    };
    let now = Timestamp::parse("2026-11-26T12:00:00Z").unwrap();
    let used = Counters::default().with(Period::Month, Period::Month.window(now) * 1_000_000_000 + 357_600);
    let left = LimitLeft::of_all(summary.account_limits, used, now);
    let catalogue = Catalogue::parse("SMS,RCS,WHATSAPP", "TRANSACTIONAL,PROMOTIONAL,OTP").unwrap();
    let caller = Caller { operations: Operations::parse("SMS,AUTHENTICATION").unwrap(), ..caller };
    yaml(&AccountView::of(summary, left, &caller, &catalogue, 1000, Limits::NONE, None))
}

fn usage() -> Yaml {
    let bucket = |start: &str, [allowed, limited]: [u64; 2], denials: fn(Denial) -> u64| {
        let denials = Denials::of(|denial| Some(denials(denial))).unwrap();
        UsageBucket { start: Timestamp::parse(start).unwrap(), allowed, limited, denied: denials.all(), denials }
    };
    let of_two_reasons = |denial| match denial {
        Denial::Address => 1,
        Denial::Operation => 2,
        _ => 0,
    };
    let days =
        [bucket("2026-11-22T00:00:00Z", [0, 0], |_| 0), bucket("2026-11-23T00:00:00Z", [1523, 12], of_two_reasons)];
    Mapping::from_iter([("usage".into(), yaml(&days))]).into()
}

/// A key was created and then restricted.
fn events(key: &KeyMetadata) -> Yaml {
    let event = |text: &str| yaml(&serde_json::from_str::<Event>(text).unwrap());
    let of = |id: &str, rest: &str| {
        event(&format!(
            r#"{{"id": "{id}", "keyId": "{}", "externalId": "customer-7", "sourceIp": "203.0.113.7", "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "actor": {{"type": "KEY", "keyId": "0QbXmZ0pTqv3n8wVJ5rKcd", "userId": "user-1", "username": "Ada"}}, {rest}}}"#,
            key.id
        ))
    };
    let created = of(
        CREATED,
        r#""type": "key.created", "time": "2026-11-23T10:15:30.123Z", "changes": [
            {"field": "userId", "to": "user-2"}, {"field": "username", "to": "Grace"},
            {"field": "operations", "to": ["SMS"]}, {"field": "trafficType", "to": "TRANSACTIONAL"},
            {"field": "name", "to": "reminders"}]"#,
    );
    let changed = of(
        CHANGED,
        r#""type": "key.changed", "time": "2026-11-23T11:02:17.480Z", "previousEvent": "0QbXn6T5Xb2hGkq7pZtYdM",
            "changes": [{"field": "allowedIps", "to": ["203.0.113.0/24"]}]"#,
    );
    Mapping::from_iter([("events".into(), vec![changed, created].into()), ("nextCursor".into(), Yaml::Null)]).into()
}

/// What the functions answer when they refuse.
fn problems() -> Vec<Example> {
    let wrong = |field: &str, message: &str| FieldError { field: field.to_owned(), message: message.to_owned() };
    let rcs = || vec![Operation::parse("RCS").unwrap()];
    let errors = [
        (
            "wrongFields",
            "A body with two mistakes",
            Error::Invalid(InvalidRequest(vec![
                wrong("operations", "is required"),
                wrong("operation", "is not a known field"),
            ])),
        ),
        ("notReader", "The key sees itself alone", Forbidden::NotReader.into()),
        ("notManager", "The key cannot manage keys", Forbidden::NotManager.into()),
        ("cannotGrant", "The key lacks an operation that it would give", Forbidden::CannotGrant(rcs()).into()),
        ("cannotChange", "The key lacks an operation of the other key", Forbidden::CannotChange(rcs()).into()),
        ("notFound", "No such key", Error::NotFound),
        ("noRoute", "No such route", Error::NoRoute),
        ("quotaReached", "The account has reached its limit of keys", Error::QuotaReached { max_keys: 1000 }),
        ("notActive", "The key to rotate is disabled", Error::NotActive(KeyStatus::Disabled)),
        (
            "requestDone",
            "The request was carried out before",
            Error::RequestDone {
                key_id: KeyId::parse("0QbXn6T4mKrV9sYdJ2wLhP").unwrap(),
                etag: Etag::of(EventId::parse(CREATED)),
            },
        ),
        ("requestDiffers", "Another request had that name", Error::RequestDiffers),
        ("preconditionFailed", "Another caller changed the key", Error::PreconditionFailed),
        ("contended", "Other requests changed the same key", Error::Contended),
        ("unavailable", "The table failed", Error::unavailable("for example")),
    ];
    let request = lambda_http::request::from_str(&sample_event("find-key").to_string()).unwrap();
    let answer = |error| match http::answer(&request, Err(error)).into_body() {
        Body::Text(text) => serde_yaml_ng::from_str(&text).unwrap(),
        other => panic!("no text: {other:?}"),
    };
    errors.into_iter().map(|(name, summary, error)| (name, summary, answer(error))).collect()
}

/// What the gateway answers by itself.
fn gateway_problems() -> Vec<Example> {
    let responses = &template()["Resources"]["Api"]["Properties"]["GatewayResponses"];
    let request_id = sample_event("find-key")["requestContext"]["requestId"].as_str().unwrap().to_owned();
    [
        ("notUnderstood", "Not a valid HTTP request", "DEFAULT_4XX"),
        ("unauthorized", "No live key", "UNAUTHORIZED"),
        ("accessDenied", "The key does not open this route, or not from this address", "ACCESS_DENIED"),
        ("throttled", "Too many requests", "THROTTLED"),
        ("internalError", "The service failed", "DEFAULT_5XX"),
        ("badGateway", "The service failed", "INTEGRATION_FAILURE"),
        ("timeout", "The service did not answer in time", "INTEGRATION_TIMEOUT"),
    ]
    .map(|(name, summary, kind)| {
        let template = responses[kind]["ResponseTemplates"]["application/json"].as_str().unwrap();
        let problem =
            template.replace("$context.requestId", &request_id).replace("$context.authorizer.reason", "OPERATION");
        (name, summary, serde_yaml_ng::from_str(&problem).unwrap())
    })
    .into()
}

fn yaml(value: &impl Serialize) -> Yaml {
    serde_yaml_ng::to_value(value).unwrap()
}
