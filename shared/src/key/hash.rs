//! What is stored of a key's value.

use std::fmt;

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

/// The SHA-256 of a key's value. Comparing takes the same time wherever two hashes differ.
#[derive(Clone)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// Takes exactly 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Takes exactly 64 hexadecimal digits, of either case.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).is_ok().then_some(Self(bytes))
    }

    /// Hashes a whole value.
    #[must_use]
    pub fn of(value: &str) -> Self {
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(digest(&SHA256, value.as_bytes()).as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// As 64 hexadecimal digits in lower case, for claims and for GitHub.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The 32 bytes, for the store alone.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyHash {}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_from_64_hexadecimal_digits() {
        let text = "17bc02f4f235ccbbd50520304cde1a8c5337041cc458bf3f6ea720c2b9de52D9";
        assert_eq!(KeyHash::from_hex(text).unwrap().as_bytes()[..2], [0x17, 0xbc]);
        assert_eq!(KeyHash::from_hex(text).unwrap().as_bytes()[31], 0xd9);
        for wrong in ["", "17bc", &format!("{text}0"), &text.replace('7', "g"), &text.replace("17", "é")] {
            assert!(KeyHash::from_hex(wrong).is_none(), "{wrong}");
        }
    }
}
