//! What a key is at a moment.

use std::fmt;

use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};

/// Whether a key opens anything. The first that applies of `SUSPENDED`, `EXPOSED`, `EXPIRED`, `DISABLED`: only an
/// operator can lift the first and only a rotation the second, and enabling a key does not lift the third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Its account is suspended, or its import is not complete, even if the key itself is enabled.
    Suspended,
}

impl KeyStatus {
    /// Takes its name in the API, such as `ACTIVE`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).ok()
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
