//! Ending values that others know.
//!
//! Exposure belongs to a value: `exposedHash` is its hash, so that any other value of the key ends it. A value of
//! another system also gets a mark (`exposed_value`) in the same transaction, which keeps it from coming back by an import.

use super::exposed_value;
use super::item::{
    EXPOSED_HASH, EXPOSED_PREVIOUS_HASH, GRACE_END, KEY_HASH, PREVIOUS_KEY_HASH, end_previous_value, hash_value,
};
use super::must_win::{Attempt, must_win};
use super::reader::{KeyReader, Trace};
use super::write::Keys;
use crate::key::{KeyHash, KeyRecord, KeyValue, Locator, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::transaction::Part;
use crate::store::events::event::{Event, EventType, LeakReport};

/// What is known of a leak, and who reported it.
#[derive(Debug)]
pub struct Leak<'a> {
    /// What is known of it.
    pub report: LeakReport,
    /// Who reported it.
    pub origin: &'a Origin,
}

impl Keys {
    /// Ends a value that others know: when this returns, no request with it succeeds any more, and no import brings it back.
    /// Whether it is, or was, a value of a key here.
    ///
    /// The value before the last rotation is ended even if its grace period is over by the clock: an authorizer's clock may be behind
    /// this one's. Of any other native value that works no more, it is known as long as its key is there and no later one of its
    /// values was reported. A value that no key and no claim of an import has leaves nothing.
    ///
    /// # Errors
    /// [`WriteError`]; the report is then to be repeated, which changes nothing that was done.
    pub async fn end_leaked(
        &self,
        reader: &KeyReader,
        value: &KeyValue,
        leak: &Leak<'_>,
        now: Timestamp,
    ) -> Result<bool, WriteError> {
        let hash = value.hash();
        let (mut is_ours, mut is_marked) = (false, false);
        loop {
            match reader.trace(value).await? {
                Trace::Key(found) => {
                    is_ours = true;
                    if self.expose(reader, *found, value, leak, now).await? {
                        return Ok(true);
                    }
                }
                Trace::Reported => return Ok(true),
                Trace::Claim => is_ours = true,
                Trace::None => {}
            }
            // What no import can bring back needs no mark.
            if value.locator().is_some() {
                return Ok(is_ours);
            }
            // A look that began after the mark was seen: an import that was written before the mark is in it, and a later
            // one is refused.
            if is_marked {
                return Ok(true);
            }
            // Only a signed report is answered with what the value was.
            if !is_ours && !leak.report.verified {
                return Ok(false);
            }
            if !reader.was_exposed(&hash).await? {
                if !is_ours {
                    return Ok(false);
                }
                exposed_value::mark_exposed(&self.tables.keys, &hash).await?;
            }
            is_marked = true;
        }
    }

    /// Ends a value of the key that was found. `false` when the key does not have it any more, or it had ended.
    ///
    /// It must win. Where it is done without what was read, its event cannot name what was replaced.
    async fn expose(
        &self,
        reader: &KeyReader,
        found: KeyRecord,
        value: &KeyValue,
        leak: &Leak<'_>,
        now: Timestamp,
    ) -> Result<bool, WriteError> {
        let exposure = Exposure { place: found.place(), value, leak, now };
        let mut found = Some(found);
        // Large, so boxed where it begins.
        must_win(|how| Box::pin(self.try_to_expose(how, reader, found.take(), &exposure))).await
    }

    /// `found` is the key if it was just read.
    async fn try_to_expose(
        &self,
        how: Attempt,
        reader: &KeyReader,
        found: Option<KeyRecord>,
        exposure: &Exposure<'_>,
    ) -> Result<Option<bool>, WriteError> {
        let Exposure { place, value, .. } = exposure;
        let read = match found {
            Some(found) => Some(found),
            None => reader.get(place.account_id, place.id).await?,
        };
        let hash = &value.hash();
        let Some((read, ending)) = read.and_then(|read| Ending::of(&read, hash).map(|ending| (read, ending))) else {
            return Ok(Some(false));
        };
        Ok(self.end(ending, &read, how, hash, exposure).await?.then_some(true))
    }

    /// `false` when the value is not there any more, or the key is no longer as it was read, where it must be.
    async fn end(
        &self,
        ending: Ending,
        read: &KeyRecord,
        how: Attempt,
        hash: &KeyHash,
        exposure: &Exposure<'_>,
    ) -> Result<bool, WriteError> {
        let Exposure { place, value, leak, now } = exposure;
        let event = self.tables.event(EventType::KeyExposed, Some(place.id), leak.origin, *now)?;
        let external_id = read.external_id.clone();
        let mut event = Event { external_id, report: Some(leak.report.clone()), ..event };
        let seen = (how == Attempt::AsRead).then_some(read);
        let mut update = Expression::default();
        ending.write(&mut update, &mut event, seen, hash)?;
        let mark = match value.locator() {
            Some(_) => None,
            None => Some((Part::Mark, exposed_value::marking(&self.tables.keys.name, hash)?)),
        };
        match seen {
            Some(read) => Ok(self.replace(read, event, update, mark).await?.is_some()),
            None => self.write(*place, &event, update, mark).await,
        }
    }
}

/// A value that is to end, and the key that had it.
struct Exposure<'a> {
    place: Locator,
    value: &'a KeyValue,
    leak: &'a Leak<'a>,
    now: Timestamp,
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
            return (!key.is_exposed()).then_some(Self::Current);
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
                update.require(PREVIOUS_KEY_HASH, Some(hash.clone()));
                end_previous_value(update);
                update.write(EXPOSED_PREVIOUS_HASH, Some(hash));
                let before = seen.and_then(|key| key.previous.as_ref()).map(|previous| previous.valid_until);
                event.add_change(GRACE_END, &before, &())?;
            }
        }
        Ok(())
    }
}
