//! One table.

use aws_sdk_dynamodb::Client;

use super::attribute::Item;
use super::error::TableError;
use crate::aws::Aws;

/// A table, and the way to it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Table {
    pub(in crate::store) client: Client,
    pub(in crate::store) name: String,
}

impl Table {
    pub(in crate::store) fn new(aws: &Aws, name: String) -> Self {
        Self { client: Client::new(&aws.config), name }
    }

    /// An item as it is at this moment; `what` it is, in words.
    pub(in crate::store) async fn read(&self, what: &str, key: Item) -> Result<Option<Item>, TableError> {
        let read = self.client.get_item().table_name(&self.name).set_key(Some(key)).consistent_read(true).send().await;
        Ok(read.map_err(|cause| TableError::caused(format!("could not read {what}"), cause))?.item)
    }
}
