//! What events tell of the fields that a write replaced.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::{KeyMetadata, Timestamp};
use crate::request::Change;
use crate::store::dynamo::error::TableError;

/// One field that a write replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// The field as the API spells it.
    pub field: String,
    /// Its value before; `null` when there was none.
    #[serde(default)]
    pub from: Value,
    /// Its value since; `null` when there is none.
    #[serde(default)]
    pub to: Value,
}

impl FieldChange {
    /// All that was decided of a new key.
    pub(in crate::store) fn of_new(key: &KeyMetadata) -> Result<Vec<Self>, TableError> {
        let given = [
            ("userId", serde_json::to_value(&key.user_id)),
            ("username", serde_json::to_value(&key.username)),
            ("operations", serde_json::to_value(&key.operations)),
            ("trafficType", serde_json::to_value(&key.traffic_type)),
            ("name", serde_json::to_value(&key.name)),
            ("description", serde_json::to_value(&key.description)),
            ("expiresAt", serde_json::to_value(key.expires_at)),
            ("allowedIps", serde_json::to_value(&key.allowed_ips)),
            ("limits", serde_json::to_value(key.limits)),
        ];
        let mut changes = Vec::new();
        for (field, value) in given {
            let to = value.map_err(unwritable)?;
            if !to.is_null() {
                changes.push(Self { field: field.to_owned(), from: Value::Null, to });
            }
        }
        Ok(changes)
    }

    /// That an imported value had ended, and works again.
    pub(in crate::store) fn of_revival() -> Self {
        Self { field: "revived".to_owned(), from: Value::Null, to: Value::Bool(true) }
    }

    /// What an operator changes of an account.
    pub(in crate::store) fn of_account(
        field: &str,
        from: &impl Serialize,
        to: &impl Serialize,
    ) -> Result<Self, TableError> {
        let json = [serde_json::to_value(from).map_err(unwritable)?, serde_json::to_value(to).map_err(unwritable)?];
        let [from, to] = json;
        Ok(Self { field: field.to_owned(), from, to })
    }

    /// When the value before a rotation ends, and when the one before it would have.
    pub(in crate::store) fn of_grace(before: Option<Timestamp>, since: Option<Timestamp>) -> Result<Self, TableError> {
        let json = |end| serde_json::to_value(end).map_err(unwritable);
        Ok(Self { field: "previousValueValidUntil".to_owned(), from: json(before)?, to: json(since)? })
    }

    /// What a change of a patch replaces; `from` is unknown where the key was not read.
    pub(in crate::store) fn of(change: &Change, before: Option<&Change>) -> Result<Self, TableError> {
        let from = before.map(json).transpose()?.unwrap_or_default();
        Ok(Self { field: change.field().to_owned(), from, to: json(change)? })
    }
}

/// The value of a change as the API writes it.
fn json(change: &Change) -> Result<Value, TableError> {
    let json = match change {
        Change::Name(text) | Change::Description(text) => serde_json::to_value(text),
        Change::Enabled(enabled) => serde_json::to_value(enabled),
        Change::Operations(operations) => serde_json::to_value(operations),
        Change::TrafficType(traffic_type) => serde_json::to_value(traffic_type),
        Change::ExpiresAt(end) => serde_json::to_value(end),
        Change::AllowedIps(allowed) => serde_json::to_value(allowed),
        Change::Limits(limits) => serde_json::to_value(limits),
    };
    json.map_err(unwritable)
}

fn unwritable(cause: serde_json::Error) -> TableError {
    TableError::caused("a change could not be written", cause)
}
