//! What is sent of a value: its SHA-256, made here or in one of the forms in which other systems keep it.

use api_keys::key::{ImportedKeys, KeyHash, KeyValue};
use aws_smithy_types::base64;

const SHAPE: &str = "sha256 must be the SHA-256 of the whole value, in 64 hexadecimal digits, or in base64 behind \
    sha256:";
const MAYBE_VALUE: &str = "sha256 has base64 without the hash's name before it, such as sha256:; this may be the value itself: \
    name the column `value`";
/// What names a hash before it, in lower case.
const NAMES: [&str; 6] = ["sha256:", "sha256-", "sha256=", "sha-256:", "sha-256=", "{sha256}"];
/// What stands before hexadecimal digits.
const OF_DIGITS: [&str; 2] = ["0x", "\\x"];
/// Other hashes, by how many hexadecimal digits and how many characters of base64 they have.
const OTHERS: [(usize, usize, &str); 5] =
    [(32, 24, "an MD5"), (40, 28, "a SHA-1"), (56, 40, "a SHA-224"), (96, 64, "a SHA-384"), (128, 88, "a SHA-512")];
/// How hashes with a salt begin, in lower case.
const SALTED: [&str; 11] = ["$1$", "$2", "$5$", "$6$", "$7$", "$y$", "$argon2", "$scrypt", "scrypt", "{ss", "pbkdf2"];

/// The hash of a value.
///
/// # Errors
/// Why it would never be found.
pub(super) fn of_value(value: &str) -> Result<KeyHash, String> {
    if KeyValue::parse(value, ImportedKeys::Refused).is_some() {
        return Err("value has the format of this service: it names a place in a table and would never be found".into());
    }
    KeyValue::parse(value, ImportedKeys::Accepted).map(|value| value.hash()).ok_or_else(|| {
        "value would never be accepted: one is 16 to 256 visible ASCII characters without a comma, and not a mistyped key of \
         this service"
            .to_owned()
    })
}

/// Reads a hash: 64 hexadecimal digits of either case, also in pairs; or base64 of either alphabet, with or without its end,
/// behind the hash's name. 32 bytes in base64 are the most common shape of raw secrets, so without that name they are none.
///
/// # Errors
/// What it looks like instead.
pub(super) fn parse(text: &str) -> Result<KeyHash, String> {
    let text = text.trim();
    let named = without(&NAMES, text);
    let bare = named.or_else(|| without(&OF_DIGITS, text)).unwrap_or(text).trim();
    let digits: String = bare.chars().filter(|character| !matches!(character, ':' | ' ')).collect();
    if let Some(hash) = KeyHash::from_hex(&digits) {
        return Ok(hash);
    }
    match of_base64(bare) {
        Some(hash) if named.is_some() => Ok(hash),
        Some(_) => Err(MAYBE_VALUE.to_owned()),
        None => Err(match what_else(bare) {
            Some(what) => format!("{SHAPE}; this looks like {what}: import the values themselves, or issue new keys"),
            None => SHAPE.to_owned(),
        }),
    }
}

/// The text behind one of these, in either case.
fn without<'a>(prefixes: &[&str], text: &'a str) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| {
        let (head, rest) = text.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(rest)
    })
}

fn of_base64(text: &str) -> Option<KeyHash> {
    let standard = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    KeyHash::from_bytes(&base64::decode(standard + "=").ok()?)
}

fn what_else(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if SALTED.iter().any(|start| lower.starts_with(start)) {
        return Some("a hash with a salt, by which nothing can be found");
    }
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let other = OTHERS.iter().find(|(digits, encoded, _)| {
        (is_hex && text.len() == *digits) || (text.len() == *encoded && text.ends_with('='))
    });
    other.map(|(.., name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `0123456789abcdef`: `printf %s 0123456789abcdef | sha256sum`, and `openssl sha256 -binary | base64` of it.
    const HEX: &str = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";
    const BASE64: &str = "n59REfeyengfHx3d5evC3St5a/xzZcnCi1SOVkF2kp8=";

    #[test]
    fn a_sha_256_is_taken_in_the_forms_that_systems_keep() {
        let url = BASE64.replace('/', "_").replace('+', "-");
        let pairs: Vec<_> = HEX.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap()).collect();
        for form in [
            HEX.to_owned(),
            HEX.to_uppercase(),
            format!("sha256:{HEX}"),
            format!("SHA-256:{HEX}"),
            format!("0x{HEX}"),
            format!("\\x{HEX}"),
            pairs.join(":"),
            pairs.join(":").to_uppercase(),
            format!("SHA256:{}", BASE64.trim_end_matches('=')),
            format!("sha256-{BASE64}"),
            format!("sha256:{url}"),
            format!("sha-256={}", url.trim_end_matches('=')),
            format!("{{SHA256}}{BASE64}"),
            format!(" {HEX} "),
        ] {
            assert_eq!(parse(&form).map(|hash| hash.to_hex()), Ok(HEX.to_owned()), "{form}");
        }
    }

    /// 43 characters of base64 are always 32 bytes, and most raw secrets are 32 bytes in base64.
    #[test]
    fn base64_without_the_name_of_a_hash_may_be_the_value_itself() {
        let url = BASE64.replace('/', "_").replace('+', "-");
        let token = "8Jx0Vv1sT3kQm-Zr5yP_dLb7Nw2aHc4eUf6Gi9oKtXE";
        let (bare, bare_url) = (BASE64.trim_end_matches('='), url.trim_end_matches('='));
        for text in
            [BASE64, bare, &url, bare_url, token, &format!("{token}="), &format!("0x{token}"), &format!("\\x{bare}")]
        {
            let reason = parse(text).unwrap_err();
            assert_eq!(reason, MAYBE_VALUE);
            assert!(reason.contains("this may be the value itself: name the column `value`"));
        }
    }

    #[test]
    fn the_reason_names_another_hash() {
        for (other, name) in [
            ("d41d8cd98f00b204e9800998ecf8427e", "an MD5"),
            ("2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "a SHA-1"),
            (&*"a".repeat(128), "a SHA-512"),
            ("$2b$12$abcdefghijklmnopqrstuv", "a salt"),
            ("$argon2id$v=19$m=65536", "a salt"),
            ("pbkdf2_sha256$600000$salt$hash", "a salt"),
        ] {
            let reason = parse(other).unwrap_err();
            assert!(reason.starts_with(SHAPE) && reason.contains(name) && !reason.contains(other), "{reason}");
        }
        for other in ["", "x", &HEX.replacen('9', "", 1), &format!("{HEX}0"), "a-secret-value-of-a-user"] {
            assert_eq!(parse(other).unwrap_err(), SHAPE, "{other}");
        }
    }
}
