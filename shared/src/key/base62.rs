//! Numbers as digits and letters of a fixed width, in ASCII order, so that text sorts as the numbers do.

/// Writes the big-endian `number` in `N` base62 digits and leaves zeros in its place.
///
/// `N` must hold the number (22 for 16 bytes, 43 for 32 bytes, 6 for 4 bytes); higher digits are cut off.
pub(crate) fn encode<const N: usize>(number: &mut [u8]) -> [u8; N] {
    let mut text = [b'0'; N];
    for digit in text.iter_mut().rev() {
        let mut remainder = 0_u16;
        for byte in number.iter_mut() {
            let current = (remainder << 8) | u16::from(*byte);
            *byte = low_byte(current / 62);
            remainder = current % 62;
        }
        *digit = symbol(low_byte(remainder));
    }
    text
}

/// Whether every byte is a base62 digit.
pub(crate) fn is_base62(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_alphanumeric)
}

fn symbol(digit: u8) -> u8 {
    match digit {
        0..=9 => b'0' + digit,
        10..=35 => b'A' + (digit - 10),
        _ => b'a' + (digit - 36),
    }
}

/// Long division by 62 keeps quotients and remainders below 256.
fn low_byte(number: u16) -> u8 {
    number.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<const N: usize>(mut number: Vec<u8>) -> String {
        String::from_utf8(encode::<N>(&mut number).to_vec()).unwrap()
    }

    #[test]
    fn small_numbers_are_written_with_leading_zeros() {
        assert_eq!(text::<6>(vec![0, 0, 0, 0]), "000000");
        assert_eq!(text::<6>(vec![0, 0, 0, 61]), "00000z");
        assert_eq!(text::<6>(vec![0, 0, 0, 62]), "000010");
        assert_eq!(text::<6>(vec![0, 0, 15, 3]), "0000zz"); // 62² - 1 = 3843
    }

    #[test]
    fn the_largest_number_of_each_width_fits() {
        // Python: the digits of 2**32-1, 2**128-1 and 2**256-1 in base 62.
        assert_eq!(text::<6>(vec![255; 4]), "4gfFC3");
        assert_eq!(text::<22>(vec![255; 16]), "7n42DGM5Tflk9n8mt7Fhc7");
        assert_eq!(text::<43>(vec![255; 32]), "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1");
    }

    #[test]
    fn text_sorts_as_the_numbers_do() {
        let mut last = String::new();
        for number in (0_u32..200_000).step_by(997) {
            let now = text::<6>(number.to_be_bytes().to_vec());
            assert!(now > last, "{now} after {last}");
            last = now;
        }
    }

    #[test]
    fn the_number_is_wiped() {
        let mut secret = vec![7; 32];
        encode::<43>(&mut secret);
        assert_eq!(secret, vec![0; 32]);
    }
}
