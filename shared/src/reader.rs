//! Reading one key, as every request needs it: by its place, or by its value.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aws::Aws;
use crate::dynamodb::Dynamodb;
use crate::error::Error;
use crate::ids::{AccountId, KeyId};
use crate::key_value::{KeyHash, KeyValue, Locator};
use crate::record::{Binary, KeyRecord, StoredKey, Text};

const BY_KEY_HASH: &str = "by-key-hash";

/// Reads single keys at the price of one strongly consistent read each.
#[derive(Debug)]
pub struct KeyReader {
    dynamodb: Dynamodb,
    table: String,
}

impl KeyReader {
    /// Reads from the table of that name.
    ///
    /// # Errors
    /// [`Error::Internal`] when the environment names no region or no credentials.
    pub async fn new(aws: &Aws, table: String) -> Result<Self, Error> {
        Ok(Self { dynamodb: Dynamodb::new(&aws.config, aws.transport.clone()).await?, table })
    }

    /// The live key that has this value: one read for a native value, two for one without a locator.
    ///
    /// The index may lag behind, so it only says where to look. The consistent read decides.
    ///
    /// # Errors
    /// [`Error::Internal`] when the table does not answer.
    pub async fn resolve(&self, value: &KeyValue) -> Result<Option<KeyRecord>, Error> {
        let hash = value.hash();
        let locator = match value.locator() {
            Some(locator) => Some(locator),
            None => self.locate(&hash).await?,
        };
        let Some(Locator { account_id, id }) = locator else {
            return Ok(None);
        };
        let record = self.get(account_id, id).await?;
        Ok(record.filter(|record| record.key_hash == hash))
    }

    /// One key of an account, as it is at this moment.
    ///
    /// # Errors
    /// [`Error::Internal`] when the table does not answer.
    pub async fn get(&self, account_id: AccountId, id: KeyId) -> Result<Option<KeyRecord>, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Input<'a> {
            table_name: &'a str,
            key: Place,
            consistent_read: bool,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            item: Option<StoredKey>,
        }
        let key = Place { account_id: Text { value: account_id }, id: Text { value: id } };
        let input = Input { table_name: &self.table, key, consistent_read: true };
        let output: Output = self.call("DynamoDB_20120810.GetItem", &input, "the table did not read a key").await?;
        Ok(output.item.map(KeyRecord::from))
    }

    async fn locate(&self, hash: &KeyHash) -> Result<Option<Locator>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            items: Vec<Place>,
        }
        let input = json!({
            "TableName": self.table,
            "IndexName": BY_KEY_HASH,
            "KeyConditionExpression": "keyHash = :hash",
            "ExpressionAttributeValues": {":hash": Binary { value: hash.clone() }},
            "Limit": 1
        });
        let output: Output = self.call("DynamoDB_20120810.Query", &input, "the index did not find a key").await?;
        let found = output.items.first();
        Ok(found.map(|place| Locator { account_id: place.account_id.value, id: place.id.value }))
    }

    /// Opens the connection by looking up a key that cannot exist, so that the first customer finds it open.
    ///
    /// Takes at most a second. Whether it worked does not matter: the next call opens what is missing.
    pub async fn warm(&self) {
        drop(tokio::time::timeout(Duration::from_secs(1), self.get(AccountId::NONE, KeyId::NONE)).await);
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        target: &'static str,
        input: &impl Serialize,
        what: &'static str,
    ) -> Result<T, Error> {
        let input = serde_json::to_vec(input).map_err(|cause| Error::caused(what, cause))?;
        let answer = self.dynamodb.call(target, input).await.map_err(|cause| Error::caused(what, cause))?;
        serde_json::from_slice(&answer).map_err(|cause| Error::caused(what, cause))
    }
}

/// The table's primary key, as both indexes give it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    account_id: Text<AccountId>,
    id: Text<KeyId>,
}
