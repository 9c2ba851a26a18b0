//! Changing keys. Each write requires the key as it was read, so its event names exactly what it replaced.

use aws_sdk_dynamodb::types::TransactWriteItem;

use crate::key::{KeyHash, KeyMetadata, KeyRecord, Locator, Timestamp};
use crate::request::{Change, Origin};
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::transaction::{Outcome, Part, Retries, Transaction};
use crate::store::events::event::{Event, EventType, FieldChange};
use crate::store::keys::item::{attributes, hash_value, value};
use crate::store::{
    KEY_HASH, KeyReader, KeyStore, LAST_EVENT, PREVIOUS_KEY_HASH, PREVIOUS_VALID_UNTIL, TableError, WriteError, key,
};

/// How often the key is read again after another writer changed it between our read and our write.
const ATTEMPTS: usize = 5;

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
        let mut event = self.event(EventType::KeyChanged, Some(metadata.id), origin, now)?;
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
            if let Some((attribute, value)) = attributes(&before)?.into_iter().next() {
                update.require(attribute, value);
            }
            change.clone().apply(&mut metadata);
        }
        if event.changes.is_empty() {
            return Ok(Some(metadata));
        }
        let written = self.replace(read, event, update, None).await?;
        Ok(written.then_some(metadata))
    }

    /// Gives a key another value; the one it had works until `grace_end`, if there is one and nobody else knows it.
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
        let grace_end = grace_end.filter(|_| !read.metadata.exposed);
        let mut event = self.event(EventType::KeyRotated, Some(read.metadata.id), origin, now)?;
        let before = read.previous.as_ref().map(|previous| previous.valid_until);
        if before != grace_end {
            event.changes.push(FieldChange::of_grace(before, grace_end)?);
        }
        let old = hash_value(&read.key_hash);
        let mut update = Expression::default();
        update.write(KEY_HASH, Some(hash_value(new)));
        update.write(PREVIOUS_KEY_HASH, grace_end.map(|_| old.clone()));
        update.write(PREVIOUS_VALID_UNTIL, grace_end.as_ref().map(value).transpose()?);
        update.require(KEY_HASH, Some(old));
        update.require("enabled", Some(value(&read.metadata.enabled)?));
        let written = self.replace(read, event, update, None).await?;
        Ok(written.then(|| KeyMetadata { exposed: false, ..read.metadata.clone() }))
    }

    /// Switches a key off, whatever it is. `None` when the account has no such key.
    ///
    /// It must win, so where other writers come between again and again, it is done without reading first, until the time of
    /// the request is over. Its event then cannot name what was replaced.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn disable(
        &self,
        reader: &KeyReader,
        place: Locator,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<KeyMetadata>, WriteError> {
        for _ in 0..ATTEMPTS {
            let Some(read) = reader.get(place.account_id, place.id).await? else { return Ok(None) };
            match self.update(&read, &[Change::Enabled(false)], origin, now).await {
                Ok(Some(disabled)) => return Ok(Some(disabled)),
                Ok(None) => {}
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(error),
            }
        }
        loop {
            match self.disable_unread(place, origin, now).await {
                Ok(true) => return Ok(reader.get(place.account_id, place.id).await?.map(|disabled| disabled.metadata)),
                Ok(false) => return Ok(None),
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Switches a key off without reading it. `false` when the account has no such key.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn disable_unread(&self, place: Locator, origin: &Origin, now: Timestamp) -> Result<bool, WriteError> {
        let change = Change::Enabled(false);
        let mut event = self.event(EventType::KeyChanged, Some(place.id), origin, now)?;
        event.changes.push(FieldChange::of(&change, None)?);
        let mut update = Expression::default();
        for (attribute, value) in attributes(&change)? {
            update.write(attribute, value);
        }
        self.write(place, &event, update, None).await
    }

    /// Writes to the key that was read, unless a management write came between; and with it `beside`, if it is given.
    pub(in crate::store) async fn replace(
        &self,
        read: &KeyRecord,
        event: Event,
        mut update: Expression,
        beside: Option<(Part, TransactWriteItem)>,
    ) -> Result<bool, WriteError> {
        update.require(LAST_EVENT, read.last_event.as_ref().map(value).transpose()?);
        // Functions of releases before 0.2 write no lastEvent, and may still run during a deployment.
        update.require("operations", Some(value(&read.metadata.operations)?));
        let event = Event { previous_event: read.last_event, ..event };
        self.write(Locator { account_id: read.account_id, id: read.metadata.id }, &event, update, beside).await
    }

    pub(in crate::store) async fn write(
        &self,
        place: Locator,
        event: &Event,
        mut update: Expression,
        beside: Option<(Part, TransactWriteItem)>,
    ) -> Result<bool, WriteError> {
        update.write(LAST_EVENT, Some(value(&event.id)?));
        let item = key(place.account_id, place.id);
        let mut transaction = Transaction::writing(item.clone(), event.id)
            .with(Part::Key, update.on(&self.table, item)?)
            .with(Part::Event, self.events.append(place.account_id, event)?);
        if let Some((part, write)) = beside {
            transaction = transaction.with(part, write);
        }
        match self.transact(&transaction, Retries::from_now()).await? {
            Outcome::Done => Ok(true),
            Outcome::Refused(Part::Key) => Ok(false),
            Outcome::Refused(_) => Err(TableError::new("an event id was used before").into()),
        }
    }
}
