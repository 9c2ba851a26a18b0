//! That a value was reported as known to others: it never works again, whatever becomes of its key.
//!
//! An item in the partition named by the value's hash, without an account and without a time to live. The transaction that
//! exposes a value writes it, and every import requires that it is absent. It outlives its key and an erased account.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem};

use crate::key::KeyHash;
use crate::store::dynamo::bulk::{Sent, send};
use crate::store::dynamo::transaction::Retries;
use crate::store::keys::import_claim;
use crate::store::{ACCOUNT_ID, ID, Item, KeyStore, TableError, WriteError};

/// The sort key of every mark.
pub(in crate::store) const EXPOSED: &str = "exposed";

fn mark(hash: &KeyHash) -> Item {
    let text = AttributeValue::S;
    Item::from([(ACCOUNT_ID.into(), text(import_claim::partition(hash))), (ID.into(), text(EXPOSED.into()))])
}

/// The part of a transaction that marks a value.
pub(in crate::store) fn marking(table: &str, hash: &KeyHash) -> Result<TransactWriteItem, TableError> {
    let put = Put::builder().table_name(table).set_item(Some(mark(hash))).build();
    let put = put.map_err(|cause| TableError::caused("a write could not be built", cause))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// The part of a transaction that stops it if the value is marked.
pub(in crate::store) fn requiring_none(table: &str, hash: &KeyHash) -> Result<TransactWriteItem, TableError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(mark(hash)))
        .condition_expression("attribute_not_exists(id)")
        .build()
        .map_err(|cause| TableError::caused("a condition could not be built", cause))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

impl KeyStore {
    /// Marks a value outside of a transaction: no key has it at this moment.
    pub(in crate::store) async fn mark_exposed(&self, hash: &KeyHash) -> Result<(), WriteError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(mark(hash)));
        match send(Retries::from_now(), || put.clone().send()).await? {
            Sent::Done | Sent::Unmet => Ok(()),
            Sent::Busy => Err(WriteError::Contended),
        }
    }
}
