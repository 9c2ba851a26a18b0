//! Text of a path as it may be meant.

use zeroize::Zeroizing;

/// What stands for a variable of a route: as the gateway hands it on, and percent-decoded.
///
/// AWS documents for neither the ARN nor the path parameters whether they are decoded. It may be a value, so it is wiped.
pub struct PathText<'a> {
    given: &'a str,
    decoded: Option<Zeroizing<String>>,
}

impl<'a> PathText<'a> {
    /// Takes the text as the gateway hands it on.
    #[must_use]
    pub fn of(given: &'a str) -> Self {
        Self { given, decoded: if given.contains('%') { decode(given) } else { None } }
    }

    /// As it was given, and decoded if that differs.
    pub fn readings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.given).chain(self.decoded.as_ref().map(|text| text.as_str()))
    }
}

/// `None` for what is not UTF-8, or has a `%` without two digits behind it.
fn decode(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let decoded = if byte == b'%' { digit(rest.next()?)? * 16 + digit(rest.next()?)? } else { byte };
        bytes.push(decoded);
    }
    str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(text: &str) -> Vec<String> {
        PathText::of(text).readings().map(str::to_owned).collect()
    }

    #[test]
    fn text_is_read_as_given_and_decoded_once() {
        assert_eq!(readings("self"), ["self"]);
        assert_eq!(readings("%73el%66"), ["%73el%66", "self"]);
        assert_eq!(readings("a%2Fb%2fc"), ["a%2Fb%2fc", "a/b/c"]);
        assert_eq!(readings("%2573elf"), ["%2573elf", "%73elf"]);
        assert_eq!(readings("%C3%A9"), ["%C3%A9", "é"]);
    }

    #[test]
    fn what_cannot_be_decoded_is_read_as_given() {
        for text in ["%", "%4", "%zz", "a%", "%ff", "%+1", "%é"] {
            assert_eq!(readings(text), [text]);
        }
    }
}
