//! Each clause of each condition, by the interleaving that it guards against: without the clause, its test fails.

use std::sync::{Arc, Mutex};

use api_keys::key::{AccountId, Issuer, KeyId, KeyPrefix, Locator, Random};
use api_keys::request::Origin;
use api_keys::store::{Keys, NewKeys};
use std::time::Duration;

use serde_json::{Value, json};
use tests::engine::EVENTS;
use tests::wire::Stop;
use tests::{Client, Gateway, NEW_KEY, new_key};

/// A write to the table of keys: not the authorizer's, which writes the last use.
fn write() -> Stop {
    Stop::before("TransactWriteItems")
}

/// The stored item of a key.
fn item(gateway: &Gateway, key: &Client) -> Value {
    let mut keys = gateway.engine.keys();
    keys.retain(|item| item["id"]["S"] == *key.id);
    assert_eq!(keys.len(), 1, "{}", key.id);
    keys.remove(0)
}

/// Writes to a key as a function of release 0.1 does: without an event.
fn as_release_0_1(gateway: &Gateway, key: &Client, change: impl FnOnce(&mut Value)) {
    let mut item = item(gateway, key);
    change(&mut item);
    gateway.engine.put(&item);
}

/// Writes the account's count of keys.
fn set_count(gateway: &Gateway, keys: u64) {
    let mut dump = gateway.engine.dump();
    let count = dump.iter_mut().find(|item| item["id"]["S"] == "quota").unwrap();
    count["keyCount"] = json!({"N": keys.to_string()});
    gateway.engine.put(count);
}

#[tokio::test]
async fn a_key_that_gains_an_operation_before_the_rotation_gives_its_value_to_no_key_without_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let key = admin.create_key(&["SMS"]).await;

    let grow = async { admin.patch(&key.id, &json!({"operations": ["SMS", "RCS"]})).await };
    let (rotated, grown) = gateway.wire.during(write(), limited.rotate(&key.id, 0), grow).await;

    assert_eq!(grown.status, 200);
    rotated.assert_problem(403);
    assert_eq!(key.status().await, 200, "its value is as it was");
}

#[tokio::test]
async fn a_key_that_gains_an_operation_before_the_patch_is_not_changed_by_anyone_without_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let key = admin.create_key(&["SMS"]).await;

    let body = json!({"allowedIps": ["198.51.100.1"]});
    let grow = async { admin.patch(&key.id, &json!({"operations": ["SMS", "RCS"]})).await };
    let (patched, grown) = gateway.wire.during(write(), limited.patch(&key.id, &body), grow).await;

    assert_eq!(grown.status, 200);
    patched.assert_problem(403);
    assert_eq!(key.get("/authentication/self").await.body["allowedIps"], Value::Null);
}

/// `operations` in the condition: `lastEvent` does not show what a function of release 0.1 wrote.
#[tokio::test]
async fn an_operation_that_release_0_1_adds_meanwhile_is_noticed_too() {
    let (gateway, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    for rotates in [true, false] {
        let key = admin.create_key(&["SMS"]).await;
        let grow = async {
            as_release_0_1(&gateway, &key, |item| item["operations"] = json!({"L": [{"S": "SMS"}, {"S": "RCS"}]}));
        };
        let body = json!({"name": "mine"});
        let (refused, ()) = if rotates {
            gateway.wire.during(write(), limited.rotate(&key.id, 0), grow).await
        } else {
            gateway.wire.during(write(), limited.patch(&key.id, &body), grow).await
        };
        refused.assert_problem(403);
        assert_eq!(key.status().await, 200);
    }
}

/// `lastEvent` in the condition: nothing else of these two patches meets.
#[tokio::test]
async fn an_event_names_what_was_there_when_it_was_written() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    let (name, other) = (json!({"name": "new"}), json!({"description": "words"}));
    let (named, described) =
        gateway.wire.during(write(), admin.patch(&key.id, &name), admin.patch(&key.id, &other)).await;
    assert_eq!((named.status, described.status), (200, 200));

    assert_eq!(named.body["description"], "words", "it was read again");
    let events = admin.get(&format!("/authentication/events?keyId={}", key.id)).await.body;
    let of_field = |field: &str| {
        let mut events = events["events"].as_array().unwrap().iter();
        events.find(|event| event["changes"][0]["field"] == field && event["type"] == "key.changed").unwrap()
    };
    // By the time of its request it is the earlier one; it names what it replaced itself.
    assert_eq!(of_field("name")["previousEvent"], of_field("description")["id"]);
}

/// The old value of each replaced field: `lastEvent` does not show what a function of release 0.1 wrote.
#[tokio::test]
async fn an_event_names_what_release_0_1_wrote_meanwhile() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    for (field, meanwhile, from, to) in [
        ("name", json!({"S": "theirs"}), json!("theirs"), json!("ours")),
        ("name", json!({"S": "again"}), json!("again"), Value::Null),
        ("description", json!({"S": "theirs"}), json!("theirs"), json!("ours")),
        ("userId", json!({"S": "theirs"}), json!("theirs"), json!("ours")),
        ("trafficType", json!({"S": "OTP"}), json!("OTP"), json!("PROMOTIONAL")),
        (
            "expiresAt",
            json!({"S": "2035-01-31T00:00:00.000Z"}),
            json!("2035-01-31T00:00:00.000Z"),
            json!("2030-01-31T00:00:00.000Z"),
        ),
        ("allowedIps", json!({"L": [{"S": "203.0.113.7"}]}), json!(["203.0.113.7"]), json!(["203.0.113.0/24"])),
        ("enabled", json!({"BOOL": false}), json!(false), Value::Null),
    ] {
        // `enabled` cannot be replaced by what it is: there, both wrote the same.
        let body = if field == "enabled" { json!({"enabled": false}) } else { json!({field: to}) };
        let theirs = async { as_release_0_1(&gateway, &key, |item| item[field] = meanwhile) };
        let before = gateway.engine.events().len();
        let (patched, ()) = gateway.wire.during(write(), admin.patch(&key.id, &body), theirs).await;

        assert_eq!(patched.status, 200, "{field}: {patched:?}");
        if field == "enabled" {
            assert_eq!(gateway.engine.events().len(), before, "nothing was left to replace");
        } else {
            let last = &admin.get("/authentication/events?limit=1").await.body["events"][0];
            assert_eq!(last["changes"], json!([{"field": field, "from": from, "to": to}]));
        }
    }
}

/// `keyHash` and `enabled` in the condition of a rotation.
#[tokio::test]
async fn a_rotation_sees_what_release_0_1_wrote_meanwhile() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (key, other) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);

    let off = async { as_release_0_1(&gateway, &key, |item| item["enabled"] = json!({"BOOL": false})) };
    let (refused, ()) = gateway.wire.during(write(), admin.rotate(&key.id, 60), off).await;
    refused.assert_problem(409);
    as_release_0_1(&gateway, &key, |item| item["enabled"] = json!({"BOOL": true}));
    assert_eq!(key.status().await, 200, "its value is as it was");

    // Rotated meanwhile: the value that lives on for the grace period is that rotation's, not the one that was read.
    let theirs = item(&gateway, &other)["keyHash"].clone();
    let rotate = async { as_release_0_1(&gateway, &key, |item| item["keyHash"] = theirs.clone()) };
    let (rotated, ()) = gateway.wire.during(write(), admin.rotate(&key.id, 60), rotate).await;
    assert_eq!(rotated.status, 201);
    assert_eq!(item(&gateway, &key)["previousKeyHash"], theirs);
    assert_eq!(key.status().await, 401);
}

/// `expiresAt` in the condition of a rotation that gives the key another end, or leaves the one that it has.
#[tokio::test]
async fn a_rotation_moves_the_end_that_release_0_1_wrote_meanwhile() {
    let (gateway, admin) = Gateway::with_manager().await;
    let theirs = "2035-01-31T00:00:00.000Z";
    let ours = gateway.time_in(Duration::from_hours(240));
    let key = admin.create_key(&["SMS"]).await;
    let path = format!("/authentication/{}/rotate", key.id);
    let body = json!({"expiresAt": ours});
    let write_end = async { as_release_0_1(&gateway, &key, |item| item["expiresAt"] = json!({"S": theirs})) };
    let rotate = admin.send_with("POST", &path, &[], Some(&body));
    let (rotated, ()) = gateway.wire.during(write(), rotate, write_end).await;

    assert_eq!((rotated.status, &rotated.body["expiresAt"]), (201, &json!(ours)));
    let last = &admin.get("/authentication/events?limit=1").await.body["events"][0];
    assert_eq!(last["changes"], json!([{"field": "expiresAt", "from": theirs, "to": ours}]));

    // Taken away meanwhile: it must not stay without one.
    let key = admin.create_with(&json!({"expiresAt": ours})).await;
    gateway.set(|settings| settings.lifetime = api_keys::key::Lifetime::of_days(90));
    let take_end = async {
        as_release_0_1(&gateway, &key, |item| drop(item.as_object_mut().unwrap().remove("expiresAt")));
    };
    let (rotated, ()) = gateway.wire.during(write(), admin.rotate(&key.id, 0), take_end).await;
    assert_eq!(rotated.status, 201);
    assert_ne!(item(&gateway, &key)["expiresAt"], Value::Null);
}

/// `previousKeyHash` in the condition of a grace period's end.
#[tokio::test]
async fn the_end_of_a_grace_period_sees_a_rotation_that_release_0_1_made_meanwhile() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (key, other) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    admin.rotate(&key.id, 3600).await;
    let theirs = json!({"S": gateway.time_in(Duration::from_hours(2))});

    let body = json!({"previousValueValidUntil": null});
    let rotate = async {
        let hash = item(&gateway, &other)["keyHash"].clone();
        as_release_0_1(&gateway, &key, |item| {
            item["previousKeyHash"] = hash;
            item["previousValidUntil"] = theirs.clone();
        });
    };
    let (ended, ()) = gateway.wire.during(write(), admin.patch(&key.id, &body), rotate).await;

    assert_eq!((ended.status, &item(&gateway, &key)["previousKeyHash"]), (200, &Value::Null));
    let last = &admin.get("/authentication/events?limit=1").await.body["events"][0];
    assert_eq!(last["changes"][0]["from"], theirs["S"], "what ended is what they had left");
}

/// `attribute_exists(id)` of every update, `attribute_exists(id)` of a deletion.
#[tokio::test]
async fn no_write_makes_a_key_that_is_deleted_before_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let off = json!({"enabled": false});
    let name = json!({"name": "again"});
    for kind in ["disable", "patch", "rotate", "delete"] {
        let key = admin.create_key(&["SMS"]).await;
        let delete = admin.delete(&key.id);
        let (late, deleted) = match kind {
            "disable" => gateway.wire.during(write(), admin.patch(&key.id, &off), delete).await,
            "patch" => gateway.wire.during(write(), admin.patch(&key.id, &name), delete).await,
            "rotate" => gateway.wire.during(write(), admin.rotate(&key.id, 60), delete).await,
            _ => gateway.wire.during(write(), admin.delete(&key.id), delete).await,
        };
        assert_eq!(deleted.status, 204);
        late.assert_problem(404);
    }
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
    assert_eq!(gateway.engine.events().len(), 1 + 4 + 4, "of the account, four creations and four deletions");
}

/// `attribute_exists(id)` of the disabling that reads nothing.
#[tokio::test]
async fn a_forced_disabling_makes_no_key_either() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let place = Locator { account_id: account_of(&key), id: KeyId::parse(&key.id).unwrap() };
    let origin = Origin::operator(None, "request-1");
    let now = gateway.now().into();

    assert!(Keys::new(&gateway.functions.tables).disable_unread(place, &origin, now).await.unwrap());
    assert_eq!(key.status().await, 401);
    let last = &admin.get("/authentication/events?limit=1").await.body["events"][0];
    assert_eq!(
        last["changes"],
        json!([{"field": "enabled", "from": null, "to": false}]),
        "what it replaced is not known"
    );

    assert_eq!(admin.delete(&key.id).await.status, 204);
    assert!(!Keys::new(&gateway.functions.tables).disable_unread(place, &origin, now).await.unwrap());
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
}

/// `keyCount = :old AND recounts = :recounts`: a count that another writer raised meanwhile is not replaced.
#[tokio::test]
async fn a_count_that_was_made_before_another_create_is_not_written() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.max_keys = 3);
    let body = new_key();
    let (one, two) = (admin.create(&body).await, admin.create(&body).await);
    for id in [&one.id, &two.id] {
        assert_eq!(admin.delete(id).await.status, 204);
    }

    // One counts a single key; before it writes that, others fill the account. They need no count: the SDK would repeat a write
    // that is stopped for as long as that takes.
    let others = async {
        gateway.set(|settings| settings.max_keys = 5);
        let made = [admin.post(&body).await.status, admin.post(&body).await.status];
        assert_eq!(made, [201, 201]);
    };
    let replace =
        Stop::before("UpdateItem").when(|body| body["UpdateExpression"].as_str().unwrap().contains("recounts"));
    let (late, ()) = gateway.wire.during(replace, admin.post(&body), others).await;

    late.assert_problem(409);
    assert_eq!(gateway.engine.keys().len(), 3);
}

/// The read of the last key before a recount: a query may miss the key of a transaction whose count is shown.
#[tokio::test]
async fn a_count_does_not_miss_the_key_of_a_transaction_that_is_still_open() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.max_keys = 2);
    let body = new_key();
    let gone = admin.create(&body).await;
    assert_eq!(admin.delete(&gone.id).await.status, 204);

    // There is room, but only a count shows it. One create is about to read the old count ...
    let reads_count = |body: &Value| body["Key"]["accountId"]["S"].as_str().unwrap().ends_with("#quota");
    let mut about_to_count = gateway.wire.stop(Stop::before("GetItem").when(reads_count));
    let late = admin.post(&body);
    let story = async {
        about_to_count.reached().await;
        // ... when it was counted, and another takes the room and is not done yet ...
        set_count(&gateway, 1);
        let mut open = gateway.wire.stop(Stop::after("TransactWriteItems"));
        let between = async {
            open.reached().await;
            // ... and the one reads the new count and queries the keys, while the other's is still open.
            let mut counted = gateway.wire.stop(Stop::after("Query"));
            about_to_count.release();
            counted.reached().await;
            open.release();
            counted.release();
        };
        tokio::join!(admin.post(&body), between).0
    };
    let (late, other) = tokio::join!(late, story);

    assert_eq!(other.status, 201);
    late.assert_problem(409);
    admin.post(&body).await.assert_problem(409);
    assert_eq!(gateway.engine.keys().len(), 2, "no room came out of a key that was missed");
}

/// An attempt that was written though its answer did not come in time is not answered as a conflict.
#[tokio::test]
async fn a_write_that_was_carried_out_in_the_end_is_answered_as_written() {
    let (gateway, admin) = Gateway::with_manager().await;
    let verdict = admin.verdict().await;
    let body = NEW_KEY;

    let mut open = gateway.wire.stop(Stop::after("TransactWriteItems"));
    let create = gateway.hand_on("POST", "/authentication", &verdict, Some(body));
    let create = async {
        tokio::time::pause();
        let answer = create.await;
        tokio::time::resume();
        answer
    };
    let (created, ()) = tokio::join!(create, open.reached());

    assert_eq!(created.status, 201);
    assert_eq!(gateway.engine.keys().len(), 2);
    drop(open);
}

/// `keyCount = :old`: where another release or account has another quota, a create may come between a count and its writing.
#[tokio::test]
async fn a_create_with_a_larger_quota_is_not_counted_away() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.max_keys = 2);
    let body = new_key();
    let gone = admin.create(&body).await;
    assert_eq!(admin.delete(&gone.id).await.status, 204);
    let issuer = Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system());
    let mut record =
        gateway.functions.reader.get(account_of(&admin), KeyId::parse(&admin.id).unwrap()).await.unwrap().unwrap();
    record.metadata.id = issuer.key_id(gateway.now().into()).unwrap();

    // One has counted a single key; before it writes that, a second key is made.
    let origin = Origin::operator(None, "request-1");
    let other = Box::pin(async {
        NewKeys::new(&gateway.functions.tables)
            .insert(&record, 1000, None, None, &origin, gateway.now().into())
            .await
            .unwrap()
    });
    let replace =
        Stop::before("UpdateItem").when(|body| body["UpdateExpression"].as_str().unwrap().contains("recounts"));
    let (late, _) = gateway.wire.during(replace, admin.post(&body), other).await;

    late.assert_problem(409);
    assert_eq!(gateway.engine.keys().len(), 2);
}

/// `ClientRequestToken`: a repeat after a late answer gets the outcome of the first attempt.
#[tokio::test]
async fn a_repeat_gets_the_outcome_of_the_first_attempt() {
    let (gateway, admin) = Gateway::with_manager().await;
    let verdict = admin.verdict().await;
    let body = NEW_KEY;
    drop(gateway.wire.take_calls());

    // The SDK gives the first attempt up and gets the answer that it goes on; only then it ends.
    let open = gateway.wire.stop(Stop::after("TransactWriteItems"));
    let end = async {
        let mut calls = 0;
        while calls < 2 {
            calls += gateway.wire.take_calls().len();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        open.release();
    };
    let create = gateway.hand_on("POST", "/authentication", &verdict, Some(body));
    let (created, ()) = tokio::join!(create, end);

    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!((gateway.engine.keys().len(), gateway.engine.events().len()), (2, 2));
}

/// `attribute_not_exists(id)` of an event.
#[tokio::test]
async fn no_event_takes_the_place_of_another() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let id = Arc::new(Mutex::new(Value::Null));
    let seen = Arc::clone(&id);
    let stop = Stop::before("TransactWriteItems").when(move |body| {
        *seen.lock().unwrap() = body["TransactItems"][1]["Put"]["Item"]["id"].clone();
        true
    });

    let other = json!({"accountId": {"S": admin.account_id}, "id": Value::Null, "type": {"S": "key.created"}});
    let meanwhile = async {
        let mut other = other.clone();
        other["id"] = id.lock().unwrap().clone();
        gateway.engine.put_into(EVENTS, &other);
        other
    };
    let (patched, other) = gateway.wire.during(stop, admin.patch(&key.id, &json!({"name": "new"})), meanwhile).await;

    patched.assert_problem(500);
    assert!(gateway.engine.events().contains(&other), "it is as it was");
    assert_eq!(key.get("/authentication/self").await.body["name"], Value::Null);
}

fn account_of(client: &Client) -> AccountId {
    AccountId::parse(&client.account_id).unwrap()
}
