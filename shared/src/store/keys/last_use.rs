//! When keys, and their values in a grace period, were last used: written after the answer, at most once in five minutes for
//! each.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::reader::KeyReader;
use super::stored::Binary;
use crate::aws::{CallError, Dynamodb};
use crate::key::{AccountId, KeyHash, KeyId, KeyRecord, Timestamp};
use crate::lock::lock;

/// How much later than the stored time a key may have been used.
const PRECISION: Duration = Duration::from_mins(5);
/// The time limit of a write. The environment serves no request meanwhile.
const WRITE_TIME: Duration = Duration::from_secs(1);
/// How long no write is tried after one has failed, so as not to add load to a failing table.
const PAUSE: Duration = Duration::from_secs(30);

/// Remembers the use of a key, and of its value before, until the answer is out, then writes it.
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
    pending_of_previous: Option<PendingUse>,
    paused_until: Option<Timestamp>,
}

#[derive(Debug)]
struct PendingUse {
    account_id: AccountId,
    id: KeyId,
    /// Of the value before alone: which it was.
    previous: Option<KeyHash>,
    at: Timestamp,
}

impl LastUse {
    /// Writes into the table that the reader reads, over the same connection.
    #[must_use]
    pub fn new(reader: &KeyReader) -> Self {
        let (dynamodb, table) = (Arc::clone(&reader.dynamodb), reader.table.clone());
        Self { dynamodb, table, state: Mutex::default(), dropped: AtomicU64::new(0) }
    }

    /// Remembers that a key is used now, if the table's last use of it is five minutes old. Writes nothing.
    pub fn note(&self, record: &KeyRecord, now: Timestamp) {
        if !is_fresh(record.metadata.last_used_at, now) {
            self.remember(record, None, now);
        }
    }

    /// Remembers the same of its value before, if that has this hash. Only a key in a grace period has one.
    pub fn note_previous(&self, record: &KeyRecord, used: &KeyHash, now: Timestamp) {
        let previous = record.previous.as_ref().filter(|previous| previous.key_hash == *used);
        if previous.is_some_and(|previous| !is_fresh(previous.last_used_at, now)) {
            self.remember(record, Some(used.clone()), now);
        }
    }

    fn remember(&self, record: &KeyRecord, previous: Option<KeyHash>, now: Timestamp) {
        let mut state = lock(&self.state);
        if state.paused_until.is_some_and(|end| now < end) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let place = state.place(previous.is_some());
        *place = Some(PendingUse { account_id: record.account_id, id: record.metadata.id, previous, at: now });
    }

    /// Writes what was remembered, if anything was. To be called when the answer has gone out.
    ///
    /// Nothing is written where another environment wrote it in the same minutes, or the key is gone.
    /// What comes back is a use that could not be written, for the log.
    pub async fn write(&self) -> Option<DroppedUse> {
        let (of_key, of_previous) = {
            let mut state = lock(&self.state);
            (state.pending.take(), state.pending_of_previous.take())
        };
        let dropped = match of_key {
            Some(used) => self.write_use(used).await,
            None => None,
        };
        match (dropped, of_previous) {
            (None, Some(used)) => self.write_use(used).await,
            (dropped, of_previous) => {
                // Where one has just failed, none is tried.
                self.dropped.fetch_add(u64::from(of_previous.is_some()), Ordering::Relaxed);
                dropped
            }
        }
    }

    async fn write_use(&self, used: PendingUse) -> Option<DroppedUse> {
        let body = used.update(&self.table).to_string().into_bytes();
        match Box::pin(self.dynamodb.call_once("DynamoDB_20120810.UpdateItem", body, WRITE_TIME)).await {
            Ok(_) => None,
            Err(error) if error.is_unmet_condition() => None,
            // A management write holds the item: this is written behind the next answer.
            Err(error) if error.is_conflict() => {
                lock(&self.state).place(used.previous.is_some()).get_or_insert(used);
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

/// Whether a use then is written already, as precisely as it is kept.
fn is_fresh(last_use: Option<Timestamp>, now: Timestamp) -> bool {
    last_use.is_some_and(|last| now < last.plus(PRECISION))
}

impl State {
    /// Where a use of the value before, or of the key by whichever value, waits.
    fn place(&mut self, is_of_previous: bool) -> &mut Option<PendingUse> {
        if is_of_previous { &mut self.pending_of_previous } else { &mut self.pending }
    }
}

impl PendingUse {
    /// The update that writes it.
    ///
    /// The authorizer's role lets it name no attributes but these. So a use of the value before is written even if that value
    /// is another by now, and names the one it is of. An earlier use of either value must not keep it from being written.
    fn update(&self, table: &str) -> Value {
        let (at, old) = (json!({"S": self.at}), json!({"S": self.at.minus(PRECISION)}));
        let (update, condition, values) = match &self.previous {
            None => (
                "SET lastUsedAt = :now",
                "attribute_exists(id) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :old)",
                json!({":now": at, ":old": old}),
            ),
            Some(value) => (
                "SET previousLastUsedAt = :now, previousLastUsedOf = :value",
                "attribute_exists(id) AND (attribute_not_exists(previousLastUsedAt) OR previousLastUsedAt < :now)",
                json!({":now": at, ":value": Binary { value: value.clone() }}),
            ),
        };
        json!({
            "TableName": table,
            "Key": {"accountId": {"S": self.account_id}, "id": {"S": self.id}},
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        })
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
