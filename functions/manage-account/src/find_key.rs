//! `find-key`: which key a value belongs to, by its SHA-256. The value itself is not sent.

use api_keys::key::{AccountId, KeyHash, KeyId, KeyRecord, Locator, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::Fields;
use serde::Serialize;

use crate::Deps;
use crate::action::Action;
use crate::key_view::ShownKey;

pub(crate) struct FindKey {
    hash: Option<KeyHash>,
    /// What a value of this service's format names; one of another system names nothing, and its claim is looked for.
    place: Option<Locator>,
}

/// Whose the value is; `null` where no key has it, nor had it.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    found: Option<FoundKey>,
}

/// A key that the value names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundKey {
    account_id: AccountId,
    company: String,
    key_id: KeyId,
    value: ValueState,
    /// `null` when it was deleted.
    key: Option<ShownKey>,
}

/// What the value is to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ValueState {
    /// The key has it.
    Current,
    /// The key had it before, and it is in its grace period.
    Previous,
    /// It was reported as known to others, and opens nothing.
    Exposed,
    /// The key does not have it: not any more, or it never had it.
    Ended,
}

impl ValueState {
    fn of(hash: &KeyHash, key: &KeyRecord, now: Timestamp) -> Self {
        if key.was_reported(hash) {
            Self::Exposed
        } else if key.key_hash == *hash {
            Self::Current
        } else if key.answers_to(hash, now) {
            Self::Previous
        } else {
            Self::Ended
        }
    }
}

impl Action for FindKey {
    type Answer = Finding;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        if !fields.has("sha256") {
            fields.wrong("sha256", "is required");
        }
        let hash = fields.id("sha256", KeyHash::from_hex, "must be 64 hexadecimal digits");
        let named = ["accountId", "keyId"].map(|field| fields.has(field));
        let place = named.contains(&true);
        let place = place.then(|| Locator { account_id: fields.account_id(), id: fields.required_key_id() });
        Self { hash, place }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<Finding, Error> {
        let nothing = Finding { found: None };
        let Some(hash) = self.hash.clone() else { return Ok(nothing) };
        let place = match self.place {
            Some(place) => Some(place),
            None => deps.reader.claimed(&hash).await?,
        };
        let Some(Locator { account_id, id: key_id }) = place else { return Ok(nothing) };
        let (now, ceiling) = (invocation.now, deps.ceiling);
        let found = if let Some(record) = deps.reader.get(account_id, key_id).await? {
            let (company, value) = (record.metadata.company.clone(), ValueState::of(&hash, &record, now));
            FoundKey { account_id, company, key_id, value, key: Some(ShownKey { record, now, ceiling }) }
        } else {
            let company = deps.accounts.show(account_id).await?.company;
            FoundKey { account_id, company, key_id, value: ValueState::Ended, key: None }
        };
        Ok(Finding { found: Some(self.with_mark(found, &hash, deps).await?) })
    }
}

impl FindKey {
    /// A reported value of another system is dead for good, even if its key has another one by now.
    async fn with_mark(&self, found: FoundKey, hash: &KeyHash, deps: &Deps<'_>) -> Result<FoundKey, Error> {
        let may_be_marked = self.place.is_none() && found.value == ValueState::Ended;
        let is_marked = may_be_marked && deps.reader.was_exposed(hash).await?;
        Ok(if is_marked { FoundKey { value: ValueState::Exposed, ..found } } else { found })
    }
}
