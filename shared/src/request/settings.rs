//! What a request decides of a key: all of its settings, or those that it changes.

use serde::Serialize;
use serde_json::Value;

use super::caller::Caller;
use super::fields::{Fields, InvalidRequest};
use super::lifetime::require_lifetime;
use super::tags::TagChanges;
use crate::key::{
    AllowedIps, Catalogue, KeyMetadata, KeySettings, Lifetime, Limits, Operations, Tags, Timestamp, TrafficType,
};

/// Takes the settings of a new key. Errors are in this order.
pub(super) fn take(fields: &mut Fields, catalogue: &Catalogue, now: Timestamp) -> KeySettings {
    KeySettings {
        operations: fields.operations(catalogue),
        traffic_type: fields.traffic_type(catalogue),
        name: name(fields),
        description: description(fields),
        expires_at: fields.optional_expiry("expiresAt", now),
        allowed_ips: fields.allowed_ips(),
        limits: fields.limits(),
        tags: fields.tags(),
        enabled: true,
    }
}

/// Settings that a patch gives a key; `None` leaves one as it is. They are taken, and events list them, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyPatch {
    /// See [`KeyMetadata::user_id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// See [`KeyMetadata::username`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// See [`KeySettings::name`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Option<String>>,
    /// See [`KeySettings::description`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<String>>,
    /// See [`KeySettings::enabled`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// See [`KeySettings::operations`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Operations>,
    /// See [`KeySettings::traffic_type`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_type: Option<TrafficType>,
    /// See [`KeySettings::expires_at`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Option<Timestamp>>,
    /// See [`KeySettings::allowed_ips`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_ips: Option<Option<AllowedIps>>,
    /// See [`KeySettings::limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// See [`KeySettings::tags`]: all of them, as [`Self::on`] finds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
    /// See [`KeyMetadata::lifetime_exempt`]. No request of a manager has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime_exempt: Option<bool>,
    /// Which tags are set and removed.
    #[serde(skip)]
    pub tag_changes: Option<TagChanges>,
    /// Whether the value before ends, which is no setting.
    #[serde(skip)]
    pub ends_previous_value: bool,
}

impl KeyPatch {
    /// The one that switches a key off and does nothing else.
    #[must_use]
    pub fn disabling() -> Self {
        Self { enabled: Some(false), ..Self::default() }
    }

    /// Reads a JSON merge patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)): what it does not name stays.
    ///
    /// # Errors
    /// [`InvalidRequest`] with every wrong field.
    pub fn parse(body: &[u8], catalogue: &Catalogue, now: Timestamp) -> Result<Self, InvalidRequest> {
        Fields::read(body, |fields| Ok(Self::take(fields, catalogue, now)))
    }

    /// Takes what it names. It is valid only once the reading has ended.
    pub fn take(fields: &mut Fields, catalogue: &Catalogue, now: Timestamp) -> Self {
        Self {
            user_id: fields.has("userId").then(|| user_id(fields)),
            username: fields.has("username").then(|| username(fields)),
            name: fields.has("name").then(|| name(fields)),
            description: fields.has("description").then(|| description(fields)),
            enabled: fields.has("enabled").then(|| enabled(fields)),
            operations: fields.has("operations").then(|| fields.operations(catalogue)),
            traffic_type: fields.has("trafficType").then(|| fields.traffic_type(catalogue)),
            expires_at: fields.has("expiresAt").then(|| fields.optional_expiry("expiresAt", now)),
            allowed_ips: fields.has("allowedIps").then(|| fields.allowed_ips()),
            limits: fields.has("limits").then(|| fields.limits()),
            tags: None,
            lifetime_exempt: None,
            tag_changes: fields.has("tags").then(|| fields.tag_changes()),
            ends_previous_value: ends_previous_value(fields),
        }
    }

    /// The same for a key with these settings: a patch names single tags, and a key is given all of them.
    ///
    /// # Errors
    /// [`InvalidRequest`] when the key would have too many tags.
    pub fn on(&self, settings: &KeySettings) -> Result<Self, InvalidRequest> {
        let tags = self.tag_changes.as_ref().map(|changes| changes.applied_to(&settings.tags)).transpose()?;
        Ok(Self { tags, tag_changes: None, ..self.clone() })
    }

    /// Whether the key gets another end by it, so that the longest lifetime matters.
    #[must_use]
    pub fn moves_end(&self) -> bool {
        self.expires_at.is_some()
    }

    /// Refuses an end beyond the longest lifetime. Any other change leaves an end that is too late, as it is.
    ///
    /// # Errors
    /// [`InvalidRequest`].
    pub fn require_lifetime(&self, key: &KeyMetadata, lifetime: Option<Lifetime>) -> Result<(), InvalidRequest> {
        let Some(expires_at) = self.expires_at else { return Ok(()) };
        let mut changed = key.clone();
        changed.settings.expires_at = expires_at;
        require_lifetime(&changed, lifetime)
    }

    /// Gives a key these settings.
    pub fn apply(&self, key: &mut KeyMetadata) {
        set(&mut key.user_id, self.user_id.as_ref());
        set(&mut key.username, self.username.as_ref());
        set(&mut key.lifetime_exempt, self.lifetime_exempt.as_ref());
        let to = &mut key.settings;
        set(&mut to.name, self.name.as_ref());
        set(&mut to.description, self.description.as_ref());
        set(&mut to.enabled, self.enabled.as_ref());
        set(&mut to.operations, self.operations.as_ref());
        set(&mut to.traffic_type, self.traffic_type.as_ref());
        set(&mut to.expires_at, self.expires_at.as_ref());
        set(&mut to.allowed_ips, self.allowed_ips.as_ref());
        set(&mut to.limits, self.limits.as_ref());
        set(&mut to.tags, self.tags.as_ref());
    }
}

/// It has an end that is `null` once it has ended, so that is all that the end can be set to.
fn ends_previous_value(fields: &mut Fields) -> bool {
    const FIELD: &str = "previousValueValidUntil";
    let is_given = fields.has(FIELD);
    if fields.take(FIELD).is_some() {
        fields.wrong(FIELD, "must be null, which ends the grace period");
    }
    is_given
}

fn set<T: Clone>(field: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        field.clone_from(given);
    }
}

pub(super) fn user_id(fields: &mut Fields) -> String {
    fields.required_text("userId", Caller::MAX_TEXT)
}

pub(super) fn username(fields: &mut Fields) -> String {
    fields.required_text("username", Caller::MAX_TEXT)
}

fn name(fields: &mut Fields) -> Option<String> {
    fields.optional_text("name", 128)
}

fn description(fields: &mut Fields) -> Option<String> {
    fields.optional_text("description", 512)
}

fn enabled(fields: &mut Fields) -> bool {
    match fields.take("enabled") {
        Some(Value::Bool(enabled)) => return enabled,
        _ => fields.wrong("enabled", "must be true or false"),
    }
    false
}
