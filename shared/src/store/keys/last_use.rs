//! When keys were last used: written after the answer, at most once in five minutes for each key.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::reader::KeyReader;
use crate::aws::{CallError, Dynamodb};
use crate::key::{AccountId, KeyId, KeyRecord, Timestamp};
use crate::lock::lock;

/// How much later than it says a key may have been used.
const PRECISION: Duration = Duration::from_mins(5);
/// The time limit of a write. The environment serves no request meanwhile.
const WRITE_TIME: Duration = Duration::from_secs(1);
/// How long no write is tried after one has failed, so as not to add load to a failing table.
const PAUSE: Duration = Duration::from_secs(30);

/// Remembers the use of a key until the answer is out, then writes it.
#[derive(Debug)]
pub struct LastUse {
    dynamodb: Arc<Dynamodb>,
    table: String,
    state: Mutex<State>,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    pending: Option<PendingUse>,
    paused_until: Option<Timestamp>,
}

#[derive(Debug)]
struct PendingUse {
    account_id: AccountId,
    id: KeyId,
    at: Timestamp,
}

impl LastUse {
    /// Writes into the table that the reader reads, over the same connection.
    #[must_use]
    pub fn new(reader: &KeyReader) -> Self {
        let (dynamodb, table) = (Arc::clone(&reader.dynamodb), reader.table.clone());
        Self { dynamodb, table, state: Mutex::default(), dropped: AtomicU64::new(0) }
    }

    /// Remembers that a key is used now, if what the table says of it is five minutes old. Writes nothing.
    pub fn note(&self, record: &KeyRecord, now: Timestamp) {
        if record.metadata.last_used_at.is_some_and(|last| now < last.plus(PRECISION)) {
            return;
        }
        let mut state = lock(&self.state);
        if state.paused_until.is_some_and(|end| now < end) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.pending = Some(PendingUse { account_id: record.account_id, id: record.metadata.id, at: now });
    }

    /// Writes what was remembered, if anything was. To be called when the answer has gone out.
    ///
    /// Nothing is written where another environment wrote it in the same minutes, or the key is gone.
    /// What comes back is a use that could not be written, for the log.
    pub async fn write(&self) -> Option<DroppedUse> {
        let used = lock(&self.state).pending.take()?;
        let body = json!({
            "TableName": self.table,
            "Key": {"accountId": {"S": used.account_id}, "id": {"S": used.id}},
            "UpdateExpression": "SET lastUsedAt = :now",
            "ConditionExpression": "attribute_exists(id) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :old)",
            "ExpressionAttributeValues": {":now": {"S": used.at}, ":old": {"S": used.at.minus(PRECISION)}},
        });
        let body = body.to_string().into_bytes();
        match Box::pin(self.dynamodb.call_once("DynamoDB_20120810.UpdateItem", body, WRITE_TIME)).await {
            Ok(_) => None,
            Err(error) if error.is_unmet_condition() => None,
            // A management write holds the item: this is written behind the next answer.
            Err(error) if error.is_conflict() => {
                lock(&self.state).pending.get_or_insert(used);
                None
            }
            Err(cause) => {
                lock(&self.state).paused_until = Some(used.at.plus(PAUSE));
                let since_start = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                Some(DroppedUse { at: used.at, since_start, cause })
            }
        }
    }

    /// The uses that this environment did not write.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A use that was not written.
#[derive(Debug)]
pub struct DroppedUse {
    /// When the key was used.
    pub at: Timestamp,
    /// How many uses this environment has not written since its start, this one included.
    pub since_start: u64,
    cause: CallError,
}

impl fmt::Display for DroppedUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a last use was not written")
    }
}

impl std::error::Error for DroppedUse {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}
