//! Reading one key, as every request needs it: by its place, or by its value.

use std::sync::Arc;
use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;

use super::exposed_value::EXPOSED;
use super::import_claim::{self, CLAIM};
use super::stored::{Binary, StoredKey, Text};
use crate::aws::{Aws, CALL_TIME, Dynamodb, Misconfigured};
use crate::key::{AccountId, KeyHash, KeyId, KeyRecord, KeyValue, Locator, Timestamp};
use crate::store::dynamo::error::TableError;

const BY_KEY_HASH: &str = "by-key-hash";

/// Reads single keys at the price of one strongly consistent read each.
#[derive(Debug)]
pub struct KeyReader {
    pub(in crate::store) dynamodb: Arc<Dynamodb>,
    pub(in crate::store) table: String,
}

impl KeyReader {
    /// Reads from the table of that name.
    ///
    /// # Errors
    /// [`Misconfigured`] when the environment names no region or no credentials.
    pub async fn new(aws: &Aws, table: String) -> Result<Self, Misconfigured> {
        let dynamodb = Dynamodb::new(aws).await?;
        Ok(Self { dynamodb: Arc::new(dynamodb), table })
    }

    /// The key that has this value, as it is at this moment: one read for a native value, two for one without a locator.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn resolve(&self, value: &KeyValue, now: Timestamp) -> Result<Option<KeyRecord>, TableError> {
        let hash = value.hash();
        match value.locator() {
            Some(place) => {
                let record = self.get(place.account_id, place.id).await?;
                Ok(record.filter(|record| record.answers_to(&hash, now)))
            }
            None => Box::pin(self.resolve_hash(&hash, now)).await,
        }
    }

    /// What is known of a value: its key, or whether it was a key's before. The same reads as of [`Self::resolve`].
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub(super) async fn trace(&self, value: &KeyValue) -> Result<Trace, TableError> {
        let hash = value.hash();
        match value.locator() {
            Some(place) => Ok(match self.get(place.account_id, place.id).await? {
                Some(record) if record.has_value(&hash) => Trace::of(record),
                Some(record) if record.was_reported(&hash) => Trace::Reported,
                Some(_) | None => Trace::None,
            }),
            None => self.trace_hash(&hash, |record| record.has_value(&hash)).await,
        }
    }

    /// The key whose value has this hash, where the value itself does not name it.
    ///
    /// The index may lag behind, so it only shows where to look, and where it has nothing the claim of an import does.
    /// The consistent read decides.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn resolve_hash(&self, hash: &KeyHash, now: Timestamp) -> Result<Option<KeyRecord>, TableError> {
        Ok(match self.trace_hash(hash, |record| record.answers_to(hash, now)).await? {
            Trace::Key(record) => Some(*record),
            Trace::Reported | Trace::Claim | Trace::None => None,
        })
    }

    async fn trace_hash(&self, hash: &KeyHash, is_of: impl Fn(&KeyRecord) -> bool) -> Result<Trace, TableError> {
        // Several calls, in the time of one: a request waits no longer for such a key.
        let found = timeout(CALL_TIME, self.search(hash, is_of)).await;
        found.unwrap_or(Err(TableError::new("could not find the key of a value in time")))
    }

    async fn search(&self, hash: &KeyHash, is_of: impl Fn(&KeyRecord) -> bool) -> Result<Trace, TableError> {
        if let Some(place) = self.locate(hash).await?
            && let Some(record) = self.get(place.account_id, place.id).await?.filter(&is_of)
        {
            return Ok(Trace::of(record));
        }
        match self.claimed(hash).await? {
            Some(place) => {
                let record = self.get(place.account_id, place.id).await?;
                Ok(record.filter(&is_of).map_or(Trace::Claim, Trace::of))
            }
            None => Ok(Trace::None),
        }
    }

    /// One key of an account, as it is at this moment.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn get(&self, account_id: AccountId, id: KeyId) -> Result<Option<KeyRecord>, TableError> {
        let key = Place { account_id: Text { value: account_id }, id: Text { value: id } };
        let stored: Option<StoredKey> = self.get_item(key, "could not read a key").await?;
        Ok(stored.map(KeyRecord::from))
    }

    /// The key that the claim of an import names for a value of this hash.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn claimed(&self, hash: &KeyHash) -> Result<Option<Locator>, TableError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Claim {
            key_account_id: Text<AccountId>,
            key_id: Text<KeyId>,
        }
        let key = Place { account_id: Text { value: import_claim::partition(hash) }, id: Text { value: CLAIM } };
        let claim: Option<Claim> = self.get_item(key, "could not read the claim to an imported value").await?;
        Ok(claim.map(|claim| Locator { account_id: claim.key_account_id.value, id: claim.key_id.value }))
    }

    /// Whether a value of this hash was reported as known to others.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn was_exposed(&self, hash: &KeyHash) -> Result<bool, TableError> {
        let key = Place { account_id: Text { value: import_claim::partition(hash) }, id: Text { value: EXPOSED } };
        let mark: Option<IgnoredAny> = self.get_item(key, "could not read the mark of a reported value").await?;
        Ok(mark.is_some())
    }

    async fn get_item<T: for<'de> Deserialize<'de>>(
        &self,
        key: impl Serialize,
        what: &'static str,
    ) -> Result<Option<T>, TableError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Input<'a, K> {
            table_name: &'a str,
            key: K,
            consistent_read: bool,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output<T> {
            // Absent when there is no such item.
            item: Option<T>,
        }
        let input = Input { table_name: &self.table, key, consistent_read: true };
        let output: Output<T> = self.call("DynamoDB_20120810.GetItem", &input, what).await?;
        Ok(output.item)
    }

    async fn locate(&self, hash: &KeyHash) -> Result<Option<Locator>, TableError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            items: Vec<Place<AccountId, KeyId>>,
        }
        let input = json!({
            "TableName": self.table,
            "IndexName": BY_KEY_HASH,
            "KeyConditionExpression": "keyHash = :hash",
            "ExpressionAttributeValues": {":hash": Binary { value: hash.clone() }},
            "Limit": 1
        });
        let output: Output =
            self.call("DynamoDB_20120810.Query", &input, "could not look a value up in the index").await?;
        let found = output.items.first();
        Ok(found.map(|place| Locator { account_id: place.account_id.value, id: place.id.value }))
    }

    /// Opens the connection by looking up a key that cannot exist, so that the first customer finds it open.
    ///
    /// Takes at most a second. Whether it worked does not matter: the next call opens what is missing.
    pub async fn warm(&self) {
        drop(timeout(Duration::from_secs(1), self.get(AccountId::NONE, KeyId::NONE)).await);
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        target: &'static str,
        input: &impl Serialize,
        what: &'static str,
    ) -> Result<T, TableError> {
        let input = serde_json::to_vec(input).map_err(|cause| TableError::caused(what, cause))?;
        // Boxed where it begins: every future around it is moved some times for each request.
        let answer =
            Box::pin(self.dynamodb.read(target, input)).await.map_err(|cause| TableError::caused(what, cause))?;
        serde_json::from_slice(&answer).map_err(|cause| TableError::caused(what, cause))
    }
}

/// What the table has of a value.
pub(super) enum Trace {
    /// The key that has it.
    Key(Box<KeyRecord>),
    /// A key that had it until it was reported.
    Reported,
    /// The claim of an import, and no key that has it any more.
    Claim,
    /// Nothing.
    None,
}

impl Trace {
    fn of(record: KeyRecord) -> Self {
        Self::Key(Box::new(record))
    }
}

/// The table's primary key, as both indexes give it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place<A, I> {
    account_id: Text<A>,
    id: Text<I>,
}
