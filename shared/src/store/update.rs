//! Changing keys. Nothing here ever makes one: each write asks for what the key was when it was read.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::{KeyStore, key};
use crate::change::{self, Change};
use crate::error::Error;
use crate::ids::{AccountId, KeyId};
use crate::key_value::KeyHash;
use crate::operation::Operations;
use crate::record::{KeyMetadata, KeyRecord, hash_value};
use crate::timestamp::Timestamp;

impl KeyStore {
    /// Writes these changes, one or more, and leaves all else as it is.
    ///
    /// `None` when the key is gone, or when `seen` is given and its operations are others by now.
    ///
    /// # Errors
    /// [`Error::Internal`] when the table does not answer.
    pub async fn update(
        &self,
        account_id: AccountId,
        id: KeyId,
        changes: &[Change],
        seen: Option<&Operations>,
    ) -> Result<Option<KeyMetadata>, Error> {
        let mut update = self.client.update_item().condition_expression("attribute_exists(id)");
        if let Some(operations) = seen {
            update = update
                .condition_expression("attribute_exists(id) AND operations = :seen")
                .expression_attribute_values(":seen", change::value(operations)?);
        }
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for change in changes {
            for (attribute, value) in change.attributes()? {
                // Some names, such as `name`, mean something to DynamoDB.
                update = update.expression_attribute_names(format!("#{attribute}"), attribute);
                match value {
                    Some(value) => {
                        set.push(format!("#{attribute} = :{attribute}"));
                        update = update.expression_attribute_values(format!(":{attribute}"), value);
                    }
                    None => remove.push(format!("#{attribute}")),
                }
            }
        }
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let expression = clause("SET", &set) + &clause("REMOVE", &remove);
        self.send(account_id, id, update.update_expression(expression.trim_end())).await
    }

    /// Gives a key another value; the one it had works until `grace_end`, if there is one.
    ///
    /// Safe to repeat when an answer was lost. `None` when the key is not any more as it was read.
    ///
    /// # Errors
    /// [`Error::Internal`] when the table does not answer.
    pub async fn rotate(
        &self,
        read: &KeyRecord,
        new: &KeyHash,
        grace_end: Option<Timestamp>,
    ) -> Result<Option<KeyMetadata>, Error> {
        let update = self
            .client
            .update_item()
            .condition_expression("(keyHash = :old OR keyHash = :new) AND operations = :seen AND enabled = :true")
            .expression_attribute_values(":old", hash_value(&read.key_hash))
            .expression_attribute_values(":new", hash_value(new))
            .expression_attribute_values(":seen", change::value(&read.metadata.operations)?)
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        let update = match grace_end {
            Some(end) => update
                .update_expression("SET keyHash = :new, previousKeyHash = :old, previousValidUntil = :end")
                .expression_attribute_values(":end", change::value(&end)?),
            None => update.update_expression("SET keyHash = :new REMOVE previousKeyHash, previousValidUntil"),
        };
        self.send(read.account_id, read.metadata.id, update).await
    }

    async fn send(
        &self,
        account_id: AccountId,
        id: KeyId,
        update: UpdateItemFluentBuilder,
    ) -> Result<Option<KeyMetadata>, Error> {
        const WHAT: &str = "the table did not change a key";
        let updated = update
            .table_name(&self.table)
            .set_key(Some(key(account_id, id)))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match updated {
            Ok(output) => KeyMetadata::from_item(output.attributes.ok_or(Error::internal(WHAT))?).map(Some),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(Error::caused(WHAT, error)),
            },
        }
    }
}
