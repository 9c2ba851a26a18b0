//! What a patch changes of a key.

use serde_json::Value;

use super::fields::{Fields, InvalidRequest};
use crate::key::{AllowedIps, Catalogue, KeyMetadata, Limits, Operations, Timestamp, TrafficType};

/// One field and what becomes of it; `None` removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// See [`KeyMetadata::name`](crate::key::KeyMetadata::name).
    Name(Option<String>),
    /// See [`KeyMetadata::description`](crate::key::KeyMetadata::description).
    Description(Option<String>),
    /// See [`KeyMetadata::enabled`](crate::key::KeyMetadata::enabled).
    Enabled(bool),
    /// See [`KeyMetadata::operations`](crate::key::KeyMetadata::operations).
    Operations(Operations),
    /// See [`KeyMetadata::traffic_type`](crate::key::KeyMetadata::traffic_type).
    TrafficType(TrafficType),
    /// See [`KeyMetadata::expires_at`](crate::key::KeyMetadata::expires_at).
    ExpiresAt(Option<Timestamp>),
    /// See [`KeyMetadata::allowed_ips`](crate::key::KeyMetadata::allowed_ips).
    AllowedIps(Option<AllowedIps>),
    /// See [`KeyMetadata::limits`](crate::key::KeyMetadata::limits).
    Limits(Limits),
}

impl Change {
    /// Reads a JSON merge patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)): what it does not name stays.
    ///
    /// # Errors
    /// [`InvalidRequest`] with every wrong field.
    pub fn parse(body: &[u8], catalogue: &Catalogue, now: Timestamp) -> Result<Vec<Self>, InvalidRequest> {
        Fields::read(body, |fields| Ok(Self::take(fields, catalogue, now)))
    }

    fn take(fields: &mut Fields, catalogue: &Catalogue, now: Timestamp) -> Vec<Self> {
        let mut changes = Vec::new();
        if fields.has("name") {
            changes.push(Self::Name(fields.optional_text("name", 128)));
        }
        if fields.has("description") {
            changes.push(Self::Description(fields.optional_text("description", 512)));
        }
        if fields.has("enabled") {
            match fields.take("enabled") {
                Some(Value::Bool(enabled)) => changes.push(Self::Enabled(enabled)),
                _ => fields.wrong("enabled", "must be true or false"),
            }
        }
        if fields.has("operations") {
            changes.push(Self::Operations(fields.operations(catalogue)));
        }
        if fields.has("trafficType") {
            changes.push(Self::TrafficType(fields.traffic_type(catalogue)));
        }
        if fields.has("expiresAt") {
            changes.push(Self::ExpiresAt(fields.optional_expiry("expiresAt", now)));
        }
        if fields.has("allowedIps") {
            changes.push(Self::AllowedIps(fields.allowed_ips()));
        }
        if fields.has("limits") {
            changes.push(Self::Limits(fields.limits()));
        }
        changes
    }

    /// The field as clients spell it.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Description(_) => "description",
            Self::Enabled(_) => "enabled",
            Self::Operations(_) => "operations",
            Self::TrafficType(_) => "trafficType",
            Self::ExpiresAt(_) => "expiresAt",
            Self::AllowedIps(_) => "allowedIps",
            Self::Limits(_) => "limits",
        }
    }

    /// The change that would undo this one: the same field with the value that the key has now.
    #[must_use]
    pub fn undo(&self, key: &KeyMetadata) -> Self {
        match self {
            Self::Name(_) => Self::Name(key.name.clone()),
            Self::Description(_) => Self::Description(key.description.clone()),
            Self::Enabled(_) => Self::Enabled(key.enabled),
            Self::Operations(_) => Self::Operations(key.operations.clone()),
            Self::TrafficType(_) => Self::TrafficType(key.traffic_type.clone()),
            Self::ExpiresAt(_) => Self::ExpiresAt(key.expires_at),
            Self::AllowedIps(_) => Self::AllowedIps(key.allowed_ips.clone()),
            Self::Limits(_) => Self::Limits(key.limits),
        }
    }

    /// Makes the change.
    pub fn apply(self, key: &mut KeyMetadata) {
        match self {
            Self::Name(name) => key.name = name,
            Self::Description(description) => key.description = description,
            Self::Enabled(enabled) => key.enabled = enabled,
            Self::Operations(operations) => key.operations = operations,
            Self::TrafficType(traffic_type) => key.traffic_type = traffic_type,
            Self::ExpiresAt(end) => key.expires_at = end,
            Self::AllowedIps(allowed) => key.allowed_ips = allowed,
            Self::Limits(limits) => key.limits = limits,
        }
    }
}
