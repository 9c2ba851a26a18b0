//! What a line may hold.

use api_keys::key::{Found, ImportedKeys, KeyValue};
use zeroize::Zeroizing;

/// What a line that is not blank holds. Without `Debug`: it has values.
pub(super) struct Finding {
    /// Values of the service's own format.
    native: Vec<KeyValue>,
    /// The line without them.
    text: Zeroizing<String>,
    pub(super) rest: Rest,
}

/// What a line holds beside values of the service's own format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// What may be so many values of another system.
    Foreign(usize),
    /// More of that than the service looks up.
    TooMuch,
    /// Something that begins as the service's values do.
    Mistyped,
    Nothing,
}

/// What is reported at once, and how many values the service finds in it.
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) values: usize,
}

impl Finding {
    /// `None` when the line is blank.
    pub(super) fn of(line: &str) -> Option<Self> {
        // Byte order marks, and what is left of other encodings.
        let is_mark = |character| matches!(character, '\u{feff}' | '\u{200b}' | char::REPLACEMENT_CHARACTER);
        let is_outside = |character: char| character.is_whitespace() || character.is_control() || is_mark(character);
        let line = line.trim_matches(is_outside);
        if line.is_empty() {
            return None;
        }
        let Found { native, foreign, left_out } = KeyValue::find_all(line, ImportedKeys::Accepted);
        let text = native
            .iter()
            .fold(Zeroizing::new(line.to_owned()), |text, value| Zeroizing::new(text.replace(value.expose(), " ")));
        let rest = if native.is_empty() && KeyValue::resembles_one(line) {
            Rest::Mistyped
        } else if left_out {
            Rest::TooMuch
        } else if foreign.is_empty() {
            Rest::Nothing
        } else {
            // As the service sees it: what stood around a native value is a word now.
            let rest = KeyValue::find_all(&text, ImportedKeys::Accepted);
            if rest.left_out { Rest::TooMuch } else { Rest::Foreign(rest.native.len() + rest.foreign.len()) }
        };
        Some(Self { native, text, rest })
    }

    pub(super) fn has_none(&self) -> bool {
        self.native.is_empty() && matches!(self.rest, Rest::Mistyped | Rest::Nothing)
    }

    /// What is reported of it: of what the program knows nothing else than the value.
    pub(super) fn tokens(&self) -> Vec<Token<'_>> {
        let native = self.native.iter().map(|value| Token { text: value.expose(), values: 1 });
        let foreign = match self.rest {
            Rest::Foreign(values) => Some(Token { text: &self.text, values }),
            Rest::TooMuch | Rest::Mistyped | Rest::Nothing => None,
        };
        native.chain(foreign).collect()
    }

    /// What whoever reports it should know; no value is in it.
    pub(super) fn note(&self) -> Option<&'static str> {
        match (self.rest, self.native.is_empty()) {
            (Rest::Nothing, false) => None,
            (Rest::Nothing, true) => Some("is no value: one has at least 16 characters without blanks"),
            (Rest::Foreign(_), true) => {
                Some("not in this service's format: it is looked up only if the stack accepts imported keys")
            }
            (Rest::Foreign(_), false) => Some(
                "its rest is not in this service's format: it is looked up only if the stack accepts imported keys",
            ),
            (Rest::TooMuch, true) => Some("too much around a value: put the value alone on its line"),
            (Rest::TooMuch, false) => Some(
                "only this service's values are reported, too much is around them: put a value of another system alone \
                on its line",
            ),
            (Rest::Mistyped, _) => {
                Some("looks like a value of this service, but its checksum is wrong: it is mistyped or cut off")
            }
        }
    }
}
