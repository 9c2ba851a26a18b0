//! DynamoDB as its documentation allows it to be: what is stored, what is held, what the index shows, what a call answers.
//!
//! Nothing here waits: `server` decides when a call arrives, when a transaction's writes show, and what of it is lost.
//!
//! - A transaction has two phases. When it is prepared, its conditions are checked and its items are held; its writes show later, each at
//!   a moment of its own, and that ends the hold of that item. Until then reads see the item as it was, so a read between may
//!   see one write of a transaction and not the other. The answer comes when all of them show.
//! - A plain write to a held item is refused with `TransactionConflictException`; a transaction is cancelled with
//!   `TransactionConflict` at the item. A transaction of the same `ClientRequestToken` as one that was carried out within ten minutes
//!   writes nothing and succeeds; one as of one under way is refused.
//! - The index shows a write later, of one item in order.

mod expression;
pub mod server;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::expression::{Expression, KeyCondition};
pub use self::expression::{Item, text, whole};

/// The tables' names.
pub const KEYS: &str = "keys";
pub const EVENTS: &str = "events";
pub const USAGE: &str = "usage";

/// For how long a transaction is known by its token.
const TOKEN_TIME: u64 = 10 * 60 * 1000;

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub table: String,
    pub partition: String,
    pub id: String,
}

/// A write that shows.
pub struct Change {
    pub place: Place,
    pub old: Option<Item>,
    pub new: Option<Item>,
    /// Of which transaction it is a part.
    pub transaction: Option<usize>,
    /// The action in whose course it was sent; `None` for the time to live.
    pub action: Option<usize>,
    /// When: the virtual milliseconds since the start.
    pub time: u64,
}

/// A transaction that was carried out.
pub struct Transaction {
    pub action: usize,
    pub parts: Vec<Part>,
}

/// A write of a transaction, as it was prepared. A condition alone leaves the item as it was.
pub struct Part {
    pub place: Place,
    pub old: Option<Item>,
    pub new: Option<Item>,
    pub is_check: bool,
}

/// A call that is refused: the status, DynamoDB's name of the error, and what else is in the answer.
pub struct Refused {
    pub status: u16,
    pub code: &'static str,
    pub body: Value,
}

impl Refused {
    pub fn new(code: &'static str) -> Self {
        Self { status: 400, code, body: json!({"message": code}) }
    }
}

/// Everything that is stored.
#[derive(Default)]
pub struct Tables {
    items: BTreeMap<String, BTreeMap<String, BTreeMap<String, Item>>>,
    held: BTreeMap<Place, usize>,
    tokens: BTreeMap<String, Token>,
    index: BTreeMap<String, Vec<Place>>,
    /// What the index does not show yet, by when it will.
    lagging: BTreeMap<(u64, u64), Lagging>,
    /// Until when the index lags for an item.
    lag_of: BTreeMap<Place, u64>,
    pub changes: Vec<Change>,
    pub transactions: Vec<Transaction>,
}

/// An item, the hash that goes from the index and the one that comes.
type Lagging = (Place, Option<String>, Option<String>);

struct Token {
    call: Value,
    /// `None` while it is under way.
    done: Option<u64>,
}

impl Tables {
    pub fn item(&self, place: &Place) -> Option<&Item> {
        self.items.get(&place.table)?.get(&place.partition)?.get(&place.id)
    }

    /// The items of a partition, by their ids.
    pub fn partition(&self, table: &str, partition: &str) -> impl Iterator<Item = (&String, &Item)> {
        self.items.get(table).and_then(|all| all.get(partition)).into_iter().flatten()
    }

    /// Every item of a table.
    pub fn all(&self, table: &str) -> impl Iterator<Item = (&String, &String, &Item)> {
        let partitions = self.items.get(table).into_iter().flatten();
        partitions.flat_map(|(partition, items)| items.iter().map(move |(id, item)| (partition, id, item)))
    }

    /// A partition as it was at that virtual time.
    fn as_of(&self, table: &str, partition: &str, time: u64) -> BTreeMap<String, Item> {
        let mut items = self.items.get(table).and_then(|all| all.get(partition)).cloned().unwrap_or_default();
        let since = self.changes.iter().rev().take_while(|change| change.time > time);
        for Change { place, old, .. } in since.filter(|it| it.place.table == table && it.place.partition == partition) {
            match old {
                Some(old) => items.insert(place.id.clone(), old.clone()),
                None => items.remove(&place.id),
            };
        }
        items
    }

    /// Reads an item, as it was at the virtual time `time` if the call asks for no consistency.
    pub fn get(&self, call: &Value, time: u64) -> Value {
        let place = place_of(call, &call["Key"]);
        let old = self.as_of_unless_consistent(call, &place.table, &place.partition, time);
        let item = old.as_ref().map_or_else(|| self.item(&place), |old| old.get(&place.id));
        let projected = |item: &Item| match Expression::of(call, "ProjectionExpression") {
            Some(projection) => projection.projected(item),
            None => item.clone(),
        };
        item.map_or(json!({}), |item| json!({"Item": as_json(&projected(item))}))
    }

    fn as_of_unless_consistent(
        &self,
        call: &Value,
        table: &str,
        partition: &str,
        time: u64,
    ) -> Option<BTreeMap<String, Item>> {
        (call["ConsistentRead"] != true).then(|| self.as_of(table, partition, time))
    }

    /// Reads several items; behind the first `most` DynamoDB has no capacity.
    pub fn batch_get(&self, call: &Value, most: usize) -> Value {
        let (table, wanted) = call["RequestItems"].as_object().and_then(|all| all.iter().next()).expect("a table");
        assert_eq!(wanted["ConsistentRead"], true, "a read of several items that need not be consistent");
        let keys = wanted["Keys"].as_array().expect("keys");
        let (now, left) = keys.split_at(most.min(keys.len()));
        let place = |key: &Value| place_of(&json!({"TableName": table}), key);
        let found: Vec<_> = now.iter().filter_map(|key| self.item(&place(key))).map(as_json).collect();
        let unprocessed =
            if left.is_empty() { json!({}) } else { json!({table: {"Keys": left, "ConsistentRead": true}}) };
        json!({"Responses": {table: found}, "UnprocessedKeys": unprocessed})
    }

    /// A page of a query that is cut behind `most` items, at the virtual time `now`; of `time` if it asks for no consistency.
    pub fn query(&mut self, call: &Value, most: usize, now: u64, time: u64) -> Value {
        let condition = KeyCondition::of(call);
        if call["IndexName"].is_string() {
            return self.query_index(&condition, now);
        }
        let table = call["TableName"].as_str().expect("a table");
        let partition = text(&condition.partition);
        let old = self.as_of_unless_consistent(call, table, partition, time);
        let all: Vec<_> = match &old {
            Some(old) => old.iter().collect(),
            None => self.partition(table, partition).collect(),
        };
        let start = text(&call["ExclusiveStartKey"]["id"]);
        let forward = call["ScanIndexForward"] != false;
        let is_behind = |id: &str| call["ExclusiveStartKey"].is_null() || if forward { id > start } else { id < start };
        let inside = |(id, _): &(&String, &Item)| condition.holds(id) && is_behind(id);
        let mut found: Vec<_> = all.into_iter().filter(inside).collect();
        if !forward {
            found.reverse();
        }
        let limit = call["Limit"].as_u64().map_or(usize::MAX, |limit| usize::try_from(limit).expect("a limit"));
        let looked_at = &found[..found.len().min(limit).min(most.max(1))];
        let filter = Expression::of(call, "FilterExpression");
        let kept: Vec<_> =
            looked_at.iter().filter(|(_, item)| filter.is_none_or(|filter| filter.holds(item))).collect();
        let mut answer = json!({"Count": kept.len(), "ScannedCount": looked_at.len()});
        if call["Select"] != "COUNT" {
            let projection = Expression::of(call, "ProjectionExpression");
            let shown = |item: &Item| projection.map_or_else(|| as_json(item), |it| as_json(&it.projected(item)));
            answer["Items"] = kept.iter().map(|(_, item)| shown(item)).collect();
        }
        // A page that ends with its last item by its limit has a key too.
        if (looked_at.len() < found.len() || looked_at.len() == limit)
            && let Some((id, _)) = looked_at.last()
        {
            answer["LastEvaluatedKey"] = json!({"accountId": condition.partition, "id": {"S": id}});
        }
        answer
    }

    fn query_index(&mut self, condition: &KeyCondition, now: u64) -> Value {
        while let Some(entry) = self.lagging.first_entry().filter(|entry| entry.key().0 <= now) {
            let (place, goes, comes) = entry.remove();
            if let Some(places) = goes.and_then(|hash| self.index.get_mut(&hash)) {
                places.retain(|other| *other != place);
            }
            if let Some(hash) = comes {
                self.index.entry(hash).or_default().push(place);
            }
        }
        assert_eq!(condition.attribute, "keyHash");
        let hash = condition.partition["B"].as_str().expect("a hash");
        let shown = |place: &Place| json!({"accountId": {"S": place.partition}, "id": {"S": place.id}});
        let found: Vec<_> = self.index.get(hash).into_iter().flatten().map(shown).take(1).collect();
        json!({"Count": found.len(), "Items": found})
    }

    /// A plain write, carried out at once.
    pub fn write(&mut self, operation: &str, call: &Value, by: &By) -> Result<Value, Refused> {
        let from = if operation == "PutItem" { &call["Item"] } else { &call["Key"] };
        let place = place_of(call, from);
        if self.held.contains_key(&place) {
            return Err(Refused::new("TransactionConflictException"));
        }
        let old = self.item(&place).cloned();
        let part = self.prepare_part(operation, call, place);
        let Some(new) = part else {
            let mut body = json!({"message": "The conditional request failed"});
            if call["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
                && let Some(old) = &old
            {
                body["Item"] = as_json(old);
            }
            return Err(Refused { status: 400, code: "ConditionalCheckFailedException", body });
        };
        let answer = match (&new.new, call["ReturnValues"] == "ALL_NEW") {
            (Some(item), true) => json!({"Attributes": as_json(item)}),
            _ => json!({}),
        };
        self.show(new.place, new.new, None, by);
        Ok(answer)
    }

    /// The first phase of a transaction. `None` when one of the same token was carried out before.
    ///
    /// `throttled` names the item without capacity, and the code of that reason.
    pub fn prepare(
        &mut self,
        call: &Value,
        throttled: Option<(usize, &'static str)>,
        by: &By,
    ) -> Result<Option<usize>, Refused> {
        let token = call["ClientRequestToken"].as_str().expect("a token").to_owned();
        match self.tokens.get(&token) {
            Some(Token { done: None, .. }) => return Err(Refused::new("TransactionInProgressException")),
            Some(Token { done: Some(at), call: before }) if by.time < at + TOKEN_TIME => {
                return if before == call {
                    Ok(None)
                } else {
                    Err(Refused::new("IdempotentParameterMismatchException"))
                };
            }
            _ => {}
        }
        let number = self.transactions.len();
        let (mut parts, mut reasons) = (Vec::new(), Vec::new());
        for (at, item) in call["TransactItems"].as_array().expect("items").iter().enumerate() {
            let (operation, write) = item.as_object().and_then(|item| item.iter().next()).expect("a write");
            let place = place_of(write, if operation == "Put" { &write["Item"] } else { &write["Key"] });
            assert!(parts.iter().all(|part: &Part| part.place != place), "a transaction names an item twice");
            if self.held.contains_key(&place) {
                reasons.push("TransactionConflict");
            } else if let Some((_, code)) = throttled.filter(|(item, _)| *item == at) {
                reasons.push(code);
            } else if let Some(part) = self.prepare_part(operation, write, place) {
                reasons.push("None");
                parts.push(part);
            } else {
                reasons.push("ConditionalCheckFailed");
            }
        }
        if reasons.iter().any(|reason| *reason != "None") {
            let reasons: Vec<_> = reasons.iter().map(|code| json!({"Code": code})).collect();
            let body = json!({"Message": "Transaction cancelled", "CancellationReasons": reasons});
            return Err(Refused { status: 400, code: "TransactionCanceledException", body });
        }
        self.held.extend(parts.iter().map(|part| (part.place.clone(), number)));
        self.tokens.insert(token, Token { call: call.clone(), done: None });
        self.transactions.push(Transaction { action: by.action, parts });
        Ok(Some(number))
    }

    /// The second phase for one item of a transaction.
    pub fn show_part(&mut self, number: usize, part: usize, by: &By) {
        let Part { place, new, is_check, .. } = &self.transactions[number].parts[part];
        let (place, new, is_check) = (place.clone(), new.clone(), *is_check);
        assert_eq!(self.held.remove(&place), Some(number));
        if !is_check {
            self.show(place, new, Some(number), by);
        }
    }

    /// All of a transaction shows.
    pub fn complete(&mut self, call: &Value, by: &By) {
        let token = call["ClientRequestToken"].as_str().expect("a token");
        self.tokens.get_mut(token).expect("a transaction under way").done = Some(by.time);
    }

    /// Where something ends with its time to live before that second.
    pub fn ended_before(&self, second: i128) -> Vec<Place> {
        let tables = [KEYS, EVENTS, USAGE].into_iter();
        let all = tables.flat_map(|table| self.all(table).map(move |found| (table, found)));
        let ended = all.filter(|(_, (_, _, item))| item.get("purgeAt").and_then(whole).is_some_and(|at| at < second));
        ended
            .map(|(table, (partition, id, _))| Place {
                table: table.to_owned(),
                partition: partition.clone(),
                id: id.clone(),
            })
            .filter(|place| !self.held.contains_key(place))
            .collect()
    }

    /// Removes what the time to live ends.
    pub fn expire(&mut self, place: Place, by: &By) {
        self.show(place, None, None, by);
        if let Some(change) = self.changes.last_mut() {
            change.action = None;
        }
    }

    /// What a write leaves of an item; `None` where its condition does not hold.
    fn prepare_part(&self, operation: &str, write: &Value, place: Place) -> Option<Part> {
        let (nothing, old) = (Item::new(), self.item(&place).cloned());
        let seen = old.as_ref().unwrap_or(&nothing);
        if let Some(condition) = Expression::of(write, "ConditionExpression")
            && !condition.holds(seen)
        {
            return None;
        }
        let new = match operation {
            "Put" | "PutItem" => Some(as_item(&write["Item"])),
            "Delete" | "DeleteItem" => None,
            "ConditionCheck" => old.clone(),
            "Update" | "UpdateItem" => {
                let mut item = seen.clone();
                item.extend(as_item(&write["Key"]));
                Some(Expression::of(write, "UpdateExpression").expect("an update").updated(&item))
            }
            other => panic!("what is {other}?"),
        };
        Some(Part { place, old, new, is_check: operation == "ConditionCheck" })
    }

    fn show(&mut self, place: Place, new: Option<Item>, transaction: Option<usize>, by: &By) {
        let partition = self.items.entry(place.table.clone()).or_default().entry(place.partition.clone()).or_default();
        let old = match new.clone() {
            Some(item) => partition.insert(place.id.clone(), item),
            None => partition.remove(&place.id),
        };
        let hash = |item: &Option<Item>| Some(item.as_ref()?.get("keyHash")?["B"].as_str()?.to_owned());
        let (goes, comes) = (hash(&old), hash(&new));
        if goes != comes {
            let until = self.lag_of.get(&place).copied().unwrap_or(0).max(by.time + by.lag);
            self.lag_of.insert(place.clone(), until);
            self.lagging.insert((until, by.at), (place.clone(), goes, comes));
        }
        let action = Some(by.action);
        self.changes.push(Change { place, old, new, transaction, action, time: by.time });
    }
}

/// Who writes, when, and how far the index lags behind it.
pub struct By {
    pub action: usize,
    pub at: u64,
    pub time: u64,
    pub lag: u64,
}

fn place_of(call: &Value, key: &Value) -> Place {
    let table = call["TableName"].as_str().expect("a table").to_owned();
    let (partition, id) = (text(&key["accountId"]).to_owned(), text(&key["id"]).to_owned());
    assert!(!partition.is_empty() && !id.is_empty(), "a key without its parts");
    Place { table, partition, id }
}

fn as_item(json: &Value) -> Item {
    json.as_object().expect("an item").iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn as_json(item: &Item) -> Value {
    Value::Object(item.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}
