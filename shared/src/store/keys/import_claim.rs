//! That one key, and no other, has a value which another system issued.
//!
//! An item in a partition named by the value's hash. It is written in one transaction with the key, so that two imports
//! of one value cannot both succeed; and it is read where the index has no entry, so that an imported value works at
//! once, and for its grace period after a rotation. A claim to a key that is gone or has another value finds nothing; it
//! says that the value was in use once, so that it comes back only where an import asks for that.
//!
//! A second item in a partition of the account, with the hash as its sort key, leads to the claim when the account is
//! erased.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};

use crate::key::{AccountId, KeyHash, KeyRecord, Locator};
use crate::store::dynamo::transaction::{Part, put};
use crate::store::{ACCOUNT_ID, ID, Item, TableError};

/// The sort key of every claim.
pub(in crate::store) const CLAIM: &str = "import";

const TRACES: &str = "#imports";

/// A value's hash and the key that has it.
pub(in crate::store) struct ImportClaim<'a> {
    hash: &'a KeyHash,
    place: Locator,
}

impl<'a> ImportClaim<'a> {
    pub(in crate::store) fn of(record: &'a KeyRecord) -> Self {
        let place = Locator { account_id: record.account_id, id: record.metadata.id };
        Self { hash: &record.key_hash, place }
    }

    /// The parts of an import's transaction. `replaces` is where an older claim to the value leads.
    pub(in crate::store) fn parts(
        &self,
        table: &str,
        replaces: Option<Locator>,
    ) -> Result<Vec<(Part, TransactWriteItem)>, TableError> {
        let text = AttributeValue::S;
        let claim = match replaces {
            None => put(table, self.to_item(), "attribute_not_exists(id)", [])?,
            Some(old) => put(
                table,
                self.to_item(),
                // Ids of keys are never used twice, in no account.
                "keyId = :id",
                [(":id", text(old.id.to_string()))],
            )?,
        };
        let trace = Item::from([
            (ACCOUNT_ID.into(), text(trace_partition(self.place.account_id))),
            (ID.into(), text(self.hash.to_hex())),
        ]);
        let trace = Put::builder().table_name(table).set_item(Some(trace)).build();
        let trace = trace.map_err(|cause| TableError::caused("a write could not be built", cause))?;
        Ok(vec![(Part::Claim, claim), (Part::Trace, TransactWriteItem::builder().put(trace).build())])
    }

    fn to_item(&self) -> Item {
        let mut item = claim_key(&self.hash.to_hex());
        item.insert("keyAccountId".into(), AttributeValue::S(self.place.account_id.to_string()));
        item.insert("keyId".into(), AttributeValue::S(self.place.id.to_string()));
        item
    }
}

/// The primary key of the claim to a value, by its hash in hexadecimal.
pub(in crate::store) fn claim_key(hash: &str) -> Item {
    let text = AttributeValue::S;
    Item::from([(ACCOUNT_ID.into(), text(partition_of(hash))), (ID.into(), text(CLAIM.into()))])
}

/// Where the hashes of an account's imported values are.
pub(in crate::store) fn trace_partition(account_id: AccountId) -> String {
    format!("{account_id}{TRACES}")
}

pub(in crate::store) fn is_trace(partition: &str) -> bool {
    partition.ends_with(TRACES)
}

/// No account has an id of this shape.
pub(in crate::store) fn partition(hash: &KeyHash) -> String {
    partition_of(&hash.to_hex())
}

fn partition_of(hash: &str) -> String {
    format!("sha256#{hash}")
}
