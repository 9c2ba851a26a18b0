//! A transaction can be cancelled for any item, as ordered, and now and then without.

use serde_json::{Value, json};
use tests::Gateway;
use tests::wire::{Fault, Reason};

use super::{call, delete, item, key, put, table};

fn codes(answer: &Value) -> Vec<&str> {
    let reasons = answer["CancellationReasons"].as_array().unwrap_or_else(|| panic!("not cancelled: {answer}"));
    reasons.iter().map(|reason| reason["Code"].as_str().unwrap()).collect()
}

fn of_two() -> Value {
    json!({"TransactItems": [{"Put": put(&item("new", 2))}, {"Delete": delete("gone")}]})
}

#[tokio::test]
async fn an_ordered_reason_stands_at_its_item_and_nothing_is_carried_out() {
    for (reason, code) in [
        (Reason::TransactionConflict, "TransactionConflict"),
        (Reason::ThrottlingError, "ThrottlingError"),
        (Reason::ProvisionedThroughputExceeded, "ProvisionedThroughputExceeded"),
    ] {
        for place in 0..2 {
            let table = table().await;
            table.wire.break_times(1, Fault::Cancel(reason, place));

            let (status, answer) = table.call("TransactWriteItems", &of_two()).await;

            let mut expected = ["None", "None"];
            expected[place] = code;
            assert_eq!((status, codes(&answer)), (400, expected.to_vec()));
            assert_eq!(answer["__type"], "com.amazonaws.dynamodb.v20120810#TransactionCanceledException");
            let [reason, none] = [place, 1 - place].map(|at| &answer["CancellationReasons"][at]);
            assert!(reason["Message"].is_string() && none.get("Message").is_none(), "{answer}");
            assert_eq!((table.get("new").await, table.get("gone").await), (Value::Null, json!("1")));
            table.done("TransactWriteItems", &of_two()).await;
        }
    }
}

#[tokio::test]
async fn a_reason_waits_for_a_transaction_that_has_its_item() {
    let table = table().await;
    table.wire.break_times(1, Fault::Cancel(Reason::ThrottlingError, 1));

    table.done("PutItem", &put(&item("new", 2))).await;
    table.done("TransactWriteItems", &json!({"TransactItems": [{"Put": put(&item("new", 2))}]})).await;

    assert_eq!(table.call("TransactWriteItems", &of_two()).await.0, 400);
}

#[tokio::test]
async fn every_so_many_transactions_one_is_throttled_at_each_place_in_turn() {
    let table = table().await;
    drop(table.wire.take_calls());
    table.wire.throttle_every(2);

    let mut throttled = Vec::new();
    for _ in 0..5 {
        table.done("TransactWriteItems", &of_two()).await;
        let (_, answer) = table.call("TransactWriteItems", &of_two()).await;
        throttled.push(codes(&answer).join(" "));
    }

    assert_eq!(
        throttled,
        [
            "ThrottlingError None",
            "None ThrottlingError",
            "ProvisionedThroughputExceeded None",
            "None ProvisionedThroughputExceeded",
            "ThrottlingError None"
        ]
    );
    assert_eq!((table.wire.take_calls().len(), table.wire.throttled()), (5, 5), "they are counted apart");
    table.wire.throttle_every(0);
    for _ in 0..4 {
        table.done("TransactWriteItems", &of_two()).await;
    }
}

#[tokio::test]
async fn what_is_ordered_comes_first() {
    let table = table().await;
    table.wire.throttle_every(1);
    table.wire.break_times(1, Fault::Fail);

    let statuses =
        [table.call("TransactWriteItems", &of_two()).await.0, table.call("TransactWriteItems", &of_two()).await.0];

    assert_eq!((statuses, table.wire.throttled()), ([500, 400], 1));
}

#[tokio::test]
async fn a_gateway_throttles_transactions_unless_asked_not_to() {
    let gateway = Gateway::start().await;
    let check = json!({"TableName": "keys", "Key": key("none"), "ConditionExpression": "attribute_not_exists(id)"});
    let body = json!({"TransactItems": [{"ConditionCheck": check}]});

    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(call(&gateway.wire.url(), "TransactWriteItems", &body).await.0);
    }

    assert_eq!(statuses[0], 200, "an account's first key");
    assert!(statuses.contains(&400));
    assert!(statuses.windows(2).all(|two| two != [400, 400]), "the repeat passes: {statuses:?}");
}
