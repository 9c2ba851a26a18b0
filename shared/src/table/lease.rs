//! The counters of keys' limits, and the leases that an environment holds.
//!
//! A key's counters are an item of their own in a partition that no transaction touches: `cMinute`, `cHour`, `cDay` and
//! `cMonth`, each `window × 10⁹ + used`. One conditional update raises all of them or none.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::{KeyReader, TableError};
use crate::aws::{CALL_TIME, CallError, Dynamodb};
use crate::key::{AccountId, Claim, Counters, KeyId, KeyRecord, Lease, Limits, Period, Step, Timestamp};

/// The time limit of one attempt.
const ATTEMPT_TIME: Duration = Duration::from_millis(1_100);
/// The longest wait after an attempt that failed.
const BACKOFF: Duration = Duration::from_millis(50);
/// How long an item stays after the month, or after its last window.
const KEPT_SECONDS: u64 = 86_400;

/// Whether a request is within its key's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Whether it is let through.
    pub allowed: bool,
    /// The limits that hold.
    pub limits: Limits,
    /// The period that has the least left.
    pub period: Period,
    /// How many requests are left in it, as far as this environment knows.
    pub remaining: u64,
    /// How many seconds it goes on.
    pub reset_seconds: u64,
}

/// When the lease is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// At once.
    Ask,
    /// When the table may have less to do.
    AskLater,
}

/// Counts requests of keys that have limits.
#[derive(Debug)]
pub struct Leases {
    dynamodb: Arc<Dynamodb>,
    table: String,
    /// Of how many keys leases are held at once.
    most: usize,
    held: Mutex<HashMap<KeyId, Lease>>,
}

impl Leases {
    /// Counts in the table that the reader reads, over the same connection. Leases of at most so many keys are held at
    /// once; each takes some 250 bytes.
    #[must_use]
    pub fn new(reader: &KeyReader, most: usize) -> Self {
        Self { dynamodb: Arc::clone(&reader.dynamodb), table: reader.table.clone(), most, held: Mutex::default() }
    }

    /// When a request that begins now must have its answer: the time limit of a read and of a lease together.
    #[must_use]
    pub fn deadline() -> Instant {
        Instant::now() + CALL_TIME
    }

    /// Counts one request of a key that has these limits, of which there is one at least. It is counted in the windows of
    /// `now`, or in later ones that another environment's clock has begun.
    ///
    /// # Errors
    /// [`TableError`] when the table did not grant it before `end`. Then nothing says that it is within the limits.
    pub async fn admit(
        &self,
        key: &KeyRecord,
        limits: Limits,
        now: Timestamp,
        end: Instant,
    ) -> Result<Admission, TableError> {
        let id = key.metadata.id;
        loop {
            let claim = match self.step(id, limits, now) {
                Ok(admission) => return Ok(admission),
                Err(claim) => claim,
            };
            let time = end.saturating_duration_since(Instant::now()).min(ATTEMPT_TIME);
            if time.is_zero() {
                return Err(TableError::new("the table took too long to count a request"));
            }
            let body = self.update(key.account_id, id, &claim, now);
            let sent = Box::pin(self.dynamodb.call_once("DynamoDB_20120810.UpdateItem", body, time)).await;
            if self.learn(id, &claim, sent, now)? == Next::AskLater {
                sleep(BACKOFF.mul_f64(fastrand::f64())).await;
            }
        }
    }

    /// Takes in what became of a claim.
    fn learn(
        &self,
        id: KeyId,
        claim: &Claim,
        sent: Result<Bytes, CallError>,
        now: Timestamp,
    ) -> Result<Next, TableError> {
        let mut held = self.held();
        let Some(lease) = held.get_mut(&id) else { return Ok(Next::Ask) };
        match sent {
            Ok(answer) => lease.granted(claim, counters(&answer)?, now),
            Err(CallError::Refused { item, code, .. }) if code == "ConditionalCheckFailedException" => {
                lease.refused(item.map_or(Ok(Counters::default()), |item| read(&item))?);
            }
            Err(error) if error.may_be_written() => {
                lease.lost();
                return Ok(Next::AskLater);
            }
            Err(error) if error.is_retryable() => return Ok(Next::AskLater),
            Err(error) => return Err(TableError::caused("the table did not count a request", error)),
        }
        Ok(Next::Ask)
    }

    /// Of how many keys it holds leases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held().len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the lease says, or the claim that must be written first.
    fn step(&self, id: KeyId, limits: Limits, now: Timestamp) -> Result<Admission, Claim> {
        let mut held = self.held();
        if held.len() >= self.most && !held.contains_key(&id) {
            held.retain(|_, lease| !lease.is_over(now));
            // Whoever is forgotten asks the table again.
            if held.len() >= self.most {
                held.clear();
            }
        }
        let lease = held.entry(id).or_insert_with(|| Lease::new(limits, now));
        let allowed = match lease.step(limits, now) {
            Step::Allow => true,
            Step::Refuse => false,
            Step::Ask(claim) => return Err(claim),
        };
        let (period, left) = lease.tightest(now).unwrap_or((Period::Minute, Duration::ZERO));
        let remaining = if allowed { lease.remaining() } else { 0 };
        // A second that has begun counts as a whole one, so that nobody comes back too early.
        let reset_seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Ok(Admission { allowed, limits, period, remaining, reset_seconds })
    }

    fn update(&self, account_id: AccountId, id: KeyId, claim: &Claim, now: Timestamp) -> Vec<u8> {
        let (mut set, mut conditions, mut values) = (String::new(), String::new(), Map::new());
        // The counter of a limit that was taken away holds again if it comes back within its month.
        let mut last_end = Period::Month.end(Period::Month.window(now));
        for part in &claim.parts {
            let name = attribute(part.period);
            let separator = if conditions.is_empty() { "" } else { " AND " };
            // Writing into a string cannot fail.
            let _ = if let Some((low, high)) = part.from {
                values.insert(format!(":lo{name}"), number(low));
                values.insert(format!(":hi{name}"), number(high));
                values.insert(":n".to_owned(), number(claim.requests.into()));
                write!(conditions, "{separator}{name} BETWEEN :lo{name} AND :hi{name}")
                    .and_then(|()| write!(set, "{name} = {name} + :n, "))
            } else {
                values.insert(format!(":lo{name}"), number(part.start));
                values.insert(format!(":to{name}"), number(part.start + u64::from(claim.requests)));
                write!(conditions, "{separator}(attribute_not_exists({name}) OR {name} < :lo{name})")
                    .and_then(|()| write!(set, "{name} = :to{name}, "))
            };
            last_end = last_end.max(part.end);
        }
        values.insert(":purgeAt".to_owned(), number(last_end.saturating_add(KEPT_SECONDS)));
        let body = json!({
            "TableName": self.table,
            "Key": {"accountId": {"S": partition(account_id)}, "id": {"S": id}},
            "UpdateExpression": format!("SET {set}purgeAt = :purgeAt"),
            "ConditionExpression": conditions,
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        body.to_string().into_bytes()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<KeyId, Lease>> {
        // Nothing panics while it holds the lock, so the leases are whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the counters of an account's keys are, each under its key's id.
pub(super) fn partition(account_id: AccountId) -> String {
    format!("{account_id}#limits")
}

/// The periods' own names are DynamoDB's words.
fn attribute(period: Period) -> &'static str {
    match period {
        Period::Minute => "cMinute",
        Period::Hour => "cHour",
        Period::Day => "cDay",
        Period::Month => "cMonth",
    }
}

fn number(number: u64) -> Value {
    json!({ "N": number.to_string() })
}

fn counters(answer: &[u8]) -> Result<Counters, TableError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        attributes: Value,
    }
    let output: Output = serde_json::from_slice(answer).map_err(|cause| TableError::caused(STRANGE, cause))?;
    read(&output.attributes)
}

const STRANGE: &str = "the table's counters of a key are malformed";

fn read(item: &Value) -> Result<Counters, TableError> {
    let mut counters = Counters::default();
    for period in Period::ALL {
        if let Some(stored) = item.get(attribute(period)) {
            let text = stored.get("N").and_then(Value::as_str);
            let counter = text.and_then(|text| text.parse().ok()).ok_or(TableError::new(STRANGE))?;
            counters = counters.with(period, counter);
        }
    }
    Ok(counters)
}
