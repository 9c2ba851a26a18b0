//! Limits as people write them: `1000/day`, several of them separated.

use api_keys::key::Limits;
use serde_json::{Value, json};

use super::shown;
use crate::arguments::limit;

/// Replaces text, or a list of texts, by the list of limits that the service takes. Anything else stays as it is.
///
/// # Errors
/// What is wrong with it; then it stays as it is, too.
pub(super) fn read(given: &mut Value) -> Result<(), String> {
    let texts: Vec<&str> = match &*given {
        Value::String(text) => super::spreadsheet::list(text).collect(),
        Value::Array(all) => match all.iter().map(Value::as_str).collect() {
            Some(texts) => texts,
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    let mut limits = Limits::NONE;
    for text in &texts {
        let one = limit(text).map_err(|reason| format!("limits has {}: {reason}", shown(text)))?;
        limits = limits.and(one).ok_or("limits must be of another period each")?;
    }
    if texts.len() > Limits::MAX {
        return Err(format!("limits must be at most {}", Limits::MAX));
    }
    *given = json!(limits);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mut given: Value) -> Result<Value, String> {
        read(&mut given).map(|()| given)
    }

    #[test]
    fn limits_are_taken_as_people_write_them() {
        let both = json!([{"requests": 5, "per": "MINUTE"}, {"requests": 1000, "per": "DAY"}]);
        for written in ["1000/DAY;5/MINUTE", "1000/day | 5 / minute", "5/Minute,1000/Day"] {
            assert_eq!(of(json!(written)), Ok(both.clone()), "{written}");
        }
        assert_eq!(of(json!(["5/MINUTE", "1000/DAY"])), Ok(both.clone()));
        assert_eq!(of(both.clone()), Ok(both));
        assert_eq!(of(json!([7])), Ok(json!([7])), "the service names what is wrong");
    }

    #[test]
    fn what_is_no_limit_is_named() {
        let shape = "a limit is written as 1000/DAY, with MINUTE, HOUR, DAY or MONTH";
        assert_eq!(of(json!("5/MINUTE;10/WEEK")), Err(format!("limits has \"10/WEEK\": {shape}")));
        assert_eq!(
            of(json!("a-secret-value-of-a-user")),
            Err(format!("limits has something that may be a value: {shape}"))
        );
        assert_eq!(of(json!("5/DAY;6/DAY")), Err("limits must be of another period each".to_owned()));
        assert_eq!(of(json!("1/MINUTE;1/HOUR;1/DAY;1/MONTH")), Err("limits must be at most 3".to_owned()));
    }
}
