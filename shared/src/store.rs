//! Managing keys: one method for each way in which the table is written, and the list.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::aws::Aws;
use crate::error::Error;
use crate::ids::{AccountId, KeyId};
use crate::key_value::KeyHash;
use crate::record::{ACCOUNT_ID, ID, Item, KeyMetadata, KeyRecord};

/// A filtered page looks through at most this many megabytes of other users' keys before it ends short.
const MAX_QUERIES: usize = 8;

/// Writes and lists keys.
#[derive(Debug, Clone)]
pub struct KeyStore {
    client: Client,
    table: String,
}

/// Some of an account's keys, newest first.
#[derive(Debug, Clone)]
pub struct KeyPage {
    /// At most as many as were asked for. A page may be shorter, even empty, and not be the last.
    pub keys: Vec<KeyMetadata>,
    /// Where the next page begins: after this key. `None` on the last page.
    pub next: Option<KeyId>,
}

impl KeyStore {
    /// Uses the table of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: Client::new(&aws.config), table }
    }

    /// Stores a new key.
    ///
    /// Safe to repeat when an answer was lost: an item of the same id is replaced only if it is this very key.
    ///
    /// # Errors
    /// [`Error::Internal`] when the table does not take it.
    pub async fn insert(&self, record: &KeyRecord) -> Result<(), Error> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(record.to_item()?))
            .condition_expression("attribute_not_exists(id) OR keyHash = :hash")
            .expression_attribute_values(":hash", hash_value(&record.key_hash))
            .send()
            .await
            .map_err(|cause| Error::caused("the table did not take a new key", cause))?;
        Ok(())
    }

    /// The keys of an account, those made since the last call included, newest first.
    ///
    /// `user` keeps the keys created by or assigned to that user; `after` begins behind a key, which need not
    /// exist any more.
    ///
    /// # Errors
    /// [`Error::Internal`] when the table does not answer.
    pub async fn list(
        &self,
        account_id: AccountId,
        user: Option<&str>,
        limit: usize,
        after: Option<KeyId>,
    ) -> Result<KeyPage, Error> {
        let mut keys = Vec::new();
        let mut next = after;
        for _ in 0..MAX_QUERIES {
            let (items, end) = self.query_account(account_id, user, limit, next).await?;
            next = end;
            for item in items {
                keys.push(KeyMetadata::from_item(item)?);
            }
            // One query holds a megabyte: enough for an answer, so only an empty one is followed by another.
            if !keys.is_empty() || next.is_none() {
                break;
            }
        }
        if keys.len() > limit {
            keys.truncate(limit);
            next = keys.last().map(|last| last.id);
        }
        Ok(KeyPage { keys, next })
    }

    async fn query_account(
        &self,
        account_id: AccountId,
        user: Option<&str>,
        limit: usize,
        after: Option<KeyId>,
    ) -> Result<(Vec<Item>, Option<KeyId>), Error> {
        const WHAT: &str = "the table did not list an account's keys";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression("accountId = :account")
            .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
            .set_exclusive_start_key(after.map(|id| key(account_id, id)));
        let query = match user {
            Some(user) => query
                .filter_expression("userId = :user OR createdBy = :user")
                .expression_attribute_values(":user", AttributeValue::S(user.to_owned())),
            // One more than asked for tells whether there is more. A filter is applied behind the limit, so it has none.
            None => query.limit(i32::try_from(limit).unwrap_or(i32::MAX).saturating_add(1)),
        };
        let output = query.send().await.map_err(|cause| Error::caused(WHAT, cause))?;
        let end = match output.last_evaluated_key {
            Some(last) => Some(id_of(&last).ok_or(Error::internal(WHAT))?),
            None => None,
        };
        Ok((output.items.unwrap_or_default(), end))
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
}

fn key(account_id: AccountId, id: KeyId) -> Item {
    Item::from([
        (ACCOUNT_ID.into(), AttributeValue::S(account_id.to_string())),
        (ID.into(), AttributeValue::S(id.to_string())),
    ])
}

fn id_of(item: &Item) -> Option<KeyId> {
    KeyId::parse(item.get(ID)?.as_s().ok()?)
}

fn hash_value(hash: &KeyHash) -> AttributeValue {
    AttributeValue::B(Blob::new(hash.as_bytes()))
}
