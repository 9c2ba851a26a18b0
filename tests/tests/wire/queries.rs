//! Queries are read-committed: they may show an open transaction's items as they were before.

use serde_json::{Value, json};
use tests::wire::Stop;

use super::{Table, event, item, put, table, transaction, update};

fn query() -> Value {
    json!({
        "TableName": "keys", "ConsistentRead": true, "KeyConditionExpression": "accountId = :a",
        "ExpressionAttributeValues": {":a": {"S": "a"}}
    })
}

/// `id=n` of each item, in the answer's order.
fn shown(answer: &Value) -> Vec<String> {
    let of = |item: &Value| format!("{}={}", item["id"]["S"].as_str().unwrap(), item["n"]["N"].as_str().unwrap());
    answer["Items"].as_array().unwrap().iter().map(of).collect()
}

const OLD: [&str; 4] = ["changed=1", "free=1", "gone=1", "seen=1"];
const NEW: [&str; 4] = ["changed=2", "free=1", "new=2", "seen=1"];

async fn while_open<T>(table: &Table, meanwhile: impl Future<Output = T>) -> T {
    let body = transaction();
    let work = table.call("TransactWriteItems", &body);
    let (answer, done) = table.wire.during(Stop::after("TransactWriteItems"), work, meanwhile).await;
    assert_eq!(answer.0, 200);
    done
}

#[tokio::test]
async fn a_query_misses_what_an_open_transaction_writes_though_a_read_shows_it() {
    let table = table().await;

    while_open(&table, async {
        assert_eq!(shown(&table.done("Query", &query()).await), OLD);
        assert_eq!(shown(&table.done("Scan", &json!({"TableName": "keys"})).await), OLD);
        assert_eq!((table.get("new").await, table.get("gone").await), (json!("2"), Value::Null));
        assert_eq!(shown(&table.done("Query", &query()).await), OLD);
    })
    .await;

    assert_eq!(shown(&table.done("Query", &query()).await), NEW, "once the answer has left");
}

#[tokio::test]
async fn a_count_a_page_and_a_filter_are_of_the_old_state_too() {
    let table = table().await;
    table.engine.remove("a", "free");
    let with = |more: Value| {
        let mut query = query();
        query.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        query
    };
    let count = with(json!({"Select": "COUNT"}));
    let page = with(json!({"Limit": 2}));
    let ones = json!({":a": {"S": "a"}, ":one": {"N": "1"}});
    let filter = with(json!({"FilterExpression": "n = :one", "ExpressionAttributeValues": ones}));
    let from_k = json!({":a": {"S": "a"}, ":k": {"S": "k"}});
    let range = with(json!({
        "KeyConditionExpression": "accountId = :a AND id > :k", "ExpressionAttributeValues": from_k,
        "ScanIndexForward": false
    }));

    while_open(&table, async {
        table.engine.put(&item("other", 1));
        assert_eq!(table.done("Query", &count).await["Count"], 4, "what is written plainly meanwhile is shown");
        let first = table.done("Query", &page).await;
        assert_eq!(shown(&first), ["changed=1", "gone=1"]);
        let next = with(json!({"Limit": 2, "ExclusiveStartKey": first["LastEvaluatedKey"]}));
        assert_eq!(shown(&table.done("Query", &next).await), ["other=1", "seen=1"]);
        assert_eq!(shown(&table.done("Query", &filter).await), ["changed=1", "gone=1", "other=1", "seen=1"]);
        assert_eq!(shown(&table.done("Query", &range).await), ["seen=1", "other=1"]);
    })
    .await;

    assert_eq!(table.done("Query", &count).await["Count"], 4);
    assert_eq!(shown(&table.done("Query", &page).await), ["changed=2", "new=2"]);
    assert_eq!(shown(&table.done("Query", &filter).await), ["other=1", "seen=1"]);
}

#[tokio::test]
async fn a_query_of_another_table_shows_the_old_state_of_that_one() {
    let table = table().await;
    table.engine.put_into("log", &event(0));
    let events = json!({
        "TableName": "log", "ConsistentRead": true, "KeyConditionExpression": "account = :a",
        "ExpressionAttributeValues": {":a": {"S": "a"}}, "Select": "COUNT"
    });

    assert_eq!(while_open(&table, table.done("Query", &events)).await["Count"], 1);

    assert_eq!(table.done("Query", &events).await["Count"], 2);
}

#[tokio::test]
async fn an_index_has_nothing_of_an_open_transaction() {
    let table = table().await;
    let mut hashed = item("hashed", 1);
    hashed["keyHash"] = json!({"B": "AAAA"});
    let transaction = json!({"TransactItems": [{"Put": put(&hashed)}]});
    let query = json!({
        "TableName": "keys", "IndexName": "by-key-hash", "KeyConditionExpression": "keyHash = :h",
        "ExpressionAttributeValues": {":h": {"B": "AAAA"}}, "Select": "COUNT"
    });

    let work = table.call("TransactWriteItems", &transaction);
    let (_, during) = table.wire.during(Stop::after("TransactWriteItems"), work, table.done("Query", &query)).await;

    assert_eq!((&during["Count"], &table.done("Query", &query).await["Count"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn what_was_written_plainly_is_never_missed() {
    let table = table().await;
    let (write, body) = (update("changed", 5), transaction());
    let mut written = 0;
    for _ in 0..20 {
        // The engine works on the write when the transaction arrives, which is open still when the query does.
        let plain = async {
            let (status, _) = table.call("UpdateItem", &write).await;
            (status, shown(&table.done("Query", &query()).await)[0].clone())
        };
        let ((status, shown), _) = tokio::join!(plain, table.call("TransactWriteItems", &body));
        if status == 200 {
            written += 1;
            assert!(["changed=5", "changed=2"].contains(&&*shown), "{shown}");
        }
        table.engine.put(&item("changed", 1));
    }
    assert!(written > 0);
}
