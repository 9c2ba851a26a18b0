//! What an operator decides of a key, as the service takes it.

use api_keys::key::{Limit, Limits};
use serde_json::{Map, Value, json};

use crate::arguments::{ChangedKey, NewKey, Settings, constant};
use crate::failure::Failure;

/// The fields of a new key.
///
/// # Errors
/// When an option is given twice for one thing.
pub(super) fn of_new(new: NewKey) -> Result<Map<String, Value>, Failure> {
    let NewKey { user_id, username, operations, settings, value_to: _ } = new;
    let mut fields = given(settings)?;
    fields.insert("userId".to_owned(), user_id.into());
    fields.insert("username".to_owned(), username.into());
    fields.insert("operations".to_owned(), upper(&operations));
    Ok(fields)
}

/// The fields that change; `null` takes one away.
///
/// # Errors
/// When an option is given twice for one thing, or none is given.
pub(super) fn of_changes(changed: ChangedKey) -> Result<Map<String, Value>, Failure> {
    let mut fields = given(changed.settings)?;
    for (field, text) in [("userId", changed.user_id), ("username", changed.username)] {
        if let Some(text) = text {
            fields.insert(field.to_owned(), text.into());
        }
    }
    if !changed.operations.is_empty() {
        fields.insert("operations".to_owned(), upper(&changed.operations));
    }
    if let Some(enabled) = changed.enabled {
        fields.insert("enabled".to_owned(), enabled.into());
    }
    for (field, is_removed) in [
        ("name", changed.no_name),
        ("description", changed.no_description),
        ("expiresAt", changed.no_expiry),
        ("allowedIps", changed.no_allowed_ips),
        ("limits", changed.no_limits),
        ("previousValueValidUntil", changed.end_old_value),
    ] {
        if is_removed {
            fields.insert(field.to_owned(), Value::Null);
        }
    }
    if !changed.no_tags.is_empty() {
        let tags = fields.entry("tags").or_insert_with(|| json!({}));
        for name in changed.no_tags {
            if tags.get(&name).is_some() {
                return Err(twice(&name));
            }
            crate::pages::set(tags, &name, Value::Null);
        }
    }
    if fields.is_empty() {
        return Err(Failure::input("nothing is to change: see `api-keys help keys update`"));
    }
    Ok(fields)
}

fn given(settings: Settings) -> Result<Map<String, Value>, Failure> {
    let Settings { traffic_type, name, description, expires_at, allowed_ips, limits, tags } = settings;
    let mut fields = Map::new();
    for (field, value) in [
        ("trafficType", json!(traffic_type.as_deref().map(constant))),
        ("name", json!(name)),
        ("description", json!(description)),
        ("expiresAt", json!(expires_at)),
    ] {
        if !value.is_null() {
            fields.insert(field.to_owned(), value);
        }
    }
    if !allowed_ips.is_empty() {
        fields.insert("allowedIps".to_owned(), json!(allowed_ips));
    }
    if !limits.is_empty() {
        fields.insert("limits".to_owned(), json!(distinct(&limits, "--limit")?));
    }
    let mut texts = Map::new();
    for (name, text) in tags {
        if texts.insert(name.clone(), text.into()).is_some() {
            return Err(twice(&name));
        }
    }
    if !texts.is_empty() {
        fields.insert("tags".to_owned(), texts.into());
    }
    Ok(fields)
}

/// The limits that an option gives, with distinct periods.
///
/// # Errors
/// When they are not, or too many.
pub(crate) fn distinct(limits: &[Limit], option: &str) -> Result<Limits, Failure> {
    let all = limits.iter().try_fold(Limits::NONE, |all, limit| all.and(*limit));
    all.filter(|_| limits.len() <= Limits::MAX)
        .ok_or_else(|| Failure::input(format!("{option} is given at most three times, each with another period")))
}

fn twice(name: &str) -> Failure {
    Failure::input(format!("the tag {name} is given twice: a key has one text by that name"))
}

fn upper(names: &[String]) -> Value {
    names.iter().map(|name| constant(name)).collect()
}
