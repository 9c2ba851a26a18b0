//! From its arrival until its answer leaves, a transaction holds its items.

use serde_json::{Value, json};
use tests::template::create_table_request;
use tests::wire::Stop;

use super::{delete, event, item, key, put, table, transaction, update};

const HELD: [&str; 4] = ["new", "changed", "gone", "seen"];

fn open() -> Stop {
    Stop::after("TransactWriteItems")
}

fn writes(id: &str) -> [(&'static str, Value); 3] {
    [("PutItem", put(&item(id, 9))), ("UpdateItem", update(id, 9)), ("DeleteItem", delete(id))]
}

#[tokio::test]
async fn a_plain_write_to_an_item_of_an_open_transaction_is_refused() {
    let table = table().await;
    let conflict = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
        "message": "Transaction is ongoing for the item"
    });

    let meanwhile = async {
        for (operation, write) in HELD.into_iter().flat_map(writes) {
            assert_eq!(table.call(operation, &write).await, (400, conflict.clone()), "{operation} {write}");
        }
        let again = json!({"TableName": "log", "Item": event(1)});
        assert_eq!(table.call("PutItem", &again).await, (400, conflict.clone()), "the keys of another table");
    };
    let body = transaction();
    let (answer, ()) = table.wire.during(open(), table.call("TransactWriteItems", &body), meanwhile).await;

    assert_eq!(answer.0, 200, "no plain write cancels it");
    assert_eq!((table.get("new").await, table.get("changed").await), (json!("2"), json!("2")));
    for (operation, write) in HELD.into_iter().flat_map(writes) {
        table.done(operation, &write).await;
    }
}

#[tokio::test]
async fn other_items_can_be_written_and_the_held_ones_read() {
    let table = table().await;
    table.done("CreateTable", &create_table_request("KeyTable", "others")).await;

    let meanwhile = async {
        for (operation, write) in writes("free") {
            table.done(operation, &write).await;
        }
        table.done("PutItem", &json!({"TableName": "log", "Item": event(2)})).await;
        table.done("PutItem", &json!({"TableName": "others", "Item": item("changed", 9)})).await;
        assert_eq!(table.get("new").await, "2");
    };
    let body = transaction();
    let (answer, ()) = table.wire.during(open(), table.call("TransactWriteItems", &body), meanwhile).await;

    assert_eq!(answer.0, 200);
}

#[tokio::test]
async fn another_transaction_with_a_held_item_is_cancelled_and_names_it() {
    let table = table().await;
    let other = json!({"TransactItems": [
        {"Put": put(&item("free", 9))},
        {"Delete": delete("changed")},
        {"Put": {"TableName": "log", "Item": event(2)}},
        {"Update": update("seen", 9)},
    ]});

    let body = transaction();
    let work = table.call("TransactWriteItems", &body);
    let (_, refused) = table.wire.during(open(), work, table.call("TransactWriteItems", &other)).await;

    let reason = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
    let expected = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons \
                    [None, TransactionConflict, None, TransactionConflict]",
        "CancellationReasons": [{"Code": "None"}, reason, {"Code": "None"}, reason]
    });
    assert_eq!(refused, (400, expected));
    assert_eq!((table.get("free").await, table.get("changed").await), (json!("1"), json!("2")), "all or nothing");
    table.done("TransactWriteItems", &other).await;
}

#[tokio::test]
async fn a_transaction_that_ends_releases_its_own_items_and_no_others() {
    let table = table().await;
    let other = json!({"TransactItems": [{"Put": put(&item("free", 9))}]});

    let meanwhile = async {
        table.done("TransactWriteItems", &other).await;
        [table.call("PutItem", &put(&item("free", 1))).await.0, table.call("PutItem", &put(&item("new", 1))).await.0]
    };
    let body = transaction();
    let (_, statuses) = table.wire.during(open(), table.call("TransactWriteItems", &body), meanwhile).await;

    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn a_transaction_that_is_cancelled_holds_its_items_too_but_not_for_longer() {
    let table = table().await;
    table.engine.remove_from("keys", &key("seen"));

    let body = transaction();
    let work = table.call("TransactWriteItems", &body);
    let write = update("changed", 9);
    let (cancelled, refused) = table.wire.during(open(), work, table.call("UpdateItem", &write)).await;

    assert_eq!(cancelled.1["CancellationReasons"][3]["Code"], "ConditionalCheckFailed");
    assert_eq!(refused.0, 400);
    assert_eq!(table.get("changed").await, "1");
    table.done("UpdateItem", &write).await;
}

#[tokio::test]
async fn a_transaction_never_gives_way_to_a_plain_write() {
    let body = transaction();
    for (operation, write) in writes("changed") {
        for stop in [Stop::before(operation), Stop::after(operation)] {
            let table = table().await;
            let work = table.call(operation, &write);
            let (written, transacted) = table.wire.during(stop, work, table.call("TransactWriteItems", &body)).await;
            assert_eq!((written.0, transacted.0), (200, 200), "{operation}");
        }
    }
}

#[tokio::test]
async fn a_repeat_under_the_same_token_learns_that_the_first_goes_on() {
    let table = table().await;
    let mut body = transaction();
    body["ClientRequestToken"] = json!("once");

    let (first, repeat) = {
        let (work, repeat) = (table.call("TransactWriteItems", &body), table.call("TransactWriteItems", &body));
        table.wire.during(open(), work, repeat).await
    };

    assert_eq!((first.0, repeat.0), (200, 400));
    let code = "com.amazonaws.dynamodb.v20120810#TransactionInProgressException";
    assert_eq!(repeat.1["__type"], code, "{}", repeat.1);
    table.done("TransactWriteItems", &body).await;
}

#[tokio::test]
async fn without_any_gate_too_a_transaction_is_open_when_others_see_what_it_did() {
    let table = table().await;
    let (body, write) = (transaction(), update("changed", 2));
    let mut met = 0;
    for _ in 0..20 {
        let other = async {
            for _ in 0..50 {
                if table.get("changed").await == "2" {
                    break;
                }
            }
            table.call("UpdateItem", &write).await.0
        };
        let (transacted, status) = tokio::join!(table.call("TransactWriteItems", &body), other);
        assert_eq!(transacted.0, 200);
        met += usize::from(status == 400);
        table.engine.put(&item("changed", 1));
    }
    assert!(met > 0);
}
