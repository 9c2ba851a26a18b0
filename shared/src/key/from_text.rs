//! Types that are text in JSON, read without a copy of the text: a request reads a dozen.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a string by `parse`. `what` is what it must be.
pub(crate) fn from_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<P>(&'static str, P);

    impl<T, P: FnOnce(&str) -> Option<T>> Visitor<'_> for Text<P> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).ok_or_else(|| E::custom(format_args!("not {}", self.0)))
        }
    }

    deserializer.deserialize_str(Text(what, parse))
}
