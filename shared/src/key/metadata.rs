//! What is decided of a key, and how it is shown.

use serde::{Deserialize, Serialize};

use super::allowed_ips::AllowedIps;
use super::etag::Etag;
use super::id::KeyId;
use super::lifetime::Lifetime;
use super::limits::Limits;
use super::operation::{Operations, TrafficType};
use super::previous_value::PreviousValue;
use super::status::KeyStatus;
use super::tags::{ShownTags, Tags};
use super::timestamp::Timestamp;

/// What those who manage a key decide of it, and may change. [`KeyView`] describes each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySettings {
    /// See [`KeyView`].
    pub operations: Operations,
    /// See [`KeyView`].
    pub traffic_type: TrafficType,
    /// See [`KeyView`].
    #[serde(default)]
    pub name: Option<String>,
    /// See [`KeyView`].
    #[serde(default)]
    pub description: Option<String>,
    /// See [`KeyView`].
    pub enabled: bool,
    /// See [`KeyView`].
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// See [`KeyView`].
    #[serde(default)]
    pub allowed_ips: Option<AllowedIps>,
    /// See [`KeyView`].
    #[serde(default)]
    pub limits: Limits,
    /// See [`KeyView`].
    #[serde(default)]
    pub tags: Tags,
}

impl KeySettings {
    /// Of a key of which nothing else was decided.
    #[must_use]
    pub fn new(operations: Operations, traffic_type: TrafficType) -> Self {
        Self {
            operations,
            traffic_type,
            name: None,
            description: None,
            enabled: true,
            expires_at: None,
            allowed_ips: None,
            limits: Limits::NONE,
            tags: Tags::default(),
        }
    }
}

/// All of a key that is shown. It has no field for a value or a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyMetadata {
    /// Its name in URLs; not a secret. Sorts by the time of creation.
    pub id: KeyId,
    /// The name of the account's company.
    pub company: String,
    /// The user it is assigned to; may be changed.
    pub user_id: String,
    /// That user's name; may be changed.
    pub username: String,
    /// The `userId` of the key that created it.
    pub created_by: String,
    /// The id of the key that created it.
    #[serde(default)]
    pub created_by_key_id: Option<KeyId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it got its present value, if that was by a rotation.
    #[serde(default)]
    pub value_created_at: Option<Timestamp>,
    /// Whether no longest lifetime holds for it.
    #[serde(default)]
    pub lifetime_exempt: bool,
    /// When it was last used, to within five minutes.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// What else may be changed of it.
    #[serde(flatten)]
    pub settings: KeySettings,
}

impl KeyMetadata {
    /// When it got its present value.
    #[must_use]
    pub fn value_created_at(&self) -> Timestamp {
        self.value_created_at.unwrap_or(self.created_at)
    }

    /// Whether its value lives longer than that lifetime, or without an end.
    #[must_use]
    pub fn exceeds(&self, lifetime: Option<Lifetime>) -> bool {
        let latest = lifetime.filter(|_| !self.lifetime_exempt).map(|lifetime| lifetime.end(self.value_created_at()));
        latest.is_some_and(|latest| self.settings.expires_at.is_none_or(|end| end > latest))
    }
}

/// The limits of a key and the ceilings, the tightest for each period: there may be one for every period.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct EffectiveLimits(Limits);

/// A key as it is shown at one moment: its metadata and its status.
// As JSON: camelCase, and absent fields are `null`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Key))]
#[serde(rename_all = "camelCase")]
pub struct KeyView<'a> {
    /// Its name in URLs; not a secret. Sorts by the time of creation.
    id: KeyId,
    /// The name of the account's company.
    company: &'a str,
    /// The user it is assigned to.
    user_id: &'a str,
    /// That user's name.
    username: &'a str,
    /// The `userId` of the key that created it.
    created_by: &'a str,
    /// The id of the key that created it. `null` for an account's first key, an imported one, and one that was created
    /// before this was recorded.
    created_by_key_id: Option<KeyId>,
    /// What it opens.
    operations: &'a Operations,
    /// The kind of messages it is meant for.
    traffic_type: &'a TrafficType,
    /// A short name for people.
    name: Option<&'a str>,
    /// A longer description for people.
    description: Option<&'a str>,
    /// When it was created.
    created_at: Timestamp,
    /// When its present value was made, by its creation or its last rotation. The longest lifetime counts from then on.
    value_created_at: Timestamp,
    /// Whether no longest lifetime holds for it: an account's first key, one that recovered it, and those that an operator has
    /// exempted.
    lifetime_exempt: bool,
    /// Whether it was left switched on.
    enabled: bool,
    /// From that instant it opens nothing.
    expires_at: Option<Timestamp>,
    /// When it was last used, to within five minutes.
    last_used_at: Option<Timestamp>,
    /// Until when the value before the last rotation works too. `null` where there is none, or its grace period has ended.
    previous_value_valid_until: Option<Timestamp>,
    /// When that value was last used since the rotation, to within five minutes. `null` where it was not.
    previous_value_last_used_at: Option<Timestamp>,
    /// From where it may be used; from anywhere when `null`.
    allowed_ips: Option<&'a AllowedIps>,
    /// How often it may be used, as its account decided; as often as one likes when `null`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Limits>))]
    limits: Limits,
    /// The limits in force: for each period the tightest of `limits` and the operator's ceilings; none when `null`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EffectiveLimits>))]
    effective_limits: EffectiveLimits,
    /// How often all keys of the account together may be used, as the operator decided; as often as one likes when `null`.
    /// They hold beside `effectiveLimits`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Limits>))]
    account_limits: Limits,
    /// What those who manage it note of it for the services behind the gateway, which get it with every request: texts by their
    /// names. They grant nothing.
    #[cfg_attr(feature = "openapi", schema(value_type = Tags))]
    tags: ShownTags<'a>,
    status: KeyStatus,
    /// Its version for writing, which `If-Match` takes in quotes. It changes with each management write of the key, and with
    /// nothing else: not with its status, its last use or its account.
    etag: Etag,
}

impl<'a> KeyView<'a> {
    /// With what depends on the moment and on the stack.
    pub(super) fn of(
        metadata: &'a KeyMetadata,
        effective_limits: Limits,
        account_limits: Limits,
        status: KeyStatus,
        etag: Etag,
        previous: Option<&PreviousValue>,
    ) -> Self {
        let settings = &metadata.settings;
        Self {
            id: metadata.id,
            company: &metadata.company,
            user_id: &metadata.user_id,
            username: &metadata.username,
            created_by: &metadata.created_by,
            created_by_key_id: metadata.created_by_key_id,
            operations: &settings.operations,
            traffic_type: &settings.traffic_type,
            name: settings.name.as_deref(),
            description: settings.description.as_deref(),
            created_at: metadata.created_at,
            value_created_at: metadata.value_created_at(),
            lifetime_exempt: metadata.lifetime_exempt,
            enabled: settings.enabled,
            expires_at: settings.expires_at,
            last_used_at: metadata.last_used_at,
            previous_value_valid_until: previous.map(|value| value.valid_until),
            previous_value_last_used_at: previous.and_then(|value| value.last_used_at),
            allowed_ips: settings.allowed_ips.as_ref(),
            limits: settings.limits,
            effective_limits: EffectiveLimits(effective_limits),
            account_limits,
            tags: settings.tags.shown(),
            status,
            etag,
        }
    }
}
