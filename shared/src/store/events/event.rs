//! Events: one for each management write, written in the same transaction, never changed.
//!
//! They are in a table of their own, so that whoever may append there may do nothing else, and its stream carries nothing
//! else. Partition key `accountId`, sort key `id`, which sorts by time.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::{AccountId, EventId, KeyId, KeyMetadata, Timestamp};
use crate::request::{Actor, Change, Origin};
use crate::store::{ACCOUNT_ID, Item, PURGE_AT, TableError};

/// Where events are kept, and for how long.
#[derive(Debug, Clone)]
pub struct EventTable {
    /// The table's name.
    pub name: String,
    /// DynamoDB removes an event that long after it happened, some hours or days later.
    pub retention: Duration,
}

/// One management write: what it did, to which key, by whom, and exactly what it replaced.
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
    /// The event before this one of the same key, or of the account where it is one of the account alone or recovers it;
    /// `null` where the write read none.
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
}

/// Who says that a value is known to others, and where it was found. It has no field for the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeakReport {
    /// Whether GitHub signed the report. What nobody signed comes from anybody who had the value.
    pub verified: bool,
    /// The kind of place, such as `commit`, as a signed report has it.
    #[serde(default)]
    pub source: Option<String>,
    /// Where it was found, as a signed report has it.
    #[serde(default)]
    pub url: Option<String>,
}

/// What a management write did.
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
    /// A key of another system was taken over.
    #[serde(rename = "key.imported")]
    KeyImported,
    /// An account was created, and its first key with it.
    #[serde(rename = "account.created")]
    AccountCreated,
    /// An operator changed the account: its company, quota or ceiling of limits.
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

impl Event {
    /// An event of a key, or of an account, that happens now.
    pub(in crate::store) fn new(
        id: EventId,
        r#type: EventType,
        key_id: Option<KeyId>,
        origin: &Origin,
        now: Timestamp,
    ) -> Self {
        let Origin { actor, source_ip, request_id } = origin.clone();
        Self {
            id,
            time: now,
            r#type,
            key_id,
            previous_event: None,
            actor,
            source_ip,
            request_id,
            changes: Vec::new(),
            report: None,
        }
    }
}

impl EventTable {
    /// The part of a transaction that appends an event.
    pub(in crate::store) fn append(
        &self,
        account_id: AccountId,
        event: &Event,
    ) -> Result<TransactWriteItem, TableError> {
        const WHAT: &str = "an event could not be written as an item";
        let mut item: Item = serde_dynamo::to_item(event).map_err(|cause| TableError::caused(WHAT, cause))?;
        item.insert(ACCOUNT_ID.into(), AttributeValue::S(account_id.to_string()));
        let purge_at = event.time.plus(self.retention).unix_seconds();
        item.insert(PURGE_AT.into(), AttributeValue::N(purge_at.to_string()));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(without_nulls(item)))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(|cause| TableError::caused(WHAT, cause))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// Absent is what `null` means; it takes no room.
fn without_nulls(item: Item) -> Item {
    let kept = item.into_iter().filter(|(_, value)| !value.is_null());
    kept.map(|(name, value)| (name, value_without_nulls(value))).collect()
}

fn value_without_nulls(value: AttributeValue) -> AttributeValue {
    match value {
        AttributeValue::M(map) => AttributeValue::M(without_nulls(map)),
        AttributeValue::L(list) => AttributeValue::L(list.into_iter().map(value_without_nulls).collect()),
        other => other,
    }
}

impl Event {
    /// Reads an image of the table's stream, in DynamoDB's own JSON: the account, and what happened in it.
    ///
    /// # Errors
    /// [`TableError`] when it is not an event.
    pub fn from_stream(image: &Value) -> Result<(AccountId, Self), TableError> {
        const WHAT: &str = "a record of the stream is not an event";
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Image {
            account_id: AccountId,
            #[serde(flatten)]
            event: Event,
        }
        let item: serde_dynamo::Item =
            serde_json::from_value(image.clone()).map_err(|cause| TableError::caused(WHAT, cause))?;
        let image: Image = serde_dynamo::from_item(item).map_err(|cause| TableError::caused(WHAT, cause))?;
        Ok((image.account_id, image.event))
    }
}

pub(in crate::store) fn from_item(item: Item) -> Result<Event, TableError> {
    serde_dynamo::from_item(item).map_err(|cause| TableError::caused("an item is not an event", cause))
}
