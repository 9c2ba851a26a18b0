//! The item of the counters of a key or of an account, and what is written of it.
//!
//! It is in a partition that no transaction touches: `cMinute`, `cHour` and so on for each period, each
//! `window × 10⁹ + used`, and `givenBack`, how often an environment gave something back.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::key::{AccountId, Claim, Consumer, Counters, GiveBack, KeyId, Period, Timestamp};
use crate::store::dynamo::attribute::{Item, primary_key};
use crate::store::dynamo::error::TableError;

/// How long an item stays after its last window.
const KEPT_SECONDS: u64 = 86_400;
const STRANGE: &str = "the counters of limits are malformed";
/// The sort key of an account's own counters. It is no id of a key.
const ACCOUNT: &str = "account";

/// Where the counters of an account and its keys are, each key's under its id.
pub(in crate::store) fn partition(account_id: AccountId) -> String {
    format!("{account_id}#limits")
}

/// The body of a read.
pub(super) fn read(table: &str, whose: Consumer) -> Vec<u8> {
    json!({"TableName": table, "Key": place(whose), "ConsistentRead": true}).to_string().into_bytes()
}

/// The body of an update that makes a claim, and makes the item where there is none.
pub(super) fn claim(table: &str, whose: Consumer, claim: &Claim, now: Timestamp) -> Vec<u8> {
    let mut update = Update::default();
    for part in &claim.parts {
        let name = &attribute(part.period);
        if let Some((low, high)) = part.from {
            let (low, high) = (update.value("lo", name, low), update.value("hi", name, high));
            update.require(format_args!("{name} BETWEEN {low} AND {high}"));
            let requests = update.value("n", name, part.requests.into());
            update.set(format_args!("{name} = {name} + {requests}"));
        } else {
            let low = update.value("lo", name, part.start);
            update.require(format_args!("(attribute_not_exists({name}) OR {name} < {low})"));
            let first = update.value("to", name, part.start + u64::from(part.requests));
            update.set(format_args!("{name} = {first}"));
        }
    }
    // The counter of a limit that was taken away holds again if it comes back within its window.
    let last_end = Period::ALL.map(|period| period.end(period.window(now))).into_iter().fold(claim.end, u64::max);
    let purge_at = update.value("purgeAt", "", last_end.saturating_add(KEPT_SECONDS));
    update.set(format_args!("purgeAt = {purge_at}"));
    update.into_body(table, whose, &[("ReturnValues", "ALL_NEW"), ("ReturnValuesOnConditionCheckFailure", "ALL_OLD")])
}

/// The body of an update that gives back. It makes no item, and no copy of it is carried out a second time.
pub(super) fn give_back(table: &str, whose: Consumer, give_back: &GiveBack) -> Vec<u8> {
    let mut update = Update::default();
    for part in &give_back.parts {
        let name = &attribute(part.period);
        let (low, high) = (update.value("lo", name, part.from.0), update.value("hi", name, part.from.1));
        update.require(format_args!("{name} BETWEEN {low} AND {high}"));
        let requests = update.value("n", name, part.requests.into());
        update.set(format_args!("{name} = {name} - {requests}"));
    }
    if give_back.after == 0 {
        update.require(format_args!("attribute_not_exists({GIVEN_BACK})"));
    } else {
        let after = update.value("after", "", give_back.after);
        update.require(format_args!("{GIVEN_BACK} = {after}"));
    }
    let next = update.value("next", "", give_back.after.saturating_add(1));
    update.set(format_args!("{GIVEN_BACK} = {next}"));
    update.into_body(table, whose, &[])
}

/// The counters of a read's answer; `None` where there is no item.
///
/// # Errors
/// [`TableError`] when they cannot be read.
pub(super) fn of_read(answer: &[u8]) -> Result<Option<Counters>, TableError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        item: Option<Value>,
    }
    let output: Output = serde_json::from_slice(answer).map_err(|cause| TableError::caused(STRANGE, cause))?;
    output.item.as_ref().map(counters).transpose()
}

/// The counters of a claim's answer.
///
/// # Errors
/// [`TableError`] when they cannot be read.
pub(super) fn of_claim(answer: &[u8]) -> Result<Counters, TableError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        attributes: Value,
    }
    let output: Output = serde_json::from_slice(answer).map_err(|cause| TableError::caused(STRANGE, cause))?;
    counters(&output.attributes)
}

/// The counters of an account's own limits, which were read by the SDK; none were written yet where it is absent.
///
/// # Errors
/// [`TableError`] when they cannot be read.
pub(in crate::store) fn of_item(item: &Item) -> Result<Counters, TableError> {
    read_counters(|name| {
        Ok(item.get(name).map(|stored| stored.as_n().map_err(|_| ())).transpose()?.map(String::as_str))
    })
}

/// The primary key of the item of an account's own counters.
pub(in crate::store) fn account_key(account_id: AccountId) -> Item {
    primary_key(&partition(account_id), ACCOUNT)
}

/// The counters of an item.
///
/// # Errors
/// [`TableError`] when they cannot be read.
pub(super) fn counters(item: &Value) -> Result<Counters, TableError> {
    read_counters(|name| item.get(name).map(|stored| stored.get("N").and_then(Value::as_str).ok_or(())).transpose())
}

/// The counters of what is read by its name, a number as text.
fn read_counters<'a>(number: impl Fn(&str) -> Result<Option<&'a str>, ()>) -> Result<Counters, TableError> {
    let stored = |name: &str| match number(name) {
        Ok(None) => Ok(0),
        Ok(Some(text)) => text.parse().map_err(|_| TableError::new(STRANGE)),
        Err(()) => Err(TableError::new(STRANGE)),
    };
    let mut counters = Counters::default();
    for period in Period::ALL {
        counters = counters.with(period, stored(&attribute(period))?);
    }
    counters.given_back = stored(GIVEN_BACK)?;
    Ok(counters)
}

const GIVEN_BACK: &str = "givenBack";

/// `MINUTE` is in `cMinute`: the periods' own names are DynamoDB's words.
fn attribute(period: Period) -> String {
    let name = period.as_str();
    let (first, rest) = name.split_at_checked(1).unwrap_or((name, ""));
    format!("c{first}{}", rest.to_ascii_lowercase())
}

fn place(whose: Consumer) -> Value {
    let id = whose.key_id.as_ref().map_or(ACCOUNT, KeyId::as_str);
    json!({"accountId": {"S": partition(whose.account_id)}, "id": {"S": id}})
}

/// An update on its way.
#[derive(Default)]
struct Update {
    set: String,
    conditions: String,
    values: Map<String, Value>,
}

impl Update {
    /// The name of a number in the expressions.
    fn value(&mut self, what: &str, of: &str, number: u64) -> String {
        let name = format!(":{what}{of}");
        self.values.insert(name.clone(), json!({ "N": number.to_string() }));
        name
    }

    fn set(&mut self, action: std::fmt::Arguments<'_>) {
        let separator = if self.set.is_empty() { "SET " } else { ", " };
        // Writing into a string cannot fail.
        let _ = write!(self.set, "{separator}{action}");
    }

    fn require(&mut self, condition: std::fmt::Arguments<'_>) {
        let separator = if self.conditions.is_empty() { "" } else { " AND " };
        let _ = write!(self.conditions, "{separator}{condition}");
    }

    fn into_body(self, table: &str, whose: Consumer, returned: &[(&str, &str)]) -> Vec<u8> {
        let mut body = json!({
            "TableName": table,
            "Key": place(whose),
            "UpdateExpression": self.set,
            "ConditionExpression": self.conditions,
            "ExpressionAttributeValues": self.values,
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(returned.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        }
        body.to_string().into_bytes()
    }
}
