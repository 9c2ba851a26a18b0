//! The changes of an event in one cell: `enabled true→false, name -→web`.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::cell;

/// As wide as one side of a change may be, and all changes; the JSON has all of it.
const SIDE: usize = 24;
const ALL: usize = 120;
const MORE: &str = "…";

/// Whether it is a change of a field.
pub(super) fn is_one(part: &Value) -> bool {
    part.get("field").is_some()
}

/// As many changes as there is room for.
pub(super) fn in_words(changes: &[Value]) -> String {
    let mut words = String::new();
    for change in changes {
        let [from, to] = ["from", "to"].map(|side| of_side(change.get(side)));
        let separator = if words.is_empty() { "" } else { ", " };
        let next = format!("{separator}{} {from}→{to}", cell(change.get("field")));
        if words.width() + next.width() > ALL {
            return words + separator + MORE;
        }
        words += &next;
    }
    words
}

fn of_side(value: Option<&Value>) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_has_both_sides_and_a_width() {
        let limits = |requests: u32| json!([{"requests": requests, "per": "MINUTE"}]);
        for (change, words) in [
            (json!({"field": "enabled", "from": true, "to": false}), "enabled true→false"),
            (json!({"field": "limits", "from": limits(1000), "to": limits(2)}), "limits 1000/MINUTE→2/MINUTE"),
            (json!({"field": "name", "from": null, "to": "a\u{1b}b"}), "name -→a\u{fffd}b"),
            (
                json!({"field": "name", "from": "x".repeat(24), "to": "y".repeat(25)}),
                &format!("name {}→{}…", "x".repeat(24), "y".repeat(23)),
            ),
            (
                json!({"field": "name", "from": "日".repeat(12), "to": "日".repeat(13)}),
                &format!("name {}→{}…", "日".repeat(12), "日".repeat(11)),
            ),
        ] {
            assert_eq!(in_words(&[change]), words);
        }
        let wide = json!({"field": "x".repeat(32), "from": "y".repeat(25), "to": "z".repeat(25)});
        let cell = in_words(&[wide.clone(), wide.clone()]);
        assert!(cell.ends_with("z…, …") && cell.width() <= ALL, "{cell}");
    }
}
