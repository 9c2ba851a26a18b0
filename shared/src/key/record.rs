//! A key as it is stored.

use super::account_lease::AccountLimits;
use super::etag::Etag;
use super::hash::KeyHash;
use super::id::{AccountId, EventId, Locator};
use super::limits::Limits;
use super::metadata::{KeyMetadata, KeyView};
use super::previous_value::PreviousValue;
use super::status::KeyStatus;
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
    /// The operator's own id of the account.
    pub external_id: Option<String>,
    /// The limits of the account, for all of its keys together, as the key repeats them.
    pub account_limits: AccountLimits,
    /// All that may be shown.
    pub metadata: KeyMetadata,
}

impl KeyRecord {
    /// A key of an account of which operators have decided nothing, with its first value.
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
            external_id: None,
            account_limits: AccountLimits::default(),
            metadata,
        }
    }

    /// Where it is stored.
    #[must_use]
    pub fn place(&self) -> Locator {
        Locator { account_id: self.account_id, id: self.metadata.id }
    }

    /// Whether it opens anything at that moment; from the very instant of its expiry a key is expired.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        let settings = &self.metadata.settings;
        if self.import_pending || self.suspension % 2 == 1 {
            KeyStatus::Suspended
        } else if self.is_exposed() {
            KeyStatus::Exposed
        } else if settings.expires_at.is_some_and(|end| end <= now) {
            KeyStatus::Expired
        } else if settings.enabled {
            KeyStatus::Active
        } else {
            KeyStatus::Disabled
        }
    }

    /// Whether nothing but its end keeps it from opening something, now or from then on.
    #[must_use]
    pub fn works_until_its_end(&self, now: Timestamp) -> bool {
        let status = self.status(now);
        self.metadata.settings.enabled && matches!(status, KeyStatus::Active | KeyStatus::Expired)
    }

    /// As it is shown at that moment, by a stack with that ceiling.
    #[must_use]
    pub fn at(&self, now: Timestamp, ceiling: Limits) -> KeyView<'_> {
        let previous = self.previous.as_ref().filter(|before| before.works(now));
        let (own, account) = (self.effective_limits(ceiling), self.account_limits.limits);
        KeyView::of(&self.metadata, own, account, self.status(now), self.etag(), previous)
    }

    /// Its version for writing.
    #[must_use]
    pub fn etag(&self) -> Etag {
        Etag::of(self.last_event)
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
        self.metadata.settings.limits.tightest(self.ceiling).tightest(stack)
    }

    /// Whether that is the hash of its value or of the one before, which may have ended.
    #[must_use]
    pub fn has_value(&self, hash: &KeyHash) -> bool {
        self.key_hash == *hash || self.previous.as_ref().is_some_and(|before| before.key_hash == *hash)
    }

    /// Whether that is the hash of a value that works at that moment, the current one or the one before.
    #[must_use]
    pub fn answers_to(&self, hash: &KeyHash, now: Timestamp) -> bool {
        self.key_hash == *hash
            || self.previous.as_ref().is_some_and(|before| before.works(now) && before.key_hash == *hash)
    }
}

#[cfg(test)]
impl KeyRecord {
    /// A key without limits, in the midst of a minute.
    pub(crate) fn example() -> Self {
        let metadata = serde_json::json!({
            "id": "0352qSbVYGuLQKnGZTUbTN", "company": "Example", "userId": "user-1", "username": "Ada",
            "createdBy": "user-1", "createdAt": "2026-11-23T10:15:30.000Z",
            "operations": ["SMS"], "trafficType": "OTP", "enabled": true,
        });
        Self::new(AccountId::from_random([7; 16]), KeyHash::of("value"), serde_json::from_value(metadata).unwrap())
    }
}
