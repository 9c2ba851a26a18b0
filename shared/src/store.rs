//! Managing keys: one method for each way in which the table is written, and the list.

mod insert;
mod list;
mod quota;
mod update;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;

use self::quota::Quota;
use crate::aws::Aws;
use crate::error::Error;
use crate::ids::{AccountId, KeyId};
use crate::record::{ACCOUNT_ID, ID, Item};

pub use self::insert::Imported;
pub use self::list::KeyPage;

/// Writes and lists keys.
#[derive(Debug, Clone)]
pub struct KeyStore {
    client: Client,
    table: String,
}

impl KeyStore {
    /// Uses the table of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: Client::new(&aws.config), table }
    }

    /// Removes a key for good. `false` when the account has no such key.
    ///
    /// # Errors
    /// [`Error::Internal`] when the table does not answer.
    pub async fn delete(&self, account_id: AccountId, id: KeyId) -> Result<bool, Error> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(account_id, id)))
            .condition_expression("attribute_exists(id)")
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(Error::caused("the table did not delete a key", error)),
            },
        }
    }

    /// After a deletion: lets an account at its quota count its keys again at once.
    ///
    /// # Errors
    /// [`Error::Internal`] when the table does not answer; the keys are then counted within a minute all the same.
    pub async fn note_deletion(&self, account_id: AccountId) -> Result<(), Error> {
        self.quota(account_id).note_deletion().await
    }

    fn quota(&self, account_id: AccountId) -> Quota<'_> {
        Quota { client: &self.client, table: &self.table, account_id }
    }
}

fn key(account_id: AccountId, id: KeyId) -> Item {
    Item::from([
        (ACCOUNT_ID.into(), AttributeValue::S(account_id.to_string())),
        (ID.into(), AttributeValue::S(id.to_string())),
    ])
}
