//! Tags in one field: `team=blue&env=prod`, form-encoded as services get them.

use form_urlencoded::{Serializer, parse};
use serde_json::{Map, Value};

use super::shown;

/// Replaces text by the object that the service takes. Anything else stays as it is.
///
/// # Errors
/// What is wrong with it; then it stays as it is, too.
pub(super) fn read(given: &mut Value) -> Result<(), String> {
    let Value::String(text) = &*given else { return Ok(()) };
    let mut tags = Map::new();
    for pair in text.split('&') {
        let Some((name, value)) = parse(pair.as_bytes()).next().filter(|_| pair.contains('=')) else {
            return Err(format!("tags has {}: tags are written as team=blue&env=prod", shown(pair)));
        };
        if tags.insert(name.into_owned(), value.into()).is_some() {
            return Err("tags gives a name twice".to_owned());
        }
    }
    *given = tags.into();
    Ok(())
}

/// How a CSV file has them.
pub(super) fn text(tags: &Map<String, Value>) -> String {
    let pairs = tags.iter().map(|(name, value)| (name, value.as_str().unwrap_or_default()));
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str) -> Result<Value, String> {
        let mut given = json!(text);
        read(&mut given).map(|()| given)
    }

    #[test]
    fn tags_are_read_as_they_are_written_again() {
        let tags = json!({"env": "prod", "per": "a & b=+%", "team": "Zoë"});
        let written = "env=prod&per=a+%26+b%3D%2B%25&team=Zo%C3%AB";
        assert_eq!((of(written), text(tags.as_object().unwrap())), (Ok(tags.clone()), written.to_owned()));
        assert_eq!(of("team=Zoë"), Ok(json!({"team": "Zoë"})));
        let mut object = tags.clone();
        assert_eq!((read(&mut object), object), (Ok(()), tags), "of a line of JSON");
    }

    #[test]
    fn what_is_no_tag_is_named() {
        assert_eq!(of("team=blue&env").unwrap_err(), "tags has \"env\": tags are written as team=blue&env=prod");
        assert_eq!(of("a=1&a=2").unwrap_err(), "tags gives a name twice");
        assert!(!of("a-secret-value-of-a-user").unwrap_err().contains("secret"));
    }
}
