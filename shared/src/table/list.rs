//! An account's keys, a page at a time.

use aws_sdk_dynamodb::types::AttributeValue;

use super::key_item::from_item;
use super::{ID, Item, KeyStore, TableError, key};
use crate::key::{AccountId, KeyId, KeyMetadata};

/// A filtered page looks through at most this many megabytes of other users' keys before it ends short.
const MAX_QUERIES: usize = 8;

/// Some of an account's keys, newest first.
#[derive(Debug, Clone)]
pub struct KeyPage {
    /// At most as many as were asked for. A page may be shorter, even empty, and not be the last.
    pub keys: Vec<KeyMetadata>,
    /// Where the next page begins: after this key. `None` on the last page.
    pub next: Option<KeyId>,
}

impl KeyStore {
    /// The keys of an account, those made since the last call included, newest first.
    ///
    /// `user` keeps the keys created by or assigned to that user; `after` begins behind a key, which need not
    /// exist any more.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn list(
        &self,
        account_id: AccountId,
        user: Option<&str>,
        limit: usize,
        after: Option<KeyId>,
    ) -> Result<KeyPage, TableError> {
        let mut keys = Vec::new();
        let mut next = after;
        for _ in 0..MAX_QUERIES {
            let (items, end) = self.query_account(account_id, user, limit, next).await?;
            next = end;
            for item in items {
                keys.push(from_item(item)?);
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
    ) -> Result<(Vec<Item>, Option<KeyId>), TableError> {
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
        let output = query.send().await.map_err(|cause| TableError::caused(WHAT, cause))?;
        let end = match output.last_evaluated_key {
            Some(last) => Some(id_of(&last).ok_or(TableError::new(WHAT))?),
            None => None,
        };
        Ok((output.items.unwrap_or_default(), end))
    }
}

fn id_of(item: &Item) -> Option<KeyId> {
    KeyId::parse(item.get(ID)?.as_s().ok()?)
}
