//! What a path may be taken for, by any hop between a client and the code that answers.

use zeroize::Zeroizing;

/// So many further readings have more than anybody means: a path with more is refused.
const MOST: usize = 16;

/// All readings of a path: as it is, and percent-decoded again and again until nothing changes, as a whole or each segment by
/// itself, each also without what stands behind a `;` or a `#`.
///
/// A backend may decode what the gateway did not, before it splits the path or after. Some take `;…` for parameters of a segment,
/// and a proxy that decodes `#…` takes it for a fragment. The path may hold a value, so all of them are wiped.
pub(super) struct Readings<'a> {
    given: &'a str,
    more: Vec<Zeroizing<String>>,
}

impl<'a> Readings<'a> {
    /// Reads a path without the slash that it begins with. `None` if one of the readings has what a hop on the way may resolve,
    /// split or take for a pattern: `.`, `..` or an empty segment within; a backslash, a control character, `*`, `?`, `${` or `%u`;
    /// bytes that are no UTF-8.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let mut readings = Self { given: path, more: Vec::new() };
        let is_only_one = !path.contains(['%', ';', '#']);
        (is_plain(path) && (is_only_one || readings.add_further())).then_some(readings)
    }

    /// Each of them, the given one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.given).chain(self.more.iter().map(|text| text.as_str()))
    }

    /// Adds what each step makes of each reading. Whether all are plain, and few enough.
    fn add_further(&mut self) -> bool {
        for at in 0.. {
            let Some(further) = self.iter().nth(at).map(changed) else { break };
            for reading in further {
                let Some(reading) = reading else { return false };
                if self.iter().any(|known| known == *reading) {
                    continue;
                }
                if self.more.len() == MOST || !is_plain(&reading) {
                    return false;
                }
                self.more.push(reading);
            }
        }
        true
    }
}

/// The segments of a reading; a slash at its end makes none.
pub(super) fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').take(if path.is_empty() { 0 } else { usize::MAX })
}

fn is_plain(path: &str) -> bool {
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        if matches!(segment, "." | "..") || (segment.is_empty() && segments.peek().is_some()) {
            return false;
        }
    }
    let has_wide_escape = || path.split('%').skip(1).any(is_wide_escape);
    !path.contains(|letter: char| matches!(letter, '\\' | '*' | '?') || letter.is_control())
        && !path.contains("${")
        && !has_wide_escape()
}

/// Whether this begins as `%u002e` goes on: Windows decodes that.
fn is_wide_escape(behind: &str) -> bool {
    let digits = behind.strip_prefix(['u', 'U']).and_then(|digits| digits.get(..4));
    digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// What a hop on the way may make of a path before another one reads it. `None` is no UTF-8.
fn changed(text: &str) -> [Option<Zeroizing<String>>; 4] {
    // A slash that is encoded stays in its segment where the path is split before.
    let (whole, segments) = (decode(text, |_| true), decode(text, |byte| byte != b'/'));
    [whole, segments, Some(cut_parameters(text)), Some(cut_fragment(text))]
}

fn cut_parameters(text: &str) -> Zeroizing<String> {
    let cut = text.split('/').map(|segment| segment.split(';').next().unwrap_or_default());
    Zeroizing::new(cut.collect::<Vec<_>>().join("/"))
}

fn cut_fragment(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.split('#').next().unwrap_or_default().to_owned())
}

/// Decodes each `%` that has two digits behind it for such a byte, and leaves others alone; `None` for what is not UTF-8.
fn decode(text: &str, is_wanted: impl Fn(u8) -> bool) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = if *first == b'%' { behind.split_at_checked(2) } else { None };
        let decoded = digits.and_then(|(digits, _)| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        // `from_str_radix` takes a sign.
        let signed = behind.first() == Some(&b'+');
        match (decoded, digits) {
            (Some(byte), Some((_, behind))) if !signed && is_wanted(byte) => {
                bytes.push(byte);
                rest = behind;
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(path: &str) -> Option<Vec<String>> {
        Some(Readings::of(path)?.iter().map(str::to_owned).collect())
    }

    #[test]
    fn a_plain_path_has_one_reading() {
        for path in ["", "sms", "sms/", "sms/1/parts", "SMS/é", "sms/a+b~c.d..e", "sms/$x", "sms/{x"] {
            assert_eq!(readings(path), Some(vec![path.to_owned()]));
        }
    }

    #[test]
    fn encodings_and_parameters_make_more_of_them() {
        for (path, more) in [
            ("sms%2Fx", &["sms/x"][..]),
            ("%2573ms", &["%73ms", "sms"]),
            ("sms/100%", &[]),
            ("sms/%zz%+1", &[]),
            ("%%37%33ms", &["%73ms", "sms"]),
            ("sms;v=1/x", &["sms/x"]),
            ("sms%3Bx/y", &["sms;x/y", "sms/y"]),
            ("sms%253Bx", &["sms%3Bx", "sms;x", "sms"]),
            ("%61;%2Fx/b", &["a;/x/b", "a;%2Fx/b", "%61/b", "a/x/b", "a/b"]),
            ("%61/x%2Fy", &["a/x/y", "a/x%2Fy"]),
            ("a/%23x/b", &["a/#x/b", "a/"]),
            ("50%unsure", &[]),
            ("sm%C3%A9", &["smé"]),
        ] {
            let expected = std::iter::once(path).chain(more.iter().copied());
            assert_eq!(readings(path), Some(expected.map(str::to_owned).collect()), "{path}");
        }
    }

    #[test]
    fn what_may_be_resolved_split_or_taken_for_a_pattern_is_refused_in_any_encoding() {
        for part in [
            ".", "..", "a\\b", "a*", "a?b", "a\u{0}", "a\u{7f}", "a\u{85}", "${x}", "..;x", ".;", ";x", "a//b",
            "%u002E",
        ] {
            let mut encoded = format!("sms/{part}/rcs");
            for _ in 0..4 {
                assert!(Readings::of(&encoded).is_none(), "{encoded}");
                let each = |letter: u8| if letter == b'/' { "/".to_owned() } else { format!("%{letter:02x}") };
                encoded = if encoded.contains('%') {
                    encoded.replace('%', "%25")
                } else {
                    format!("sms/{}/rcs", part.bytes().map(each).collect::<String>())
                };
            }
        }
        for path in [
            "/",
            "/sms",
            "sms//",
            "sms%2F%2Frcs",
            "sms/%ff",
            "sms/%c0%ae",
            "sms/%2e",
            "sms/%2E%2e/rcs",
            "sms%2f..%2frcs",
        ] {
            assert!(Readings::of(path).is_none(), "{path}");
        }
        assert!(Readings::of(&format!("sms/%{}73", "25".repeat(MOST))).is_none());
        assert!(Readings::of(&format!("sms/%{}73", "25".repeat(MOST - 1))).is_some());
    }

    #[test]
    fn a_slash_at_the_end_makes_no_segment() {
        for (path, expected) in
            [("", &[][..]), ("/", &[]), ("sms", &["sms"]), ("sms/", &["sms"]), ("a/b/", &["a", "b"])]
        {
            assert_eq!(segments(path).collect::<Vec<_>>(), expected, "{path}");
        }
    }
}
