//! `update`: a company, a quota and a ceiling reach every key.

use std::time::Duration;

use serde_json::{Value, json};
use tests::wire::Fault;
use tests::{Gateway, new_key};

use crate::suspension;

use super::on;

#[tokio::test]
async fn a_quota_of_its_own_overrides_the_stacks_both_ways() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    gateway.set(|settings| settings.max_keys = 3);
    let create = async || admin.post(&new_key()).await;
    assert_eq!([create().await.status, create().await.status, create().await.status], [201, 201, 409]);

    let raised = gateway.manage_with("update", &admin, &json!({"maxKeys": 5})).await.unwrap();
    let account = &raised["account"];
    assert_eq!((&account["maxKeys"], &account["effectiveMaxKeys"]), (&json!(5), &json!(5)));
    assert_eq!((&raised["done"], &raised["keysChanged"], &raised["cursor"]), (&json!(true), &json!(0), &Value::Null));
    assert_eq!([create().await.status, create().await.status], [201, 201]);
    let refused = create().await;
    assert_eq!(refused.body["detail"], "The account has reached its limit of 5 keys; delete one first.");

    // Lower than what there is takes nothing away.
    gateway.manage_with("update", &admin, &json!({"maxKeys": 2})).await.unwrap();
    assert_eq!((create().await.status, gateway.engine.keys().len()), (409, 5));
    let ids = admin.get("/authentication").await.ids();
    for id in &ids[..4] {
        admin.delete(id).await;
    }
    assert_eq!([create().await.status, create().await.status], [201, 409], "and is counted anew");

    let back = gateway.manage_with("update", &admin, &json!({"maxKeys": null})).await.unwrap();
    assert_eq!((&back["account"]["maxKeys"], &back["account"]["effectiveMaxKeys"]), (&Value::Null, &json!(3)));
    assert_eq!([create().await.status, create().await.status], [201, 409]);
}

#[tokio::test]
async fn creates_at_once_fill_the_accounts_own_quota_exactly() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.manage_with("update", &admin, &json!({"maxKeys": 12})).await.unwrap();

    let create = || async { admin.post(&new_key()).await.status };
    let statuses = futures_util::future::join_all((0..30).map(|_| create())).await;

    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 11, "{statuses:?}");
    assert_eq!(gateway.engine.keys().len(), 12);
}

#[tokio::test]
async fn a_company_and_a_ceiling_reach_every_key_and_every_new_one() {
    let gateway = Gateway::importing().await;
    let admin = gateway.create_account("Old").await;
    let other = gateway.create_account("Other").await;
    for _ in 0..60 {
        admin.create_key(&["SMS"]).await;
    }
    let limits = json!([{"requests": 100, "per": "MINUTE"}, {"requests": 5000, "per": "DAY"}]);

    let update = on(&admin, "update", json!({"company": "New", "limits": limits, "operator": "grace"}));
    let updated = gateway.invoke_manage_account(update.clone()).await.unwrap();

    assert_eq!((&updated["done"], &updated["keysChanged"]), (&json!(true), &json!(61)));
    assert_eq!((&updated["account"]["company"], &updated["account"]["limits"]), (&json!("New"), &limits));
    let created = admin.post(&new_key()).await;
    assert_eq!(created.body["company"], "New");
    gateway.import(&admin, "sk_old_51H8xQ2eZvKYlo2C0").await;
    let ceiling = json!({"L": [
        {"M": {"requests": {"N": "100"}, "per": {"S": "MINUTE"}}}, {"M": {"requests": {"N": "5000"}, "per": {"S": "DAY"}}}
    ]});
    let (ours, theirs): (Vec<_>, Vec<_>) =
        gateway.engine.keys().into_iter().partition(|key| key["accountId"]["S"] == json!(admin.account_id));
    assert_eq!((ours.len(), theirs.len()), (63, 1));
    for key in &ours {
        assert_eq!((&key["company"]["S"], &key["ceiling"]), (&json!("New"), &ceiling), "{}", key["id"]);
    }
    assert_eq!((&theirs[0]["company"]["S"], &theirs[0]["ceiling"]), (&json!("Other"), &Value::Null));
    assert_eq!(other.status().await, 200);
    let list = gateway.list_accounts(&json!({})).await;
    assert!(list["accounts"].as_array().unwrap().iter().any(|account| account["company"] == "New"));

    let events = gateway.manage("events", &admin).await.unwrap()["events"].as_array().unwrap().clone();
    let changed: Vec<_> = events.iter().filter(|event| event["type"] == "account.changed").collect();
    assert_eq!(changed.len(), 1, "one for the account, none for its keys");
    let change = |field: &str, from: Value, to: Value| json!({"field": field, "from": from, "to": to});
    let expected = [change("company", json!("Old"), json!("New")), change("limits", Value::Null, limits.clone())];
    assert_eq!(changed[0]["changes"], json!(expected));
    assert_eq!((&changed[0]["keyId"], &changed[0]["actor"]["claimed"]), (&Value::Null, &json!("grace")));
    let created = events.iter().find(|event| event["type"] == "account.created").unwrap();
    assert_eq!(changed[0]["previousEvent"], created["id"]);

    // The same again writes nothing; without a ceiling the keys have none.
    let written = gateway.engine.events().len();
    assert_eq!(gateway.invoke_manage_account(update).await.unwrap()["keysChanged"], 0);
    assert_eq!(gateway.engine.events().len(), written);
    let lifted = gateway.manage_with("update", &admin, &json!({"limits": null})).await.unwrap();
    assert_eq!((&lifted["account"]["limits"], &lifted["keysChanged"]), (&Value::Null, &json!(63)));
    assert!(gateway.engine.keys().iter().all(|key| key["ceiling"].is_null()));
}

#[tokio::test]
async fn a_key_that_a_query_does_not_show_yet_gets_a_change_from_its_creator() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Old").await;
    let stale = gateway.engine.frozen_copy().await;
    let update = async {
        gateway.wire.answer_queries_from(Some(stale.address()));
        let updated = gateway.manage_with("update", &admin, &json!({"company": "New"})).await.unwrap();
        gateway.wire.answer_queries_from(None);
        updated
    };

    let (created, updated) =
        gateway.wire.during(suspension::second_read_of_the_account(), admin.create_key(&["SMS"]), update).await;

    assert_eq!((&updated["done"], &updated["keysChanged"]), (&json!(true), &json!(1)), "the other one");
    assert_eq!(created.get("/authentication/self").await.body["company"], "New");
}

#[tokio::test]
async fn of_two_updates_at_once_the_account_and_all_its_keys_have_one() {
    let gateway = Gateway::start().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    let admin = gateway.create_account("First").await;
    for _ in 0..40 {
        admin.create_key(&["SMS"]).await;
    }
    let run = async |company: &str| {
        gateway.see_through("update", &admin, &json!({"company": company})).await.unwrap();
    };
    for round in 0..5 {
        let (one, other) = (format!("one {round}"), format!("other {round}"));
        tokio::join!(run(&one), run(&other), async { drop(admin.create_key(&["SMS"]).await) });
        let company = gateway.manage("show", &admin).await.unwrap()["company"].clone();
        assert!([json!(one), json!(other)].contains(&company), "{company}");
        for key in gateway.engine.keys() {
            assert_eq!(key["company"]["S"], company, "round {round}");
        }
    }
}

#[tokio::test]
async fn an_update_that_is_continued_does_not_undo_what_came_after_it() {
    let gateway = Gateway::start().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    let admin = gateway.create_account("Old").await;
    for _ in 0..30 {
        admin.create_key(&["SMS"]).await;
    }
    let mut first = on(&admin, "update", json!({"company": "First"}));
    let half = gateway.invoke_manage_account(first.clone()).await.unwrap();
    assert_eq!((&half["done"], &half["keysChanged"]), (&json!(false), &json!(25)));
    let second = on(&admin, "update", json!({"company": "Second"}));
    while gateway.invoke_manage_account(second.clone()).await.unwrap()["done"] == false {}

    first["cursor"] = half["cursor"].clone();
    while gateway.invoke_manage_account(first.clone()).await.unwrap()["done"] == false {}

    assert_eq!(gateway.manage("show", &admin).await.unwrap()["company"], "Second");
    assert!(gateway.engine.keys().iter().all(|key| key["company"]["S"] == "Second"));
}

/// After any number of failures: nothing half done that a repeat would not complete, and one event for each change.
#[tokio::test]
async fn after_any_failure_a_repeat_completes_it_with_one_event() {
    let faults =
        [Fault::Cut, Fault::Throttle, Fault::Fail, Fault::LoseAnswer, Fault::TruncateAnswer, Fault::SpoilAnswer];
    for (times, fault) in [1, 3, 5, 7].into_iter().flat_map(|times| faults.map(|fault| (times, fault))) {
        let gateway = Gateway::start().await;
        let admin = gateway.create_account("Old").await;
        let key = admin.create_key(&["SMS"]).await;
        let changed = |kind: &str| gateway.engine.events().iter().filter(|event| event["type"]["S"] == kind).count();
        for (action, more, kind) in [
            ("update", json!({"company": "New"}), "account.changed"),
            ("suspend", json!({}), "account.suspended"),
            ("resume", json!({}), "account.resumed"),
        ] {
            let payload = on(&admin, action, more);
            gateway.wire.break_times(times, fault);
            let first = gateway.invoke_manage_account(payload.clone()).await;
            gateway.wire.mend();
            if let Err(error) = first {
                assert_eq!(error["errorType"], "InternalError", "{fault:?} {times} {action}: {error}");
            }
            let repeated = gateway.invoke_manage_account(payload).await.unwrap();
            assert_eq!(repeated["done"], true, "{fault:?} {times} {action}");
            assert_eq!(changed(kind), 1, "{fault:?} {times} {action}");
            assert_eq!(key.status().await == 200, action != "suspend", "{fault:?} {times} {action}");
        }
        assert_eq!(key.get("/authentication/self").await.body["company"], "New");
    }
}
