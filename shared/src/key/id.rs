//! Where a key lives: its account, and its own id within it.

use std::fmt;

use super::base62;
use super::from_text::from_text;
use super::timestamp::Timestamp;

const LENGTH: usize = 22;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; LENGTH]);

        impl $name {
            /// The number of characters of every id.
            pub const LENGTH: usize = LENGTH;

            /// Takes text of exactly [`Self::LENGTH`] digits and letters; anything else names nothing.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let bytes: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
                base62::is_base62(&bytes).then_some(Self(bytes))
            }

            /// The id as it is written everywhere: in the table, in answers, inside a key.
            #[must_use]
            pub fn as_str(&self) -> &str {
                // Never the default: only digits and letters get in.
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer, concat!("a ", stringify!($name)), Self::parse)
            }
        }
    };
}

id! {
    /// An account: 128 random bits, 22 base62 characters, never used twice.
    AccountId
}

id! {
    /// A key: 48 bits of milliseconds since 1970, then 80 random bits, 22 base62 characters.
    ///
    /// Ids sort by the time they were made, to the millisecond, and are never used twice.
    KeyId
}

id! {
    /// An event: like a key's id, 48 bits of milliseconds since 1970, then 80 random bits.
    EventId
}

impl AccountId {
    /// The id that names nothing: no id is made of zeros alone.
    pub(crate) const NONE: Self = Self([b'0'; LENGTH]);

    pub(crate) fn from_random(mut random: [u8; 16]) -> Self {
        Self(base62::encode(&mut random))
    }
}

impl KeyId {
    /// The id that names nothing: no id is made of zeros alone.
    pub(crate) const NONE: Self = Self([b'0'; LENGTH]);

    /// The least id of that time or later.
    #[must_use]
    pub fn first_at(time: Timestamp) -> Self {
        Self::from_time_and_random(time.unix_millis(), [0; 10])
    }

    pub(crate) fn from_time_and_random(unix_millis: u64, random: [u8; 10]) -> Self {
        Self(sortable(unix_millis, random))
    }
}

impl EventId {
    /// The least id of that time or later.
    #[must_use]
    pub fn first_at(time: Timestamp) -> Self {
        Self::from_time_and_random(time.unix_millis(), [0; 10])
    }

    pub(crate) fn from_time_and_random(unix_millis: u64, random: [u8; 10]) -> Self {
        Self(sortable(unix_millis, random))
    }
}

fn sortable(unix_millis: u64, random: [u8; 10]) -> [u8; LENGTH] {
    let [_, _, time @ ..] = unix_millis.to_be_bytes();
    let mut number = [0; 16];
    for (to, from) in number.iter_mut().zip(time.into_iter().chain(random)) {
        *to = from;
    }
    base62::encode(&mut number)
}

/// Where the item of a key lives, by the key's own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locator {
    /// The partition.
    pub account_id: AccountId,
    /// The item in it.
    pub id: KeyId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_keys_have_greater_ids_with_any_random_part() {
        let earlier = KeyId::from_time_and_random(1_760_000_000_000, [255; 10]);
        let later = KeyId::from_time_and_random(1_760_000_000_001, [0; 10]);
        assert!(earlier < later);
        assert!(earlier.as_str() < later.as_str());
    }

    #[test]
    fn an_id_is_read_back_from_its_own_text() {
        let id = KeyId::from_time_and_random(1_760_000_000_000, [42; 10]);
        assert_eq!(KeyId::parse(id.as_str()), Some(id));
        let account = AccountId::from_random([9; 16]);
        assert_eq!(AccountId::parse(&account.to_string()), Some(account));
    }

    #[test]
    fn text_of_another_length_or_alphabet_is_no_id() {
        for text in
            ["", "self", "000000000000000000000", "00000000000000000000000", "00000000000000000000_0", "éééééééééé00"]
        {
            assert_eq!(KeyId::parse(text), None, "{text}");
        }
    }
}
