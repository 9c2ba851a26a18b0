//! `publish-events`: each event gets onto the bus, even after the bus fails.

use std::collections::BTreeSet;

use api_keys::key::Timestamp;
use api_keys::store::EventList;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use publish_events::{Bus, Deps};
use serde_json::{Value, json};
use tests::bus::{Mood, TestBus};
use tests::engine::{EVENTS, aws, metrics};
use tests::wire::{Fault, Stop};
use tests::{Client, Gateway};

/// The function and what is around it.
pub(crate) struct Publishing {
    pub(crate) gateway: Gateway,
    pub(crate) bus: TestBus,
    deps: Deps,
}

impl Publishing {
    pub(crate) async fn start() -> Self {
        let (gateway, bus) = (Gateway::start().await, TestBus::start().await);
        let deps = Deps {
            bus: Bus::new(&aws(bus.url().to_owned()), "default".to_owned(), "api-keys.test".to_owned()),
            events: EventList::new(&aws(gateway.wire.url()), EVENTS.to_owned()),
            metrics: metrics(),
        };
        Self { gateway, bus, deps }
    }

    pub(crate) async fn invoke(&self, payload: Value) -> Result<Value, Value> {
        publish_events::handle(
            LambdaEvent::new(serde_json::value::to_raw_value(&payload).unwrap(), Context::default()),
            &self.deps,
            self.gateway.now(),
        )
        .await
        .map_err(|refusal| serde_json::to_value(Diagnostic::from(refusal)).unwrap())
    }

    /// Brings records as Lambda's poller does: after failures again, from the lowest failed sequence number on. Gives up
    /// after that many invocations, as the poller does when the records are too old. How many were needed.
    async fn poll(&self, records: &[Value], most: usize) -> usize {
        let mut rest = records;
        for invocation in 1..=most {
            let report = self.invoke(json!({ "Records": rest })).await.unwrap();
            let failures = report["batchItemFailures"].as_array().unwrap();
            let number = |failure: &Value| failure["itemIdentifier"].as_str().unwrap().parse::<usize>().unwrap();
            let Some(lowest) = failures.iter().map(number).min() else { return invocation };
            let lowest = lowest.to_string();
            let at = rest.iter().position(|record| record["dynamodb"]["SequenceNumber"] == *lowest);
            rest = &rest[at.expect("it is one of those that were brought")..];
        }
        panic!("{} records were never taken", rest.len());
    }

    /// The ids of the events on the bus.
    fn published(&self) -> Vec<String> {
        let detail = |entry: &Value| serde_json::from_str::<Value>(entry["Detail"].as_str().unwrap()).unwrap();
        self.bus.taken().iter().map(|entry| detail(entry)["id"].as_str().unwrap().to_owned()).collect()
    }

    /// What the table's stream has of the account's events.
    pub(crate) fn records(&self) -> Vec<Value> {
        let mut images = self.gateway.engine.events();
        images.sort_by_key(|image| image["id"]["S"].as_str().unwrap().to_owned());
        images.into_iter().enumerate().map(|(at, image)| record(at, "INSERT", &image)).collect()
    }
}

fn record(number: usize, name: &str, image: &Value) -> Value {
    json!({
        "eventID": format!("{number}"), "eventName": name, "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": format!("{number}"), "StreamViewType": "NEW_IMAGE", "NewImage": image}
    })
}

pub(crate) async fn make_events(admin: &Client, count: usize) {
    let key = admin.create_key(&["SMS"]).await;
    for round in 2..count {
        assert_eq!(admin.patch(&key.id, &json!({"name": format!("n{round}")})).await.status, 200);
    }
}

fn ids(records: &[Value]) -> Vec<String> {
    records.iter().map(|record| record["dynamodb"]["NewImage"]["id"]["S"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_event_is_on_the_bus_as_the_api_shows_it() {
    let publishing = Publishing::start().await;
    let admin = publishing.gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    admin.delete(&key.id).await;

    publishing.poll(&publishing.records(), 1).await;

    let shown = admin.get("/authentication/events").await.body["events"].as_array().unwrap().clone();
    let taken = publishing.bus.taken();
    assert_eq!(taken.len(), 3);
    for (entry, event) in taken.iter().rev().zip(&shown) {
        assert_eq!((&entry["Source"], &entry["DetailType"]), (&json!("api-keys.test"), &event["type"]));
        let mut detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        assert_eq!(detail.as_object_mut().unwrap().remove("accountId"), Some(json!(admin.account_id)));
        assert_eq!(detail, *event);
    }
}

#[tokio::test]
async fn a_bus_that_is_down_for_an_hour_loses_nothing() {
    let publishing = Publishing::start().await;
    make_events(&publishing.gateway.create_account("Example").await, 35).await;
    let records = publishing.records();
    publishing.bus.always(Some(Mood::Down));
    for _ in 0..3 {
        let report = publishing.invoke(json!({ "Records": records })).await.unwrap();
        assert_eq!(report["batchItemFailures"][0]["itemIdentifier"], "0");
    }
    assert_eq!(publishing.published(), [""; 0]);

    publishing.bus.always(None);
    publishing.poll(&records, 1).await;

    assert_eq!(publishing.published(), ids(&records));
}

#[tokio::test]
async fn what_fails_in_part_is_tried_again_and_all_of_it_gets_there() {
    let publishing = Publishing::start().await;
    make_events(&publishing.gateway.create_account("Example").await, 35).await;
    let records = publishing.records();
    for mood in [
        Mood::Refusing(3, "ThrottlingException"),
        Mood::Refusing(9, "InternalException"),
        Mood::Refusing(0, "AccessDenied"),
    ] {
        publishing.bus.once(mood);
    }

    publishing.poll(&records, 5).await;

    let published: BTreeSet<_> = publishing.published().into_iter().collect();
    assert_eq!(published, ids(&records).into_iter().collect(), "each at least once");
}

#[tokio::test]
async fn a_poisoned_record_holds_up_no_others() {
    let publishing = Publishing::start().await;
    make_events(&publishing.gateway.create_account("Example").await, 25).await;
    let mut records = publishing.records();
    let mut expected = ids(&records);
    // Not an event at all; and events that the bus never takes, refused one by one or with the whole call.
    records.insert(4, record(1004, "INSERT", &json!({"accountId": {"S": "x"}, "id": {"S": "y"}})));
    records.insert(5, record(1005, "INSERT", &Value::Null));
    publishing.bus.once(Mood::Refusing(2, "MalformedDetail"));
    publishing.bus.always(Some(Mood::Validating(format!("\"id\":\"{}\"", expected[14]))));

    assert_eq!(publishing.poll(&records, 1).await, 1);

    expected.remove(14);
    expected.remove(2);
    assert_eq!(publishing.published(), expected);
}

#[tokio::test]
async fn an_event_that_was_modified_or_removed_is_not_published() {
    let publishing = Publishing::start().await;
    let admin = publishing.gateway.create_account("Example").await;
    admin.create_key(&["SMS"]).await;
    let mut records = publishing.records();
    records[0]["eventName"] = json!("MODIFY");
    records.push(json!({"eventName": "REMOVE", "dynamodb": {"SequenceNumber": "9"}}));

    publishing.poll(&records, 1).await;

    assert_eq!(publishing.published(), ids(&records[1..2]));
}

#[tokio::test]
async fn an_operator_publishes_again_what_happened_in_between() {
    let publishing = Publishing::start().await;
    let admin = publishing.gateway.create_account("Example").await;
    make_events(&admin, 10).await;
    let all = ids(&publishing.records());
    let at = |time: Timestamp| serde_json::to_value(time).unwrap();
    let now = Timestamp::from(publishing.gateway.now());
    let hour = std::time::Duration::from_hours(1);
    let between = |from, to| json!({"accountId": admin.account_id, "from": at(from), "to": at(to)});

    let report = publishing.invoke(between(now.minus(hour), now.plus(hour))).await.unwrap();
    assert_eq!(report, json!({"published": 10, "failed": 0, "done": true, "cursor": null}));
    let mut published = publishing.published();
    published.reverse();
    assert_eq!(published, all);

    for (from, to) in [(now.plus(hour), now.plus(hour).plus(hour)), (now.minus(hour).minus(hour), now.minus(hour))] {
        assert_eq!(publishing.invoke(between(from, to)).await.unwrap()["published"], 0);
    }
    publishing.bus.always(Some(Mood::Throttling));
    let error = publishing.invoke(between(now.minus(hour), now.plus(hour))).await.unwrap_err();
    assert_eq!(error["errorMessage"], "EventBridge did not take the events");
    let error = publishing.invoke(json!({"accountId": "x", "from": "yesterday", "until": 1})).await.unwrap_err();
    for field in ["accountId", "from", "to is required", "until"] {
        assert!(error["errorMessage"].as_str().unwrap().contains(field), "{error}");
    }
}

#[tokio::test]
async fn what_was_published_again_before_the_bus_failed_is_not_lost() {
    let publishing = Publishing::start().await;
    let admin = publishing.gateway.create_account("Example").await;
    make_events(&admin, 35).await;
    let all = ids(&publishing.records());
    let now = Timestamp::from(publishing.gateway.now());
    let hour = std::time::Duration::from_hours(1);
    let mut payload = json!({"accountId": admin.account_id, "from": now.minus(hour), "to": now.plus(hour)});
    // The first ten, then three of the next ten.
    for mood in [Mood::Refusing(10, "none"), Mood::Refusing(3, "InternalException")] {
        publishing.bus.once(mood);
    }

    let report = publishing.invoke(payload.clone()).await.unwrap();

    let last = &all[all.len() - 13];
    assert_eq!(report, json!({"published": 13, "failed": 0, "done": false, "cursor": last}));
    payload["cursor"] = report["cursor"].clone();
    publishing.bus.always(Some(Mood::Down));
    let error = publishing.invoke(payload.clone()).await.unwrap_err();
    assert_eq!(error["errorMessage"], "EventBridge did not take the events", "nothing was published");
    publishing.bus.always(None);
    let report = publishing.invoke(payload).await.unwrap();
    assert_eq!(report, json!({"published": 22, "failed": 0, "done": true, "cursor": null}));
    let published: BTreeSet<_> = publishing.published().into_iter().collect();
    assert_eq!(published, all.into_iter().collect());
}

#[tokio::test]
async fn a_page_that_the_table_does_not_list_loses_no_cursor_either() {
    let publishing = Publishing::start().await;
    let admin = publishing.gateway.create_account("Example").await;
    make_events(&admin, 120).await;
    let all = ids(&publishing.records());
    let now = Timestamp::from(publishing.gateway.now());
    let hour = std::time::Duration::from_hours(1);
    let mut payload = json!({"accountId": admin.account_id, "from": now.minus(hour), "to": now.plus(hour)});

    let fail = async { publishing.gateway.wire.break_with(Fault::Fail) };
    let first_page = Stop::after("Query");
    let (report, ()) = publishing.gateway.wire.during(first_page, publishing.invoke(payload.clone()), fail).await;
    publishing.gateway.wire.mend();

    let report = report.unwrap();
    assert_eq!(report, json!({"published": 100, "failed": 0, "done": false, "cursor": all[20]}));
    payload["cursor"] = report["cursor"].clone();
    assert_eq!(publishing.invoke(payload).await.unwrap()["published"], 20);
}
