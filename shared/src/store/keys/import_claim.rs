//! That one key, and no other, has a value which another system issued.
//!
//! An item in a partition named by the value's hash. It is written in one transaction with the key, so that two imports
//! of one value cannot both succeed; and it is read where the index has no entry, so that an imported value works at
//! once, and for its grace period after a rotation. A claim to a key that is gone or has another value finds nothing; it
//! shows that the value was in use once, so that it comes back only where an import asks for that.
//!
//! A second item in a partition of the account, with the hash as its sort key, leads to the claim when the account is
//! erased.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use super::item::{hash_value, key};
use crate::key::{AccountId, KeyHash, KeyRecord, Locator, Timestamp};
use crate::store::dynamo::attribute::{Item, primary_key, value};
use crate::store::dynamo::bulk::send;
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::part::{put, put_if, put_new, require};
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::table::Table;
use crate::store::dynamo::transaction::Part;

/// The sort key of every claim.
pub(super) const CLAIM: &str = "import";

/// An imported key opens nothing as long as this is there.
pub(in crate::store) const HELD: &str = "held";

const TRACES: &str = "#imports";

const LEADS_THERE: &str = "keyId = :id";

/// A value's hash and the key that has it.
pub(in crate::store) struct ImportClaim<'a> {
    hash: &'a KeyHash,
    place: Locator,
}

impl<'a> ImportClaim<'a> {
    pub(in crate::store) fn of(record: &'a KeyRecord) -> Self {
        Self { hash: &record.key_hash, place: record.place() }
    }

    /// The parts of an import's transaction. `replaces` is where an older claim to the value leads: to a key that must not have
    /// it any more.
    pub(in crate::store) fn parts(
        &self,
        table: &str,
        replaces: Option<Locator>,
        now: Timestamp,
    ) -> Result<Vec<(Part, TransactWriteItem)>, TableError> {
        let claim = match replaces {
            None => put_new(table, self.to_item())?,
            // Ids of keys are never used twice, in no account.
            Some(old) => put_if(table, self.to_item(), LEADS_THERE, leading_to(old))?,
        };
        let trace = primary_key(&trace_partition(self.place.account_id), &self.hash.to_hex());
        let mut parts = vec![(Part::Claim, claim), (Part::Trace, put(table, trace)?)];
        if let Some(old) = replaces {
            // The transaction that wrote the old claim may not show its key yet: this one then conflicts with it, or finds the key.
            parts.push((Part::Claim, requiring_no_value(table, self.hash, old, now)?));
        }
        Ok(parts)
    }

    fn to_item(&self) -> Item {
        let mut item = claim_key(&self.hash.to_hex());
        item.insert("keyAccountId".into(), AttributeValue::S(self.place.account_id.to_string()));
        item.insert("keyId".into(), AttributeValue::S(self.place.id.to_string()));
        item
    }
}

/// The part of a transaction that stops it unless the claim to a value leads to that key.
pub(in crate::store) fn requiring_claim(
    table: &str,
    hash: &KeyHash,
    to: Locator,
) -> Result<TransactWriteItem, TableError> {
    require(table, claim_key(&hash.to_hex()), LEADS_THERE, leading_to(to))
}

/// The values of [`LEADS_THERE`].
fn leading_to(key: Locator) -> [(&'static str, AttributeValue); 1] {
    [(":id", AttributeValue::S(key.id.to_string()))]
}

/// The part of a transaction that stops it if that key has the value.
pub(in crate::store) fn requiring_no_value(
    table: &str,
    hash: &KeyHash,
    old: Locator,
    now: Timestamp,
) -> Result<TransactWriteItem, TableError> {
    const NO_VALUE: &str = "attribute_not_exists(id) OR (keyHash <> :hash AND (attribute_not_exists(previousKeyHash) \
         OR previousKeyHash <> :hash OR attribute_not_exists(previousValidUntil) OR previousValidUntil <= :now))";
    let values = [(":hash", hash_value(hash)), (":now", value(&now)?)];
    require(table, key(old), NO_VALUE, values)
}

/// The primary key of the claim to a value, by its hash in hexadecimal.
pub(in crate::store) fn claim_key(hash: &str) -> Item {
    primary_key(&partition_of(hash), CLAIM)
}

/// Where the hashes of an account's imported values are.
pub(in crate::store) fn trace_partition(account_id: AccountId) -> String {
    format!("{account_id}{TRACES}")
}

pub(in crate::store) fn is_trace(partition: &str) -> bool {
    partition.ends_with(TRACES)
}

/// No account has an id of this shape.
pub(super) fn partition(hash: &KeyHash) -> String {
    partition_of(&hash.to_hex())
}

fn partition_of(hash: &str) -> String {
    format!("sha256#{hash}")
}

/// Lets an imported key work.
pub(in crate::store) async fn activate(table: &Table, place: Locator) -> Result<(), WriteError> {
    let update = table
        .client
        .update_item()
        .table_name(&table.name)
        .set_key(Some(key(place)))
        .update_expression(format!("REMOVE {HELD}"))
        .condition_expression("attribute_exists(id)");
    send("the claim to an imported value", Retries::from_now(), || update.clone().send()).await?.unless_busy()
}
