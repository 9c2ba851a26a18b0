//! Changing keys. Nothing here ever makes one: each write asks for what the key was when it was read.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::key_item::{attributes, from_item, hash_value, value};
use super::{KeyStore, TableError, key};
use crate::key::{AccountId, KeyHash, KeyId, KeyMetadata, KeyRecord, Operations, Timestamp};
use crate::request::Change;

impl KeyStore {
    /// Writes these changes, one or more, and leaves all else as it is.
    ///
    /// `None` when the key is gone, or when `seen` is given and its operations are others by now.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn update(
        &self,
        account_id: AccountId,
        id: KeyId,
        changes: &[Change],
        seen: Option<&Operations>,
    ) -> Result<Option<KeyMetadata>, TableError> {
        let mut update = self.client.update_item().condition_expression("attribute_exists(id)");
        if let Some(operations) = seen {
            update = update
                .condition_expression("attribute_exists(id) AND operations = :seen")
                .expression_attribute_values(":seen", value(operations)?);
        }
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for change in changes {
            for (attribute, value) in attributes(change)? {
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
    /// [`TableError`] when the table does not answer.
    pub async fn rotate(
        &self,
        read: &KeyRecord,
        new: &KeyHash,
        grace_end: Option<Timestamp>,
    ) -> Result<Option<KeyMetadata>, TableError> {
        let update = self
            .client
            .update_item()
            .condition_expression("(keyHash = :old OR keyHash = :new) AND operations = :seen AND enabled = :true")
            .expression_attribute_values(":old", hash_value(&read.key_hash))
            .expression_attribute_values(":new", hash_value(new))
            .expression_attribute_values(":seen", value(&read.metadata.operations)?)
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        let update = match grace_end {
            Some(end) => update
                .update_expression("SET keyHash = :new, previousKeyHash = :old, previousValidUntil = :end")
                .expression_attribute_values(":end", value(&end)?),
            None => update.update_expression("SET keyHash = :new REMOVE previousKeyHash, previousValidUntil"),
        };
        self.send(read.account_id, read.metadata.id, update).await
    }

    async fn send(
        &self,
        account_id: AccountId,
        id: KeyId,
        update: UpdateItemFluentBuilder,
    ) -> Result<Option<KeyMetadata>, TableError> {
        const WHAT: &str = "the table did not change a key";
        let updated = update
            .table_name(&self.table)
            .set_key(Some(key(account_id, id)))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match updated {
            Ok(output) => from_item(output.attributes.ok_or(TableError::new(WHAT))?).map(Some),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(TableError::caused(WHAT, error)),
            },
        }
    }
}
