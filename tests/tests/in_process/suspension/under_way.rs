//! What is under way when an account is suspended: wherever it is overtaken, it leaves no key that works.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::values::import_of;
use tests::wire::Stop;
use tests::{Answer, Client, Gateway, NEW_KEY};

use super::{FOREIGN, nth, second_read_of_the_account};

/// What is under way when the account is suspended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Work {
    Create,
    Import,
    Recover,
    Patch,
    Rotate,
    Delete,
}

/// What came of it.
struct Outcome {
    answer: Option<Answer>,
    /// Values that it gave to a holder, or that a holder had.
    values: Vec<String>,
    succeeded: bool,
}

impl Work {
    /// The calls that it makes to the table, one after the other.
    fn calls(self) -> &'static [&'static str] {
        match self {
            Self::Create => &["GetItem", "TransactWriteItems", "GetItem"],
            Self::Import => {
                &["GetItem", "GetItem", "Query", "GetItem", "GetItem", "TransactWriteItems", "GetItem", "UpdateItem"]
            }
            Self::Recover => &["GetItem", "GetItem", "TransactWriteItems", "GetItem"],
            Self::Patch | Self::Rotate => &["GetItem", "TransactWriteItems"],
            Self::Delete => &["TransactWriteItems", "UpdateItem"],
        }
    }

    async fn perform(self, gateway: &Gateway, account_id: &str, verdict: &Value, key: &Client) -> Outcome {
        let path = format!("/authentication/{}", key.id);
        let answer = match self {
            Self::Create => gateway.hand_on("POST", "/authentication", verdict, Some(NEW_KEY)).await,
            Self::Patch => gateway.hand_on("PATCH", &path, verdict, Some(r#"{"enabled": true, "name": "n"}"#)).await,
            Self::Rotate => {
                let grace = r#"{"gracePeriodSeconds": 3600}"#;
                gateway.hand_on("POST", &format!("{path}/rotate"), verdict, Some(grace)).await
            }
            Self::Delete => gateway.hand_on("DELETE", &path, verdict, None).await,
            Self::Import => {
                let import = json!({"accountId": account_id, "keys": [import_of(FOREIGN)]});
                let report = gateway.invoke_import_keys(import).await;
                let succeeded = report.is_ok_and(|report| report["imported"] != json!([]));
                return Outcome { answer: None, values: vec![FOREIGN.to_owned()], succeeded };
            }
            Self::Recover => {
                let recover = json!({"action": "recover", "accountId": account_id, "userId": "u", "username": "n"});
                let issued = gateway.invoke_manage_account(recover).await;
                let values = issued.iter().map(|issued| issued["value"].as_str().unwrap().to_owned()).collect();
                return Outcome { answer: None, values, succeeded: issued.is_ok() };
            }
        };
        let values = answer.body["value"].as_str().map(str::to_owned).into_iter().collect();
        Outcome { succeeded: answer.status < 300, answer: Some(answer), values }
    }
}

#[tokio::test]
async fn no_write_under_way_leaves_a_key_that_works_after_the_answer() {
    use Work::{Create, Delete, Import, Patch, Recover, Rotate};
    for work in [Create, Import, Recover, Patch, Rotate, Delete] {
        for (at, call) in work.calls().iter().enumerate() {
            let gateway = Gateway::importing().await;
            gateway.wire.throttle_every(0);
            let admin = gateway.create_account("Example").await;
            let key = admin.create_key(&["SMS"]).await;
            let verdict = admin.verdict().await;
            let others = work.calls()[..at].iter().filter(|earlier| *earlier == call).count();
            let what = format!("{work:?} before its call {at}, {call}");

            let (outcome, ()) = gateway
                .wire
                .during(
                    nth(others, Stop::before(call), |_| true),
                    Box::pin(work.perform(&gateway, &admin.account_id, &verdict, &key)),
                    async {
                        gateway.suspend(&admin).await;
                        for value in [&*admin.value, &*key.value, FOREIGN] {
                            assert_eq!(gateway.status_of(value).await, 401, "{what}, while it is overtaken");
                        }
                    },
                )
                .await;

            for value in outcome.values.iter().chain([&admin.value, &key.value]) {
                assert_eq!(gateway.status_of(value).await, 401, "{what}");
            }
            if let (Create, Some(answer)) = (work, &outcome.answer) {
                answer.assert_problem(409);
                assert_eq!(answer.body["detail"], "The account is suspended or gone.", "{what}");
            }
            let keys = gateway.engine.keys();
            assert!(keys.iter().all(|key| key["suspension"]["N"] == "1"), "{what}: every key has it");
            if work != Delete && *call == "TransactWriteItems" {
                assert_eq!(keys.len(), 2, "{what}: none is made");
            }
            gateway.resume(&admin).await;
            assert_eq!(admin.status().await, 200, "{what}");
            assert_eq!(key.status().await == 200, work != Delete, "{what}");
            for value in &outcome.values {
                assert_eq!(gateway.status_of(value).await == 200, outcome.succeeded, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn suspending_waits_for_a_transaction_that_holds_a_key() {
    for work in [Work::Patch, Work::Rotate] {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let verdict = admin.verdict().await;
        let mut gate = gateway.wire.stop(Stop::after("TransactWriteItems"));
        let holding = Box::pin(work.perform(&gateway, &admin.account_id, &verdict, &key));
        let suspending = async {
            gate.reached().await;
            // As long as the transaction is open, the sweep cannot write its key.
            let early = tokio::time::timeout(Duration::from_millis(300), gateway.suspend(&admin)).await;
            assert!(early.is_err());
            gate.release();
            gateway.suspend(&admin).await;
        };
        let (outcome, ()) = tokio::join!(holding, suspending);
        assert!(outcome.succeeded);
        for value in outcome.values.iter().chain([&key.value]) {
            assert_eq!(gateway.status_of(value).await, 401, "{work:?}");
        }
    }
}

#[tokio::test]
async fn a_key_that_a_query_does_not_show_yet_is_suspended_by_its_creator() {
    for work in [Work::Create, Work::Import, Work::Recover] {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let verdict = admin.verdict().await;
        let stale = gateway.engine.frozen_copy().await;
        // An import and a recovery read the account once more at their beginning.
        let reads = if work == Work::Create { 1 } else { 2 };
        let overtaken = nth(reads, Stop::before("GetItem"), |body| body["Key"]["id"]["S"] == "quota");

        let meanwhile = async {
            gateway.wire.answer_queries_from(Some(stale.address()));
            gateway.suspend(&admin).await;
            gateway.wire.answer_queries_from(None);
            assert_eq!(gateway.engine.keys().len(), 3, "the new key is stored, and no query showed it");
            assert_eq!(gateway.status_of(FOREIGN).await, 401, "{work:?}");
        };
        let working = Box::pin(work.perform(&gateway, &admin.account_id, &verdict, &key));
        let (outcome, ()) = gateway.wire.during(overtaken, working, meanwhile).await;

        assert!(!outcome.succeeded, "{work:?}");
        assert_eq!(gateway.status_of(FOREIGN).await, 401, "{work:?}");
        let suspended = gateway.engine.keys().iter().filter(|key| key["suspension"]["N"] == "1").count();
        assert_eq!(suspended, 3, "{work:?}");
        // It never worked, so it does not work again; the import can be repeated.
        gateway.resume(&admin).await;
        assert_eq!(gateway.status_of(FOREIGN).await, 401, "{work:?}");
        let repeated = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await;
        assert_eq!(repeated["failed"], json!([]));
        assert_eq!(gateway.status_of(FOREIGN).await, 200);
        assert_eq!(gateway.engine.keys().len(), if work == Work::Import { 3 } else { 4 });
    }
}

#[tokio::test]
async fn another_pass_finds_a_key_that_the_first_was_not_shown() {
    let (gateway, admin) = Gateway::with_manager().await;
    let stale = gateway.engine.frozen_copy().await;
    let suspending = async {
        gateway.wire.answer_queries_from(Some(stale.address()));
        let mend = async { gateway.wire.answer_queries_from(None) };
        let (done, ()) =
            gateway.wire.during(Stop::after("Query"), gateway.see_through("suspend", &admin, &json!({})), mend).await;
        assert_eq!(done.unwrap()["keysMarked"], 2);
        assert!(gateway.engine.keys().iter().all(|key| key["suspension"]["N"] == "1"), "its maker is still busy");
    };
    let verdict = admin.verdict().await;
    let creating = gateway.hand_on("POST", "/authentication", &verdict, Some(NEW_KEY));
    let (answer, ()) = gateway.wire.during(second_read_of_the_account(), creating, suspending).await;
    answer.assert_problem(409);
}

#[tokio::test]
async fn an_import_that_ended_early_leaves_no_working_key_until_it_is_repeated() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let theirs = gateway.create_account("Other").await;
    let import = |account: &Client| json!({"accountId": account.account_id, "keys": [import_of(FOREIGN)]});
    // It reads the account at its beginning, before its transaction and after it.
    let mut gate = gateway.wire.stop(nth(2, Stop::before("GetItem"), |body| body["Key"]["id"]["S"] == "quota"));
    tokio::select! {
        _ = gateway.invoke_import_keys(import(&admin)) => panic!("it was stopped"),
        () = gate.reached() => {}
    }
    drop(gate);
    let stored = gateway.engine.keys().into_iter().find(|key| key["held"]["BOOL"] == true).unwrap();
    let shown = admin.get(&format!("/authentication/{}", stored["id"]["S"].as_str().unwrap())).await;
    assert_eq!((&shown.body["status"], gateway.status_of(FOREIGN).await), (&json!("SUSPENDED"), 401));
    // Not even when the account is suspended and resumed.
    gateway.suspend(&admin).await;
    gateway.resume(&admin).await;
    assert_eq!(gateway.status_of(FOREIGN).await, 401);

    // The value is taken all the same.
    let refused = gateway.invoke_import_keys(import(&theirs)).await.unwrap();
    let reason = "sha256 is of a value that a key of another account has already";
    assert_eq!(refused["failed"][0]["reason"], reason);
    let repeated = gateway.invoke_import_keys(import(&admin)).await.unwrap();
    assert_eq!((&repeated["failed"], gateway.status_of(FOREIGN).await), (&json!([]), 200));
    let again = gateway.invoke_import_keys(import(&admin)).await.unwrap();
    assert_eq!(again["present"], repeated["present"], "it was complete");
    assert_eq!(gateway.engine.keys().len(), 3);
}

#[tokio::test]
async fn a_key_that_is_deleted_before_it_is_suspended_or_activated_is_not_made_again() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let revoke = async |id: &str| {
        let payload = json!({"action": "revoke-keys", "accountId": admin.account_id, "keyIds": [id]});
        assert_eq!(gateway.invoke_manage_account(payload).await.unwrap()["revoked"], json!([id]));
    };
    let id = key.id.clone();
    let of_key = move |body: &Value| body["Key"]["id"]["S"] == json!(id);
    let update = Stop::before("UpdateItem").when(of_key);
    gateway.wire.during(update, gateway.suspend(&admin), revoke(&key.id)).await;
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");

    gateway.resume(&admin).await;
    let import = json!({"accountId": admin.account_id, "keys": [import_of(FOREIGN)]});
    let letting_go = Stop::before("UpdateItem").when(|body| body["UpdateExpression"] == "REMOVE held");
    let deleting = async {
        let held = gateway.engine.keys().into_iter().find(|key| key["held"]["BOOL"] == true).unwrap();
        revoke(held["id"]["S"].as_str().unwrap()).await;
    };
    let importing = Box::pin(gateway.invoke_import_keys(import));
    gateway.wire.during(letting_go, importing, deleting).await.0.unwrap();
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
}

#[tokio::test]
async fn an_account_in_which_keys_are_made_all_the_time_can_be_suspended() {
    let (gateway, admin) = Gateway::with_manager().await;
    let verdict = admin.verdict().await;
    let made = Cell::new(0);
    let creating = (0..4).map(async |_| {
        loop {
            let answer = gateway.hand_on("POST", "/authentication", &verdict, Some(NEW_KEY)).await;
            if answer.status == 409 && answer.body["detail"] == "The account is suspended or gone." {
                break;
            }
            made.set(made.get() + usize::from(answer.status == 201));
        }
    });
    let suspending = async {
        while made.get() < 20 {
            tokio::task::yield_now().await;
        }
        gateway.suspend(&admin).await;
    };
    tokio::join!(join_all(creating), suspending);
    let keys = gateway.engine.keys();
    assert!(keys.len() > 20);
    assert!(keys.iter().all(|key| key["suspension"]["N"] == "1"));
}
