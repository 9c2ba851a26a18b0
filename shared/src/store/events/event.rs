//! Events: one for each management write and each notice of a key's end, written in the same transaction, never changed.

use serde::{Deserialize, Serialize};

use crate::key::{EventId, KeyId, Timestamp};
use crate::request::{Actor, FieldChange, Origin};
use crate::store::dynamo::error::TableError;

/// One management write: what it did, to which key, by whom, and exactly what it replaced. Or one notice, which replaces nothing.
///
/// It has no field for a value or a hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Unique and never used twice; sorts by time.
    pub id: EventId,
    /// When the request was served.
    pub time: Timestamp,
    /// What was done.
    pub r#type: EventType,
    /// The key it was done to; `null` when it was the account.
    #[serde(default)]
    pub key_id: Option<KeyId>,
    /// The operator's own id of the account, as the key or its caller has it: it may be behind a change; `null` when there is none.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The event before this one of the same key, or of the account where it is one of the account alone or recovers it;
    /// `null` where the write read none, and of notices.
    #[serde(default)]
    pub previous_event: Option<EventId>,
    /// Who did it.
    pub actor: Actor,
    /// The client's address, as the gateway saw it; `null` for an operator.
    #[serde(default)]
    pub source_ip: Option<String>,
    /// The gateway's id of the request, or Lambda's of an operator's invocation.
    pub request_id: String,
    /// The fields that were replaced, with both values.
    #[serde(default)]
    pub changes: Vec<FieldChange>,
    /// What is known of the leak; `null` unless a value was reported.
    #[serde(default)]
    pub report: Option<LeakReport>,
    /// When the key ends or has ended; `null` unless the event is a notice of that.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// In how many days it ends, by the calendar in UTC: 1 is tomorrow; `null` unless the event is a notice of that.
    #[serde(default)]
    pub days_left: Option<u64>,
}

/// Who reported that others know a value, and where it was found. It has no field for the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeakReport {
    /// Whether GitHub signed the report. Anybody who had the value may have sent an unsigned one.
    pub verified: bool,
    /// The kind of place, such as `commit`, as a signed report has it.
    #[serde(default)]
    pub source: Option<String>,
    /// Where it was found, as a signed report has it.
    #[serde(default)]
    pub url: Option<String>,
}

/// What a management write did, or which notice of a key's end this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EventType {
    /// A key was created.
    #[serde(rename = "key.created")]
    KeyCreated,
    /// Fields of a key were changed.
    #[serde(rename = "key.changed")]
    KeyChanged,
    /// A key got another value.
    #[serde(rename = "key.rotated")]
    KeyRotated,
    /// A value of the key was reported as known to others, and opens nothing since.
    #[serde(rename = "key.exposed")]
    KeyExposed,
    /// A key was deleted.
    #[serde(rename = "key.deleted")]
    KeyDeleted,
    /// A key that works will end in some days.
    #[serde(rename = "key.expiring")]
    KeyExpiring,
    /// A key that would work else has come to its end.
    #[serde(rename = "key.expired")]
    KeyExpired,
    /// A key of another system was taken over.
    #[serde(rename = "key.imported")]
    KeyImported,
    /// An account was created, and its first key with it.
    #[serde(rename = "account.created")]
    AccountCreated,
    /// An operator changed the account: its company, external id, quota, ceiling of limits or longest lifetime of keys.
    #[serde(rename = "account.changed")]
    AccountChanged,
    /// No key of the account could be used from then on.
    #[serde(rename = "account.suspended")]
    AccountSuspended,
    /// The keys that worked before the suspension did again.
    #[serde(rename = "account.resumed")]
    AccountResumed,
    /// An operator made a key with every operation, for an account that had lost its last manager.
    #[serde(rename = "account.recovered")]
    AccountRecovered,
    /// All that was kept of the account began to be removed.
    #[serde(rename = "account.erased")]
    AccountErased,
}

impl EventType {
    /// Whether it is a notice, which changes nothing.
    pub(in crate::store) fn is_notice(self) -> bool {
        matches!(self, Self::KeyExpiring | Self::KeyExpired)
    }

    /// Its name, such as `key.created`.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Event {
    /// An event of a key, or of an account, that happens now.
    pub(in crate::store) fn new(
        id: EventId,
        r#type: EventType,
        key_id: Option<KeyId>,
        origin: &Origin,
        now: Timestamp,
    ) -> Self {
        let Origin { actor, external_id, source_ip, request_id } = origin.clone();
        Self {
            id,
            time: now,
            r#type,
            key_id,
            external_id,
            previous_event: None,
            actor,
            source_ip,
            request_id,
            changes: Vec::new(),
            report: None,
            expires_at: None,
            days_left: None,
        }
    }

    /// Adds what a field was and is.
    pub(in crate::store) fn add_change(
        &mut self,
        field: &str,
        from: &impl Serialize,
        to: &impl Serialize,
    ) -> Result<(), TableError> {
        self.changes.push(FieldChange::of(field, from, to).map_err(unwritable)?);
        Ok(())
    }

    /// Adds the fields of `since` that differ.
    pub(in crate::store) fn add_differences(
        &mut self,
        before: &impl Serialize,
        since: &impl Serialize,
    ) -> Result<(), TableError> {
        self.changes.extend(FieldChange::between(before, since).map_err(unwritable)?);
        Ok(())
    }
}

fn unwritable(cause: serde_json::Error) -> TableError {
    TableError::caused("a change could not be written", cause)
}
