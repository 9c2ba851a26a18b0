//! The changes of an event in one cell: `enabled true→false, name -→web`.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// As wide as one side of a change may be, and all changes; the JSON has all of it.
const SIDE: usize = 24;
pub(super) const ALL: usize = 120;
const MORE: &str = "…";

/// How a value is shown.
type Cell = fn(Option<&Value>) -> String;

/// Whether it is a change of a field.
pub(super) fn is_one(part: &Value) -> bool {
    part.get("field").is_some()
}

/// As many changes as there is room for; `cell` puts a value into words.
pub(super) fn in_words(changes: &[Value], cell: Cell) -> String {
    let mut words = String::new();
    for change in changes {
        let [from, to] = ["from", "to"].map(|side| of_side(change.get(side), cell));
        let separator = if words.is_empty() { "" } else { ", " };
        let next = format!("{separator}{} {from}→{to}", cell(change.get("field")));
        if words.width() + next.width() > ALL {
            return words + separator + MORE;
        }
        words += &next;
    }
    words
}

fn of_side(value: Option<&Value>, cell: Cell) -> String {
    let text = match value {
        // As the field has it.
        Some(Value::Bool(is_so)) => is_so.to_string(),
        value => cell(value),
    };
    if text.width() <= SIDE {
        return text;
    }
    let mut width = MORE.width();
    let fits = |letter: &char| {
        width += letter.width().unwrap_or(0);
        width <= SIDE
    };
    text.chars().take_while(fits).collect::<String>() + MORE
}
