//! Ending values that others know.
//!
//! Exposure belongs to a value: `exposedHash` is its hash, so that whatever gives the key another value ends it.

use super::event::{Event, EventType, FieldChange, LeakReport};
use super::expression::Expression;
use super::key_item::hash_value;
use super::{
    EXPOSED_HASH, KEY_HASH, KeyReader, KeyStore, PREVIOUS_KEY_HASH, PREVIOUS_VALID_UNTIL, TableError, WriteError,
};
use crate::key::{KeyHash, KeyRecord, Locator, Timestamp};
use crate::request::Origin;

/// How often the key is read again after another writer changed it between our read and our write.
const ATTEMPTS: usize = 5;

/// A value that others know.
#[derive(Debug)]
pub struct LeakedValue<'a> {
    /// The value's hash.
    pub hash: &'a KeyHash,
    /// What is known of the leak.
    pub report: LeakReport,
    /// Who reported it.
    pub origin: &'a Origin,
}

impl KeyStore {
    /// Ends a value of the key that was found: from the next request on it opens nothing.
    ///
    /// It must win, so where other writers come between again and again, it is done without reading first, until the time
    /// of the request is over.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn expose(
        &self,
        reader: &KeyReader,
        mut found: KeyRecord,
        leaked: &LeakedValue<'_>,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let place = Locator { account_id: found.account_id, id: found.metadata.id };
        let mut attempts = 0..ATTEMPTS;
        while let Some(ending) = Ending::of(&found, leaked.hash) {
            let seen = attempts.next().map(|_| &found);
            match self.end(place, ending, seen, leaked, now).await {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(error),
            }
            match reader.get(place.account_id, place.id).await? {
                Some(record) => found = record,
                None => break,
            }
        }
        Ok(())
    }

    /// `false` when the value is not there any more, or the key is no longer as it was `seen`.
    async fn end(
        &self,
        place: Locator,
        ending: Ending,
        seen: Option<&KeyRecord>,
        leaked: &LeakedValue<'_>,
        now: Timestamp,
    ) -> Result<bool, WriteError> {
        let event = self.event(EventType::KeyExposed, Some(place.id), leaked.origin, now)?;
        let mut event = Event { report: Some(leaked.report.clone()), ..event };
        let mut update = Expression::default();
        ending.write(&mut update, &mut event, seen, leaked.hash)?;
        match seen {
            Some(read) => self.replace(read, event, update).await,
            None => self.write(place, &event, update).await,
        }
    }
}

/// Which of a key's values is to end.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Current,
    Previous,
}

impl Ending {
    /// `None` when the key has no such value any more, or it has ended.
    fn of(key: &KeyRecord, leaked: &KeyHash) -> Option<Self> {
        if key.key_hash == *leaked {
            return (!key.metadata.exposed).then_some(Self::Current);
        }
        key.previous.as_ref().filter(|previous| previous.key_hash == *leaked).map(|_| Self::Previous)
    }

    fn write(
        self,
        update: &mut Expression,
        event: &mut Event,
        seen: Option<&KeyRecord>,
        leaked: &KeyHash,
    ) -> Result<(), TableError> {
        let hash = hash_value(leaked);
        match self {
            Self::Current => {
                update.require(KEY_HASH, Some(hash.clone()));
                update.require_that("(attribute_not_exists(exposedHash) OR exposedHash <> keyHash)", []);
                update.write(EXPOSED_HASH, Some(hash));
            }
            Self::Previous => {
                update.require(PREVIOUS_KEY_HASH, Some(hash));
                update.write(PREVIOUS_KEY_HASH, None);
                update.write(PREVIOUS_VALID_UNTIL, None);
                let before = seen.and_then(|key| key.previous.as_ref()).map(|previous| previous.valid_until);
                event.changes.push(FieldChange::of_grace(before, None)?);
            }
        }
        Ok(())
    }
}
