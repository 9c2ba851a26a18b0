//! A gate stops the call that it is meant for, where it is meant to.

use serde_json::{Value, json};
use tests::wire::Stop;

use super::{item, put, table, update};

#[tokio::test]
async fn before_it_is_carried_out_others_come_first() {
    let table = table().await;
    let (work, other) = (update("free", 2), update("free", 3));

    let (_, seen) = table
        .wire
        .during(Stop::before("UpdateItem"), table.done("UpdateItem", &work), async {
            let before = table.get("free").await;
            table.done("UpdateItem", &other).await;
            (before, table.get("free").await)
        })
        .await;

    assert_eq!(seen, (json!("1"), json!("3")), "a gate is for one call");
    assert_eq!(table.get("free").await, "2");
}

#[tokio::test]
async fn after_it_is_carried_out_others_see_it_though_its_caller_does_not() {
    let table = table().await;
    let work = update("free", 2);

    let ((), seen) = table
        .wire
        .during(Stop::after("UpdateItem"), async { drop(table.done("UpdateItem", &work).await) }, table.get("free"))
        .await;

    assert_eq!(seen, "2");
}

#[tokio::test]
async fn only_the_call_that_matches_stops() {
    let table = table().await;
    let stop = Stop::before("UpdateItem").when(|body| body["Key"]["id"]["S"] == "gone");

    let work = async {
        table.done("UpdateItem", &update("free", 2)).await;
        table.done("PutItem", &put(&item("gone", 2))).await;
        table.done("UpdateItem", &update("gone", 3)).await;
    };
    let ((), seen) = table.wire.during(stop, work, table.get("gone")).await;

    assert_eq!((seen, table.get("gone").await), (json!("2"), json!("3")));
}

#[tokio::test]
async fn gates_stop_one_call_each() {
    let table = table().await;
    let (mut one, mut two) = (table.wire.stop(Stop::before("PutItem")), table.wire.stop(Stop::before("PutItem")));
    let (first, second) = (put(&item("one", 1)), put(&item("two", 1)));

    tokio::join!(table.done("PutItem", &first), table.done("PutItem", &second), async {
        tokio::join!(one.reached(), two.reached());
        assert_eq!((table.get("one").await, table.get("two").await), (Value::Null, Value::Null));
        one.release();
        two.release();
    });

    assert_eq!((table.get("one").await, table.get("two").await), (json!("1"), json!("1")));
}

#[tokio::test]
async fn a_gate_without_waiters_stops_nothing() {
    let table = table().await;
    drop(table.wire.stop(Stop::before("PutItem")));
    let write = put(&item("new", 1));

    let work = table.done("PutItem", &write);
    let (_, seen) = table.wire.during(Stop::before("PutItem"), work, table.get("new")).await;

    assert_eq!(seen, Value::Null, "it is the other gate that stops it");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "no call was stopped")]
async fn a_test_whose_call_never_comes_fails() {
    let table = table().await;

    table.wire.during(Stop::before("PutItem"), table.get("free"), async {}).await;
}
