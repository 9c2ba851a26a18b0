//! What a patch changes of a key.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde_json::Value;

use crate::allowed_ips::AllowedIps;
use crate::error::Error;
use crate::fields::Fields;
use crate::operation::{Catalogue, Operations, TrafficType};
use crate::record::{EXPIRES_AT, PURGE_AT, purge_value};
use crate::timestamp::Timestamp;

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
}

impl Change {
    /// Reads a JSON merge patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)): what it does not name stays.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn parse(body: &[u8], catalogue: &Catalogue, now: Timestamp) -> Result<Vec<Self>, Error> {
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
            changes.push(Self::Operations(catalogue.take_operations(&mut fields)));
        }
        if fields.has("trafficType") {
            changes.push(Self::TrafficType(catalogue.take_traffic_type(&mut fields)));
        }
        if fields.has(EXPIRES_AT) {
            changes.push(Self::ExpiresAt(fields.optional_expiry(EXPIRES_AT, now)));
        }
        if fields.has("allowedIps") {
            changes.push(Self::AllowedIps(AllowedIps::take(&mut fields)));
        }
        fields.finish()?;
        Ok(changes)
    }

    /// The attributes that it writes; `None` removes one.
    pub(crate) fn attributes(&self) -> Result<Vec<(&'static str, Option<AttributeValue>)>, Error> {
        Ok(match self {
            Self::Name(name) => vec![("name", optional(name.as_ref())?)],
            Self::Description(description) => vec![("description", optional(description.as_ref())?)],
            Self::Enabled(enabled) => vec![("enabled", Some(AttributeValue::Bool(*enabled)))],
            Self::Operations(operations) => vec![("operations", Some(value(operations)?))],
            Self::TrafficType(traffic_type) => vec![("trafficType", Some(value(traffic_type)?))],
            Self::ExpiresAt(end) => {
                vec![(EXPIRES_AT, optional(end.as_ref())?), (PURGE_AT, end.map(purge_value))]
            }
            Self::AllowedIps(allowed) => vec![("allowedIps", optional(allowed.as_ref())?)],
        })
    }
}

/// A value as it is in the table.
pub(crate) fn value(of: &impl Serialize) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(of).map_err(|cause| Error::caused("a value could not be written", cause))
}

fn optional(of: Option<&impl Serialize>) -> Result<Option<AttributeValue>, Error> {
    of.map(value).transpose()
}
