//! Which keys of a list are wanted.

use std::collections::BTreeMap;

use super::caller::Caller;
use super::fields::Fields;
use crate::key::{KeyId, KeyRecord, KeyStatus, Lifetime, Operation, Tags, Timestamp};

const STATUS: &str = "must be one of ACTIVE, DISABLED, EXPIRED, EXPOSED, SUSPENDED";
const TRUTH: &str = "must be true or false";
/// What stands before the name of a tag.
const TAG: &str = "tag.";
const NAME_OF_TAG: &str =
    "must be tag. and the name of a tag: a letter, then letters, digits, _, . and -, at most 40 characters";
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
    /// They live longer than their account's keys may, or do not.
    pub exceeds_lifetime: Option<bool>,
    /// The account's longest lifetime, if `exceeds_lifetime` is given.
    pub lifetime: Option<Lifetime>,
    /// Last used before that instant; those that never were, created before it.
    pub unused_since: Option<Timestamp>,
    /// With exactly these texts of these names in their tags, among others.
    pub tags: BTreeMap<String, String>,
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
            exceeds_lifetime: take_truth(fields, "exceedsLifetime"),
            lifetime: None,
            unused_since: fields.time_or_day("unusedSince"),
            tags: take_tags(fields),
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
            && self.exceeds_lifetime.is_none_or(|wanted| of.exceeds(self.lifetime) == wanted)
            && self.unused_since.is_none_or(|start| last_use < start)
            && self.tags.iter().all(|(name, text)| of.settings.tags.get(name).is_some_and(|tag| tag == *text))
    }
}

/// Takes `true` or `false`, which a query has as text; so operators may write either.
fn take_truth(fields: &mut Fields, field: &str) -> Option<bool> {
    if fields.text_of(field).is_some() {
        fields.id(field, |text| text.parse().ok(), TRUTH)
    } else {
        fields.optional_truth(field)
    }
}

/// Takes `tag.{name}` of every name.
fn take_tags(fields: &mut Fields) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for field in fields.names_with(TAG) {
        let text = fields.optional_text(&field, Tags::MAX_TEXT);
        match field.strip_prefix(TAG).filter(|name| Tags::is_name(name)) {
            Some(name) => tags.extend(text.map(|text| (name.to_owned(), text))),
            None => fields.wrong(&field, NAME_OF_TAG),
        }
    }
    if tags.len() > Tags::MAX {
        fields.wrong("tag", format!("must be given at most {} times, as often as a key has one", Tags::MAX));
    }
    tags
}
