//! When keys were last used: written behind the answer, at most once in five minutes for each key, or not at all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::dynamodb::Dynamodb;
use crate::ids::{AccountId, KeyId};
use crate::log;
use crate::reader::KeyReader;
use crate::record::KeyRecord;
use crate::timestamp::Timestamp;

/// How much later than it says a key may have been used.
const PRECISION: Duration = Duration::from_mins(5);
/// A write takes no longer: meanwhile the environment serves nobody.
const WRITE_TIME: Duration = Duration::from_secs(1);
/// After a write that failed, none is tried for so long: a table in trouble is not helped by more of them.
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
    pending: Option<Use>,
    paused_until: Option<Timestamp>,
}

#[derive(Debug)]
struct Use {
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
        let mut state = self.state();
        if state.paused_until.is_some_and(|end| now < end) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.pending = Some(Use { account_id: record.account_id, id: record.metadata.id, at: now });
    }

    /// Writes what was remembered, if anything was. To be called when the answer has gone out.
    ///
    /// Where others wrote it in the same minutes, or the key is gone, nothing is written.
    pub async fn write(&self) {
        let Some(used) = self.state().pending.take() else {
            return;
        };
        let body = json!({
            "TableName": self.table,
            "Key": {"accountId": {"S": used.account_id}, "id": {"S": used.id}},
            "UpdateExpression": "SET lastUsedAt = :now",
            "ConditionExpression": "attribute_exists(id) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :old)",
            "ExpressionAttributeValues": {":now": {"S": used.at}, ":old": {"S": used.at.minus(PRECISION)}},
        });
        let body = body.to_string().into_bytes();
        match Box::pin(self.dynamodb.call_once("DynamoDB_20120810.UpdateItem", body, WRITE_TIME)).await {
            Ok(_) => {}
            Err(error) if error.is_unmet_condition() => {}
            Err(error) => {
                self.state().paused_until = Some(used.at.plus(PAUSE));
                let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                log::dropped_last_use(dropped, used.at, &error);
            }
        }
    }

    /// The uses that this environment did not write.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, so the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
