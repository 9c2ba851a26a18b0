//! Any body: a new key, a patch, a rotation, each taken or refused with the fields that are wrong.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use api_keys::key::{AccountId, Catalogue, Timestamp};
use api_keys::request::{Fields, InvalidRequest, KeyPatch, NewKey, OldValues, Rotation};
use libfuzzer_sys::fuzz_target;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse("SMS,RCS", "TRANSACTIONAL,OTP").unwrap());
static NOW: LazyLock<Timestamp> = LazyLock::new(|| Timestamp::parse("2026-11-23T10:15:30.123Z").unwrap());
static ACCOUNT: LazyLock<AccountId> = LazyLock::new(|| AccountId::parse("4Vn8QkT2mZrB0xYcW7eHsA").unwrap());

fuzz_target!(|body: &[u8]| {
    if let Some(new) = taken(new_key(body)) {
        assert!((1..=128).contains(&new.user_id.chars().count()) && (1..=128).contains(&new.username.chars().count()));
        assert!(new.settings.operations.iter().count() > 0);
        assert!(
            CATALOGUE.operations().lacking(&new.settings.operations).is_empty(),
            "no operation comes out of nothing"
        );
        assert!(new.settings.expires_at.is_none_or(|end| end > *NOW));
    }
    if let Some(operations) = taken(KeyPatch::parse(body, &CATALOGUE, *NOW)).and_then(|patch| patch.operations) {
        assert!(operations.iter().count() > 0 && CATALOGUE.operations().lacking(&operations).is_empty());
    }
    if let Some(Rotation { old_values: OldValues::Grace(grace), .. }) = taken(Rotation::parse(body)) {
        assert!(grace <= Duration::from_hours(7 * 24) && grace.subsec_nanos() == 0);
    }
});

fn new_key(body: &[u8]) -> Result<NewKey, InvalidRequest> {
    Fields::read(body, |fields| Ok(NewKey::take(fields, &CATALOGUE, *NOW, *ACCOUNT, "Example".to_owned(), None)))
}

/// A refusal names what is wrong.
fn taken<T>(read: Result<T, InvalidRequest>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(InvalidRequest(fields)) => {
            assert!(!fields.is_empty());
            None
        }
    }
}
