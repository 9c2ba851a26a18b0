//! Finding values in what people paste: a line of a file, a header, JSON, a URL, a paragraph that was broken over lines.

use std::iter;

use zeroize::Zeroizing;

use super::base62::is_base62;
use super::prefix::KeyPrefix;
use super::value::{IMPORTED_LENGTHS, ImportedKeys, KeyValue, LOCATOR_LENGTH, TAIL_LENGTH, VERSION};

/// A text adds at most so many values of other systems: each costs reads, and anybody may send a text.
const MAX_FOREIGN: usize = 8;
/// A word is looked into through at most so many layers, such as a name, quotes and brackets.
const MAX_LAYERS: usize = 16;
const MAX_NAME: usize = 64;
const QUOTES: [char; 4] = ['"', '\'', '`', '\\'];
const PAIRS: [[&str; 2]; 13] = [
    ["\\\"", "\\\""],
    ["\\'", "\\'"],
    ["\"", "\""],
    ["'", "'"],
    ["`", "`"],
    ["\\", "\\"],
    ["(", ")"],
    ["[", "]"],
    ["{", "}"],
    ["<", ">"],
    ["*", "*"],
    ["|", "|"],
    ["~", "~"],
];
/// What stands around a value and is no part of it.
const MARKS: [char; 20] =
    ['"', '\'', '`', '\\', '(', ')', '[', ']', '{', '}', '<', '>', '*', '|', ';', ':', '.', '!', '?', '~'];

/// The values that a text may hold, each once.
#[derive(Debug)]
pub struct Found {
    /// Values of this service's own format, in no order.
    pub native: Vec<KeyValue>,
    /// What may be values of another system, at most 8, the likeliest first.
    pub foreign: Vec<KeyValue>,
    /// Whether the text has more that may be a value of another system.
    pub left_out: bool,
}

impl KeyValue {
    /// Finds the values in a text.
    ///
    /// A native value is found by its shape and checksum, with any text around it, and also where line ends, invisible
    /// characters or the backslashes of Markdown stand within. A value of another system has no shape: where those are
    /// accepted, the text itself is one if it could be, and its words are, with and without quotes, brackets, punctuation
    /// and `NAME=`. The time that it takes grows with the text's length alone.
    #[must_use]
    pub fn find_all(text: &str, imported: ImportedKeys) -> Found {
        let mut native: Vec<_> = native_in(text).chain(native_in(&joined(text))).collect();
        native.sort_unstable_by(|one, other| one.expose().cmp(other.expose()));
        native.dedup_by(|one, other| one.expose() == other.expose());
        let (foreign, left_out) = match imported {
            ImportedKeys::Accepted => foreign_in(text, !native.is_empty()),
            ImportedKeys::Refused => (Vec::new(), false),
        };
        Found { native, foreign, left_out }
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
        // Of all that could be its prefix, the checksum shows the right one.
        starts_before(text, at).find_map(|start| KeyValue::parse(text.get(start..end)?, ImportedKeys::Refused))
    })
}

/// Where the prefix that ends at `at` may begin.
fn starts_before(text: &str, at: usize) -> impl Iterator<Item = usize> {
    let before = text.as_bytes().get(at.saturating_sub(KeyPrefix::MAX_LENGTH)..at).unwrap_or_default();
    let of_a_prefix = |byte: &&u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    before.iter().rev().take_while(of_a_prefix).zip(1..).map(move |(_, length)| at - length)
}

/// First the text itself, then its words from the inside out; and whether some were left out.
fn foreign_in(text: &str, has_native: bool) -> (Vec<KeyValue>, bool) {
    let is_outside = |character: char| !character.is_ascii_graphic() || character == ',';
    let whole = Some(text.trim_matches(is_outside)).filter(|_| !has_native);
    let words: Vec<Vec<&str>> =
        text.split(is_outside).filter(|word| is_foreign(word)).map(|word| layers(word).collect()).collect();
    let inside_out =
        (0..MAX_LAYERS).flat_map(|depth| words.iter().filter_map(move |word| word.iter().rev().nth(depth)));
    let mut found: Vec<KeyValue> = Vec::with_capacity(MAX_FOREIGN);
    for candidate in whole.into_iter().chain(inside_out.copied()) {
        if !IMPORTED_LENGTHS.contains(&candidate.len()) || found.iter().any(|other| other.expose() == candidate) {
            continue;
        }
        let value = KeyValue::parse(candidate, ImportedKeys::Accepted).filter(|value| value.locator().is_none());
        if let Some(value) = value {
            if found.len() == MAX_FOREIGN {
                return (found, true);
            }
            found.push(value);
        }
    }
    (found, words.iter().any(|word| word.len() > MAX_LAYERS))
}

/// Whether a word may hold a value of another system. What looks like a native value is none, even if its checksum is wrong.
fn is_foreign(word: &str) -> bool {
    word.len() >= *IMPORTED_LENGTHS.start()
        && word.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && locators_in(word).next().is_none()
        && native_in(&joined(word)).next().is_none()
}

/// A word, and each time what is left of it without one more layer, as long as it may be a value; one more than are looked into.
fn layers(word: &str) -> impl Iterator<Item = &str> {
    iter::successors(Some(word), |word| without_name(word).or_else(|| without_marks(word)))
        .take_while(|word| word.len() >= *IMPORTED_LENGTHS.start())
        .take(MAX_LAYERS + 1)
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
    let pair = PAIRS.iter().find_map(|[first, last]| word.strip_prefix(first)?.strip_suffix(last));
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

    /// The value with another last character, whichever it has.
    fn mistyped(value: &str) -> String {
        format!("{}{}", head(value, value.len() - 1), if value.ends_with('0') { '1' } else { '0' })
    }

    fn found(text: &str, imported: ImportedKeys) -> Vec<String> {
        let Found { native, foreign, .. } = KeyValue::find_all(text, imported);
        native.iter().chain(&foreign).map(|value| value.expose().to_owned()).collect()
    }

    #[test]
    fn a_native_value_is_found_with_any_prefix_and_any_text_that_touches_it() {
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
        for text in [mistyped(value), head(value, 60).to_owned(), value.replacen('k', "x", 1)] {
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
                &["KEY=\"sk_0123456789abcdef\"", "sk_0123456789abcdef", "\"sk_0123456789abcdef\""],
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
    fn no_text_adds_more_than_eight_values_of_other_systems_and_more_are_reported() {
        let words: Vec<_> = (0..1000).map(|at| format!("KEY=\"a-word-of-another-system-{at}\"")).collect();
        for text in [words.join(" "), "[{\"a\":".repeat(5000), format!("{}value", "(".repeat(100_000))] {
            let found = KeyValue::find_all(&text, ImportedKeys::Accepted);
            assert!(found.left_out && found.foreign.len() <= MAX_FOREIGN);
        }
        for nothing in [words.join(""), "=".repeat(200), "*".repeat(200), "(".repeat(100_000)] {
            assert!(!KeyValue::find_all(&nothing, ImportedKeys::Accepted).left_out, "nothing in it could be a value");
        }
        let mistyped = format!("KEY='{}'", mistyped(generated("ak_live").expose()));
        assert!(found(&format!("{mistyped} {mistyped}"), ImportedKeys::Accepted).is_empty());
    }

    #[test]
    fn a_long_value_of_another_system_is_found_whatever_it_begins_with() {
        for beginning in ["sk_", "sk_1", "sk_1_"] {
            let value = format!("{beginning}{}", "89abcdefABCDEF_".repeat(8).trim_end_matches('_'));
            assert_eq!(found(&format!("KEY {value}"), ImportedKeys::Accepted).last(), Some(&value));
            let hexadecimal = format!("{beginning}{}", "0123456789abcdef".repeat(8));
            assert_eq!(found(&format!("KEY {hexadecimal}"), ImportedKeys::Accepted).last(), Some(&hexadecimal));
            assert!(!KeyValue::resembles_one(&value) && !KeyValue::resembles_one(&hexadecimal));
        }
    }

    #[test]
    fn a_word_is_looked_into_through_as_many_layers_as_it_may_have() {
        // All but the innermost four are longer than a value may be.
        let within = |layers: usize| format!("{}{}{}", "(".repeat(layers), "v".repeat(250), ")".repeat(layers));
        assert!(!KeyValue::find_all(&within(MAX_LAYERS - 1), ImportedKeys::Accepted).left_out);
        assert!(KeyValue::find_all(&within(MAX_LAYERS), ImportedKeys::Accepted).left_out);
    }

    #[test]
    fn where_nothing_is_left_out_each_word_was_looked_into_and_none_comes_twice() {
        let eight = (0..8).map(|at| format!("a-word-of-another-system-{at}")).collect::<Vec<_>>().join(" ");
        for text in [eight.clone(), format!("{eight} {eight}"), format!("{eight} short words beside them")] {
            let found = KeyValue::find_all(&text, ImportedKeys::Accepted);
            assert_eq!((found.foreign.len(), found.left_out), (8, false), "{text}");
        }
        assert!(KeyValue::find_all(&format!("{eight} one-that-is-one-more"), ImportedKeys::Accepted).left_out);
        let log = "2026-11-26T15:00:00.000Z 7f3b2c1d9e8a4f60 request-0123456789 client-0123456789 upstream-0123456789";
        let line = format!("{log} X-API-Key=sk_old_0123456789");
        assert!(found(&line, ImportedKeys::Accepted).contains(&"sk_old_0123456789".to_owned()));
        let json = r#"{"request":"0123456789abcdef0","session":"0123456789abcdef1","key":"user:0123456789abcdef"}"#;
        assert!(
            found(json, ImportedKeys::Accepted).contains(&"user:0123456789abcdef".to_owned()),
            "inner before outer"
        );
        assert!(KeyValue::find_all(json, ImportedKeys::Accepted).left_out);
    }

    #[test]
    fn beside_a_native_value_its_own_surroundings_are_no_value_of_another_system_and_other_words_are() {
        let value = generated("ak_live");
        let value = value.expose();
        let alone = [value.to_owned()];
        for text in [value.to_owned(), format!("https://example.com/?key={value}&page=2"), value.replace('_', "\\_")] {
            assert_eq!(found(&text, ImportedKeys::Accepted), alone, "{text}");
        }
        let line = format!("old=sk_live_of_the_old_system_123 new={value}");
        let expected = [value, "sk_live_of_the_old_system_123", "old=sk_live_of_the_old_system_123"];
        assert_eq!(found(&line, ImportedKeys::Accepted), expected);
    }
}
