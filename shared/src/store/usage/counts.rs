//! How much keys were used, in a table of its own: an item for each key and day, and one for the account.
//!
//! Partition key `accountId`; sort key `id`: `{key id}#2026-11-23`, or `account#2026-11-23`. For each hour there are `a14` and
//! `l14`, how many requests were allowed and limited in it, and for each reason of a denial one like `e14`, all in UTC. One
//! write has all of them. Each reason adds about 150 bytes if it is there in every hour, so an item stays below 1 KB, by which a
//! write is counted, unless a key is denied for five reasons all day.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use crate::aws::{CallError, Dynamodb};
use crate::key::{AccountId, Consumer, Count, Denial, KeyId, Tally, Timestamp, Use, Uses};
use crate::lock::lock;
use crate::store::dynamo::retries::Backoff;
use crate::store::keys::reader::KeyReader;

/// Of so many keys an environment counts requests at once.
const KEYS: usize = 50;
/// So many counts are written behind one answer at most.
const BEHIND_AN_ANSWER: usize = 2;
/// The time limit of a write.
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
    /// Requests that are in no count, and not yet in the log.
    lost: u64,
    /// Why, if a write was the cause.
    cause: Option<CallError>,
    /// Requests of counts that are being written.
    on_their_way: u64,
}

impl State {
    /// Takes what was lost, for the log.
    fn dropped(&mut self) -> Option<DroppedUsage> {
        let (requests, cause) = (std::mem::take(&mut self.lost), self.cause.take());
        let at = self.now?;
        // An account's count that was lost is of no further requests, and not silent either.
        (requests > 0 || cause.is_some()).then_some(DroppedUsage { at, requests, cause })
    }
}

/// What became of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// It is written, or may be: it is not sent again.
    Once,
    /// It is not written, and waits for another time.
    Refused,
}

impl Usage {
    /// Writes into the table of that name, over the reader's connection.
    #[must_use]
    pub fn new(reader: &KeyReader, table: String) -> Self {
        let state =
            State { tally: Tally::new(KEYS), now: None, paused_until: None, lost: 0, cause: None, on_their_way: 0 };
        Self {
            dynamodb: Arc::clone(&reader.dynamodb),
            table,
            state: Mutex::new(state),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// Counts a request. Writes nothing.
    pub fn note(&self, account_id: AccountId, key_id: KeyId, r#use: Use, now: Timestamp) {
        let mut state = lock(&self.state);
        state.lost += state.tally.add(account_id, key_id, r#use, now);
        state.now = Some(now);
    }

    /// Writes some of what is due, and begins no write that may end after `end`. To be called when the answer has gone out.
    ///
    /// A count whose outcome is unknown is not sent again, so usage is never counted twice. What comes back is what was lost
    /// by that, for the log.
    pub async fn write(&self, end: Instant) -> Option<DroppedUsage> {
        let _writing = self.writing.lock().await;
        for _ in 0..BEHIND_AN_ANSWER {
            if Instant::now() + WRITE_TIME > end {
                break;
            }
            let Some(count) = self.take_due() else { break };
            self.send(count).await;
        }
        lock(&self.state).dropped()
    }

    /// Writes all that is left, until that time.
    pub async fn finish(&self, end: Instant) -> Option<DroppedUsage> {
        let all = async {
            let _writing = self.writing.lock().await;
            // Each waits for its answers, so several get further.
            tokio::join!(self.drain(), self.drain(), self.drain(), self.drain(), self.drain(), self.drain());
        };
        if timeout_at(end, all).await.is_err() {
            self.give_up();
        }
        lock(&self.state).dropped()
    }

    /// No other time comes: what is not written now is lost.
    fn give_up(&self) {
        let mut state = lock(&self.state);
        let left: u64 = std::iter::from_fn(|| state.tally.take_any()).map(|count| count.of_key()).sum();
        state.lost += left + state.on_their_way;
    }

    async fn drain(&self) {
        let mut backoff = Backoff::default();
        loop {
            let next = lock(&self.state).tally.take_any();
            let Some(count) = next else { return };
            if self.send(count).await == Sent::Refused {
                backoff.wait().await;
            }
        }
    }

    fn take_due(&self) -> Option<Count> {
        let mut state = lock(&self.state);
        let now = state.now?;
        if state.paused_until.is_some_and(|end| now < end) {
            return None;
        }
        state.tally.take_due(now)
    }

    async fn send(&self, count: Count) -> Sent {
        let body = self.update(&count);
        lock(&self.state).on_their_way += count.of_key();
        let sent = Box::pin(self.dynamodb.call_once("DynamoDB_20120810.UpdateItem", body, WRITE_TIME)).await;
        let mut state = lock(&self.state);
        state.on_their_way -= count.of_key();
        let Err(cause) = sent else { return Sent::Once };
        state.paused_until = state.now.map(|now| now.plus(PAUSE));
        if cause.may_be_written() {
            state.lost += count.of_key();
            state.cause = Some(cause);
            return Sent::Once;
        }
        state.tally.give_back(count);
        Sent::Refused
    }

    fn update(&self, count: &Count) -> Vec<u8> {
        let (mut add, mut values) = (String::new(), Map::new());
        let hour = count.hour.rem_euclid(24);
        let Uses { allowed, limited, denied } = count.uses;
        let denied = denied.iter().map(|(denial, requests)| (letter(denial), requests));
        for (verdict, requests) in [('a', allowed), ('l', limited)].into_iter().chain(denied) {
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
}

/// What the attributes of requests that were denied for that reason begin with.
pub(super) fn letter(denial: Denial) -> char {
    match denial {
        Denial::Expired => 'e',
        Denial::Disabled => 'b',
        Denial::Suspended => 's',
        Denial::Exposed => 'x',
        Denial::Address => 'r',
        Denial::Operation => 'o',
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
