//! How much keys were used, in a table of its own: an item for each key and day, and one for the account.
//!
//! Partition key `accountId`; sort key `id`: `{key id}#2026-11-23`, or `account#2026-11-23`. For each hour there are `a14`,
//! `l14` and `d14`: how many requests were allowed, limited and denied in it, all in UTC.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use super::KeyReader;
use crate::aws::{CallError, Dynamodb};
use crate::key::{AccountId, Consumer, Count, KeyId, Tally, Timestamp, Use, Uses};

/// Of so many keys an environment counts requests at once.
const KEYS: usize = 50;
/// So many counts are written behind one answer at most.
const BEHIND_AN_ANSWER: usize = 2;
/// The time limit of a write. The environment serves no request meanwhile.
const WRITE_TIME: Duration = Duration::from_secs(1);
/// How long no write is tried after one has failed, so as not to add load to a failing table.
const PAUSE: Duration = Duration::from_secs(30);
/// How long an item is kept, and shown.
const RETENTION: Duration = Duration::from_hours(401 * 24);

/// Counts requests, and writes the counts behind answers and at the end of the environment.
#[derive(Debug)]
pub struct Usage {
    dynamodb: Arc<Dynamodb>,
    table: String,
    state: Mutex<State>,
    /// Held while counts are written: the end waits for what is under way.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    tally: Tally,
    /// When the last request was counted.
    now: Option<Timestamp>,
    paused_until: Option<Timestamp>,
    /// Requests that had no place any more.
    lost: u64,
    /// Requests of counts that are being written.
    on_their_way: u64,
}

impl Usage {
    /// Writes into the table of that name, over the reader's connection.
    #[must_use]
    pub fn new(reader: &KeyReader, table: String) -> Self {
        let state = State { tally: Tally::new(KEYS), now: None, paused_until: None, lost: 0, on_their_way: 0 };
        Self {
            dynamodb: Arc::clone(&reader.dynamodb),
            table,
            state: Mutex::new(state),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// Counts a request. Writes nothing.
    pub fn note(&self, account_id: AccountId, key_id: KeyId, r#use: Use, now: Timestamp) {
        let mut state = self.state();
        state.lost += state.tally.add(account_id, key_id, r#use, now);
        state.now = Some(now);
    }

    /// Writes some of what is due. To be called when the answer has gone out.
    ///
    /// A count whose outcome is unknown is not sent again, so usage is never counted twice. What comes back is what was lost
    /// by that, for the log.
    pub async fn write(&self) -> Option<DroppedUsage> {
        let _writing = self.writing.lock().await;
        let mut dropped = self.lost();
        for _ in 0..BEHIND_AN_ANSWER {
            let Some(count) = self.take_due() else { break };
            if let Some(lost) = self.send(count, WRITE_TIME).await {
                dropped = Some(lost.and(dropped));
            }
        }
        dropped
    }

    /// Writes all that is left, until that time.
    pub async fn finish(&self, end: Instant) -> Option<DroppedUsage> {
        let all = async {
            let _writing = self.writing.lock().await;
            // Each waits for its answers, so several get further.
            let some = tokio::join!(self.drain(), self.drain(), self.drain(), self.drain(), self.drain(), self.drain());
            let dropped = [some.0, some.1, some.2, some.3, some.4, some.5].into_iter().flatten();
            dropped.fold(self.lost(), |all, one| Some(one.and(all)))
        };
        match timeout_at(end, all).await {
            Ok(dropped) => dropped,
            Err(_) => self.rest(),
        }
    }

    /// All that is not written, and never will be.
    fn rest(&self) -> Option<DroppedUsage> {
        let mut state = self.state();
        let left: u64 = std::iter::from_fn(|| state.tally.take_any()).map(|count| count.of_key()).sum();
        let requests = left + state.on_their_way + std::mem::take(&mut state.lost);
        let at = state.now?;
        (requests > 0).then_some(DroppedUsage { at, requests, cause: None })
    }

    async fn drain(&self) -> Option<DroppedUsage> {
        let mut dropped = None;
        loop {
            let next = self.state().tally.take_any();
            let Some(count) = next else { return dropped };
            if let Some(lost) = self.send(count, WRITE_TIME).await {
                dropped = Some(lost.and(dropped));
            }
        }
    }

    fn take_due(&self) -> Option<Count> {
        let mut state = self.state();
        let now = state.now?;
        if state.paused_until.is_some_and(|end| now < end) {
            return None;
        }
        state.tally.take_due(now)
    }

    fn lost(&self) -> Option<DroppedUsage> {
        let mut state = self.state();
        let requests = std::mem::take(&mut state.lost);
        let at = state.now?;
        (requests > 0).then_some(DroppedUsage { at, requests, cause: None })
    }

    async fn send(&self, count: Count, limit: Duration) -> Option<DroppedUsage> {
        let body = self.update(&count);
        self.state().on_their_way += count.of_key();
        let sent = Box::pin(self.dynamodb.call_once("DynamoDB_20120810.UpdateItem", body, limit)).await;
        let mut state = self.state();
        state.on_their_way -= count.of_key();
        let cause = sent.err()?;
        let at = state.now?;
        state.paused_until = Some(at.plus(PAUSE));
        if cause.may_be_written() {
            return Some(DroppedUsage { at, requests: count.of_key(), cause: Some(cause) });
        }
        state.tally.give_back(count);
        None
    }

    fn update(&self, count: &Count) -> Vec<u8> {
        let (mut add, mut values) = (String::new(), Map::new());
        let hour = count.hour.rem_euclid(24);
        let Uses { allowed, limited, denied } = count.uses;
        for (verdict, requests) in [('a', allowed), ('l', limited), ('d', denied)] {
            if requests > 0 {
                let separator = if add.is_empty() { "" } else { ", " };
                // Writing into a string cannot fail.
                let _ = write!(add, "{separator}{verdict}{hour:02} :{verdict}");
                values.insert(format!(":{verdict}"), number(requests));
            }
        }
        let time = Timestamp::of_unix_hour(count.hour);
        let purge_at = u64::try_from(time.plus(RETENTION).unix_seconds()).unwrap_or(0);
        values.insert(":purgeAt".to_owned(), number(purge_at));
        let body = json!({
            "TableName": self.table,
            "Key": {"accountId": {"S": count.consumer.account_id}, "id": {"S": id(&count.consumer, time)}},
            "UpdateExpression": format!("SET purgeAt = :purgeAt ADD {add}"),
            "ExpressionAttributeValues": values,
        });
        body.to_string().into_bytes()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, so the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(number: u64) -> Value {
    json!({ "N": number.to_string() })
}

/// The sort key of a day's item.
pub(super) fn id(consumer: &Consumer, day: Timestamp) -> String {
    match consumer.key_id {
        Some(key_id) => format!("{key_id}#{}", day.day()),
        None => format!("account#{}", day.day()),
    }
}

/// Requests that are in no count.
#[derive(Debug)]
pub struct DroppedUsage {
    /// When that was noticed.
    pub at: Timestamp,
    /// How many.
    pub requests: u64,
    cause: Option<CallError>,
}

impl DroppedUsage {
    fn and(self, other: Option<Self>) -> Self {
        Self { requests: self.requests + other.map_or(0, |other| other.requests), ..self }
    }
}

impl fmt::Display for DroppedUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("some requests are not in the usage")
    }
}

impl std::error::Error for DroppedUsage {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
