//! Changing keys. Each write requires the key as it was read, so its event names exactly what it replaced.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::event::{Event, EventType, FieldChange};
use super::key_item::{attributes, hash_value, value};
use super::transaction::{Outcome, Part, Retries, Transaction};
use super::{KeyStore, LAST_EVENT, TableError, WriteError, key};
use crate::key::{KeyHash, KeyMetadata, KeyRecord, Locator, Timestamp};
use crate::request::{Change, Origin};

impl KeyStore {
    /// Makes these changes and leaves all else as it is. Changes that change nothing are not written.
    ///
    /// `None` when the key is no longer as it was read.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn update(
        &self,
        read: &KeyRecord,
        changes: &[Change],
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<KeyMetadata>, WriteError> {
        let mut metadata = read.metadata.clone();
        let mut event = self.event(EventType::KeyChanged, metadata.id, origin, now)?;
        let mut update = Expression::default();
        for change in changes {
            let before = change.undo(&metadata);
            if before == *change {
                continue;
            }
            event.changes.push(FieldChange::of(change, Some(&before))?);
            for (attribute, value) in attributes(change)? {
                update.write(attribute, value);
            }
            update.require(attributes(&before)?.into_iter().next());
            change.clone().apply(&mut metadata);
        }
        if event.changes.is_empty() {
            return Ok(Some(metadata));
        }
        let written = self.replace(read, event, update).await?;
        Ok(written.then_some(metadata))
    }

    /// Gives a key another value; the one it had works until `grace_end`, if there is one.
    ///
    /// `None` when the key is no longer as it was read.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn rotate(
        &self,
        read: &KeyRecord,
        new: &KeyHash,
        grace_end: Option<Timestamp>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<KeyMetadata>, WriteError> {
        let mut event = self.event(EventType::KeyRotated, read.metadata.id, origin, now)?;
        let before = read.previous.as_ref().map(|previous| previous.valid_until);
        if before != grace_end {
            event.changes.push(FieldChange::of_grace(before, grace_end)?);
        }
        let old = hash_value(&read.key_hash);
        let mut update = Expression::default();
        update.write("keyHash", Some(hash_value(new)));
        update.write("previousKeyHash", grace_end.map(|_| old.clone()));
        update.write("previousValidUntil", grace_end.as_ref().map(value).transpose()?);
        update.require(Some(("keyHash", Some(old))));
        update.require(Some(("enabled", Some(value(&read.metadata.enabled)?))));
        let written = self.replace(read, event, update).await?;
        Ok(written.then(|| read.metadata.clone()))
    }

    /// Switches a key off without reading it. `false` when the account has no such key.
    ///
    /// For when other writers win every race: its event cannot name what was replaced, but the key is off.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn disable(&self, place: Locator, origin: &Origin, now: Timestamp) -> Result<bool, WriteError> {
        let change = Change::Enabled(false);
        let mut event = self.event(EventType::KeyChanged, place.id, origin, now)?;
        event.changes.push(FieldChange::of(&change, None)?);
        let mut update = Expression::default();
        for (attribute, value) in attributes(&change)? {
            update.write(attribute, value);
        }
        self.write(place, &event, update).await
    }

    /// Writes to the key that was read, unless a management write came between.
    async fn replace(&self, read: &KeyRecord, event: Event, mut update: Expression) -> Result<bool, WriteError> {
        update.require(Some((LAST_EVENT, read.last_event.as_ref().map(value).transpose()?)));
        // Functions of releases before 0.2 write no lastEvent, and may still run during a deployment.
        update.require(Some(("operations", Some(value(&read.metadata.operations)?))));
        let event = Event { previous_event: read.last_event, ..event };
        self.write(Locator { account_id: read.account_id, id: read.metadata.id }, &event, update).await
    }

    async fn write(&self, place: Locator, event: &Event, mut update: Expression) -> Result<bool, WriteError> {
        update.write(LAST_EVENT, Some(value(&event.id)?));
        let update = update
            .into_update()
            .table_name(&self.table)
            .set_key(Some(key(place.account_id, place.id)))
            .build()
            .map_err(|cause| TableError::caused("a change could not be built", cause))?;
        let transaction = Transaction::writing(place, event.id)
            .with(Part::Key, TransactWriteItem::builder().update(update).build())
            .with(Part::Event, self.events.append(place.account_id, event)?);
        match self.transact(&transaction, Retries::from_now()).await? {
            Outcome::Done => Ok(true),
            Outcome::Refused(Part::Key) => Ok(false),
            Outcome::Refused(_) => Err(TableError::new("an event id was used before").into()),
        }
    }
}

/// What an update writes and what it requires, by attribute; `None` is an absent attribute.
struct Expression {
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    update: UpdateBuilder,
}

impl Default for Expression {
    fn default() -> Self {
        // An update would make the item anew.
        let conditions = vec!["attribute_exists(id)".to_owned()];
        Self { set: Vec::new(), remove: Vec::new(), conditions, update: Update::builder() }
    }
}

impl Expression {
    fn write(&mut self, attribute: &str, value: Option<AttributeValue>) {
        self.name(attribute);
        match value {
            Some(value) => {
                self.set.push(format!("#{attribute} = :{attribute}"));
                self.value(format!(":{attribute}"), value);
            }
            None => self.remove.push(format!("#{attribute}")),
        }
    }

    fn require(&mut self, old: Option<(&str, Option<AttributeValue>)>) {
        let Some((attribute, value)) = old else { return };
        self.name(attribute);
        match value {
            Some(value) => {
                self.conditions.push(format!("#{attribute} = :old_{attribute}"));
                self.value(format!(":old_{attribute}"), value);
            }
            None => self.conditions.push(format!("attribute_not_exists(#{attribute})")),
        }
    }

    /// Some names, such as `name`, are DynamoDB's own words, so each has a placeholder.
    fn name(&mut self, attribute: &str) {
        let update = std::mem::take(&mut self.update);
        self.update = update.expression_attribute_names(format!("#{attribute}"), attribute);
    }

    fn value(&mut self, placeholder: String, value: AttributeValue) {
        let update = std::mem::take(&mut self.update);
        self.update = update.expression_attribute_values(placeholder, value);
    }

    fn into_update(self) -> UpdateBuilder {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let expression = clause("SET", &self.set) + &clause("REMOVE", &self.remove);
        self.update.update_expression(expression.trim_end()).condition_expression(self.conditions.join(" AND "))
    }
}
