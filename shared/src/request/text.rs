//! Text as it is stored: in one spelling, with one kind of space, and with nothing in it that cannot be seen.

use unicode_normalization::UnicodeNormalization;

/// Normalizes text of 1 to `max` characters, so that what looks the same is the same: to NFC, with U+0020 for any other space
/// and none around it. Its length is that of the normalized text.
///
/// # Errors
/// What is wrong with it.
pub fn normalize(text: &str, max: usize) -> Result<String, String> {
    let spelled = spelled(text);
    let trimmed = spelled.trim_matches(' ');
    if trimmed.is_empty() && !spelled.is_empty() {
        Err("must not be blank".to_owned())
    } else if !(1..=max).contains(&trimmed.chars().count()) {
        Err(format!("must have 1 to {max} characters"))
    } else if trimmed.chars().any(|character| character.is_control() || is_invisible(character))
        || has_idle_selector(trimmed)
    {
        Err("must not contain control or invisible characters".to_owned())
    } else {
        Ok(trimmed.to_owned())
    }
}

/// The one spelling of a text, with the spaces around it.
pub(super) fn spelled(text: &str) -> String {
    text.nfc().map(|character| if is_space(character) { ' ' } else { character }).collect()
}

/// Unicode's `White_Space`, but for controls and the separators of lines and paragraphs, which are refused.
fn is_space(character: char) -> bool {
    character.is_whitespace() && !character.is_control() && !is_invisible(character)
}

/// Whether a presentation selector follows nothing that it could change.
fn has_idle_selector(text: &str) -> bool {
    let before = std::iter::once(' ').chain(text.chars());
    before.zip(text.chars()).any(|(before, character)| {
        is_presentation_selector(character) && (before == ' ' || is_presentation_selector(before))
    })
}

/// The empty pattern of Braille, line and paragraph separators, and Unicode's `Default_Ignorable_Code_Point`: bidirectional controls, zero-width
/// characters (joiners too), fillers, tags. They hide text in text, or make two texts look the same.
///
/// Source: `DerivedCoreProperties.txt` of Unicode. Code points that it reserves for such characters are in the list.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    ) && !is_presentation_selector(character)
}

/// Keyboards write one after many a symbol: ⚠ is ⚠️ with it.
fn is_presentation_selector(character: char) -> bool {
    matches!(character, '\u{fe0e}' | '\u{fe0f}')
}
