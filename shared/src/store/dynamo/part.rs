//! Whole items as parts of a transaction.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem};

use super::attribute::Item;
use super::error::TableError;

/// Puts an item, also in place of another.
pub(in crate::store) fn put(table: &str, item: Item) -> Result<TransactWriteItem, TableError> {
    let put = Put::builder().table_name(table).set_item(Some(item)).build().map_err(unbuilt)?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Puts an item where there is none.
pub(in crate::store) fn put_new(table: &str, item: Item) -> Result<TransactWriteItem, TableError> {
    put_if(table, item, "attribute_not_exists(id)", [])
}

/// Puts an item under a condition.
pub(in crate::store) fn put_if<const N: usize>(
    table: &str,
    item: Item,
    condition: &str,
    values: [(&str, AttributeValue); N],
) -> Result<TransactWriteItem, TableError> {
    let mut put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    for (name, value) in values {
        put = put.expression_attribute_values(name, value);
    }
    Ok(TransactWriteItem::builder().put(put.build().map_err(unbuilt)?).build())
}

/// Deletes an item that must be there.
pub(in crate::store) fn delete(table: &str, key: Item) -> Result<TransactWriteItem, TableError> {
    delete_if(table, key, "attribute_exists(id)", [])
}

/// Deletes an item under a condition.
pub(in crate::store) fn delete_if<const N: usize>(
    table: &str,
    key: Item,
    condition: &str,
    values: [(&str, AttributeValue); N],
) -> Result<TransactWriteItem, TableError> {
    let mut delete = Delete::builder().table_name(table).set_key(Some(key)).condition_expression(condition);
    for (name, value) in values {
        delete = delete.expression_attribute_values(name, value);
    }
    Ok(TransactWriteItem::builder().delete(delete.build().map_err(unbuilt)?).build())
}

/// Stops the transaction if there is an item.
pub(in crate::store) fn require_none(table: &str, key: Item) -> Result<TransactWriteItem, TableError> {
    require(table, key, "attribute_not_exists(id)", [])
}

/// Stops the transaction if an item does not meet a condition.
pub(in crate::store) fn require<const N: usize>(
    table: &str,
    key: Item,
    condition: &str,
    values: [(&str, AttributeValue); N],
) -> Result<TransactWriteItem, TableError> {
    let mut check = ConditionCheck::builder().table_name(table).set_key(Some(key)).condition_expression(condition);
    for (name, value) in values {
        check = check.expression_attribute_values(name, value);
    }
    Ok(TransactWriteItem::builder().condition_check(check.build().map_err(unbuilt)?).build())
}

fn unbuilt(cause: aws_sdk_dynamodb::error::BuildError) -> TableError {
    TableError::caused("a part of a transaction could not be built", cause)
}
