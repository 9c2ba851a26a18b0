//! Suspending an account: when it has answered, every key fails on its next request; resumed, those that worked work.

use std::cell::Cell;
use std::env;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use authorizer::Refusal;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::values::{import_of, sha256_base64};
use tests::wire::{Call, Stop};
use tests::{Answer, Client, Environment, Gateway, NEW_KEY, new_key_with};

const FOREIGN: &str = "sk_old_51H8xQ2eZvKYlo2C0aBcDeFgH";

/// A create's or an import's read of the account after its transaction.
pub fn second_read_of_the_account() -> Stop {
    nth(1, Stop::before("GetItem"), |body| body["Key"]["id"]["S"] == "quota")
}

/// Stops the call after so many others that match.
pub fn nth(others: usize, stop: Stop, matches: impl Fn(&Value) -> bool + Send + 'static) -> Stop {
    let seen = AtomicUsize::new(0);
    stop.when(move |body| matches(body) && seen.fetch_add(1, Ordering::SeqCst) == others)
}

/// An account with keys of every kind: some work, some do not.
struct Mixed {
    admin: Client,
    working: Vec<String>,
    others: Vec<String>,
}

async fn mixed(gateway: &Gateway) -> Mixed {
    let admin = gateway.create_account("Example").await;
    let mut working = vec![admin.value.clone(), FOREIGN.to_owned()];
    let mut others = Vec::new();
    for _ in 0..20 {
        working.push(admin.create_key(&["SMS"]).await.value);
    }
    let disabled = admin.create_key(&["SMS"]).await;
    admin.patch(&disabled.id, &json!({"enabled": false})).await;
    others.push(disabled.value);
    let end = gateway.time_in(Duration::from_secs(1));
    let body = new_key_with(&json!({"expiresAt": end}));
    others.push(admin.create(&body).await.value);
    gateway.pass(Duration::from_secs(1));
    let rotated = admin.create_key(&["SMS"]).await;
    // Both values work in the grace period.
    working.push(rotated.with_value_of(&admin.rotate(&rotated.id, 3600).await).value);
    working.push(rotated.value);
    let deleted = admin.create_key(&["SMS"]).await;
    admin.delete(&deleted.id).await;
    others.push(deleted.value);
    gateway.import(&admin, FOREIGN).await;
    Mixed { admin, working, others }
}

impl Mixed {
    async fn assert_all_fail(&self, gateway: &Gateway) {
        for value in self.working.iter().chain(&self.others) {
            assert_eq!(gateway.status_of(value).await, 401);
        }
    }

    async fn assert_those_work_that_worked(&self, gateway: &Gateway) {
        for value in &self.working {
            assert_eq!(gateway.status_of(value).await, 200);
        }
        for value in &self.others {
            assert_eq!(gateway.status_of(value).await, 401);
        }
    }
}

#[tokio::test]
async fn of_ten_thousand_requests_from_many_environments_none_succeeds_that_starts_after_the_answer() {
    const ENVIRONMENTS: usize = 10;
    const EACH: usize = 1_000;
    let gateway = Gateway::importing().await;
    let account = mixed(&gateway).await;
    let bystander = gateway.create_account("Other").await;
    let environments = join_all((0..ENVIRONMENTS).map(|_| Environment::of(&gateway))).await;
    let answered = Cell::new(false);
    let before = Cell::new(0);

    let requests = environments.iter().enumerate().map(async |(number, environment)| {
        let (mut late, mut at) = (0, number);
        while late < EACH {
            let value = &account.working[at % account.working.len()];
            at += 1;
            let is_late = answered.get();
            let refused = environment.authorize(&gateway, value).await.err();
            assert_ne!(refused, Some(Refusal::Unavailable));
            assert!(!is_late || refused == Some(Refusal::Unauthorized), "a request succeeded after the answer");
            late += usize::from(is_late);
            before.set(before.get() + usize::from(refused.is_none()));
        }
    });
    let suspending = async {
        // They are all under way.
        while before.get() < 50 {
            tokio::task::yield_now().await;
        }
        gateway.suspend(&account.admin).await;
        answered.set(true);
    };
    tokio::join!(join_all(requests), suspending);

    assert_eq!(bystander.status().await, 200);
    gateway.resume(&account.admin).await;
    account.assert_those_work_that_worked(&gateway).await;
}

#[tokio::test]
async fn a_suspended_key_costs_one_read_like_any_other() {
    let (gateway, admin) = Gateway::with_manager().await;
    let read = Call { operation: "GetItem".into(), index: None, consistent: true };
    for action in ["suspend", "resume"] {
        gateway.see_through(action, &admin, &json!({})).await.unwrap();
        drop(gateway.wire.take_calls());
        let refused = admin.authorize().await.err();
        assert_eq!(refused, (action == "suspend").then_some(Refusal::Unauthorized));
        assert_eq!(gateway.wire.take_calls(), std::slice::from_ref(&read), "{action}");
    }
}

#[tokio::test]
async fn it_is_told_once_and_repeating_it_changes_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    for (action, status, kind, from) in
        [("suspend", "SUSPENDED", "account.suspended", "ACTIVE"), ("resume", "ACTIVE", "account.resumed", "SUSPENDED")]
    {
        let payload = json!({"action": action, "accountId": admin.account_id, "operator": "grace"});
        let answer = gateway.invoke_manage_account(payload.clone()).await.unwrap();
        assert_eq!(
            (&answer["done"], &answer["keysMarked"], &answer["cursor"]),
            (&json!(true), &json!(2), &Value::Null)
        );
        assert_eq!(answer["account"]["status"], status);
        let again = gateway.invoke_manage_account(payload).await.unwrap();
        assert_eq!(
            (&again["done"], &again["keysMarked"], &again["account"]["status"]),
            (&json!(true), &json!(0), &json!(status))
        );
        let events = json!({"action": "events", "accountId": admin.account_id});
        let events = gateway.invoke_manage_account(events).await.unwrap()["events"].clone();
        assert_eq!((&events[0]["type"], &events[0]["keyId"]), (&json!(kind), &Value::Null));
        assert_eq!(events[0]["changes"], json!([{"field": "status", "from": from, "to": status}]));
        assert_eq!(events[0]["actor"]["claimed"], "grace");
        assert_ne!(events[1]["type"], kind, "one event, however often");
    }
    assert_eq!([key.status().await, admin.status().await], [200, 200]);
}

#[tokio::test]
async fn a_suspended_account_can_be_looked_at_and_changed_but_gets_no_key() {
    let gateway = Gateway::importing().await;
    let account = mixed(&gateway).await;
    let id = &account.admin.account_id;
    gateway.suspend(&account.admin).await;
    account.assert_all_fail(&gateway).await;

    let keys = gateway.manage("list-keys", &account.admin).await.unwrap();
    let keys = keys["apiKeys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key["status"] == "SUSPENDED"), "disabled and expired ones too");
    assert_eq!(keys.iter().filter(|key| key["enabled"] == false).count(), 1, "enabled stays what it was");
    let recover = json!({"action": "recover", "accountId": id, "userId": "u", "username": "n"});
    let import = json!({"accountId": id, "keys": [import_of("sk_old_another_value")]});
    for refused in [gateway.invoke_manage_account(recover).await, gateway.invoke_import_keys(import).await] {
        assert_eq!(refused.unwrap_err()["errorMessage"], "the account is suspended");
    }
    let update = json!({"action": "update", "accountId": id, "company": "New"});
    assert_eq!(gateway.invoke_manage_account(update).await.unwrap()["done"], true);
    let revoke = json!({"action": "revoke-keys", "accountId": id, "keyIds": [keys[1]["id"]]});
    assert_eq!(gateway.invoke_manage_account(revoke).await.unwrap()["revoked"], json!([keys[1]["id"]]));
    account.assert_all_fail(&gateway).await;
}

#[tokio::test]
async fn an_account_of_release_0_1_is_adopted_when_it_is_suspended() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Old").await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.engine.as_of_release_0_1(&admin.account_id);

    gateway.suspend(&admin).await;

    assert_eq!([admin.status().await, key.status().await], [401, 401]);
    let list = gateway.invoke_manage_account(json!({"action": "list"})).await.unwrap();
    assert_eq!(list["accounts"][0]["status"], "SUSPENDED");
    gateway.resume(&admin).await;
    assert_eq!([admin.status().await, key.status().await], [200, 200]);
}

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
    /// Values that it gave to somebody, or that somebody had.
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
async fn whatever_is_under_way_and_wherever_it_is_overtaken_no_key_works_after_the_answer() {
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
            assert!(keys.iter().all(|key| key["suspension"]["N"] == "1"), "{what}: every key knows");
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
            // As long as the transaction is open, its key cannot be told.
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
async fn a_key_that_a_query_does_not_show_yet_is_told_by_whoever_made_it() {
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
        let told = gateway.engine.keys().iter().filter(|key| key["suspension"]["N"] == "1").count();
        assert_eq!(told, 3, "{work:?}");
        // It never worked, so it does not work again; the import can be repeated.
        gateway.resume(&admin).await;
        assert_eq!(gateway.status_of(FOREIGN).await, 401, "{work:?}");
        gateway.import(&admin, FOREIGN).await;
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
async fn an_import_that_ended_early_gives_nobody_a_key_until_it_is_repeated() {
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
async fn an_old_sweep_loses_by_its_condition() {
    let (gateway, admin) = Gateway::with_manager().await;
    let overtaken = "somebody else suspended or resumed the account meanwhile: look at it first";
    let marking = || Stop::before("UpdateItem").when(|body| body["UpdateExpression"] == "SET suspension = :version");

    // The mark of a suspension comes when the account has been resumed.
    let (first, ()) = gateway
        .wire
        .during(marking(), gateway.see_through("suspend", &admin, &json!({})), gateway.resume(&admin))
        .await;
    assert_eq!(first.unwrap_err()["errorMessage"], overtaken);
    assert_eq!(admin.status().await, 200);

    // The mark of a resumption comes when it has been suspended again.
    gateway.suspend(&admin).await;
    let (second, ()) = gateway
        .wire
        .during(marking(), gateway.see_through("resume", &admin, &json!({})), gateway.suspend(&admin))
        .await;
    assert_eq!(second.unwrap_err()["errorMessage"], overtaken);
    assert_eq!(admin.status().await, 401);
}

#[tokio::test]
async fn a_key_that_is_deleted_before_it_is_told_or_let_go_is_not_made_again() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let revoke = async |id: &str| {
        let payload = json!({"action": "revoke-keys", "accountId": admin.account_id, "keyIds": [id]});
        assert_eq!(gateway.invoke_manage_account(payload).await.unwrap()["revoked"], json!([id]));
    };
    let id = key.id.clone();
    let of_key = move |body: &Value| body["Key"]["id"]["S"] == json!(id);
    let telling = Stop::before("UpdateItem").when(of_key);
    gateway.wire.during(telling, gateway.suspend(&admin), revoke(&key.id)).await;
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
async fn a_suspension_that_is_continued_does_not_undo_what_came_after_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    for _ in 0..30 {
        admin.create_key(&["SMS"]).await;
    }
    let id = &admin.account_id;
    let mut payload = json!({"action": "suspend", "accountId": id});
    let half = gateway.invoke_manage_account(payload.clone()).await.unwrap();
    assert_eq!((&half["done"], &half["keysMarked"], half["cursor"].is_string()), (&json!(false), &json!(25), true));

    gateway.resume(&admin).await;
    payload["cursor"] = half["cursor"].clone();
    let error = gateway.invoke_manage_account(payload.clone()).await.unwrap_err();

    let overtaken = "somebody else suspended or resumed the account meanwhile: look at it first";
    assert_eq!(error, json!({"errorType": "InvalidRequest", "errorMessage": overtaken}));
    assert!(gateway.engine.keys().iter().all(|key| key["suspension"]["N"] == "2"));
    // Suspended again by somebody else, it goes on with that one.
    let half = gateway.manage("suspend", &admin).await.unwrap();
    assert_eq!(half["done"], false);
    while gateway.invoke_manage_account(payload.clone()).await.unwrap()["done"] == false {}
    assert!(gateway.engine.keys().iter().all(|key| key["suspension"]["N"] == "3"));
}

/// Drops a future after so many polls; `None` if it was not ready before. Each time that it waits is a poll.
pub async fn polled<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn it_can_end_at_any_point_and_be_repeated() {
    let gateway = Gateway::importing().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    let account = mixed(&gateway).await;
    for (action, opposite) in [("suspend", "resume"), ("resume", "suspend")] {
        let mut polls = 0;
        loop {
            gateway.see_through(opposite, &account.admin, &json!({})).await.unwrap();
            polls += 1;
            let ended = polled(polls, gateway.see_through(action, &account.admin, &json!({}))).await;
            // What was sent is carried out.
            gateway.wire.quiet().await;
            match &ended {
                Some(done) => assert_eq!(done.as_ref().unwrap()["done"], true),
                None => drop(gateway.see_through(action, &account.admin, &json!({})).await.unwrap()),
            }
            if action == "suspend" {
                account.assert_all_fail(&gateway).await;
            } else {
                account.assert_those_work_that_worked(&gateway).await;
            }
            if ended.is_some() {
                break;
            }
        }
        assert!(polls > 5, "{polls}");
    }
}

#[tokio::test]
async fn of_many_that_race_and_end_anywhere_the_last_one_holds() {
    let gateway = Gateway::importing().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    let account = mixed(&gateway).await;
    for round in 0..12 {
        let racing = (0..6).map(async |number| {
            let action = ["suspend", "resume"][(round + number) % 2];
            // Others come between, or it ends somewhere; the last of each round sees it through.
            drop(
                polled(1 + (7 * round + 5 * number) % 40, gateway.see_through(action, &account.admin, &json!({})))
                    .await,
            );
        });
        join_all(racing).await;
        gateway.wire.quiet().await;
        if round % 2 == 0 {
            gateway.suspend(&account.admin).await;
            account.assert_all_fail(&gateway).await;
        } else {
            gateway.resume(&account.admin).await;
            account.assert_those_work_that_worked(&gateway).await;
        }
        let keys: Vec<_> = gateway.engine.keys().iter().map(|key| key["suspension"]["N"].clone()).collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    }
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

/// `SWEPT_KEYS=100000 cargo test -p tests --test in_process many_keys -- --nocapture` says how long it takes.
#[tokio::test]
async fn an_account_of_many_keys_is_suspended_in_several_invocations() {
    let keys: usize = env::var("SWEPT_KEYS").map_or(2_000, |keys| keys.parse().unwrap());
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.operators_time = Duration::from_secs(if keys > 2_000 { 40 } else { 1 }));
    let mut item = gateway.engine.keys().remove(0);
    for number in 1..keys {
        item["id"]["S"] = json!(format!("0{number:021}"));
        item["keyHash"]["B"] = json!(sha256_base64(&format!("sk_old_number_{number:010}")));
        gateway.engine.put(&item);
    }

    let (start, mut invocations, mut marked) = (Instant::now(), 0, 0);
    let mut payload = json!({"action": "suspend", "accountId": admin.account_id});
    loop {
        let answer = gateway.invoke_manage_account(payload.clone()).await.unwrap();
        invocations += 1;
        marked += answer["keysMarked"].as_u64().unwrap();
        if answer["done"] == true {
            break;
        }
        payload["cursor"] = answer["cursor"].clone();
    }

    println!("{keys} keys: {:?} in {invocations} invocations", start.elapsed());
    assert_eq!(marked, u64::try_from(keys).unwrap());
    assert!(invocations > 1);
    let untold = gateway.engine.keys().iter().filter(|key| key["suspension"]["N"] != "1").count();
    assert_eq!((untold, admin.status().await), (0, 401));
}
