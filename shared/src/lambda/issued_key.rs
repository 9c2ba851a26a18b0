//! The one answer that shows a key's value.

use serde::{Serialize, Serializer};

use crate::key::{AccountId, KeyRecord, KeyValue, KeyView, Limits, Timestamp};

/// The answer to creating or rotating a key: its metadata and, this one time, its value.
#[derive(Debug)]
pub struct IssuedKey {
    /// Written as `accountId` where the reader cannot know it yet.
    pub account_id: Option<AccountId>,
    /// The key, of which all is written that may be shown.
    pub key: KeyRecord,
    /// Written as `value`.
    pub value: KeyValue,
    /// When it was issued: the status is that of this moment.
    pub now: Timestamp,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
}

/// A new key, or one with a new value.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct IssuedKeyBody<'a> {
    // Only for operators: no route returns it.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(rename = "accountId", skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    #[serde(flatten)]
    key: KeyView<'a>,
    /// What `X-API-Key` takes. Shown this one time: only its hash is kept.
    #[cfg_attr(feature = "openapi", schema(value_type = KeyValue))]
    value: &'a str,
}

impl Serialize for IssuedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = self.key.at(self.now, self.ceiling);
        IssuedKeyBody { account_id: self.account_id, key, value: self.value.expose() }.serialize(serializer)
    }
}
