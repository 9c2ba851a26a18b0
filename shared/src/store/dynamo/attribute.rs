//! Items and their attributes, in the SDK's types.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::error::TableError;

/// A DynamoDB item: attribute names and values.
pub(in crate::store) type Item = HashMap<String, AttributeValue>;

/// The partition key of every item.
pub(in crate::store) const ACCOUNT_ID: &str = "accountId";
/// The sort key of every item.
pub(in crate::store) const ID: &str = "id";
/// The event of an item's last management write.
pub(in crate::store) const LAST_EVENT: &str = "lastEvent";
/// DynamoDB's time to live: it removes an item some hours or days after that second.
pub(in crate::store) const PURGE_AT: &str = "purgeAt";

/// The primary key of an item.
pub(in crate::store) fn primary_key(partition: &str, id: &str) -> Item {
    let text = AttributeValue::S;
    Item::from([(ACCOUNT_ID.into(), text(partition.to_owned())), (ID.into(), text(id.to_owned()))])
}

/// A value as the table has it.
pub(in crate::store) fn value(of: &impl Serialize) -> Result<AttributeValue, TableError> {
    serde_dynamo::to_attribute_value(of).map_err(|cause| TableError::caused("a value could not be written", cause))
}

/// The same of what may be absent.
pub(in crate::store) fn optional(of: Option<&impl Serialize>) -> Result<Option<AttributeValue>, TableError> {
    of.map(value).transpose()
}

/// A number as the table has it.
pub(in crate::store) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// How many bytes of names and values an item has, about.
pub(in crate::store) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(values) => values.iter().map(size_of_value).sum(),
        AttributeValue::M(item) => size(item),
        _ => 1,
    }
}

/// The text of an attribute, empty where there is none.
pub(in crate::store) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
