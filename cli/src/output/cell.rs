//! A value as one line that a terminal shows and does not obey.

use serde_json::Value;

use super::change;

/// A value in one cell.
pub(super) fn cell(value: Option<&Value>) -> String {
    clean(&match value {
        None | Some(Value::Null) => "-".into(),
        Some(Value::Bool(is_so)) => if *is_so { "yes" } else { "no" }.into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(all)) if all.is_empty() => "-".into(),
        Some(Value::Array(all)) if all.iter().all(change::is_one) => change::in_words(all, cell),
        Some(Value::Array(all)) => all.iter().map(part).collect::<Vec<_>>().join(","),
        Some(Value::Object(tags)) if tags.is_empty() => "-".into(),
        Some(Value::Object(tags)) => {
            let pairs = tags.iter().map(|(name, text)| format!("{name}={}", part(text)));
            pairs.collect::<Vec<_>>().join(",")
        }
        Some(other) => other.to_string(),
    })
}

/// A part of a list: a limit, or a text.
fn part(value: &Value) -> String {
    match value {
        Value::Object(limit) if limit.contains_key("per") => {
            format!("{}/{}", cell(limit.get("requests")), cell(limit.get("per")))
        }
        other => cell(Some(other)),
    }
}

/// Text in which nothing disturbs a terminal: what would is replaced.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if disturbs(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Controls, which a terminal obeys; what turns the direction of all that follows; and what is invisible, but for joiners,
/// which words and signs need.
pub(super) fn disturbs(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn a_cell_is_one_line_and_commands_no_terminal() {
        assert_eq!(cell(Some(&json!("a\u{1b}[2Jb\nc"))), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(
            cell(Some(&json!("a\u{202e}b\u{2067}c\u{200f}d\u{9b}e\u{2028}"))),
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}"
        );
        assert_eq!(cell(Some(&json!(["SMS", "OTP"]))), "SMS,OTP");
        assert_eq!(cell(Some(&json!([{"requests": 5, "per": "DAY"}]))), "5/DAY");
        assert_eq!(cell(Some(&json!([]))), "-");
        assert_eq!(cell(Some(&json!({}))), "-");
        assert_eq!([json!(true), json!(false)].map(|is_so| cell(Some(&is_so))), ["yes", "no"]);
        assert_eq!(cell(Some(&json!({"field": "x", "per": "a\u{1b}"}))), "field=x,per=a\u{fffd}");
    }

    #[test]
    fn names_of_all_writings_stay_as_they_are() {
        for name in ["Ünï", "日本電信電話", "שלום", "می‌خواهم", "👩‍👩‍👧", "e\u{301}"] {
            assert_eq!(clean(name), name);
        }
    }

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
            assert_eq!(cell(Some(&json!([change]))), words);
        }
        let wide = json!({"field": "x".repeat(32), "from": "y".repeat(25), "to": "z".repeat(25)});
        let words = cell(Some(&json!([wide, wide])));
        assert!(words.ends_with("z…, …") && words.width() <= change::ALL, "{words}");
    }
}
