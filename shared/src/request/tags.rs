//! The field `tags` of new keys and patches.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{Fields, InvalidRequest};
use super::text::normalize;
use crate::key::Tags;

const FIELD: &str = "tags";

/// What a patch does to a key's tags, as a JSON merge patch of their object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagChanges {
    /// Removes all of them.
    RemoveAll,
    /// Sets the texts of these names; `None` removes one.
    Set(BTreeMap<String, Option<String>>),
}

impl TagChanges {
    /// The tags of a key that had those before.
    pub(super) fn applied_to(&self, before: &Tags) -> Result<Tags, InvalidRequest> {
        let Self::Set(changes) = self else { return Ok(Tags::default()) };
        let mut texts: BTreeMap<_, _> =
            before.iter().map(|(name, text)| (name.into_owned(), text.into_owned())).collect();
        for (name, text) in changes {
            match text {
                Some(text) => texts.insert(name.clone(), text.clone()),
                None => texts.remove(name),
            };
        }
        Tags::of(&texts).map_err(|message| InvalidRequest::of(FIELD, message))
    }
}

impl Fields {
    /// Takes `tags` of a new key: texts by their names. None when it is absent.
    pub(super) fn tags(&mut self) -> Tags {
        let mut texts = BTreeMap::new();
        for (name, text) in self.given_tags().unwrap_or_default() {
            match text {
                Some(text) => drop(texts.insert(name, text)),
                None => self.wrong(&place(&name), "must be a string"),
            }
        }
        Tags::of(&texts).map_err(|message| self.wrong(FIELD, message)).unwrap_or_default()
    }

    /// Takes `tags` of a patch.
    pub(super) fn tag_changes(&mut self) -> TagChanges {
        self.given_tags().map_or(TagChanges::RemoveAll, TagChanges::Set)
    }

    /// The names and their texts; `None` when the field is `null`.
    fn given_tags(&mut self) -> Option<BTreeMap<String, Option<String>>> {
        let mut texts = BTreeMap::new();
        match self.take(FIELD)? {
            Value::Object(given) => {
                for (name, text) in given {
                    match tag(&name, text) {
                        Ok(text) => drop(texts.insert(name, text)),
                        Err(message) => self.wrong(&place(&name), message),
                    }
                }
            }
            _ => self.wrong(FIELD, "must be an object of names and texts, or null for none"),
        }
        Some(texts)
    }
}

/// The text of a name, which may be `null`; or what is wrong.
fn tag(name: &str, text: Value) -> Result<Option<String>, String> {
    match text {
        _ if !Tags::is_name(name) => Err(format!(
            "must be named by a letter, and letters, digits, _, . and -, in all at most {} characters",
            Tags::MAX_NAME
        )),
        Value::Null => Ok(None),
        Value::String(text) => normalize(&text, Tags::MAX_TEXT).map(Some),
        _ => Err("must be a string".to_owned()),
    }
}

fn place(name: &str) -> String {
    format!("{FIELD}.{name}")
}
