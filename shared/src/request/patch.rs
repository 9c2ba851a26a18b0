//! What a patch changes of a key.

use serde_json::Value;

use super::fields::{Fields, InvalidRequest};
use crate::key::{AllowedIps, Catalogue, Limits, Operations, Timestamp, TrafficType};

/// One field and what becomes of it; `None` removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// See [`KeyMetadata::name`](crate::KeyMetadata::name).
    Name(Option<String>),
    /// See [`KeyMetadata::description`](crate::KeyMetadata::description).
    Description(Option<String>),
    /// See [`KeyMetadata::enabled`](crate::KeyMetadata::enabled).
    Enabled(bool),
    /// See [`KeyMetadata::operations`](crate::KeyMetadata::operations).
    Operations(Operations),
    /// See [`KeyMetadata::traffic_type`](crate::KeyMetadata::traffic_type).
    TrafficType(TrafficType),
    /// See [`KeyMetadata::expires_at`](crate::KeyMetadata::expires_at).
    ExpiresAt(Option<Timestamp>),
    /// See [`KeyMetadata::allowed_ips`](crate::KeyMetadata::allowed_ips).
    AllowedIps(Option<AllowedIps>),
    /// See [`KeyMetadata::limits`](crate::KeyMetadata::limits).
    Limits(Limits),
}

impl Change {
    /// Reads a JSON merge patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)): what it does not name stays.
    ///
    /// # Errors
    /// [`InvalidRequest`] with every wrong field.
    pub fn parse(body: &[u8], catalogue: &Catalogue, now: Timestamp) -> Result<Vec<Self>, InvalidRequest> {
        let mut fields = Fields::from_json(body)?;
        let mut changes = Vec::new();
        if fields.has("name") {
            changes.push(Self::Name(fields.optional_text("name", 0, 128)));
        }
        if fields.has("description") {
            changes.push(Self::Description(fields.optional_text("description", 0, 512)));
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
        fields.finish()?;
        Ok(changes)
    }
}
