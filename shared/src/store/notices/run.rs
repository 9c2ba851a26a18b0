//! A run: it goes on where the last one has ended, for as long as it may, and leaves its place for the next one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::looking::{self, Keys};
use super::pass::{Pass, Place};
use super::telling::Teller;
use crate::key::{AccountId, KeyId, NoticeDays, Timestamp};
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
    /// [`TableError`] when the table does not answer; the next run goes on behind what failed.
    pub async fn run(&self, run: NoticeRun, origin: &Origin) -> Result<Noticed, TableError> {
        let (tables, days) = (self.tables.clone(), self.days.clone());
        let teller = Arc::new(Teller { tables, days, origin: origin.clone(), clock: (run.now, run.begun) });
        let pass = Pass::read(&self.tables.keys, run.now).await?;
        let mut course =
            Course { teller, pass, saved: run.begun, end: run.end, bulk: Bulk::default(), noticed: Noticed::default() };
        while course.goes_on().await? {}
        Ok(course.noticed)
    }
}

/// What a run is at.
struct Course {
    teller: Arc<Teller>,
    pass: Pass,
    saved: Instant,
    end: Instant,
    bulk: Bulk,
    noticed: Noticed,
}

impl Course {
    /// Looks through some accounts; whether there is more to do, and time for it.
    async fn goes_on(&mut self) -> Result<bool, TableError> {
        let now = self.teller.now();
        let Some(horizon) = self.teller.days.horizon(now) else {
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
            if !self.tell_all(account_id, keys, horizon).await? {
                return Ok(false);
            }
        }
        self.save_now_and_then().await
    }

    /// The next keys: of the account that the pass is in, or the first of each of the accounts that follow.
    async fn look(&self, horizon: Timestamp) -> Result<BTreeMap<AccountId, Keys>, TableError> {
        let table = &self.teller.tables.keys;
        let Place { account, key } = self.pass.place;
        if let (Some(account), Some(key)) = (account, key) {
            let keys = looking::keys(table.clone(), account, Some(key), horizon).await?;
            return Ok(BTreeMap::from([(account, keys)]));
        }
        // They end with this future.
        let mut looks = JoinSet::new();
        for id in looking::accounts(table, account).await? {
            let keys = looking::keys(table.clone(), id, None, horizon);
            looks.spawn(async move { keys.await.map(|keys| (id, keys)) });
        }
        let mut found = BTreeMap::new();
        while let Some(look) = looks.join_next().await {
            found.extend([look.map_err(|cause| TableError::caused("one of many reads ended early", cause))??]);
        }
        Ok(found)
    }

    /// Tells of all keys of an account from those on; whether there is time for more.
    async fn tell_all(
        &mut self,
        account_id: AccountId,
        mut keys: Keys,
        horizon: Timestamp,
    ) -> Result<bool, TableError> {
        loop {
            let items = std::mem::take(&mut keys.items);
            for some in items.chunks(NOTICES_AT_ONCE) {
                if !self.tell(account_id, some).await? {
                    return Ok(false);
                }
            }
            self.pass.place = Place { account: Some(account_id), key: keys.next };
            self.noticed.accounts += u64::from(keys.next.is_none());
            if !self.has_time().await? {
                return Ok(false);
            }
            let Some(next) = keys.next else { return Ok(true) };
            if !self.save_now_and_then().await? {
                return Ok(false);
            }
            keys = looking::keys(self.teller.tables.keys.clone(), account_id, Some(next), horizon).await?;
        }
    }

    /// Tells of some keys; whether there is time for more. Where that fails, the next run goes on behind them: what is due stays
    /// so, and the next pass comes by.
    async fn tell(&mut self, account_id: AccountId, some: &[(KeyId, Item)]) -> Result<bool, TableError> {
        let telling = some.iter().map(|(_, item)| Arc::clone(&self.teller).tell(item.clone()));
        let told = self.bulk.send(telling).await;
        self.pass.place = Place { account: Some(account_id), key: some.last().map(|(id, _)| *id) };
        match told {
            Ok((written, _)) => self.noticed.notices += written,
            Err(error) => {
                self.save().await?;
                return Err(error);
            }
        }
        self.has_time().await
    }

    /// Whether there is time for more. Where there is none, it leaves the place for the next run.
    async fn has_time(&mut self) -> Result<bool, TableError> {
        let is_over = Instant::now() >= self.end;
        if is_over {
            self.save().await?;
        }
        Ok(!is_over)
    }

    async fn save_now_and_then(&mut self) -> Result<bool, TableError> {
        if self.saved.elapsed() < SAVED_EVERY { Ok(true) } else { self.save().await }
    }

    /// Leaves the place for the next run. `false` where another run is further on: this one must not take it back, and ends.
    async fn save(&mut self) -> Result<bool, TableError> {
        self.saved = Instant::now();
        self.pass.save(&self.teller.tables.keys).await
    }
}
