//! That one key, and no other, has a value which another system issued.
//!
//! An item in a partition named by the value's hash. It is written in one transaction with the key, so that two imports
//! of one value cannot both succeed; and it is read where the index has no entry, so that an imported value works at
//! once, and for its grace period after a rotation. A claim to a key that is gone or has another value means nothing.

use std::fmt::Write;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{ACCOUNT_ID, ID, Item};
use crate::key::{KeyHash, KeyRecord, Locator};

/// The sort key of every claim.
pub(super) const CLAIM: &str = "import";

/// A value's hash and the key that has it.
pub(super) struct ImportClaim {
    partition: String,
    place: Locator,
}

impl ImportClaim {
    pub(super) fn of(record: &KeyRecord) -> Self {
        let place = Locator { account_id: record.account_id, id: record.metadata.id };
        Self { partition: partition(&record.key_hash), place }
    }

    pub(super) fn to_item(&self) -> Item {
        let text = AttributeValue::S;
        Item::from([
            (ACCOUNT_ID.into(), text(self.partition.clone())),
            (ID.into(), text(CLAIM.into())),
            ("keyAccountId".into(), text(self.place.account_id.to_string())),
            ("keyId".into(), text(self.place.id.to_string())),
        ])
    }
}

/// No account has an id of this shape.
pub(super) fn partition(hash: &KeyHash) -> String {
    let mut partition = String::from("sha256#");
    for byte in hash.as_bytes() {
        // Writing into a string cannot fail.
        let _ = write!(partition, "{byte:02x}");
    }
    partition
}
