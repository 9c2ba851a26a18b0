//! What comes before the locator of a key.

/// The text before a new key's locator, such as `ak_live`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrefix(String);

impl KeyPrefix {
    pub(super) const MAX_LENGTH: usize = 24;

    /// Takes `[a-z][a-z0-9]*(_[a-z0-9]+)*` of at most 24 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::is_prefix(text).then(|| Self(text.to_owned()))
    }

    /// The prefix as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_prefix(text: &str) -> bool {
        text.len() <= Self::MAX_LENGTH
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.split('_').all(|word| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_no_prefix() {
        for text in ["", "A", "1a", "_a", "a_", "a__b", "a-b", "é", "abcdefghijklmnopqrstuvwxy"] {
            assert_eq!(KeyPrefix::parse(text), None, "{text}");
        }
    }
}
