//! Finding values in what people paste: a line of a file, a header, JSON, a URL, a paragraph that was broken over lines.

use std::iter;

use zeroize::Zeroizing;

use super::base62::is_base62;
use super::prefix::KeyPrefix;
use super::value::{IMPORTED_LENGTHS, ImportedKeys, KeyValue, LOCATOR_LENGTH, TAIL_LENGTH, VERSION};

/// A text adds at most so many values of other systems: each costs reads, and anybody may send a text.
const MAX_IMPORTED: usize = 4;
/// A word has at most so many layers around its value, such as a name, quotes and brackets.
const MAX_LAYERS: usize = 16;
const MAX_NAME: usize = 64;
const QUOTES: [char; 4] = ['"', '\'', '`', '\\'];
const PAIRS: [[char; 2]; 8] =
    [['"', '"'], ['\'', '\''], ['`', '`'], ['\\', '\\'], ['(', ')'], ['[', ']'], ['{', '}'], ['<', '>']];
/// What stands around a value and is no part of it.
const MARKS: [char; 20] =
    ['"', '\'', '`', '\\', '(', ')', '[', ']', '{', '}', '<', '>', '*', '|', ';', ':', '.', '!', '?', '~'];

impl KeyValue {
    /// Every value that a text may hold, each once, in no order.
    ///
    /// A native value is found by its shape and checksum, whatever stands around it, and also where line ends, invisible
    /// characters or the backslashes of Markdown stand within. A value of another system has no shape: where those are
    /// accepted, the text itself is one if it could be, and up to 4 of its words are, without quotes, brackets, punctuation
    /// and `NAME=`. The time that it takes grows with the text's length alone.
    #[must_use]
    pub fn find_all(text: &str, imported: ImportedKeys) -> Vec<Self> {
        let mut found: Vec<_> = native_in(text).chain(native_in(&joined(text))).collect();
        if imported == ImportedKeys::Accepted {
            found.extend(imported_in(text));
        }
        found.sort_unstable_by(|one, other| one.expose().cmp(other.expose()));
        found.dedup_by(|one, other| one.expose() == other.expose());
        found
    }

    /// Whether something in the text begins as native values do: it is one, or one that was mistyped or cut off.
    #[must_use]
    pub fn resembles_one(text: &str) -> bool {
        locators_in(text).chain(locators_in(&joined(text))).next().is_some()
    }
}

/// The text without what no native value has in it.
fn joined(text: &str) -> Zeroizing<String> {
    // Room for all of it at once: a string that grows leaves copies behind.
    let mut joined = Zeroizing::new(String::with_capacity(text.len()));
    joined.extend(text.chars().filter(|character| character.is_ascii_alphanumeric() || *character == '_'));
    joined
}

/// Where a locator begins: at the `_` before it.
fn locators_in(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices('_').map(|(at, _)| at).filter(|at| {
        let after = text.get(at + 1..).and_then(|after| after.as_bytes().split_at_checked(LOCATOR_LENGTH));
        after.is_some_and(|(locator, rest)| {
            locator.starts_with(&[VERSION]) && rest.starts_with(b"_") && is_base62(locator)
        })
    })
}

fn native_in(text: &str) -> impl Iterator<Item = KeyValue> {
    locators_in(text).filter_map(|at| {
        let tail = at + 1 + LOCATOR_LENGTH + 1;
        let end = tail + TAIL_LENGTH;
        if !is_base62(text.get(tail..end)?.as_bytes()) {
            return None;
        }
        // Of all that could be its prefix, the checksum knows the right one.
        starts_before(text, at).find_map(|start| KeyValue::parse(text.get(start..end)?, ImportedKeys::Refused))
    })
}

/// Where the prefix that ends at `at` may begin.
fn starts_before(text: &str, at: usize) -> impl Iterator<Item = usize> {
    let before = text.as_bytes().get(at.saturating_sub(KeyPrefix::MAX_LENGTH)..at).unwrap_or_default();
    let of_a_prefix = |byte: &&u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    before.iter().rev().take_while(of_a_prefix).zip(1..).map(move |(_, length)| at - length)
}

/// First the text itself, then its words from the inside out.
fn imported_in(text: &str) -> Vec<KeyValue> {
    let is_outside = |character: char| !character.is_ascii_graphic() || character == ',';
    // What looks like a native value is none of another system, even if its checksum is wrong.
    let is_foreign = |word: &&str| word.len() >= *IMPORTED_LENGTHS.start() && locators_in(word).next().is_none();
    let words: Vec<Vec<&str>> =
        text.split(is_outside).filter(is_foreign).take(MAX_IMPORTED).map(|word| layers(word).collect()).collect();
    let inside_out =
        (0..MAX_LAYERS).flat_map(|depth| words.iter().filter_map(move |word| word.iter().rev().nth(depth)));
    let mut found: Vec<KeyValue> = Vec::with_capacity(MAX_IMPORTED);
    for candidate in iter::once(text.trim_matches(is_outside)).chain(inside_out.copied()) {
        let value = KeyValue::parse(candidate, ImportedKeys::Accepted).filter(|value| value.locator().is_none());
        if let Some(value) = value
            && found.len() < MAX_IMPORTED
            && found.iter().all(|other| other.expose() != value.expose())
        {
            found.push(value);
        }
    }
    found
}

/// A word, and each time what is left of it without one more layer.
fn layers(word: &str) -> impl Iterator<Item = &str> {
    iter::successors(Some(word), |word| without_name(word).or_else(|| without_marks(word))).take(MAX_LAYERS)
}

/// `API_KEY=value`, `"token":"value"`. What is too short for a value is the end of one in base64.
fn without_name(word: &str) -> Option<&str> {
    let (name, value) = word.split_once(['=', ':'])?;
    let bare = name.trim_matches(QUOTES);
    let is_name = (1..=MAX_NAME).contains(&bare.len())
        && name.starts_with(QUOTES) == name.ends_with(QUOTES)
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    // A mark after the value alone is around name and value, which may be a value with a `:` in it.
    let is_whole = value.starts_with(MARKS) || !value.ends_with(MARKS);
    (is_name && is_whole && value.len() >= *IMPORTED_LENGTHS.start()).then_some(value)
}

/// First what is around both ends, else what comes after, else what comes before.
fn without_marks(word: &str) -> Option<&str> {
    let pair = PAIRS.iter().find_map(|[first, last]| word.strip_prefix(*first)?.strip_suffix(*last));
    pair.or_else(|| word.strip_suffix(MARKS)).or_else(|| word.strip_prefix(MARKS))
}

#[cfg(test)]
mod tests {
    use super::super::id::{AccountId, KeyId, Locator};
    use super::super::random::Random;
    use super::*;

    fn generated(prefix: &str) -> KeyValue {
        let place =
            Locator { account_id: AccountId::from_random([1; 16]), id: KeyId::from_time_and_random(1, [2; 10]) };
        KeyValue::generate(&KeyPrefix::parse(prefix).unwrap(), place, &Random::system()).unwrap()
    }

    fn head(value: &str, length: usize) -> &str {
        value.split_at(length).0
    }

    fn found(text: &str, imported: ImportedKeys) -> Vec<String> {
        KeyValue::find_all(text, imported).iter().map(|value| value.expose().to_owned()).collect()
    }

    #[test]
    fn a_native_value_is_found_whatever_its_prefix_and_whatever_touches_it() {
        for prefix in ["a", "ak_live", "sk_2_b2b", "abcdefghijklmnopqrstuvwx"] {
            let value = generated(prefix);
            let value = value.expose();
            for before in ["", "_", "x", "x_", "1_", "API_KEY=", "%22", "\\u0022", "é", "&quot;", "_1"] {
                for after in ["", "_", "x", "0", "%22", "é", "_1"] {
                    assert_eq!(found(&format!("{before}{value}{after}"), ImportedKeys::Refused), [value], "{before}");
                }
            }
        }
    }

    #[test]
    fn several_values_are_found_once_each() {
        let (one, other) = (generated("ak_live"), generated("sk"));
        let (one, other) = (one.expose(), other.expose());
        for text in [format!("{one}{other}"), format!("{one} {other}, {one}"), format!("a: {other}\nb: {one}\n{other}")]
        {
            assert_eq!(found(&text, ImportedKeys::Refused), [one, other]);
        }
    }

    #[test]
    fn what_is_mistyped_or_cut_off_is_none_and_resembles_one() {
        let value = generated("ak_live");
        let value = value.expose();
        let last = if value.ends_with('0') { '1' } else { '0' };
        for text in
            [format!("{}{last}", head(value, value.len() - 1)), head(value, 60).to_owned(), value.replacen('k', "x", 1)]
        {
            assert!(found(&text, ImportedKeys::Refused).is_empty() && KeyValue::resembles_one(&text), "{text}");
            assert!(KeyValue::resembles_one(&text.replace('_', "\\_")));
        }
        for text in ["", "ak_live", "sk_of_another_system", head(value, 50), "_", "_1"] {
            assert!(found(text, ImportedKeys::Refused).is_empty() && !KeyValue::resembles_one(text), "{text}");
        }
    }

    #[test]
    fn a_value_of_another_system_is_looked_for_from_the_inside_out() {
        for (text, expected) in [
            ("sk_0123456789abcdef", &["sk_0123456789abcdef"][..]),
            ("\u{feff} sk_0123456789abcdef\r\n", &["sk_0123456789abcdef"]),
            (
                "KEY=\"sk_0123456789abcdef\"",
                &["\"sk_0123456789abcdef\"", "KEY=\"sk_0123456789abcdef\"", "sk_0123456789abcdef"],
            ),
            ("Authorization: Bearer sk_0123456789abcdef", &["sk_0123456789abcdef"]),
            ("too short", &[]),
            ("", &[]),
        ] {
            assert_eq!(found(text, ImportedKeys::Accepted), expected, "{text}");
            assert!(found(text, ImportedKeys::Refused).is_empty());
        }
        for value in ["bm90IGEgdmFsdWU=", "user:0123456789abcdef", "https://example.com/a"] {
            for around in [
                "{}",
                "\"{}\"",
                "KEY={}",
                "key: '{}';",
                "[{\"key\": \"\\\"{}\\\"\"}]",
                "({})!",
                "\"X-API-Key: {}'\"}",
                "{\"a\":\"{}\",\"b\":1}",
            ] {
                let text = around.replace("{}", value);
                assert!(found(&text, ImportedKeys::Accepted).iter().any(|found| found == value), "{text}");
            }
        }
    }

    #[test]
    fn no_text_adds_more_than_four_values_of_other_systems() {
        let words: Vec<_> = (0..1000).map(|at| format!("KEY=\"a-word-of-another-system-{at}\"")).collect();
        for text in [words.join(" "), words.join(""), "[{\"a\":".repeat(5000), "(".repeat(100_000), "=".repeat(200)] {
            assert!(found(&text, ImportedKeys::Accepted).len() <= MAX_IMPORTED);
        }
        let mistyped = format!("KEY='{}0'", head(generated("ak_live").expose(), 102));
        assert!(found(&format!("{mistyped} {mistyped}"), ImportedKeys::Accepted).is_empty());
    }
}
