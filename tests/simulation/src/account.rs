//! The promise of an account: every look at it shows the last state that operators gave it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::check::order::Model;

/// The fields of an account, each as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Account(BTreeMap<String, String>);

/// Some fields, as they are set or shown.
pub type Fields = BTreeMap<String, Value>;

impl Model for Account {
    type Write = Fields;
    type Look = Fields;

    fn after(&self, set: &Fields) -> Option<Self> {
        let mut fields = self.0.clone();
        fields.extend(set.iter().map(|(name, value)| (name.clone(), value.to_string())));
        Some(Self(fields))
    }

    fn gives(&self, shown: &Fields) -> bool {
        shown.iter().all(|(name, value)| self.0.get(name) == Some(&value.to_string()))
    }
}
