//! A key as operators see it: as its managers do.

use api_keys::key::{AccountId, KeyRecord, Limits, Timestamp};
use serde::{Serialize, Serializer};

/// A key at one moment.
#[derive(Debug)]
pub(crate) struct ShownKey {
    pub(crate) record: KeyRecord,
    pub(crate) now: Timestamp,
    /// The stack's ceiling of limits.
    pub(crate) ceiling: Limits,
}

/// A key and its account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyOfAccount {
    pub(crate) account_id: AccountId,
    #[serde(flatten)]
    pub(crate) key: ShownKey,
}

impl Serialize for ShownKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record.at(self.now, self.ceiling).serialize(serializer)
    }
}
