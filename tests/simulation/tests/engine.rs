//! The simulation's tables and the engine of the other tests agree on every expression.

#[path = "../src/tables/expression.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "here only some of it is compared")]
mod expression;

use dynoxide::Database;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::expression::{Expression, Item, KeyCondition};

/// Conditions and filters as the service writes them.
const CONDITIONS: [&str; 13] = [
    "attribute_exists(id)",
    "attribute_not_exists(id)",
    "attribute_exists(id) AND #s = :s",
    "attribute_exists(id) AND attribute_not_exists(#s) AND #n = :n",
    "attribute_exists(id) AND (attribute_not_exists(#n) OR #n < :n)",
    "attribute_exists(id) AND (attribute_not_exists(s) OR s <= :s)",
    "((attribute_exists(n) AND m < n) OR (attribute_not_exists(n) AND m < :n))",
    "attribute_not_exists(id) OR (s <> :s AND (attribute_not_exists(t) OR t <> :s OR u <= :s))",
    "n BETWEEN :low AND :n AND m = :n",
    "(attribute_not_exists(s) OR s <> t)",
    "(s = :s OR t = :s)",
    "l = :l AND a.k = :s",
    "contains(l, :s) OR contains(t, :s)",
];

const UPDATES: [&str; 6] = [
    "SET #s = :s, n = :n",
    "SET n = n + :n, m = m - :n",
    "SET t = :s REMOVE s, u",
    "REMOVE s ADD n :n",
    "ADD m :n",
    "SET purgeAt = :n ADD a11 :n, l14 :n",
];

const KEY_CONDITIONS: [&str; 4] = [
    "accountId = :p",
    "accountId = :p AND id < :last",
    "accountId = :p AND id > :last",
    "accountId = :p AND id BETWEEN :first AND :last",
];

fn database() -> Database {
    let database = Database::memory().unwrap();
    let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let table = json!({
        "TableName": "items",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [attribute("accountId"), attribute("id")],
        "KeySchema": [key("accountId", "HASH"), key("id", "RANGE")],
    });
    database.create_table(serde_json::from_value(table).unwrap()).unwrap();
    database
}

/// An item with some of the attributes; the key is always there.
fn item(rng: &mut Rng) -> Item {
    let mut item = Item::from([("accountId".into(), json!({"S": "p"})), ("id".into(), json!({"S": "i"}))]);
    for name in ["n", "m"] {
        if rng.bool() {
            item.insert(name.into(), json!({"N": rng.u32(0..4).to_string()}));
        }
    }
    for name in ["s", "t", "u"] {
        if rng.bool() {
            let text = ["a", "b", "c"][rng.usize(0..3)];
            item.insert(name.into(), json!({ "S": text }));
        }
    }
    if rng.bool() {
        item.insert("l".into(), json!({"L": [{"S": "a"}, {"S": "b"}]}));
    }
    if rng.bool() {
        item.insert("a".into(), json!({"M": {"k": {"S": "b"}}}));
    }
    item
}

/// The placeholders that are in an expression, with their values: one that is not used is an error.
fn placeholders(expressions: &[&str], call: &mut Value) {
    let uses = |name: &str| {
        expressions.iter().any(|text| {
            text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"#:".contains(letter))
                .any(|word| word == name)
        })
    };
    let values = [(":s", json!({"S": "b"})), (":n", json!({"N": "2"})), (":low", json!({"N": "1"}))];
    let values = values.into_iter().chain([(":l", json!({"L": [{"S": "a"}, {"S": "b"}]}))]);
    for (name, value) in values.filter(|(name, _)| uses(name)) {
        call["ExpressionAttributeValues"][name] = value;
    }
    for (name, attribute) in [("#s", "s"), ("#n", "n")].into_iter().filter(|(name, _)| uses(name)) {
        call["ExpressionAttributeNames"][name] = json!(attribute);
    }
}

#[test]
fn conditions_and_updates_are_the_engines() {
    let database = database();
    let mut rng = Rng::with_seed(1);
    let (mut held, mut unmet, mut refused) = (0, 0, 0);
    for round in 0..6_000 {
        let old = item(&mut rng);
        let put = json!({"TableName": "items", "Item": old});
        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
        let (condition, update) = (CONDITIONS[rng.usize(0..CONDITIONS.len())], UPDATES[rng.usize(0..6)]);
        let mut call = json!({
            "TableName": "items",
            "Key": {"accountId": {"S": "p"}, "id": {"S": "i"}},
            "ConditionExpression": condition,
            "UpdateExpression": update,
            "ReturnValues": "ALL_NEW",
        });
        placeholders(&[condition, update], &mut call);
        let holds = Expression::of(&call, "ConditionExpression").unwrap().holds(&old);
        match database.update_item(serde_json::from_value(call.clone()).unwrap()) {
            Ok(answer) => {
                let theirs = serde_json::to_value(answer).unwrap()["Attributes"].clone();
                let ours = Expression::of(&call, "UpdateExpression").unwrap().updated(&old);
                assert!(holds, "round {round}: {condition} of {old:?}");
                assert_eq!(serde_json::to_value(ours).unwrap(), theirs, "round {round}: {update} of {old:?}");
                held += 1;
            }
            Err(error) if error.to_string().contains("conditional request failed") => {
                assert!(!holds, "round {round}: {condition} of {old:?}");
                unmet += 1;
            }
            // A sum of what is not there: the service never asks for it, and here it fails loudly.
            Err(error) => {
                assert!(update.contains("n + :n"), "round {round}: {error}");
                refused += 1;
            }
        }
    }
    assert!(held > 1_000 && unmet > 1_000 && refused > 100, "{held} {unmet} {refused}");
}

#[test]
fn key_conditions_are_the_engines() {
    let database = database();
    for id in ["a", "b", "c", "d", "e"] {
        let put = json!({"TableName": "items", "Item": {"accountId": {"S": "p"}, "id": {"S": id}}});
        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
    }
    for condition in KEY_CONDITIONS {
        for (first, last) in [("a", "c"), ("b", "b"), ("0", "z"), ("c", "d")] {
            let mut call = json!({"TableName": "items", "KeyConditionExpression": condition});
            call["ExpressionAttributeValues"] = json!({":p": {"S": "p"}});
            for (name, value) in [(":first", first), (":last", last)] {
                if condition.contains(name) {
                    call["ExpressionAttributeValues"][name] = json!({"S": value});
                }
            }
            let theirs = database.query(serde_json::from_value(call.clone()).unwrap()).unwrap();
            let theirs = serde_json::to_value(theirs).unwrap()["Items"].clone();
            let theirs: Vec<_> = theirs.as_array().unwrap().iter().map(|it| it["id"]["S"].clone()).collect();
            let ours = KeyCondition::of(&call);
            let ours: Vec<_> = ["a", "b", "c", "d", "e"].into_iter().filter(|id| ours.holds(id)).collect();
            assert_eq!(json!(ours), json!(theirs), "{condition} {first} {last}");
        }
    }
}
