//! What a line may hold: of values to report, and of values whose key is looked for.

mod missed;

use api_keys::key::{Found, ImportedKeys, KeyValue};
use zeroize::Zeroizing;

pub(crate) use self::missed::Missed;
use crate::messages;

const MISTYPED: &str = "looks like a value of this service, but its checksum is wrong: it is mistyped or cut off";

/// What a line that is not blank holds. Without `Debug`: it has values.
pub(crate) struct Finding {
    /// Values of the service's own format.
    native: Vec<KeyValue>,
    /// The line without them.
    text: Zeroizing<String>,
    /// What the service finds in that, if not too much.
    beside: Vec<KeyValue>,
    pub(crate) rest: Rest,
    /// Whether there is a mistyped value beside those of the service's own format.
    is_mistyped_beside: bool,
}

/// What a line holds beside values of the service's own format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// What may be values of another system.
    Foreign,
    /// More of that than the service looks up.
    TooMuch,
    /// Something that begins as the service's values do.
    Mistyped,
    Nothing,
}

/// What is reported at once, and how many values the service finds in it.
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) values: usize,
}

impl Finding {
    /// `None` when the line is blank.
    pub(crate) fn of(line: &str) -> Option<Self> {
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
        // As the service sees it: what stood around a native value is a word now.
        let found = KeyValue::find_all(&text, ImportedKeys::Accepted);
        let rest = if native.is_empty() && KeyValue::resembles_one(line) {
            Rest::Mistyped
        } else if left_out || (!foreign.is_empty() && found.left_out) {
            Rest::TooMuch
        } else if foreign.is_empty() {
            Rest::Nothing
        } else {
            Rest::Foreign
        };
        let is_mistyped_beside = !native.is_empty() && found.native.is_empty() && KeyValue::resembles_one(&text);
        let beside = found.native.into_iter().chain(found.foreign);
        let beside = if rest == Rest::Foreign { beside.collect() } else { Vec::new() };
        Some(Self { native, text, beside, rest, is_mistyped_beside })
    }

    /// The lines of a text that are not blank, with their numbers.
    pub(crate) fn of_lines(text: &str) -> Vec<(u64, Self)> {
        text.lines().zip(1..).filter_map(|(line, at)| Some((at, Self::of(line)?))).collect()
    }

    pub(crate) fn has_none(&self) -> bool {
        self.native.is_empty() && matches!(self.rest, Rest::Mistyped | Rest::Nothing)
    }

    /// What is reported of the line: each native value alone, and the rest where it may hold values of another system.
    pub(crate) fn tokens(&self) -> Vec<Token<'_>> {
        let native = self.native.iter().map(|value| Token { text: value.expose(), values: 1 });
        let foreign = match self.rest {
            Rest::Foreign => Some(Token { text: &self.text, values: self.beside.len() }),
            Rest::TooMuch | Rest::Mistyped | Rest::Nothing => None,
        };
        native.chain(foreign).collect()
    }

    /// Values of the service's own format.
    pub(crate) fn native(&self) -> &[KeyValue] {
        &self.native
    }

    /// What may be values of another system, the likeliest first; none where there is too much.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &KeyValue> {
        self.beside.iter().filter(|value| value.locator().is_none())
    }

    /// A note for the person who gave the line; it holds no value.
    fn note(&self) -> Option<&'static str> {
        match (self.rest, self.native.is_empty()) {
            (Rest::Nothing, false) => None,
            (Rest::Nothing, true) => Some("is no value: one has at least 16 characters without blanks"),
            (Rest::Foreign, true) => {
                Some("not in this service's format: it is looked up only if the stack accepts imported keys")
            }
            (Rest::Foreign, false) => Some(
                "its rest is not in this service's format: it is looked up only if the stack accepts imported keys",
            ),
            (Rest::TooMuch, true) => Some("too much around a value: put the value alone on its line"),
            (Rest::TooMuch, false) => Some(
                "only this service's values are taken, too much is around them: put a value of another system alone \
                on its line",
            ),
            (Rest::Mistyped, _) => Some(MISTYPED),
        }
    }
}

/// Prints the notes of the lines: on mistyped values always, on all else where `is_wanted`.
pub(crate) fn print_notes(findings: &[(u64, Finding)], is_wanted: impl Fn(&Finding) -> bool) {
    for (line, finding) in findings {
        if let Some(note) = finding.note().filter(|_| is_wanted(finding)) {
            messages::note_on_line(*line, note);
        }
        if finding.is_mistyped_beside {
            messages::note_on_line(*line, &format!("something beside its value {MISTYPED}"));
        }
    }
}
