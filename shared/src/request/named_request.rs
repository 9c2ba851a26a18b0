//! `Idempotency-Key`: the name that a client gives a request, so that it is carried out once.

use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::Value;

use super::caller::Caller;
use super::new_key::NewKey;
use super::rotation::Rotation;
use crate::key::{AccountId, KeyId, KeySettings};

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

/// What a request asks for, however its body spelt that. What says nothing is left out, so that a field which a later release
/// adds leaves the fingerprints of requests without it.
#[derive(Serialize)]
#[serde(tag = "route", rename_all_fields = "camelCase")]
enum Asked<'a> {
    #[serde(rename = "create")]
    Create {
        user_id: &'a str,
        username: &'a str,
        #[serde(flatten)]
        settings: &'a KeySettings,
    },
    #[serde(rename = "rotate")]
    Rotate { key: KeyId, grace_period_seconds: Option<u64>, keep_previous: Option<bool> },
}

impl NamedRequest {
    /// A request for a new key.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn create(name: RequestName, caller: &Caller, new: &NewKey) -> serde_json::Result<Self> {
        let NewKey { user_id, username, settings, .. } = new;
        Self::of(name, caller, &Asked::Create { user_id, username, settings })
    }

    /// A request for another value of a key.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn rotate(name: RequestName, caller: &Caller, key: KeyId, rotation: Rotation) -> serde_json::Result<Self> {
        let (grace_period_seconds, keep_previous) = match rotation {
            Rotation::Grace(grace) => (Some(grace.as_secs()), None),
            Rotation::KeepPrevious => (None, Some(true)),
        };
        Self::of(name, caller, &Asked::Rotate { key, grace_period_seconds, keep_previous })
    }

    fn of(name: RequestName, caller: &Caller, asked: &Asked<'_>) -> serde_json::Result<Self> {
        let mut asked = serde_json::to_value(asked)?;
        if let Value::Object(fields) = &mut asked {
            fields.retain(|_, value| !value.is_null());
        }
        asked.sort_all_objects();
        let fingerprint = digest(&SHA256, asked.to_string().as_bytes()).as_ref().to_vec();
        Ok(Self { account_id: caller.account_id, caller_key_id: caller.key_id, name_hash: name.hash, fingerprint })
    }
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
            operations: Operations::parse("AUTHENTICATION,SMS").unwrap(),
            traffic_type: TrafficType::parse("OTP").unwrap(),
        }
    }

    fn fingerprint_of(rotation: Rotation) -> String {
        let name = RequestName::parse("12345678").unwrap();
        hex::encode(NamedRequest::rotate(name, &caller(), KeyId::parse(KEY).unwrap(), rotation).unwrap().fingerprint)
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
        let new = NewKey {
            account_id: caller().account_id,
            company: "Example".to_owned(),
            user_id: "user-2".to_owned(),
            username: "Grace".to_owned(),
            created_by: "user-1".to_owned(),
            created_by_key_id: None,
            settings: KeySettings::new(Operations::parse("SMS").unwrap(), TrafficType::parse("OTP").unwrap()),
        };
        let create = NamedRequest::create(RequestName::parse("12345678").unwrap(), &caller(), &new).unwrap();
        assert_eq!(create.name_hash, "ef797c8118f02dfb649607dd5d3f8c7623048c9c063d532cc95c5ed7a898a64f");
        let text = r#"{"enabled":true,"operations":["SMS"],"route":"create","trafficType":"OTP","userId":"user-2","username":"Grace"}"#;
        assert_eq!(create.fingerprint, digest(&SHA256, text.as_bytes()).as_ref());
        let rotate = |rest: &str| hex::encode(digest(&SHA256, format!("{{{rest}").as_bytes()));
        assert_eq!(
            fingerprint_of(Rotation::Grace(Duration::from_mins(1))),
            rotate(&format!(r#""gracePeriodSeconds":60,"key":"{KEY}","route":"rotate"}}"#))
        );
        assert_eq!(
            fingerprint_of(Rotation::KeepPrevious),
            rotate(&format!(r#""keepPrevious":true,"key":"{KEY}","route":"rotate"}}"#))
        );
    }
}
