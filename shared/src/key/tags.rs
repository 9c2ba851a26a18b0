//! What managers note of a key, for the backends behind it: names with texts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use form_urlencoded::Serializer as Form;
use serde::{Deserialize, Serialize, Serializer};

/// Tags of a key: up to 16 names, each with a text. They grant nothing.
///
/// Stored and handed to backends as one text of ASCII, form-encoded in the order of the names, which is not parsed on the way of a
/// request. In JSON an object, and `null` when there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Tags(String);

impl Tags {
    /// How many a key may have.
    pub const MAX: usize = 16;
    /// The most characters of a name.
    pub const MAX_NAME: usize = 40;
    /// The most characters of a text.
    pub const MAX_TEXT: usize = 128;
    /// The most bytes of all, form-encoded.
    pub const MAX_BYTES: usize = 1024;

    /// Whether it is of the shape `[A-Za-z][A-Za-z0-9_.-]{0,39}`.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        text.len() <= Self::MAX_NAME
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    }

    /// Takes texts by their names; both are valid. More than there may be, or more bytes, are an error in words.
    ///
    /// # Errors
    /// What is wrong.
    pub fn of(texts: &BTreeMap<String, String>) -> Result<Self, String> {
        if texts.len() > Self::MAX {
            return Err(format!("must have at most {} names", Self::MAX));
        }
        let form = Form::new(String::new()).extend_pairs(texts).finish();
        if form.len() > Self::MAX_BYTES {
            return Err(format!("must have at most {} bytes, form-encoded", Self::MAX_BYTES));
        }
        Ok(Self(form))
    }

    /// Takes the text as it was stored.
    #[must_use]
    pub fn of_stored(form: String) -> Self {
        Self(form)
    }

    /// The text as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, and nothing else of them.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The names and their texts, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.0.as_bytes())
    }

    /// The text of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.iter().find(|(other, _)| other == name).map(|(_, text)| text)
    }

    /// As an object, also when there is none.
    #[must_use]
    pub fn shown(&self) -> ShownTags<'_> {
        ShownTags(self)
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_none() { serializer.serialize_none() } else { self.shown().serialize(serializer) }
    }
}

/// Tags as they are shown.
#[derive(Debug, Clone, Copy)]
pub struct ShownTags<'a>(&'a Tags);

impl Serialize for ShownTags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(texts: &[(&str, &str)]) -> Result<Tags, String> {
        Tags::of(&texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn names_have_a_shape() {
        let longest = "a".repeat(40);
        for good in ["a", "Z", "team", "cost.center", "a_b-c.d", "A1", &longest] {
            assert!(Tags::is_name(good), "{good}");
        }
        let longer = "a".repeat(41);
        for bad in ["", "1a", "_a", ".a", "-a", "a b", "a=b", "a&b", "é", "aé", "a\n", &longer] {
            assert!(!Tags::is_name(bad), "{bad}");
        }
    }

    #[test]
    fn the_stored_text_is_ascii_in_the_order_of_the_names_and_is_read_as_it_was_written() {
        let texts = [("team", "blue & green=+%"), ("env", "prod"), ("Team", "Zoë 😀")];
        let tags = tags(&texts).unwrap();

        assert_eq!(tags.as_str(), "Team=Zo%C3%AB+%F0%9F%98%80&env=prod&team=blue+%26+green%3D%2B%25");
        let stored = Tags::of_stored(tags.as_str().to_owned());
        assert_eq!(
            serde_json::to_string(&stored).unwrap(),
            r#"{"Team":"Zoë 😀","env":"prod","team":"blue & green=+%"}"#
        );
        assert_eq!(serde_json::to_string(&Tags::default()).unwrap(), "null");
        assert_eq!(serde_json::to_string(&Tags::default().shown()).unwrap(), "{}");
    }

    #[test]
    fn they_are_so_many_and_so_long_at_most() {
        let names: Vec<_> = (0..17).map(|at| format!("n{at}")).collect();
        let of = |count: usize| tags(&names.iter().take(count).map(|name| (&**name, "x")).collect::<Vec<_>>());
        assert!(of(16).is_ok());
        assert_eq!(of(17).unwrap_err(), "must have at most 16 names");

        // "n=" and "&", and three bytes for each character.
        let texts = [("a", "é".repeat(85)), ("b", "é".repeat(84)), ("c", "x".repeat(0))];
        let with_rest = |rest: usize| {
            let rest = "x".repeat(rest);
            tags(&[("a", &texts[0].1), ("b", &texts[1].1), ("c", &rest)])
        };
        let longest = Tags::MAX_BYTES - ("a=&b=&c=".len() + 169 * 6);
        assert_eq!(with_rest(longest).unwrap().as_str().len(), Tags::MAX_BYTES);
        assert_eq!(with_rest(longest + 1).unwrap_err(), "must have at most 1024 bytes, form-encoded");
    }
}
