//! `ETag` and `If-Match`: each management write of a key gives it another version, and a request that names one forces nothing.

use serde_json::{Value, json};
use tests::wire::{Fault, Stop};
use tests::{Answer, Client, Gateway, new_key};

/// How many writes there are that may name a version.
const WRITES: usize = 4;

/// A write that may name a version.
#[derive(Debug)]
struct Write {
    method: &'static str,
    path: String,
    body: Option<Value>,
    /// What it is answered with when it is made.
    status: u16,
}

impl Write {
    /// Each of them, on a key.
    fn all(key: &Client) -> [Self; WRITES] {
        let path = path(key);
        [
            ("PATCH", path.clone(), Some(json!({"name": "new"})), 200),
            ("PATCH", path.clone(), Some(json!({"enabled": false})), 200),
            ("POST", format!("{path}/rotate"), None, 201),
            ("DELETE", path, None, 204),
        ]
        .map(|(method, path, body, status)| Self { method, path, body, status })
    }

    fn of(key: &Client, number: usize) -> Self {
        Self::all(key).into_iter().nth(number).unwrap()
    }

    async fn send(&self, manager: &Client, headers: &[(&str, &str)]) -> Answer {
        manager.send_with(self.method, &self.path, headers, self.body.as_ref()).await
    }

    async fn hand_on(&self, gateway: &Gateway, verdict: &Value, headers: &[(&str, &str)]) -> Answer {
        let body = self.body.as_ref().map(Value::to_string);
        gateway.hand_on_with(self.method, &self.path, headers, verdict, body.as_deref()).await
    }
}

fn path(key: &Client) -> String {
    format!("/authentication/{}", key.id)
}

/// The version of a key, which its answer has twice.
fn etag(answer: &Answer) -> String {
    let etag = answer.body["etag"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
    assert_eq!(answer.headers["etag"], format!("\"{etag}\""));
    etag.to_owned()
}

async fn look_up(manager: &Client, key: &Client) -> Answer {
    manager.get(&path(key)).await
}

/// Before a management write.
fn stop() -> Stop {
    Stop::before("TransactWriteItems")
}

#[tokio::test]
async fn every_answer_of_a_key_has_the_version_that_its_last_event_gave_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let created = admin.post(&new_key()).await;
    let id = created.body["id"].as_str().unwrap();
    let newest = async || {
        let events = admin.get(&format!("/authentication/events?keyId={id}&limit=1")).await.body;
        events["events"][0]["id"].as_str().unwrap().to_owned()
    };
    let shown = async || etag(&admin.get(&format!("/authentication/{id}")).await);

    let first = etag(&created);
    assert_eq!((newest().await, shown().await), (first.clone(), first.clone()));
    let second = etag(&admin.patch(id, &json!({"name": "new"})).await);
    assert_eq!((newest().await, shown().await), (second.clone(), second.clone()));
    let third = etag(&admin.rotate(id, 60).await);
    assert_eq!((newest().await, shown().await), (third.clone(), third.clone()));
    assert!(first != second && second != third);
    assert_eq!(etag(&admin.patch(id, &json!({"name": "new"})).await), third, "nothing was changed");

    let listed = admin.get("/authentication").await.body;
    assert_eq!(listed["apiKeys"][0]["etag"], third);
    assert_eq!(listed["apiKeys"][1]["etag"], etag(&admin.get("/authentication/self").await));
    let account = json!({"company": "c", "userId": "u", "username": "n"});
    let first_key = gateway.invoke_create_account(account).await.unwrap();
    let first_of = gateway.client_of(&first_key);
    assert_eq!(first_key["etag"], etag(&first_of.get("/authentication/self").await));
}

#[tokio::test]
async fn what_is_no_management_write_of_the_key_leaves_the_version() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"limits": [{"requests": 9, "per": "DAY"}]})).await;
    let before = etag(&look_up(&admin, &key).await);

    assert_eq!(key.status().await, 200, "a use");
    let ceiling = json!({"company": "Other", "limits": [{"requests": 5, "per": "DAY"}]});
    gateway.see_through("update", &admin, &ceiling).await.unwrap();
    gateway.suspend(&admin).await;
    gateway.resume(&admin).await;

    let after = look_up(&admin, &key).await;
    assert_eq!((etag(&after), &after.body["company"]), (before, &json!("Other")));
    assert!(after.body["lastUsedAt"].is_string());
}

#[tokio::test]
async fn a_write_is_made_on_a_version_that_is_named_and_on_no_other() {
    let (gateway, admin) = Gateway::with_manager().await;
    for number in 0..WRITES {
        let key = admin.create_key(&["SMS"]).await;
        let old = etag(&look_up(&admin, &key).await);
        admin.patch(&key.id, &json!({"description": "words"})).await;
        let now = etag(&look_up(&admin, &key).await);
        let write = Write::of(&key, number);
        let before = (gateway.engine.keys(), gateway.engine.events());

        for stale in [format!("\"{old}\""), format!("W/\"{now}\""), "\"0\"".to_owned(), "\"x\"".to_owned()] {
            write.send(&admin, &[("If-Match", &stale)]).await.assert_problem(412);
        }
        for wrong in [&*now, "", "*, *", "\"a\" \"b\""] {
            assert_eq!(write.send(&admin, &[("If-Match", wrong)]).await.wrong_fields(), ["If-Match"], "{wrong}");
        }
        let twice = write.send(&admin, &[("If-Match", "*"), ("If-Match", "*")]).await;
        assert_eq!(twice.body["errors"], json!([{"field": "If-Match", "message": "must be given once"}]));
        assert!((gateway.engine.keys(), gateway.engine.events()) == before, "{write:?}: nothing was done");

        let list = format!("\"{old}\", \"{now}\"");
        assert_eq!(write.send(&admin, &[("If-Match", &list)]).await.status, write.status, "{write:?}");
    }
}

#[tokio::test]
async fn a_star_is_any_key_that_there_is() {
    let (_, admin) = Gateway::with_manager().await;
    for number in 0..WRITES {
        let key = admin.create_key(&["SMS"]).await;
        let write = Write::of(&key, number);
        assert_eq!(write.send(&admin, &[("If-Match", "*")]).await.status, write.status, "{write:?}");
        admin.delete(&key.id).await;
        for gone in ["*", "\"0\""] {
            write.send(&admin, &[("If-Match", gone)]).await.assert_problem(404);
        }
    }
}

#[tokio::test]
async fn a_write_that_would_be_refused_anyway_names_why_on_any_version() {
    let (_, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let key = admin.create_key(&["RCS"]).await;
    admin.patch(&key.id, &json!({"enabled": false})).await;
    let headers = [("If-Match", "\"x\"")];

    let [rename, disable, rotate, delete] = Write::all(&key);
    rename.send(&limited, &headers).await.assert_problem(403);
    rotate.send(&limited, &headers).await.assert_problem(403);
    rotate.send(&admin, &headers).await.assert_problem(409);
    for may_be_done_by_any_manager in [disable, delete] {
        may_be_done_by_any_manager.send(&limited, &headers).await.assert_problem(412);
    }
}

#[tokio::test]
async fn where_another_write_comes_between_one_that_names_a_version_is_not_made() {
    for number in 0..WRITES {
        for (if_match, comes_after_all) in [("", false), ("*", true)] {
            let (gateway, admin) = Gateway::with_manager().await;
            let key = admin.create_key(&["SMS"]).await;
            let named = format!("\"{}\"", etag(&look_up(&admin, &key).await));
            let write = Write::of(&key, number);
            let headers = [("If-Match", if if_match.is_empty() { &*named } else { if_match })];

            let other = async { admin.patch(&key.id, &json!({"description": "words"})).await };
            let (answer, patched) = gateway.wire.during(stop(), write.send(&admin, &headers), other).await;

            assert_eq!(patched.status, 200);
            if comes_after_all {
                assert_eq!(answer.status, write.status, "{write:?}");
            } else {
                answer.assert_problem(412);
                assert_eq!(etag(&look_up(&admin, &key).await), etag(&patched), "{write:?}");
                assert_eq!(key.status().await, 200);
            }
        }
    }
}

#[tokio::test]
async fn a_deletion_of_a_version_has_the_event_before_it_in_its_own() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let named = etag(&look_up(&admin, &key).await);
    let [.., delete] = Write::all(&key);
    assert_eq!(delete.send(&admin, &[("If-Match", &format!("\"{named}\""))]).await.status, 204);

    let events = admin.get(&format!("/authentication/events?keyId={}", key.id)).await.body;
    assert_eq!(events["events"][0]["type"], "key.deleted");
    assert_eq!(events["events"][0]["previousEvent"], named);
}

/// Without a version both of these are forced.
#[tokio::test]
async fn what_must_win_is_not_forced_where_a_version_is_named() {
    let (gateway, admin) = Gateway::with_manager().await;
    for number in [1, 3] {
        let key = admin.create_key(&["SMS"]).await;
        let write = Write::of(&key, number);
        let others = async {
            for number in 0..5 {
                let is_other = |body: &Value| !body.to_string().contains("words");
                let mut gate = gateway.wire.stop(stop().when(is_other));
                gate.reached().await;
                let other = admin.patch(&key.id, &json!({ "description": format!("words {number}") })).await;
                assert_eq!(other.status, 200);
                gate.release();
            }
        };
        let (answer, ()) = tokio::join!(write.send(&admin, &[("If-Match", "*")]), others);
        answer.assert_problem(409);
        assert_eq!(key.status().await, 200, "{write:?}");
    }
}

#[tokio::test]
async fn a_write_on_a_version_whose_answer_is_lost_is_made_once() {
    for fault in [Fault::LoseAnswer, Fault::TruncateAnswer, Fault::SpoilAnswer, Fault::Twice, Fault::Throttle] {
        for number in 0..WRITES {
            let (gateway, admin) = Gateway::with_manager().await;
            let key = admin.create_key(&["SMS"]).await;
            let verdict = admin.verdict().await;
            let named = format!("\"{}\"", etag(&look_up(&admin, &key).await));
            let write = Write::of(&key, number);
            let before = gateway.engine.events().len();

            let breaking = async { gateway.wire.break_times(1, fault) };
            let (answer, ()) =
                gateway.wire.during(stop(), write.hand_on(&gateway, &verdict, &[("If-Match", &named)]), breaking).await;
            gateway.wire.mend();

            assert_eq!(answer.status, write.status, "{fault:?} {write:?} {answer:?}");
            assert_eq!(gateway.engine.events().len(), before + 1, "{fault:?} {write:?}");
            write.send(&admin, &[("If-Match", &named)]).await.assert_problem(if number == 3 { 404 } else { 412 });
        }
    }
}

/// Its items have no event.
#[tokio::test]
async fn a_key_of_before_events_has_a_version_too() {
    for number in 0..WRITES {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let mut item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *key.id).unwrap();
        item.as_object_mut().unwrap().remove("lastEvent");
        gateway.engine.put(&item);
        assert_eq!(etag(&look_up(&admin, &key).await), "0");
        let write = Write::of(&key, number);
        let named = [("If-Match", "\"0\"")];

        let other = async { admin.patch(&key.id, &json!({"description": "words"})).await };
        let (answer, _) = gateway.wire.during(stop(), write.send(&admin, &named), other).await;
        answer.assert_problem(412);
        gateway.engine.put(&item);
        let gone = async { gateway.engine.remove(&key.account_id, &key.id) };
        let (answer, ()) = gateway.wire.during(stop(), write.send(&admin, &named), gone).await;
        answer.assert_problem(404);
        gateway.engine.put(&item);
        assert_eq!(write.send(&admin, &named).await.status, write.status, "{write:?}");
    }
}
