//! Managing keys: one method for each way in which the table is written, and the list.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;

use super::quota::Quota;
use super::{TableError, key};
use crate::aws::Aws;
use crate::key::{AccountId, KeyId};

/// Writes and lists keys.
#[derive(Debug, Clone)]
pub struct KeyStore {
    pub(super) client: Client,
    pub(super) table: String,
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
    /// [`TableError`] when the table does not answer.
    pub async fn delete(&self, account_id: AccountId, id: KeyId) -> Result<bool, TableError> {
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
                _ => Err(TableError::caused("the table did not delete a key", error)),
            },
        }
    }

    /// After a deletion: lets an account at its quota count its keys again at once.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer; the keys are then counted within a minute all the same.
    pub async fn note_deletion(&self, account_id: AccountId) -> Result<(), TableError> {
        self.quota(account_id).note_deletion().await
    }

    pub(super) fn quota(&self, account_id: AccountId) -> Quota<'_> {
        Quota { client: &self.client, table: &self.table, account_id }
    }
}
