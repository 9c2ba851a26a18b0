//! However slow the table is, there is an answer in time. The clock of these tests is not the wall's: it jumps ahead
//! whenever everybody waits.

use std::collections::BTreeSet;
use std::time::Duration;

use api_keys::check::AFTER_ANSWER;
use api_keys::lambda::http;
use authorizer::Refusal;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::bus::Mood;
use tests::gateway::sample_event;
use tests::template::template;
use tests::values::import_of;
use tests::wire::{Fault, Reason, Stop};
use tests::{Environment, Gateway, NEW_KEY, new_key};
use tokio::time::{Instant, pause, resume, sleep};

use crate::publish_events::{Publishing, make_events};

/// The authorizer's own promise.
const AUTHORIZER: Duration = Duration::from_secs(3);
/// What API Gateway gives an integration.
const GATEWAY: Duration = Duration::from_secs(29);

/// Never, beyond the time-out of an attempt, and within it but not for several calls.
const SLOW: [Fault; 3] = [Fault::Hold, Fault::Slow(Duration::from_millis(1_500)), Fault::Slow(Duration::from_secs(1))];

const FOREIGN: &str = "sk_of_another_system_0123456789";

fn time_out_of(function: &str) -> Duration {
    let template = template();
    let own = &template["Resources"][function]["Properties"]["Timeout"];
    let seconds = own.as_u64().or(template["Globals"]["Function"]["Timeout"].as_u64()).unwrap();
    Duration::from_secs(seconds)
}

/// How long something takes when waiting is all that takes time.
fn time_of<T>(work: impl Future<Output = T>) -> impl Future<Output = (T, Duration)> {
    let work = Box::pin(work);
    async {
        pause();
        let start = Instant::now();
        let done = work.await;
        let took = start.elapsed();
        resume();
        (done, took)
    }
}

#[tokio::test]
async fn the_authorizer_and_verify_key_answer_within_three_seconds() {
    let limit = time_out_of("AuthorizerFunction").min(time_out_of("VerifyKeyFunction"));
    for fault in SLOW {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        // The index has nothing of this one, so it takes three calls.
        let stale = gateway.engine.frozen_copy().await;
        gateway.wire.answer_index_queries_from(stale.address());
        let import = json!({"accountId": admin.account_id, "keys": [import_of(FOREIGN)]});
        gateway.invoke_import_keys(import).await.unwrap();
        let each_takes_a_second = fault == Fault::Slow(Duration::from_secs(1));
        for (value, in_time) in [(&*admin.value, each_takes_a_second), (FOREIGN, false)] {
            gateway.wire.break_with(fault);
            let (verdict, took) = time_of(gateway.authorize("GET", "/sms", &[("X-API-Key", value)])).await;
            assert!(took <= AUTHORIZER, "{fault:?}: {took:?}");
            assert_eq!(verdict.err(), (!in_time).then_some(Refusal::Unavailable), "{fault:?}");

            let (answer, with_the_rest) = time_of(gateway.verify(&json!({"value": value}))).await;
            assert!(with_the_rest <= AUTHORIZER + AFTER_ANSWER, "{fault:?}: {with_the_rest:?}");
            assert_eq!(answer.is_ok(), in_time, "{fault:?}: {answer:?}");

            // What follows the answer counts towards the function's own limit, though no client waits for it.
            let (_, behind) = time_of(gateway.functions.kept.after_answer()).await;
            assert!(took + behind < limit, "{fault:?}: {took:?} and {behind:?}");
            gateway.wire.mend();
            let next = gateway.authorize("GET", "/sms", &[("X-API-Key", value)]).await;
            assert!(next.is_ok(), "{fault:?}: the next request works");
        }
    }
}

#[tokio::test]
async fn what_follows_an_answer_has_one_time_limit_and_what_has_no_time_waits_for_the_next() {
    assert!(AUTHORIZER + AFTER_ANSWER < time_out_of("AuthorizerFunction"));
    let almost = Fault::Slow(Duration::from_millis(900));
    for fault in SLOW.into_iter().chain([almost]) {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let environment = Environment::of(&gateway).await;
        // The last use, the key's count and the account's are due at the same time.
        for _ in 0..2 {
            gateway.pass(Duration::from_mins(5));
            assert!(environment.authorize(&gateway, &key.value).await.is_ok());
        }
        gateway.wire.break_with(fault);
        drop(gateway.wire.take_calls());

        let (_, took) = time_of(environment.kept.after_answer()).await;

        assert!(took <= AFTER_ANSWER, "{fault:?}: {took:?}");
        gateway.wire.mend();
        if fault == almost {
            assert_eq!(gateway.wire.take_calls().len(), 2, "the third has no time");
            drop(environment.kept.after_answer().await);
            assert_eq!(gateway.wire.take_calls().len(), 1, "and is written behind the next answer");
            let usage = admin.get(&format!("/authentication/{}/usage", key.id)).await.body;
            let allowed = |bucket: &Value| bucket["allowed"].as_u64().unwrap();
            assert_eq!(usage["usage"].as_array().unwrap().iter().map(allowed).sum::<u64>(), 2);
        }
    }
}

#[tokio::test]
async fn a_deletion_waits_a_second_for_its_note_at_most() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let verdict = gateway.authorize("DELETE", "/authentication/x", &[("X-API-Key", &admin.value)]).await.unwrap();
    let path = format!("/authentication/{}", key.id);

    // A create is open, and holds the account's item.
    let body = new_key();
    let create = admin.post(&body);
    let delete = time_of(gateway.hand_on("DELETE", &path, &verdict, None));
    let (_, (deleted, took)) = gateway.wire.during(Stop::after("TransactWriteItems"), create, delete).await;

    assert_eq!(deleted.status, 204);
    assert!(took <= Duration::from_millis(1_100), "{took:?}");
}

#[tokio::test]
async fn a_deletion_that_is_done_at_the_last_moment_is_a_204_even_if_its_note_is_lost() {
    let gateway = Gateway::start().await;
    gateway.wire.throttle_every(0);
    let admin = gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    let verdict = gateway.authorize("DELETE", "/authentication/x", &[("X-API-Key", &admin.value)]).await.unwrap();
    let path = format!("/authentication/{}", key.id);
    let _never_answered = gateway.wire.stop(Stop::before("UpdateItem"));
    gateway.wire.break_with(Fault::Cancel(Reason::TransactionConflict, 0));

    let delete = async {
        let delete = gateway.hand_on("DELETE", &path, &verdict, None);
        let mend = async {
            // The next attempt comes within half a second.
            sleep(Duration::from_millis(7_400)).await;
            gateway.wire.mend();
        };
        tokio::join!(delete, mend).0
    };
    let (deleted, took) = time_of(delete).await;

    assert_eq!(deleted.status, 204);
    assert!(took > Duration::from_secs(8) && took < time_out_of("DeleteKeyFunction"), "{took:?}");
    assert_eq!(key.status().await, 401);
}

#[tokio::test]
async fn those_who_are_refused_together_do_not_come_again_together() {
    let (gateway, admin) = Gateway::with_manager().await;
    let mut waits = BTreeSet::new();
    for _ in 0..10 {
        gateway.wire.break_times(2, Fault::Throttle);
        let (verdict, took) = time_of(admin.authorize()).await;
        assert!(verdict.is_ok() && took <= Duration::from_millis(200), "{took:?}");
        waits.insert(took);
    }
    assert!(waits.len() > 1, "all waited {waits:?} before their third attempt");
}

#[tokio::test]
async fn every_function_answers_before_its_own_time_out_and_the_gateways() {
    for fault in SLOW {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        let verdict = admin.verdict().await;
        let own = format!("/authentication/{}", admin.id);
        let (rotate, foreign) = (format!("{own}/rotate"), format!("/authentication/{FOREIGN}"));
        let body = NEW_KEY;
        for (function, method, path, body) in [
            ("ListKeysFunction", "GET", "/authentication", ""),
            ("CreateKeyFunction", "POST", "/authentication", body),
            ("FindKeyFunction", "GET", &own, ""),
            ("FindKeyFunction", "GET", &foreign, ""),
            ("UpdateKeyFunction", "PATCH", &own, r#"{"name": "other"}"#),
            ("RotateKeyFunction", "POST", &rotate, ""),
            ("DeleteKeyFunction", "DELETE", &own, ""),
        ] {
            gateway.wire.break_with(fault);
            let (answer, took) = time_of(gateway.hand_on(method, path, &verdict, Some(body))).await;
            assert!(took < time_out_of(function).min(GATEWAY), "{function} {fault:?}: {took:?}");
            // In time, but after several calls: there is no such key.
            if answer.status >= 400 && answer.status != 404 {
                answer.assert_problem(500);
            }
            assert!(fault != Fault::Hold || answer.status == 500, "{function}: {answer:?}");
            gateway.wire.mend();
            let next = gateway.hand_on("GET", "/authentication", &verdict, None).await;
            assert_eq!(next.status, 200, "{function} {fault:?}: the next call works");
        }
    }
}

#[tokio::test]
async fn work_that_never_ends_is_a_500_in_time() {
    let request = lambda_http::request::from_str(&sample_event("find-key").to_string()).unwrap();

    let (answer, took) = time_of(http::serve(&request, std::future::pending())).await;

    assert_eq!(answer.status(), 500);
    assert!(took < time_out_of("FindKeyFunction").min(GATEWAY), "{took:?}");
}

#[tokio::test]
async fn a_create_among_many_of_the_same_account_ends_in_time() {
    let (gateway, admin) = Gateway::with_manager().await;
    let verdict = admin.verdict().await;
    let body = NEW_KEY;
    gateway.wire.break_with(Fault::Cancel(Reason::TransactionConflict, 0));

    let create = || gateway.hand_on("POST", "/authentication", &verdict, Some(body));
    let (answers, took) = time_of(join_all([create(), create(), create()])).await;

    assert!(answers.iter().all(|answer| answer.status == 409), "{answers:?}");
    assert!(took < time_out_of("CreateKeyFunction"), "{took:?}");
}

#[tokio::test]
async fn what_operators_invoke_answers_before_its_time_out() {
    for fault in SLOW {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        let keys: Vec<_> = (0..100).map(|number| import_of(&format!("{FOREIGN}{number}"))).collect();
        let import = json!({"accountId": admin.account_id, "keys": keys});
        let account = json!({"company": "c", "userId": "u", "username": "n"});

        gateway.wire.break_with(fault);
        let (_, took) = time_of(gateway.invoke_create_account(account)).await;
        assert!(took < time_out_of("CreateAccountFunction"), "{fault:?}: {took:?}");
        let (report, took) = time_of(gateway.invoke_import_keys(import.clone())).await;
        assert!(took < time_out_of("ImportKeysFunction"), "{fault:?}: {took:?}");
        gateway.wire.mend();

        // What was not seen through is imported by trying again, and nothing twice.
        if let Ok(report) = report {
            let reported = ["imported", "failed"].map(|part| report[part].as_array().unwrap().len());
            assert_eq!(reported[0] + reported[1], 100, "{fault:?}: each key is in the report");
        }
        gateway.invoke_import_keys(import).await.unwrap();
        let of_account = |item: &&Value| item["accountId"]["S"] == admin.account_id;
        assert_eq!(gateway.engine.keys().iter().filter(of_account).count(), 101, "{fault:?}");
    }
}

#[tokio::test]
async fn what_operators_do_with_accounts_is_answered_before_its_time_out() {
    for fault in SLOW {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        let mut ids = vec![admin.id.clone()];
        for _ in 1..60 {
            ids.push(admin.create_key(&["SMS"]).await.id);
        }
        for action in [
            json!({"action": "list"}),
            json!({"action": "show", "accountId": admin.account_id}),
            json!({"action": "update", "accountId": admin.account_id, "company": "New"}),
            json!({"action": "recover", "accountId": admin.account_id, "userId": "u", "username": "n"}),
            json!({"action": "list-keys", "accountId": admin.account_id}),
            json!({"action": "events", "accountId": admin.account_id}),
            json!({"action": "suspend", "accountId": admin.account_id}),
            json!({"action": "revoke-keys", "accountId": admin.account_id, "keyIds": ids}),
        ] {
            gateway.wire.break_with(fault);
            let (answer, took) = time_of(gateway.invoke_manage_account(action.clone())).await;
            gateway.wire.mend();
            assert!(took < time_out_of("ManageAccountFunction"), "{fault:?} {action}: {took:?}");
            if let Err(error) = answer {
                assert_eq!(error["errorType"], "InternalError", "{fault:?} {action}: {error}");
            }
        }
        gateway.suspend(&admin).await;
        let erase = json!({"accountId": admin.account_id, "confirm": admin.account_id});
        gateway.wire.break_with(fault);
        let (_, took) = time_of(gateway.invoke_erase_account(erase)).await;
        gateway.wire.mend();
        assert!(took < time_out_of("EraseAccountFunction"), "{fault:?}: {took:?}");
    }
}

#[tokio::test]
async fn a_batch_of_events_is_answered_before_the_time_out_however_slow_the_bus_is() {
    let publishing = Publishing::start().await;
    make_events(&publishing.gateway.create_account("Example").await, 100).await;
    // It refuses each call with an event of the account in it, so that each is sent alone, and takes none.
    publishing.bus.always(Some(Mood::Validating("\"id\":".to_owned())));
    publishing.bus.answer_late(Duration::from_secs(1));

    let records = publishing.records();
    let (report, took) = time_of(publishing.invoke(json!({ "Records": records }))).await;

    assert!(took < time_out_of("PublishEventsFunction"), "{took:?}");
    let failures = report.unwrap()["batchItemFailures"].as_array().unwrap().len();
    assert!((1..100).contains(&failures), "{failures}: the next batch begins with them");
}

#[tokio::test]
async fn warming_the_connection_ends_even_if_the_table_fails() {
    let gateway = Gateway::start().await;
    gateway.functions.reader.warm().await;
    assert_eq!(gateway.wire.take_calls().len(), 1, "one look-up of an unknown key");

    gateway.wire.break_with(Fault::Cut);
    gateway.functions.reader.warm().await;

    gateway.wire.break_with(Fault::Hold);
    let ((), took) = time_of(gateway.functions.reader.warm()).await;
    assert!(took <= Duration::from_millis(1_010), "{took:?}");
    gateway.wire.mend();
    let admin = gateway.create_account("Example").await;
    assert_eq!(admin.get("/authentication").await.status, 200, "and the next request is served");
}
