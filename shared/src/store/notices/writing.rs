//! Writing a notice, on the key and as an event, in one transaction.

use std::sync::Arc;

use tokio::time::Instant;

use crate::key::{KeyRecord, Locator, Notice, NoticeDays, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::attribute::{ACCOUNT_ID, ID, Item, LAST_EVENT, optional, text, value};
use crate::store::dynamo::bulk::Sent;
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::transaction::{Part, Transacted, Transaction};
use crate::store::events::event::{Event, EventType};
use crate::store::events::tables::Tables;
use crate::store::keys::account_state::{SUSPENSION, counter};
use crate::store::keys::import_claim::HELD;
use crate::store::keys::item::{ENABLED, from_item, key};

/// The last notice of a key.
const NOTICED: &str = "noticed";
const EXPIRES_AT: &str = "expiresAt";

/// How often a key is looked at again after another writer changed it between our read and our write.
const READS: usize = 5;

/// Writes the notices of keys' ends.
#[derive(Debug)]
pub(super) struct NoticeWriter {
    pub(super) tables: Tables,
    pub(super) days: NoticeDays,
    pub(super) origin: Origin,
    /// The clock's time, and when it was read.
    pub(super) clock: (Timestamp, Instant),
}

/// A key and the notice that is due.
struct Due {
    record: KeyRecord,
    last: Option<Notice>,
    notice: Notice,
}

impl NoticeWriter {
    pub(super) fn now(&self) -> Timestamp {
        let (time, since) = self.clock;
        time.plus(since.elapsed())
    }

    /// Whether a key that was read has a notice due, or cannot be read.
    pub(super) fn may_be_due(&self, item: &Item) -> bool {
        !matches!(self.due(item.clone(), self.now()), Ok(None))
    }

    /// Writes the notice that is due of a key that was read, or of what it has become since. An error names the key.
    pub(super) async fn write_due(self: Arc<Self>, item: Item) -> Result<Sent, TableError> {
        let what = format!(
            "could not write a notice of the key {} of the account {}",
            text(&item, ID),
            text(&item, ACCOUNT_ID)
        );
        self.write_one(item).await.map_err(|cause| TableError::caused(what, cause))
    }

    async fn write_one(&self, mut item: Item) -> Result<Sent, TableError> {
        for _ in 0..READS {
            let now = self.now();
            let Some(due) = self.due(item, now)? else { return Ok(Sent::Unmet) };
            let place = due.record.place();
            if self.write(due, now).await.map_err(unwritten)? {
                return Ok(Sent::Done);
            }
            let Some(found) = self.tables.keys.read("a key with a notice", key(place)).await? else {
                return Ok(Sent::Unmet);
            };
            item = found;
        }
        Err(unwritten(WriteError::Contended))
    }

    fn due(&self, mut item: Item, now: Timestamp) -> Result<Option<Due>, TableError> {
        let last: Option<Notice> = item
            .remove(NOTICED)
            .map(serde_dynamo::from_attribute_value)
            .transpose()
            .map_err(|cause| TableError::caused("what a key was noticed of is no notice", cause))?;
        let record = from_item(item)?;
        let end = record.metadata.settings.expires_at.filter(|_| record.works_until_its_end(now));
        let notice = end.and_then(|end| Notice::due(end, &self.days, now)).filter(|notice| notice.follows(last));
        Ok(notice.map(|notice| Due { record, last, notice }))
    }

    /// Writes a notice, if the key is as it was read in all that decides of it, even if it was used since.
    /// Whether it did.
    async fn write(&self, Due { record, last, notice }: Due, now: Timestamp) -> Result<bool, WriteError> {
        let r#type = if notice.days == 0 { EventType::KeyExpired } else { EventType::KeyExpiring };
        let place = record.place();
        let origin = self.origin.in_account(record.external_id.clone());
        let event = self.tables.event(r#type, Some(place.id), &origin, now)?;
        let event = Event { expires_at: Some(notice.end), days_left: notice.days_left(now), ..event };
        let mut update = Expression::default();
        update.require(LAST_EVENT, optional(record.last_event.as_ref())?);
        update.require(NOTICED, optional(last.as_ref())?);
        // A suspension and an import leave no event of the key; nor do functions of releases before 0.2.
        update.require(SUSPENSION, counter(record.suspension));
        update.require(HELD, None);
        update.require(ENABLED, Some(value(&true)?));
        update.require(EXPIRES_AT, Some(value(&notice.end)?));
        update.write(NOTICED, Some(value(&notice)?));
        self.send(place, &event, update).await
    }

    async fn send(&self, place: Locator, event: &Event, update: Expression) -> Result<bool, WriteError> {
        let Tables { keys, events, .. } = &self.tables;
        let item = key(place);
        let transaction = Transaction::writing(event.r#type.name(), item.clone(), event.id)
            .with(Part::Key, update.on(&keys.name, item)?)
            .with(Part::Event, events.append(place.account_id, event)?);
        match transaction.send(keys, Retries::from_now()).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(Part::Key) => Ok(false),
            Transacted::Refused(_) => Err(TableError::new("an event id was used before").into()),
        }
    }
}

fn unwritten(error: WriteError) -> TableError {
    match error {
        WriteError::Table(error) => error,
        other => TableError::caused("could not write a notice", other),
    }
}
