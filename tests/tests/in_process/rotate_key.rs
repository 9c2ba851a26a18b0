//! `POST /authentication/{key}/rotate`.

use std::time::Duration;

use serde_json::{Value, json};
use tests::wire::{Fault, Reason, Stop};
use tests::{Client, Gateway, new_key_with};

async fn rotated(admin: &Client, key: &Client, grace_period_seconds: u64) -> Client {
    key.with_value_of(&admin.rotate(&key.id, grace_period_seconds).await)
}

async fn finds(admin: &Client, key: &Client) -> u16 {
    admin.get(&format!("/authentication/{}", key.value)).await.status
}

#[tokio::test]
async fn the_new_value_comes_once_with_all_settings_and_the_same_id() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin
        .create(&new_key_with(&json!({"name": "reminders", "trafficType": "OTP",
            "expiresAt": gateway.time_in(Duration::from_hours(1)), "allowedIps": ["203.0.113.0/24"],
            "limits": [{"requests": 100, "per": "MINUTE"}]
        })))
        .await;
    let before = admin.get(&format!("/authentication/{}", key.id)).await.body;

    let answer = admin.rotate(&key.id, 0).await;

    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["location"], format!("/v1/authentication/{}", key.id));
    let new = key.with_value_of(&answer);
    let mut metadata = answer.body.clone();
    metadata.as_object_mut().unwrap().remove("value");
    assert!(metadata["valueCreatedAt"].as_str() > before["valueCreatedAt"].as_str());
    for changed in ["etag", "valueCreatedAt"] {
        metadata[changed] = before[changed].clone();
    }
    assert_eq!(metadata, before);
    assert_ne!(new.value, key.value);
    assert_eq!(new.status().await, 200);
    assert_eq!(key.status().await, 401, "without a grace period the old value fails on the next request");
    assert_eq!((finds(&admin, &new).await, finds(&admin, &key).await), (200, 404));
}

#[tokio::test]
async fn the_old_value_works_until_the_grace_period_ends() {
    let (gateway, admin) = Gateway::with_manager().await;
    let old = admin.create_key(&["SMS"]).await;

    let new = rotated(&admin, &old, 3600).await;

    assert_eq!((old.status().await, new.status().await), (200, 200));
    assert_eq!((finds(&admin, &old).await, finds(&admin, &new).await), (200, 200), "by either value");
    for (mine, other) in [(&old, &new), (&new, &old)] {
        assert_eq!(mine.get(&format!("/authentication/{}", other.value)).await.status, 200, "both are the key itself");
    }
    gateway.pass(Duration::from_secs(3590));
    assert_eq!(old.status().await, 200);
    gateway.pass(Duration::from_secs(10));
    assert_eq!((old.status().await, new.status().await), (401, 200));
    assert_eq!((finds(&admin, &old).await, finds(&admin, &new).await), (404, 200));
}

#[tokio::test]
async fn rotating_twice_leaves_the_newest_value_and_the_one_before_it() {
    let (_, admin) = Gateway::with_manager().await;
    let first = admin.create_key(&["SMS"]).await;

    let second = rotated(&admin, &first, 3600).await;
    let third = rotated(&admin, &second, 3600).await;
    assert_eq!([first.status().await, second.status().await, third.status().await], [401, 200, 200]);

    let fourth = rotated(&admin, &third, 0).await;
    assert_eq!([second.status().await, third.status().await, fourth.status().await], [401, 401, 200]);
}

#[tokio::test]
async fn either_value_costs_one_read() {
    let (gateway, admin) = Gateway::with_manager().await;
    let old = admin.create_key(&["SMS"]).await;
    let new = rotated(&admin, &old, 3600).await;

    for key in [&old, &new] {
        drop(gateway.wire.take_calls());
        key.verdict().await;
        let calls = gateway.wire.take_calls();
        assert_eq!(calls.len(), 1);
        assert!(calls[0].operation == "GetItem" && calls[0].consistent);
    }
}

#[tokio::test]
async fn a_key_that_is_not_active_is_not_revived() {
    let (gateway, admin) = Gateway::with_manager().await;
    let disabled = admin.create_key(&["SMS"]).await;
    admin.patch(&disabled.id, &json!({"enabled": false})).await;
    let body = new_key_with(&json!({"expiresAt": gateway.time_in(Duration::from_mins(1))
    }));
    let expired = admin.create(&body).await;
    gateway.pass(Duration::from_mins(1));

    for (key, word) in [(&disabled, "disabled"), (&expired, "expired")] {
        let refused = admin.rotate(&key.id, 0).await;
        refused.assert_problem(409);
        assert_eq!(refused.body["detail"], format!("The key is {word}."));
        assert_eq!(key.status().await, 401);
    }
    admin.patch(&disabled.id, &json!({"enabled": true})).await;
    assert_eq!(disabled.status().await, 200, "its value is as it was");
}

#[tokio::test]
async fn a_disabled_key_stays_disabled_when_a_rotation_races_the_disabling() {
    let (_, admin) = Gateway::with_manager().await;
    for _ in 0..20 {
        let key = admin.create_key(&["SMS"]).await;
        let off = json!({"enabled": false});
        let (answer, disabled) = tokio::join!(admin.rotate(&key.id, 60), admin.patch(&key.id, &off));
        assert_eq!(disabled.status, 200);
        if answer.status == 201 {
            assert_eq!(key.with_value_of(&answer).status().await, 401);
        } else {
            answer.assert_problem(409);
        }
        assert_eq!(key.status().await, 401);
    }
}

#[tokio::test]
async fn the_grace_period_is_at_most_a_week() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let path = format!("/authentication/{}/rotate", key.id);
    let send = async |body: &str| gateway.send("POST", &path, &[&admin.value], Some(body)).await;

    for wrong in ["604801", "-1", "1.5", "\"60\"", "true"] {
        let answer = send(&format!(r#"{{"gracePeriodSeconds": {wrong}}}"#)).await;
        assert_eq!(answer.wrong_fields(), ["gracePeriodSeconds"], "{wrong}");
    }
    assert_eq!(send(r#"{"gracePeriod": 60}"#).await.wrong_fields(), ["gracePeriod"]);
    assert_eq!(send("[]").await.wrong_fields(), ["body"]);
    assert_eq!(key.status().await, 200);
    for right in [
        "",
        "{}",
        r#"{"gracePeriodSeconds": null}"#,
        r#"{"gracePeriodSeconds": 604800}"#,
        r#"{"gracePeriodSeconds": 60.0}"#,
    ] {
        assert_eq!(send(right).await.status, 201, "{right}");
    }
}

#[tokio::test]
async fn no_key_rotates_what_it_could_not_create() {
    let (_, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let rcs = admin.create_key(&["RCS"]).await;
    let sms = admin.create_key(&["SMS"]).await;

    for id in [&rcs.id, &admin.id] {
        let refused = limited.rotate(id, 0).await;
        refused.assert_problem(403);
        assert_eq!(refused.body["value"], Value::Null);
    }
    assert_eq!((rcs.status().await, admin.status().await), (200, 200));
    assert_eq!(sms.rotate(&sms.id, 0).await.status, 403, "a key that manages nothing cannot rotate itself");
    assert_eq!(limited.rotate(&sms.id, 0).await.status, 201);
    let own = rotated(&limited, &limited, 0).await;
    assert_eq!((limited.status().await, own.status().await), (401, 200), "it may rotate itself");
}

#[tokio::test]
async fn a_rotation_that_races_a_delete_never_brings_the_key_back() {
    let (gateway, admin) = Gateway::with_manager().await;
    for _ in 0..20 {
        let key = admin.create_key(&["SMS"]).await;
        let (deleted, answer) = tokio::join!(admin.delete(&key.id), admin.rotate(&key.id, 60));
        assert_eq!(deleted.status, 204);
        if answer.status == 201 {
            assert_eq!(key.with_value_of(&answer).status().await, 401);
        }
        assert_eq!(key.status().await, 401);
    }
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
}

#[tokio::test]
async fn two_rotations_at_once_leave_the_last_value_and_the_one_before() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    for _ in 0..10 {
        let (one, other) = tokio::join!(admin.rotate(&key.id, 60), admin.rotate(&key.id, 60));
        let both = [key.with_value_of(&one), key.with_value_of(&other)];
        assert_eq!([both[0].status().await, both[1].status().await], [200, 200]);
    }
}

#[tokio::test]
async fn under_load_values_in_their_grace_period_never_fail_and_dead_ones_never_work() {
    let (_, admin) = Gateway::with_manager().await;
    let first = admin.create_key(&["SMS"]).await;
    // What works for sure while a rotation is under way: the newest value there is.
    let newest = std::cell::RefCell::new(first.clone());
    let done = std::cell::Cell::new(false);
    let client = async || {
        while !done.get() {
            let key = newest.borrow().clone();
            assert_eq!(key.status().await, 200, "at most one rotation later it is the one before");
            tokio::task::yield_now().await;
        }
    };
    let rotate = async {
        for _ in 0..20 {
            let key = newest.borrow().clone();
            let next = rotated(&admin, &key, 60).await;
            *newest.borrow_mut() = next;
            // A client that read the value before this rotation has its answer before the next one.
            assert_eq!(key.status().await, 200);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        done.set(true);
    };
    tokio::join!(rotate, client(), client(), client(), client());

    let before = newest.borrow().clone();
    let last = rotated(&admin, &before, 0).await;
    let statuses = tokio::join!(before.status(), first.status(), last.status());
    assert_eq!(statuses, (401, 401, 200));
}

#[tokio::test]
async fn keeping_the_previous_value_ends_the_present_one_alone() {
    let (gateway, admin) = Gateway::with_manager().await;
    let first = admin.create_key(&["SMS"]).await;
    let unseen = rotated(&admin, &first, 3600).await;

    for _ in 0..2 {
        let events =
            async || admin.get(&format!("/authentication/events?keyId={}", first.id)).await.body["events"].clone();
        let before = events().await;
        let new = first.with_value_of(&admin.rotate_keeping_previous(&first.id).await);
        assert_eq!([first.status().await, unseen.status().await, new.status().await], [200, 401, 200]);
        let after = events().await;
        assert_eq!(after.as_array().unwrap().len(), before.as_array().unwrap().len() + 1);
        let event = &after[0];
        assert_eq!((&event["type"], &event["changes"]), (&json!("key.rotated"), &json!([])), "the end stays as it was");
    }
    gateway.pass(Duration::from_hours(1));
    assert_eq!(first.status().await, 401, "its grace period was not prolonged");
}

#[tokio::test]
async fn where_there_is_no_previous_value_none_is_kept() {
    let (gateway, admin) = Gateway::with_manager().await;
    let first = admin.create_key(&["SMS"]).await;
    let second = first.with_value_of(&admin.rotate_keeping_previous(&first.id).await);
    assert_eq!([first.status().await, second.status().await], [401, 200]);

    let third = rotated(&admin, &second, 60).await;
    gateway.pass(Duration::from_mins(1));
    let fourth = third.with_value_of(&admin.rotate_keeping_previous(&third.id).await);
    let statuses = [second.status().await, third.status().await, fourth.status().await];
    assert_eq!(statuses, [401, 401, 200], "what had ended does not come back");
}

#[tokio::test]
async fn keeping_the_previous_value_is_a_rotation_by_all_its_rules() {
    let (gateway, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let rcs = admin.create_key(&["RCS"]).await;
    limited.rotate_keeping_previous(&rcs.id).await.assert_problem(403);
    let disabled = admin.create_key(&["SMS"]).await;
    admin.patch(&disabled.id, &json!({"enabled": false})).await;
    let expired = admin.create_with(&json!({"expiresAt": gateway.time_in(Duration::from_mins(1))})).await;
    gateway.pass(Duration::from_mins(1));
    for key in [&disabled, &expired] {
        admin.rotate_keeping_previous(&key.id).await.assert_problem(409);
    }
    admin.rotate_keeping_previous("0000000000000000000000").await.assert_problem(404);

    // An exposed value ends, and the one before it, which no report named, goes on.
    let first = admin.create_key(&["SMS"]).await;
    let second = rotated(&admin, &first, 3600).await;
    report(&gateway, &second).await;
    let third = first.with_value_of(&admin.rotate_keeping_previous(&first.id).await);
    assert_eq!([first.status().await, second.status().await, third.status().await], [200, 401, 200]);
    // One that was reported in its grace period stays ended.
    report(&gateway, &first).await;
    let fourth = first.with_value_of(&admin.rotate_keeping_previous(&first.id).await);
    assert_eq!([first.status().await, third.status().await, fourth.status().await], [401, 401, 200]);
}

async fn report(gateway: &Gateway, key: &Client) {
    let report = json!([{"token": key.value}]).to_string();
    assert_eq!(gateway.report(&[], &report).await.status, 202);
}

#[tokio::test]
async fn a_grace_period_and_the_previous_value_are_not_asked_for_together() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let path = format!("/authentication/{}/rotate", key.id);
    let send = async |body: Value| admin.send_with("POST", &path, &[], Some(&body)).await;

    for grace in [0, 60] {
        let both = send(json!({"keepPrevious": true, "gracePeriodSeconds": grace})).await;
        assert_eq!(both.wrong_fields(), ["gracePeriodSeconds"]);
    }
    assert_eq!(send(json!({"keepPrevious": "true"})).await.wrong_fields(), ["keepPrevious"]);
    assert_eq!(key.status().await, 200);
    for neither in [json!({"keepPrevious": false, "gracePeriodSeconds": 60}), json!({"keepPrevious": null})] {
        assert_eq!(send(neither.clone()).await.status, 201, "{neither}");
    }
    assert_eq!(send(json!({"keepPrevious": true, "gracePeriodSeconds": null})).await.status, 201);
}

/// `lastEvent` in the condition: what is kept is what is there when it is written.
#[tokio::test]
async fn a_previous_value_that_is_reported_meanwhile_is_not_kept() {
    let (gateway, admin) = Gateway::with_manager().await;
    let first = admin.create_key(&["SMS"]).await;
    rotated(&admin, &first, 3600).await;

    let stop = Stop::before("TransactWriteItems");
    let (answer, ()) =
        gateway.wire.during(stop, admin.rotate_keeping_previous(&first.id), report(&gateway, &first)).await;

    assert_eq!(first.with_value_of(&answer).status().await, 200);
    assert_eq!(first.status().await, 401);
}

/// Its first attempt is under way for so long that others are refused all the time until the request ends.
#[tokio::test]
async fn a_rotation_that_may_still_arrive_is_not_called_contended() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.wire.throttle_every(0);
    let key = admin.create_key(&["SMS"]).await;
    let verdict = admin.verdict().await;
    let path = format!("/authentication/{}/rotate", key.id);
    let mut gate = gateway.wire.stop(Stop::before("TransactWriteItems"));
    let rotate = gateway.hand_on("POST", &path, &verdict, None);
    let others = async {
        gate.reached().await;
        gateway.wire.break_with(Fault::Cancel(Reason::TransactionConflict, 0));
    };
    let (answer, ()) = tokio::join!(rotate, others);
    answer.assert_problem(500);
    gateway.wire.mend();
    gate.release();
    gateway.wire.quiet().await;
    assert_eq!(key.status().await, 401, "it has arrived");
}
