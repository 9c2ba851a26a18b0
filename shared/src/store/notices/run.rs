//! A run: it goes on where the last one has ended, for as long as it may, and leaves its place for the next one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::looking::{self, Keys};
use super::pass::{Pass, Place};
use super::writing::NoticeWriter;
use crate::key::{AccountId, NoticeDays, Timestamp};
use crate::request::Origin;
use crate::store::dynamo::attribute::Item;
use crate::store::dynamo::bulk::Bulk;
use crate::store::dynamo::error::TableError;
use crate::store::events::tables::Tables;

/// So many notices are written at once, at most 200 a second: each is two writes of twice their size, and all may be of keys
/// in one partition, which takes 1,000 a second.
const NOTICES_AT_ONCE: usize = 10;
/// How often the place is written. What follows it is looked at again if the run is killed.
const SAVED_EVERY: Duration = Duration::from_secs(5);

/// Writes notices of keys' ends.
#[derive(Debug, Clone)]
pub struct Notifier {
    tables: Tables,
    days: NoticeDays,
}

/// When a run begins, what time it is then, and until when it goes on.
#[derive(Debug, Clone, Copy)]
pub struct NoticeRun {
    /// The clock's time.
    pub now: Timestamp,
    /// When it begins.
    pub begun: Instant,
    /// When it stops. The calls that it has begun end some seconds later.
    pub end: Instant,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Whether every listed account was looked through on this day.
    pub is_done: bool,
    /// How many accounts the run came to the end of.
    pub accounts: u64,
    /// How many notices it wrote.
    pub notices: u64,
}

impl Notifier {
    /// Writes to these tables, so many days before keys' ends.
    #[must_use]
    pub fn new(tables: &Tables, days: NoticeDays) -> Self {
        Self { tables: tables.clone(), days }
    }

    /// Looks through keys that no run has looked through on this day. Where there are no days it does nothing.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer. The next run goes on behind what failed, and what failed is looked at again
    /// when the pass has ended.
    pub async fn run(&self, run: NoticeRun, origin: &Origin) -> Result<Noticed, TableError> {
        let (tables, days) = (self.tables.clone(), self.days.clone());
        let writer = Arc::new(NoticeWriter { tables, days, origin: origin.clone(), clock: (run.now, run.begun) });
        let pass = Pass::read(&self.tables.keys, run.now).await?;
        let (due, bulk, noticed) = (Vec::new(), Bulk::default(), Noticed::default());
        let mut course = Course { writer, pass, due, saved: run.begun, end: run.end, bulk, noticed };
        while course.goes_on().await? {}
        Ok(course.noticed)
    }
}

/// Some of an account's keys, or why they cannot be read.
type Looked = Result<Keys, TableError>;

/// What a run is at.
struct Course {
    writer: Arc<NoticeWriter>,
    /// How far it has looked.
    pass: Pass,
    /// Keys up to there that have a notice due, of whichever accounts; at most [`NOTICES_AT_ONCE`].
    due: Vec<Item>,
    saved: Instant,
    end: Instant,
    bulk: Bulk,
    noticed: Noticed,
}

impl Course {
    /// Looks through some accounts; whether there is more to do, and time for it.
    async fn goes_on(&mut self) -> Result<bool, TableError> {
        let now = self.writer.now();
        let Some(horizon) = self.writer.days.horizon(now) else {
            self.noticed.is_done = true;
            return Ok(false);
        };
        if self.pass.is_done_for(now) {
            self.noticed.is_done = true;
            return Ok(false);
        }
        self.pass = self.pass.clone().going_on(now);
        let found = self.look(horizon).await?;
        if found.is_empty() {
            self.pass.is_done = true;
            self.pass.place = Place::default();
            return self.save().await;
        }
        for (account_id, keys) in found {
            if !self.look_through(account_id, keys, horizon).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next keys: of the account that the pass is in, or the first of each of the accounts that follow.
    async fn look(&self, horizon: Timestamp) -> Result<BTreeMap<AccountId, Looked>, TableError> {
        let table = &self.writer.tables.keys;
        let Place { account, key } = self.pass.place;
        if let (Some(account), Some(key)) = (account, key) {
            let keys = looking::keys(table.clone(), account, Some(key), horizon).await;
            return Ok(BTreeMap::from([(account, keys)]));
        }
        // They end with this future.
        let mut looks = JoinSet::new();
        for id in looking::accounts(table, account).await? {
            let keys = looking::keys(table.clone(), id, None, horizon);
            looks.spawn(async move { (id, keys.await) });
        }
        let mut found = BTreeMap::new();
        while let Some(look) = looks.join_next().await {
            found.extend([look.map_err(|cause| TableError::caused("one of many reads ended early", cause))?]);
        }
        Ok(found)
    }

    /// Looks through an account's keys from those on; whether there is time for more.
    async fn look_through(
        &mut self,
        account_id: AccountId,
        mut looked: Looked,
        horizon: Timestamp,
    ) -> Result<bool, TableError> {
        loop {
            let Keys { items, next } = match looked {
                Ok(keys) => keys,
                Err(error) => {
                    self.pass.place = Place { account: Some(account_id), key: None };
                    self.write_due().await?;
                    let what = format!("could not look through the account {account_id} for notices");
                    return self.pass_over(TableError::caused(what, error)).await;
                }
            };
            for (id, item) in items {
                if !self.writer.may_be_due(&item) {
                    continue;
                }
                self.pass.place = Place { account: Some(account_id), key: Some(id) };
                self.due.push(item);
                if self.due.len() == NOTICES_AT_ONCE {
                    self.write_due().await?;
                    if !self.has_time().await? {
                        return Ok(false);
                    }
                }
            }
            self.pass.place = Place { account: Some(account_id), key: next };
            self.noticed.accounts += u64::from(next.is_none());
            if !self.has_time().await? {
                return Ok(false);
            }
            let Some(next) = next else { return Ok(true) };
            looked = looking::keys(self.writer.tables.keys.clone(), account_id, Some(next), horizon).await;
        }
    }

    /// Whether there is time for more. It leaves the place for the next run where there is none, and now and then.
    async fn has_time(&mut self) -> Result<bool, TableError> {
        let is_over = Instant::now() >= self.end;
        if is_over || self.saved.elapsed() >= SAVED_EVERY {
            return Ok(self.save().await? && !is_over);
        }
        Ok(true)
    }

    /// Writes what is due, and leaves the place for the next run. `false` where another run is further on: this one must not
    /// take it back, and ends.
    async fn save(&mut self) -> Result<bool, TableError> {
        self.write_due().await?;
        self.leave_place().await
    }

    /// Writes the notices that are due of the keys up to its place.
    async fn write_due(&mut self) -> Result<(), TableError> {
        if self.due.is_empty() {
            return Ok(());
        }
        let notices = self.due.drain(..).map(|item| Arc::clone(&self.writer).write_due(item));
        match self.bulk.send(notices).await {
            Ok((written, _)) => {
                self.noticed.notices += written;
                Ok(())
            }
            Err(error) => self.pass_over(error).await,
        }
    }

    /// Ends a run that failed at its place, and has the next one go on behind it: what fails holds up no others.
    async fn pass_over<T>(&mut self, error: TableError) -> Result<T, TableError> {
        self.pass.has_failed = true;
        self.leave_place().await?;
        Err(error)
    }

    async fn leave_place(&mut self) -> Result<bool, TableError> {
        self.saved = Instant::now();
        self.pass.save(&self.writer.tables.keys).await
    }
}
