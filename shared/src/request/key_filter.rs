//! Which keys of a list are wanted.

use super::caller::Caller;
use super::fields::Fields;
use crate::key::{KeyId, KeyRecord, KeyStatus, Operation, Timestamp};

const STATUS: &str = "must be one of ACTIVE, DISABLED, EXPIRED, EXPOSED, SUSPENDED";
const OPERATION: &str = "must be the name of an operation: a letter A-Z, then A-Z, 0-9 and _, at most 32 characters";

/// Which keys are wanted: those for which everything holds that is given.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct KeyFilter {
    /// Created by or assigned to that user.
    pub user_id: Option<String>,
    /// Assigned to that user.
    pub assigned_to: Option<String>,
    /// What they are at the moment.
    pub status: Option<KeyStatus>,
    /// What they open, among others.
    pub operation: Option<Operation>,
    /// Created by that key.
    pub created_by_key_id: Option<KeyId>,
    /// They expire before that instant, or have.
    pub expires_before: Option<Timestamp>,
    /// Last used before that instant; those that never were, created before it.
    pub unused_since: Option<Timestamp>,
}

impl KeyFilter {
    /// Takes the parameters of the same names.
    pub(super) fn take(fields: &mut Fields) -> Self {
        Self {
            user_id: fields.optional_text("userId", Caller::MAX_TEXT),
            assigned_to: fields.optional_text("assignedTo", Caller::MAX_TEXT),
            status: fields.id("status", KeyStatus::parse, STATUS),
            operation: fields.id("operation", Operation::parse, OPERATION),
            created_by_key_id: fields.key_id("createdByKeyId"),
            expires_before: fields.time_or_day("expiresBefore"),
            unused_since: fields.time_or_day("unusedSince"),
        }
    }

    /// Whether a key is wanted, as it is at that moment.
    #[must_use]
    pub fn keeps(&self, key: &KeyRecord, now: Timestamp) -> bool {
        let of = &key.metadata;
        let last_use = of.last_used_at.unwrap_or(of.created_at);
        self.user_id.as_ref().is_none_or(|user| of.user_id == *user || of.created_by == *user)
            && self.assigned_to.as_ref().is_none_or(|user| of.user_id == *user)
            && self.status.is_none_or(|status| key.status(now) == status)
            && self.operation.as_ref().is_none_or(|operation| of.settings.operations.contains(operation.as_str()))
            && self.created_by_key_id.is_none_or(|id| of.created_by_key_id == Some(id))
            && self.expires_before.is_none_or(|end| of.settings.expires_at.is_some_and(|expiry| expiry < end))
            && self.unused_since.is_none_or(|start| last_use < start)
    }
}
