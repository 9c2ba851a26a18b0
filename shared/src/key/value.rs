//! The value that a client sends as `X-API-Key`: how it is made, read, hashed and kept out of sight.
//!
//! `{prefix}_{locator}_{secret}{checksum}`, where
//! - prefix: `[a-z][a-z0-9]*(_[a-z0-9]+)*`, at most 24 characters, free to change between keys;
//! - locator: format version `1`, account id (22), key id (22);
//! - secret: 256 random bits in 43 base62 characters;
//! - checksum: CRC-32 of all before it in 6 base62 characters, so that a typo costs no I/O.

use std::fmt;

use zeroize::Zeroizing;

use super::base62;
use super::hash::KeyHash;
use super::id::{AccountId, KeyId, Locator};
use super::prefix::KeyPrefix;
use super::random::{NoRandomness, Random};

pub(super) const VERSION: u8 = b'1';
const SECRET_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;
pub(super) const LOCATOR_LENGTH: usize = 1 + AccountId::LENGTH + KeyId::LENGTH;
/// Secret and checksum.
pub(super) const TAIL_LENGTH: usize = SECRET_LENGTH + CHECKSUM_LENGTH;
pub(super) const IMPORTED_LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;

/// A well-formed key value. It cannot be printed or serialized, and is wiped when dropped.
pub struct KeyValue {
    text: Zeroizing<String>,
    locator: Option<Locator>,
}

impl KeyValue {
    /// Makes the value of a new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(prefix: &KeyPrefix, locator: Locator, random: &Random) -> Result<Self, NoRandomness> {
        let mut number = Zeroizing::new(random.bytes::<32>()?);
        let secret = Zeroizing::new(base62::encode::<SECRET_LENGTH>(&mut *number));
        // Room for all of it at once: a string that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(prefix.as_str().len() + LOCATOR_LENGTH + TAIL_LENGTH + 2));
        text.push_str(prefix.as_str());
        text.push('_');
        text.push(char::from(VERSION));
        text.push_str(locator.account_id.as_str());
        text.push_str(locator.id.as_str());
        text.push('_');
        text.extend(secret.iter().copied().map(char::from));
        let checksum = checksum(&text);
        text.extend(checksum.into_iter().map(char::from));
        Ok(Self { text, locator: Some(locator) })
    }

    /// Reads a value that a client presents. `None` needs no look-up: no key has such a value.
    ///
    /// What has the shape of a native key must be one, down to its checksum. Anything else is a key that
    /// another system issued, if those are accepted at all: 16 to 256 visible ASCII characters, no comma
    /// (proxies join repeated headers with one).
    #[must_use]
    pub fn parse(text: &str, imported: ImportedKeys) -> Option<Self> {
        let locator = match native_parts(text) {
            Some((locator, body, sum)) => {
                let version_1 = locator.strip_prefix(char::from(VERSION))?;
                if checksum(body) != sum {
                    return None;
                }
                let (account_id, id) = version_1.split_at_checked(AccountId::LENGTH)?;
                Some(Locator { account_id: AccountId::parse(account_id)?, id: KeyId::parse(id)? })
            }
            None if imported == ImportedKeys::Accepted && could_be_imported(text) => None,
            None => return None,
        };
        Some(Self { text: Zeroizing::new(text.to_owned()), locator })
    }

    /// Whether text has the shape of a native value, be its checksum right or wrong.
    #[must_use]
    pub fn has_shape(text: &str) -> bool {
        native_parts(text).is_some()
    }

    /// Where the item lives; `None` for a key that another system issued. It is not a proof of anything.
    #[must_use]
    pub fn locator(&self) -> Option<Locator> {
        self.locator
    }

    /// The SHA-256 of the whole value: what is stored of it.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.text)
    }

    /// The secret itself, for the one answer that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyValue(…)")
    }
}

/// Splits text of a native key's shape into its locator, all that the checksum covers, and the checksum.
fn native_parts(text: &str) -> Option<(&str, &str, [u8; CHECKSUM_LENGTH])> {
    let (head, tail) = text.rsplit_once('_')?;
    let (prefix, locator) = head.rsplit_once('_')?;
    let native = locator.len() == LOCATOR_LENGTH
        && tail.len() == TAIL_LENGTH
        && base62::is_base62(locator.as_bytes())
        && base62::is_base62(tail.as_bytes())
        && KeyPrefix::is_prefix(prefix);
    if !native {
        return None;
    }
    let (body, sum) = text.split_at_checked(text.len() - CHECKSUM_LENGTH)?;
    Some((locator, body, sum.as_bytes().try_into().ok()?))
}

fn checksum(body: &str) -> [u8; CHECKSUM_LENGTH] {
    base62::encode(&mut crc32fast::hash(body.as_bytes()).to_be_bytes())
}

fn could_be_imported(text: &str) -> bool {
    IMPORTED_LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
}

/// Whether keys that another system issued are looked up, at the price of an index query for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportedKeys {
    /// They are looked up by their hash.
    Accepted,
    /// Text that is not a native key is refused without a look-up.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locator() -> Locator {
        Locator { account_id: AccountId::from_random([1; 16]), id: KeyId::from_time_and_random(1, [2; 10]) }
    }

    fn generated(prefix: &str) -> KeyValue {
        KeyValue::generate(&KeyPrefix::parse(prefix).unwrap(), locator(), &Random::system()).unwrap()
    }

    fn parse(text: &str) -> Option<KeyValue> {
        KeyValue::parse(text, ImportedKeys::Refused)
    }

    #[test]
    fn a_generated_value_is_read_back_with_any_prefix() {
        for prefix in ["a", "ak_live", "sk_2_b2b", "abcdefghijklmnopqrstuvwx"] {
            let value = generated(prefix);
            let back = parse(value.expose()).unwrap();
            assert_eq!(back.locator(), Some(locator()), "{prefix}");
            assert!(back.hash() == value.hash());
            assert_eq!(value.expose().len(), prefix.len() + 96);
        }
    }

    #[test]
    fn two_values_of_one_place_differ() {
        assert_ne!(generated("ak_live").expose(), generated("ak_live").expose());
    }

    #[test]
    fn the_format_never_changes_under_keys_that_are_out() {
        // Written down once, from Python's zlib.crc32 and hashlib.sha256.
        let value = parse(
            "ak_sample_14Vn8QkT2mZrB0xYcW7eHsA0QbXn6T4mKrV9sYdJ2wLhP_SampleKeyForLocalUseOnlyNeverIssuedByAnyone1qM5a2",
        )
        .unwrap();
        let locator = value.locator().unwrap();
        assert_eq!(locator.account_id.as_str(), "4Vn8QkT2mZrB0xYcW7eHsA");
        assert_eq!(locator.id.as_str(), "0QbXn6T4mKrV9sYdJ2wLhP");
        let hex = value.hash().to_hex();
        assert_eq!(hex, "17bc02f4f235ccbbd50520304cde1a8c5337041cc458bf3f6ea720c2b9de52d9");
    }

    #[test]
    fn a_value_of_another_system_has_no_locator() {
        let accepted = |text: &str| KeyValue::parse(text, ImportedKeys::Accepted);
        assert!(accepted("sk_live_0123456789").unwrap().locator().is_none());
        assert!(accepted("7f6b1c1e-0d5a-4a57-9a3c-1f2e3d4c5b6a").unwrap().locator().is_none());
        assert!(accepted(&"x".repeat(256)).is_some());
        for text in [
            "",
            "fifteen_letters",
            "with a space inside it",
            "tab\tinside_of_it",
            "ééééééééééééééééé",
            &"x".repeat(257),
        ] {
            assert!(accepted(text).is_none(), "{text}");
        }
    }

    #[test]
    fn nothing_of_a_value_or_a_hash_is_printed() {
        let value = generated("ak_live");
        assert_eq!(format!("{value:?} {:?}", value.hash()), "KeyValue(…) KeyHash(…)");
    }
}
