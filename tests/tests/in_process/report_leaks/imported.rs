//! Values of another system that are reported, while they are imported, rotated and deleted; and reports that repeat.

use std::time::Duration;

use serde_json::{Value, json};
use tests::engine::TABLE;
use tests::values::{import_of, sha256_hex};
use tests::wire::Stop;
use tests::{Client, Gateway};

use super::{report_of, report_signed, with_github};

const FOREIGN: &str = "sk_old_51H8xQ2eZvKYlo2C0aBcDeFgH";

async fn import(gateway: &Gateway, account: &Client, revive: bool) -> Value {
    let payload = json!({"accountId": account.account_id, "keys": [import_of(FOREIGN)], "revive": revive});
    gateway.invoke_import_keys(payload).await.unwrap()
}

/// A gateway whose index shows nothing, so that only claims lead to imported values.
async fn imported_and_deleted() -> (Gateway, String) {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let id = import(&gateway, &admin, false).await["imported"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.delete(&id).await.status, 204);
    let value = admin.value.clone();
    (gateway, value)
}

async fn account(gateway: &Gateway, value: &str) -> String {
    let own = gateway.authorize("GET", "/authentication", &[("X-API-Key", value)]).await.unwrap();
    own["context"]["accountId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_report_that_meets_an_import_ends_the_value_wherever_they_meet() {
    for (stopped, before) in [("GetItem", true), ("Query", true), ("PutItem", true), ("PutItem", false)] {
        for others in 0..4 {
            let (gateway, value) = imported_and_deleted().await;
            let account = account(&gateway, &value).await;
            let revive = async {
                let payload = json!({"accountId": account, "keys": [import_of(FOREIGN)], "revive": true});
                gateway.invoke_import_keys(payload).await.unwrap()
            };
            // The report is stopped at its n-th call of that kind, if it comes to that.
            let mut left = others;
            let nth = std::sync::Mutex::new(move || {
                left -= 1;
                left < 0
            });
            let stop = if before { Stop::before(stopped) } else { Stop::after(stopped) };
            let mut gate = gateway.wire.stop(stop.when(move |_| nth.lock().unwrap()()));
            let meanwhile = async {
                if tokio::time::timeout(Duration::from_millis(300), gate.reached()).await.is_ok() {
                    revive.await;
                }
                gate.release();
            };
            tokio::join!(gateway.leak(&[FOREIGN]), meanwhile);
            assert_eq!(gateway.status_of(FOREIGN).await, 401, "{stopped} {others}");
            // And it stays so.
            let payload = json!({"accountId": account, "keys": [import_of(FOREIGN)], "revive": true});
            let again = gateway.invoke_import_keys(payload).await.unwrap();
            assert_eq!(again["failed"][0]["code"], "EXPOSED", "{stopped} {others}: {again}");
            assert_eq!(gateway.status_of(FOREIGN).await, 401);
        }
    }
}

/// The mark that one reporter has just written does not concern an import that came before it.
#[tokio::test]
async fn of_two_reports_that_meet_an_import_neither_is_answered_while_the_value_works() {
    let (gateway, value) = imported_and_deleted().await;
    let account = account(&gateway, &value).await;
    let marks = |body: &Value| body["Item"]["id"]["S"] == "exposed";
    let looks = |body: &Value| body["Key"]["id"]["S"] == "exposed";
    let mut first_stopped = gateway.wire.stop(Stop::before("PutItem").when(marks));
    let first = async { gateway.leak(&[FOREIGN]).await };
    let others = async {
        first_stopped.reached().await;
        // The other has found no key, and is about to look for a mark.
        let mut second_stopped = gateway.wire.stop(Stop::before("GetItem").when(looks));
        let import = async {
            second_stopped.reached().await;
            let payload = json!({"accountId": account, "keys": [import_of(FOREIGN)], "revive": true});
            let revived = gateway.invoke_import_keys(payload).await.unwrap();
            assert_eq!(revived["imported"].as_array().map(Vec::len), Some(1), "{revived}");
            first_stopped.release();
            // Until the first one's mark is there.
            let mark = json!({"accountId": {"S": format!("sha256#{}", sha256_hex(FOREIGN))}, "id": {"S": "exposed"}});
            while gateway.engine.item(TABLE, &mark).is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            second_stopped.release();
        };
        tokio::join!(gateway.leak(&[FOREIGN]), import);
        assert_eq!(gateway.status_of(FOREIGN).await, 401, "it was answered");
    };
    tokio::join!(first, others);
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
}

#[tokio::test]
async fn an_import_that_a_report_overtakes_is_refused_or_leaves_a_dead_key() {
    for stopped in [Stop::before("TransactWriteItems"), Stop::before("UpdateItem"), Stop::after("UpdateItem")] {
        let (gateway, value) = imported_and_deleted().await;
        let payload =
            json!({"accountId": account(&gateway, &value).await, "keys": [import_of(FOREIGN)], "revive": true});
        let import = Box::pin(gateway.invoke_import_keys(payload));
        let (_, ()) = gateway.wire.during(stopped, import, gateway.leak(&[FOREIGN])).await;
        assert_eq!(gateway.status_of(FOREIGN).await, 401);
    }
}

/// A rotation without a grace period between a report's look and its write: no key has the value, and it must not come back.
#[tokio::test]
async fn a_report_whose_key_is_rotated_or_deleted_meanwhile_marks_the_value() {
    for deletes in [false, true] {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        let id = import(&gateway, &admin, false).await["imported"][0]["id"].as_str().unwrap().to_owned();
        let exposes = |body: &Value| body.to_string().contains("key.exposed");
        let stop = Stop::before("TransactWriteItems").when(exposes);
        let other = async {
            let answer = if deletes { admin.delete(&id).await } else { admin.rotate(&id, 0).await };
            assert!(answer.status < 300, "{answer:?}");
        };
        gateway.wire.during(stop, gateway.leak(&[FOREIGN]), other).await;
        assert_eq!(import(&gateway, &admin, true).await["failed"][0]["code"], "EXPOSED", "{deletes}");
        assert_eq!(gateway.status_of(FOREIGN).await, 401);
    }
}

#[tokio::test]
async fn a_repeated_report_gets_the_same_label_in_any_state_of_the_key() {
    for what in ["grace period", "both", "rotated", "imported", "imported and deleted before"] {
        let (gateway, _github, signer) = with_github().await;
        let admin = gateway.create_account("Example").await;
        let key = admin.create_key(&["SMS"]).await;
        let (mut value, mut id) = (key.value.clone(), key.id.clone());
        if what.starts_with("imported") {
            id = import(&gateway, &admin, false).await["imported"][0]["id"].as_str().unwrap().to_owned();
            FOREIGN.clone_into(&mut value);
        }
        let mut values = vec![value.clone()];
        if ["grace period", "both"].contains(&what) {
            let rotated = admin.rotate(&id, 3600).await;
            assert_eq!(rotated.status, 201);
            if what == "both" {
                values.push(rotated.body["value"].as_str().unwrap().to_owned());
            }
        }
        if what.ends_with("before") {
            assert_eq!(admin.delete(&id).await.status, 204);
        }
        let body = report_of(&values.iter().map(String::as_str).collect::<Vec<_>>());
        for attempt in 0..3 {
            let answer = report_signed(&gateway, &signer, &body).await;
            for each in answer.body.as_array().unwrap() {
                assert_eq!(each["label"], "true_positive", "{what}, attempt {attempt}");
            }
            match what {
                "rotated" => drop(admin.rotate(&id, 0).await),
                "imported" => drop(admin.delete(&id).await),
                _ => {}
            }
        }
    }
}
