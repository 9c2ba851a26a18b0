//! That a value was reported as known to others: it never works again, even after its key is gone.
//!
//! An item in the partition named by the value's hash, without an account and without a time to live. The transaction that
//! exposes a value writes it, and every import requires that it is absent. It outlives its key and an erased account.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::import_claim;
use crate::key::KeyHash;
use crate::store::dynamo::attribute::{Item, primary_key};
use crate::store::dynamo::bulk::send;
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::part::{put, require_none};
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::table::Table;

/// The sort key of every mark.
pub(super) const EXPOSED: &str = "exposed";

fn mark(hash: &KeyHash) -> Item {
    primary_key(&import_claim::partition(hash), EXPOSED)
}

/// The part of a transaction that marks a value.
pub(super) fn marking(table: &str, hash: &KeyHash) -> Result<TransactWriteItem, TableError> {
    put(table, mark(hash))
}

/// The part of a transaction that stops it if the value is marked.
pub(in crate::store) fn requiring_none(table: &str, hash: &KeyHash) -> Result<TransactWriteItem, TableError> {
    require_none(table, mark(hash))
}

/// Marks a value outside of a transaction: no key has it at this moment.
pub(super) async fn mark_exposed(table: &Table, hash: &KeyHash) -> Result<(), WriteError> {
    let put = table.client.put_item().table_name(&table.name).set_item(Some(mark(hash)));
    send("the mark of a reported value", Retries::from_now(), || put.clone().send()).await?.unless_busy()
}
