//! A key as it is stored and as it is shown.

use serde::{Deserialize, Serialize};

use super::allowed_ips::AllowedIps;
use super::hash::KeyHash;
use super::id::{AccountId, EventId, KeyId, Locator};
use super::limits::Limits;
use super::operation::{Operations, TrafficType};
use super::timestamp::Timestamp;

/// All that is kept of a key. The value is not: only its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The account it belongs to; the table's partition key.
    pub account_id: AccountId,
    /// The SHA-256 of its value; the index's partition key.
    pub key_hash: KeyHash,
    /// The value before, while it still works beside the new one.
    pub previous: Option<PreviousValue>,
    /// The SHA-256 of values of it that were reported as known to others: of the last one that was its value then, and of the
    /// last one in its grace period.
    pub reported: [Option<KeyHash>; 2],
    /// The event of its last management write; `None` before the first release with events.
    pub last_event: Option<EventId>,
    /// How often its account was suspended and resumed: odd is suspended.
    pub suspension: u64,
    /// Whether its import is not complete: it opens nothing until then.
    pub import_pending: bool,
    /// What the company set for the account: it lowers the effective limits.
    pub ceiling: Limits,
    /// All that may be shown.
    pub metadata: KeyMetadata,
}

/// A value that was rotated away and lives on for a grace period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousValue {
    /// The SHA-256 of it.
    pub key_hash: KeyHash,
    /// From that instant it is worth nothing.
    pub valid_until: Timestamp,
}

/// What is shown of a key. It has no field for a value or a hash.
///
/// As JSON: camelCase, and absent fields are `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyMetadata {
    /// Its name in URLs; not a secret. Sorts by the time of creation.
    pub id: KeyId,
    /// The name of the account's company.
    pub company: String,
    /// The user it is assigned to.
    pub user_id: String,
    /// That user's name.
    pub username: String,
    /// The `userId` of the key that created it.
    pub created_by: String,
    /// The id of the key that created it. `null` for an account's first key, an imported one, and one that was created
    /// before this was recorded.
    #[serde(default)]
    pub created_by_key_id: Option<KeyId>,
    /// What it opens.
    pub operations: Operations,
    /// The kind of messages it is meant for.
    pub traffic_type: TrafficType,
    /// A short name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// A longer description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it was left switched on.
    pub enabled: bool,
    /// From that instant it opens nothing.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within five minutes.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// From where it may be used; from anywhere when `null`.
    #[serde(default)]
    pub allowed_ips: Option<AllowedIps>,
    /// How often it may be used, as its account decided; as often as one likes when `null`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Limits>))]
    pub limits: Limits,
}

impl KeyRecord {
    /// A key of an account that was never suspended and has no ceiling, with its first value.
    #[must_use]
    pub fn new(account_id: AccountId, key_hash: KeyHash, metadata: KeyMetadata) -> Self {
        Self {
            account_id,
            key_hash,
            previous: None,
            reported: [None, None],
            last_event: None,
            suspension: 0,
            import_pending: false,
            ceiling: Limits::NONE,
            metadata,
        }
    }

    /// Where it is stored.
    #[must_use]
    pub fn place(&self) -> Locator {
        Locator { account_id: self.account_id, id: self.metadata.id }
    }

    /// Whether that is the hash of a value of it that was reported, as far as that is kept.
    #[must_use]
    pub fn was_reported(&self, hash: &KeyHash) -> bool {
        self.reported.iter().flatten().any(|reported| reported == hash)
    }

    /// Whether its value is known to others: it opens nothing until it is rotated.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        let [of_value, _] = &self.reported;
        of_value.as_ref() == Some(&self.key_hash)
    }

    /// The limits that hold: for each period the tightest of its own, its account's and the stack's.
    #[must_use]
    pub fn effective_limits(&self, stack: Limits) -> Limits {
        self.metadata.limits.tightest(self.ceiling).tightest(stack)
    }

    /// Whether that is the hash of a value that works at that moment, the current one or the one before.
    #[must_use]
    pub fn answers_to(&self, hash: &KeyHash, now: Timestamp) -> bool {
        self.key_hash == *hash
            || self.previous.as_ref().is_some_and(|before| now < before.valid_until && before.key_hash == *hash)
    }
}
