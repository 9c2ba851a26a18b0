//! `If-Match`: on which version of a key a write is to be made.

use crate::key::Etag;

/// The versions of a key on which a write may be made ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#name-if-match)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: on any, as it is read.
    Any,
    /// On one of these. Tags that are weak or of no version are left out: they match nothing.
    OneOf(Vec<Etag>),
}

impl IfMatch {
    /// Reads `*`, or a list of tags in quotes.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        if trim(header) == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let (mut rest, mut is_empty) = (header, true);
        loop {
            // A list may have empty elements.
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return (!is_empty).then_some(Self::OneOf(tags));
            }
            is_empty = false;
            let (opaque, is_weak) = rest.strip_prefix("W/").map_or((rest, false), |rest| (rest, true));
            let (tag, behind) = opaque.strip_prefix('"')?.split_once('"')?;
            if !tag.bytes().all(|byte| byte > b' ' && byte != 0x7f) {
                return None;
            }
            tags.extend(Etag::parse(tag).filter(|_| !is_weak));
            rest = trim(behind);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }

    /// Whether a write may be made on that version.
    #[must_use]
    pub fn matches(&self, etag: Etag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.contains(&etag),
        }
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "0353BcNZpNQ41k9Zft1Kjj";

    fn matches(header: &str, etag: &str) -> Option<bool> {
        Some(IfMatch::parse(header)?.matches(Etag::parse(etag).unwrap()))
    }

    #[test]
    fn strong_tags_of_a_list_and_the_star_match() {
        let quoted = format!("\"{TAG}\"");
        for header in ["*", " * ", &quoted, &format!("\"x,y\", {quoted}"), &format!(",\t{quoted} ,"), "\"0\""] {
            let etag = if header == "\"0\"" { "0" } else { TAG };
            assert_eq!(matches(header, etag), Some(true), "{header}");
        }
        let weak = format!("W/{quoted}");
        for header in ["\"0\"", "\"\"", &weak, &format!("{weak}, \"a b\"").replace(' ', ""), &quoted.to_lowercase()] {
            assert_eq!(matches(header, TAG), Some(false), "{header}");
        }
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for header in ["", " ", ",", TAG, "0", "\"", "\"a", "*, \"a\"", "\"a\" \"b\"", "\"a\"b", "w/\"a\"", "\"a b\""] {
            assert_eq!(IfMatch::parse(header), None, "{header}");
        }
    }
}
