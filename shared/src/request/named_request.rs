//! `Idempotency-Key`: the name that a client gives a request, so that it is carried out once.

use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::{Map, Value};

use super::caller::Caller;
use super::json::Json;
use super::rotation::{OldValues, Rotation};
use super::text::spelled;
use crate::key::{AccountId, IpRange, KeyId, Timestamp};

/// The name of a request, as its client chose it: 8 to 128 visible characters of ASCII, of which the SHA-256 is kept.
#[derive(Debug, Clone)]
pub struct RequestName {
    hash: String,
}

impl RequestName {
    /// Takes text as the header has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = (8..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| Self { hash: hex::encode(digest(&SHA256, text.as_bytes())) })
    }
}

/// A request that its client has named.
#[derive(Debug, Clone)]
pub struct NamedRequest {
    /// The account that it is for.
    pub account_id: AccountId,
    /// The calling key: another one's names are other names.
    pub caller_key_id: KeyId,
    /// The SHA-256 of its name, in hexadecimal.
    pub name_hash: String,
    /// The SHA-256 of what it asks for.
    pub fingerprint: Vec<u8>,
}

/// What a request asks for. What is absent is left out, so that a field which a later release adds leaves the fingerprints of
/// requests without it.
#[derive(Serialize)]
#[serde(tag = "route", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum NamedWork {
    Create { body: Value },
    Rotate { key: KeyId, grace_period_seconds: Option<u64>, keep_previous: Option<bool>, expires_at: Option<Timestamp> },
}

impl NamedRequest {
    /// A request for a new key, as its body asks for it. So it is the same request on another day and after a deployment, when the
    /// clock, the catalogue and defaults are other ones.
    ///
    /// # Errors
    /// When the body is no JSON.
    pub fn create(name: RequestName, caller: &Caller, body: &[u8]) -> serde_json::Result<Self> {
        let body = canonical("", Json::read(body)?.value);
        Self::of(name, caller, &NamedWork::Create { body })
    }

    /// A request for another value of a key.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn rotate(name: RequestName, caller: &Caller, key: KeyId, rotation: Rotation) -> serde_json::Result<Self> {
        let Rotation { old_values, expires_at } = rotation;
        let (grace_period_seconds, keep_previous) = match old_values {
            OldValues::Grace(grace) => (Some(grace.as_secs()), None),
            OldValues::KeepPrevious => (None, Some(true)),
        };
        Self::of(name, caller, &NamedWork::Rotate { key, grace_period_seconds, keep_previous, expires_at })
    }

    fn of(name: RequestName, caller: &Caller, work: &NamedWork) -> serde_json::Result<Self> {
        let work = canonical("", serde_json::to_value(work)?);
        let fingerprint = digest(&SHA256, work.to_string().as_bytes()).as_ref().to_vec();
        Ok(Self { account_id: caller.account_id, caller_key_id: caller.key_id, name_hash: name.hash, fingerprint })
    }
}

/// The one spelling of what a field has: fields by name without absent ones, lists in one order, and text, times and ranges as
/// they are stored.
fn canonical(field: &str, value: Value) -> Value {
    match value {
        Value::String(text) => {
            let stored = match field {
                "expiresAt" => Timestamp::parse(&text).and_then(|time| serde_json::to_value(time).ok()),
                "allowedIps" => text.parse::<IpRange>().ok().and_then(|range| serde_json::to_value(range).ok()),
                _ => None,
            };
            stored.unwrap_or_else(|| Value::from(spelled(&text).trim_matches(' ')))
        }
        Value::Array(values) => {
            let mut values: Vec<_> = values.into_iter().map(|value| canonical(field, value)).collect();
            values.sort_by_cached_key(Value::to_string);
            Value::Array(values)
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(field, value)| {
                let value = canonical(&field, value);
                (field, value)
            });
            let mut fields: Map<_, _> = fields.filter(|(_, value)| !is_absent(value)).collect();
            fields.sort_keys();
            Value::Object(fields)
        }
        // `60.0` is the number `60`.
        Value::Number(number) => {
            let whole = number.as_f64().and_then(|number| (number + 0.0).to_string().parse::<u64>().ok());
            whole.map_or(Value::Number(number), Value::from)
        }
        other => other,
    }
}

fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::key::{Operations, TrafficType};

    const KEY: &str = "0QbXn6T4mKrV9sYdJ2wLhP";

    fn caller() -> Caller {
        Caller {
            account_id: AccountId::parse("4Vn8QkT2mZrB0xYcW7eHsA").unwrap(),
            key_id: KeyId::parse(KEY).unwrap(),
            user_id: "user-1".to_owned(),
            username: "Ada".to_owned(),
            company: "Example".to_owned(),
            external_id: String::new(),
            operations: Operations::parse("AUTHENTICATION,SMS").unwrap(),
            traffic_type: TrafficType::parse("OTP").unwrap(),
            tags: String::new(),
        }
    }

    fn fingerprint_of(old_values: OldValues) -> String {
        fingerprint_of_rotation(Rotation { old_values, expires_at: None })
    }

    fn fingerprint_of_rotation(rotation: Rotation) -> String {
        let name = RequestName::parse("12345678").unwrap();
        hex::encode(NamedRequest::rotate(name, &caller(), KeyId::parse(KEY).unwrap(), rotation).unwrap().fingerprint)
    }

    fn create(body: &str) -> NamedRequest {
        NamedRequest::create(RequestName::parse("12345678").unwrap(), &caller(), body.as_bytes()).unwrap()
    }

    #[test]
    fn what_a_body_asks_for_counts_and_not_its_spelling() {
        let body = r#"{"userId":"é","operations":["SMS","RCS"],"expiresAt":"2030-01-31T00:00:00Z",
            "allowedIps":["203.0.113.7","::1"],"limits":[{"requests":1,"per":"DAY"},{"requests":2,"per":"HOUR"}]}"#;
        let same = r#"{ "limits": [{"per":"HOUR","requests":2.0},{"per":"DAY","requests":1e0}], "name": null, "tags": {},
            "allowedIps": ["0:0::1","::ffff:203.0.113.7"], "expiresAt": "2030-01-31T01:00:00.000+01:00",
            "operations": ["RCS","SMS"], "userId": "\u00a0e\u0301 " }"#;
        assert_eq!(create(body).fingerprint, create(same).fingerprint);
        assert_eq!(create(r#"{"limits":[0]}"#).fingerprint, create(r#"{"limits":[-0.0]}"#).fingerprint);
        for (from, to) in
            [("é", "É"), ("RCS", "WHATSAPP"), ("01-31", "01-30"), ("::1", "::2"), (":2", ":3"), ("userId", "name")]
        {
            assert_ne!(create(body).fingerprint, create(&body.replace(from, to)).fingerprint, "{from}");
        }
    }

    #[test]
    fn a_name_is_8_to_128_visible_characters() {
        for name in ["12345678", "!\"#$%&'~", &"x".repeat(128), "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""] {
            assert!(RequestName::parse(name).is_some(), "{name}");
        }
        for wrong in ["", "1234567", "1234 5678", "12345678\t", "1234567é", &"x".repeat(129)] {
            assert!(RequestName::parse(wrong).is_none(), "{wrong}");
        }
    }

    /// A repeat may come after a deployment.
    #[test]
    fn every_release_has_the_same_fingerprint_of_a_request() {
        let body = r#"{"userId":"user-2","username":"Grace","operations":["SMS"]}"#;
        let create = create(body);
        assert_eq!(create.name_hash, "ef797c8118f02dfb649607dd5d3f8c7623048c9c063d532cc95c5ed7a898a64f");
        let text = r#"{"body":{"operations":["SMS"],"userId":"user-2","username":"Grace"},"route":"create"}"#;
        assert_eq!(create.fingerprint, digest(&SHA256, text.as_bytes()).as_ref());
        let rotate = |rest: &str| hex::encode(digest(&SHA256, format!("{{{rest}").as_bytes()));
        assert_eq!(
            fingerprint_of(OldValues::Grace(Duration::from_mins(1))),
            rotate(&format!(r#""gracePeriodSeconds":60,"key":"{KEY}","route":"rotate"}}"#))
        );
        assert_eq!(
            fingerprint_of(OldValues::KeepPrevious),
            rotate(&format!(r#""keepPrevious":true,"key":"{KEY}","route":"rotate"}}"#))
        );
        let expires_at = Timestamp::parse("2030-01-31T01:00:00+01:00");
        assert_eq!(
            fingerprint_of_rotation(Rotation { old_values: OldValues::KeepPrevious, expires_at }),
            rotate(&format!(
                r#""expiresAt":"2030-01-31T00:00:00.000Z","keepPrevious":true,"key":"{KEY}","route":"rotate"}}"#
            ))
        );
    }
}
