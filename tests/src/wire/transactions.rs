//! Open transactions, and how they conflict with other calls.
//!
//! From its arrival until its answer leaves, a transaction holds its items. Meanwhile a plain write to one of them is
//! refused, another transaction with one of them is cancelled, and a query, which is only read-committed, returns them as
//! they were before. A `GetItem` is serializable: it returns what the engine has. `BatchWriteItem` and `TransactGetItems`
//! conflict too on DynamoDB, but not here: nothing uses them.
//!
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};
use tokio::sync::{RwLock, RwLockReadGuard};

use super::answers::{Answer, ONGOING, Reason, cancelled, refused};
use crate::engine::Engine;

/// All open transactions of one engine.
pub(super) struct Transactions {
    engine: Engine,
    open: Mutex<Vec<Arc<Transaction>>>,
    /// Plain writes share this lock until the engine has answered; a transaction begins alone. Otherwise it could keep as
    /// the old item what a write under way is about to replace.
    writes: RwLock<()>,
}

struct Transaction {
    token: Option<String>,
    items: Vec<Held>,
}

struct Held {
    place: Place,
    before: Option<Value>,
}

/// A table's name and a primary key: where an item is, or would be.
#[derive(PartialEq)]
struct Place {
    table: String,
    key: Value,
}

/// A call that may go to the engine, with what must last until the engine has answered.
pub(super) enum Admitted<'a> {
    Transaction(Open<'a>),
    Write {
        _until_answered: RwLockReadGuard<'a, ()>,
    },
    /// A query, to be answered by a copy from before the open transactions.
    OldState(Engine),
    Other,
}

impl<'a> Admitted<'a> {
    /// What must last longer, until the answer leaves.
    pub(super) fn into_open(self) -> Option<Open<'a>> {
        match self {
            Self::Transaction(open) => Some(open),
            Self::Write { .. } | Self::OldState(_) | Self::Other => None,
        }
    }
}

/// An open transaction; it ends when dropped.
pub(super) struct Open<'a> {
    all: &'a Transactions,
    transaction: Arc<Transaction>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.all.open.lock().unwrap().retain(|open| !Arc::ptr_eq(open, &self.transaction));
    }
}

impl Transactions {
    pub(super) fn of(engine: &Engine) -> Self {
        Self { engine: engine.clone(), open: Mutex::default(), writes: RwLock::default() }
    }

    /// Admits a call, or refuses it as DynamoDB does when it conflicts with an open transaction.
    pub(super) async fn admit(&self, operation: &str, body: &Value) -> Result<Admitted<'_>, Answer> {
        match operation {
            "TransactWriteItems" => self.begin(body).await.map(Admitted::Transaction),
            "PutItem" | "UpdateItem" | "DeleteItem" => self.write(body).await,
            "Query" | "Scan" => Ok(self.old_state(body).await.map_or(Admitted::Other, Admitted::OldState)),
            _ => Ok(Admitted::Other),
        }
    }

    async fn begin(&self, body: &Value) -> Result<Open<'_>, Answer> {
        let _alone = self.writes.write().await;
        let places: Vec<_> = parts(body).iter().map(|part| self.place(part)).collect();
        let token = body["ClientRequestToken"].as_str().map(str::to_owned);
        let mut open = self.open.lock().unwrap();
        if token.is_some() && open.iter().any(|other| other.token == token) {
            let message = "The transaction with the given request token is already in progress.";
            return Err(refused(400, "TransactionInProgressException", message));
        }
        let is_held = |place: &Place| open.iter().any(|other| other.holds(place));
        if places.iter().any(is_held) {
            let reason = |place| is_held(place).then_some(Reason::TransactionConflict);
            return Err(cancelled(&places.iter().map(reason).collect::<Vec<_>>()));
        }
        let before = |place: &Place| self.engine.item(&place.table, &place.key);
        let items = places.into_iter().map(|place| Held { before: before(&place), place }).collect();
        let transaction = Arc::new(Transaction { token, items });
        open.push(Arc::clone(&transaction));
        Ok(Open { all: self, transaction })
    }

    async fn write(&self, body: &Value) -> Result<Admitted<'_>, Answer> {
        let under_way = self.writes.read().await;
        let place = self.place(body);
        if self.open.lock().unwrap().iter().any(|open| open.holds(&place)) {
            return Err(refused(400, "TransactionConflictException", ONGOING));
        }
        Ok(Admitted::Write { _until_answered: under_way })
    }

    async fn old_state(&self, query: &Value) -> Option<Engine> {
        let open = self.open.lock().unwrap().clone();
        let all = open.iter().flat_map(|open| &open.items);
        let of_table = |held: &&Held| query["TableName"] == held.place.table;
        let held: Vec<_> = all.filter(of_table).collect();
        if held.is_empty() {
            return None;
        }
        let copy = self.engine.frozen_copy().await;
        for Held { place, before, .. } in held {
            match before {
                Some(item) => copy.put_into(&place.table, item),
                None => copy.remove_from(&place.table, &place.key),
            }
        }
        Some(copy)
    }

    /// Where a write goes. An item to put has its key among its attributes.
    fn place(&self, write: &Value) -> Place {
        let table = write["TableName"].as_str().unwrap_or_default().to_owned();
        let from = if write["Key"].is_null() { &write["Item"] } else { &write["Key"] };
        let key = self.engine.key_attributes(&table).into_iter().map(|name| {
            let value = from[&name].clone();
            (name, value)
        });
        Place { key: key.collect::<Map<_, _>>().into(), table }
    }
}

impl Transaction {
    fn holds(&self, place: &Place) -> bool {
        self.items.iter().any(|held| held.place == *place)
    }
}

/// The parts of a transaction, in their order.
pub(super) fn parts(body: &Value) -> Vec<&Value> {
    let items = body["TransactItems"].as_array().map_or(&[][..], Vec::as_slice);
    // Each has one member: `Put`, `Update`, `Delete` or `ConditionCheck`.
    items.iter().filter_map(|item| item.as_object()?.values().next()).collect()
}
