//! The headers that may carry a key, read without keeping the rest.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// The header that carries the key, as the API's stage names it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum KeyHeader {
    /// `X-API-Key`.
    #[default]
    #[serde(rename = "x-api-key", alias = "X-API-Key")]
    XApiKey,
    /// `Authorization: Bearer`.
    #[serde(rename = "authorization", alias = "Authorization")]
    Authorization,
    /// None that there is.
    #[serde(other)]
    Unknown,
}

/// What the headers that may carry a key have; their names may be in any case.
#[derive(Default)]
pub(crate) struct KeyHeaders {
    x_api_key: Values,
    authorization: Values,
}

/// All values of all headers of one name.
#[derive(Default)]
enum Values {
    #[default]
    Missing,
    Once(Zeroizing<String>),
    Repeated,
}

impl fmt::Debug for KeyHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHeaders(…)")
    }
}

impl KeyHeaders {
    /// What is presented as a key's value, if it is there once.
    pub(crate) fn value(&self, of: KeyHeader) -> Option<&str> {
        match (of, &self.x_api_key, &self.authorization) {
            (KeyHeader::XApiKey, Values::Once(value), _) => Some(value),
            (KeyHeader::Authorization, _, Values::Once(value)) => {
                let (scheme, value) = value.split_once(' ')?;
                scheme.eq_ignore_ascii_case("Bearer").then(|| value.trim_start_matches(' '))
            }
            _ => None,
        }
    }
}

impl Values {
    fn add(&mut self, more: Self) {
        *self = match (std::mem::take(self), more) {
            (Self::Missing, values) | (values, Self::Missing) => values,
            _ => Self::Repeated,
        };
    }
}

impl<'de> Deserialize<'de> for KeyHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Headers;
        impl<'de> Visitor<'de> for Headers {
            type Value = KeyHeaders;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers")
            }

            fn visit_unit<E: de::Error>(self) -> Result<KeyHeaders, E> {
                Ok(KeyHeaders::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut headers: A) -> Result<KeyHeaders, A::Error> {
                let mut found = KeyHeaders::default();
                while let Some(Name(name)) = headers.next_key()? {
                    let values = match name {
                        KeyHeader::XApiKey => &mut found.x_api_key,
                        KeyHeader::Authorization => &mut found.authorization,
                        KeyHeader::Unknown => {
                            headers.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    values.add(headers.next_value()?);
                }
                Ok(found)
            }
        }
        deserializer.deserialize_any(Headers)
    }
}

/// The name of a header.
struct Name(KeyHeader);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a header")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
                Ok(Name(match name {
                    name if name.eq_ignore_ascii_case("x-api-key") => KeyHeader::XApiKey,
                    name if name.eq_ignore_ascii_case("authorization") => KeyHeader::Authorization,
                    _ => KeyHeader::Unknown,
                }))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the value of a header, or a list")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Values, E> {
                Ok(Values::Missing)
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Values, E> {
                Ok(Values::Once(Zeroizing::new(value.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
                let mut found = Values::Missing;
                while let Some(value) = list.next_element::<String>()? {
                    found.add(Values::Once(Zeroizing::new(value)));
                }
                Ok(found)
            }
        }
        deserializer.deserialize_any(List)
    }
}
