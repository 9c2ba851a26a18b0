//! What a key is at a moment, and how it is shown then.

use std::fmt;

use serde::Serialize;

use super::limits::Limits;
use super::record::{KeyMetadata, KeyRecord};
use super::timestamp::Timestamp;

/// Whether a key opens anything. The first that applies of `SUSPENDED`, `EXPOSED`, `EXPIRED`, `DISABLED`: nobody in the
/// account can lift the first, only a rotation the second, and enabling a key not the third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyStatus {
    /// It opens its operations.
    Active,
    /// It was disabled.
    Disabled,
    /// Its expiry has passed, whether or not it was disabled before.
    Expired,
    /// Its value was reported as known to others. Rotate or delete it.
    Exposed,
    /// Its account is suspended, or its import is not complete, whatever the key itself says.
    Suspended,
}

impl KeyStatus {
    /// The status at that moment; from the very instant of its expiry a key is expired.
    #[must_use]
    pub fn of(key: &KeyRecord, now: Timestamp) -> Self {
        if key.import_pending || key.suspension % 2 == 1 {
            Self::Suspended
        } else if key.is_exposed() {
            Self::Exposed
        } else if key.metadata.expires_at.is_some_and(|end| end <= now) {
            Self::Expired
        } else if key.metadata.enabled {
            Self::Active
        } else {
            Self::Disabled
        }
    }
}

impl fmt::Display for KeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Exposed => "exposed",
            Self::Suspended => "suspended",
        })
    }
}

/// A key as it is shown at one moment: its metadata and its status.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Key))]
#[serde(rename_all = "camelCase")]
pub struct KeyView<'a> {
    #[serde(flatten)]
    metadata: &'a KeyMetadata,
    /// How often it may be used, all told: `limits` and what whoever runs the service allows at most, for each period the
    /// tightest.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<super::limits::Limit>>, min_items = 1, max_items = 4))]
    effective_limits: Limits,
    status: KeyStatus,
}

impl KeyRecord {
    /// As it is shown at that moment, by a stack with that ceiling.
    #[must_use]
    pub fn at(&self, now: Timestamp, ceiling: Limits) -> KeyView<'_> {
        KeyView {
            metadata: &self.metadata,
            effective_limits: self.effective_limits(ceiling),
            status: KeyStatus::of(self, now),
        }
    }
}
