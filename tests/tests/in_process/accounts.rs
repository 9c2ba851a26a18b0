//! `manage-account`: what operators see and change of accounts. Suspending and erasing have files of their own.

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tests::values::{import_of, traces};
use tests::wire::Fault;
use tests::{Client, Gateway, new_key};

use crate::suspension;

async fn refused(gateway: &Gateway, payload: Value) -> String {
    let error = gateway.invoke_manage_account(payload).await.unwrap_err();
    assert_eq!(error["errorType"], "InvalidRequest", "{error}");
    error["errorMessage"].as_str().unwrap().to_owned()
}

/// An action on an account.
fn on(account: &Client, action: &str, mut more: Value) -> Value {
    more["action"] = json!(action);
    more["accountId"] = json!(account.account_id);
    more
}

#[tokio::test]
async fn a_new_account_is_listed_and_shown() {
    let gateway = Gateway::start().await;
    let one = gateway.create_account("One").await;
    let two = gateway.create_account("Two").await;
    two.create_key(&["SMS"]).await;

    let shown = gateway.manage("show", &two).await.unwrap();

    let created_at = shown["createdAt"].clone();
    let expected = json!({
        "accountId": two.account_id, "company": "Two", "createdAt": created_at, "status": "ACTIVE", "keyCount": 2,
        "maxKeys": null, "effectiveMaxKeys": 1000, "limits": null
    });
    assert_eq!(shown, expected);
    let own = two.get("/authentication/self").await;
    assert_eq!(own.body["createdAt"], created_at, "with its first key");
    let list = gateway.list_accounts(&json!({})).await;
    let mut listed = list["accounts"].as_array().unwrap().clone();
    listed.sort_by_key(|account| account["company"].as_str().unwrap().to_owned());
    assert_eq!((listed.len(), &listed[1], &list["nextCursor"]), (2, &expected, &Value::Null));
    assert_eq!(listed[0]["accountId"], json!(one.account_id));
}

#[tokio::test]
async fn the_list_leads_through_all_accounts_a_page_at_a_time() {
    let gateway = Gateway::start().await;
    let mut all = Vec::new();
    // More than one batch of reads.
    for number in 0..105 {
        all.push(gateway.create_account(&format!("Company {number}")).await.account_id);
    }
    all.sort();
    for limit in [1, 7, 105, 1000] {
        let (mut seen, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let page = gateway.list_accounts(&json!({"limit": limit, "cursor": cursor})).await;
            let accounts = page["accounts"].as_array().unwrap();
            assert!(accounts.len() <= limit);
            seen.extend(accounts.iter().map(|account| account["accountId"].as_str().unwrap().to_owned()));
            cursor = page["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, all, "limit {limit}");
    }
}

#[tokio::test]
async fn the_count_of_keys_knows_deletions() {
    let (gateway, admin) = Gateway::with_manager().await;
    for _ in 0..3 {
        let key = admin.create_key(&["SMS"]).await;
        admin.delete(&key.id).await;
    }
    admin.create_key(&["SMS"]).await;
    assert_eq!(gateway.manage("show", &admin).await.unwrap()["keyCount"], 2);
}

#[tokio::test]
async fn a_wrong_payload_names_every_wrong_field_and_does_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let before = (gateway.engine.dump(), gateway.engine.events());
    let id = &admin.account_id;
    let actions = "action must be one of list, show, update, suspend, resume, recover, list-keys, revoke-keys, disable-keys, events, usage, adopt";
    for (payload, message) in [
        ("null".to_owned(), "body must be a JSON object"),
        ("[]".to_owned(), "body must be a JSON object"),
        ("{}".to_owned(), actions),
        (r#"{"action": "erase"}"#.to_owned(), actions),
        (
            r#"{"action": "list", "limit": 0, "cursor": "x", "all": true}"#.to_owned(),
            "limit must be a whole number from 1 to 1000; cursor must be the nextCursor of an earlier answer; all is not a known field",
        ),
        (r#"{"action": "list", "limit": "7"}"#.to_owned(), "limit must be a whole number from 1 to 1000"),
        (r#"{"action": "show"}"#.to_owned(), "accountId is required"),
        (r#"{"action": "show", "accountId": "x"}"#.to_owned(), "accountId must be the id of an account"),
        (format!(r#"{{"action": "show", "accountId": "{id}", "accountId": "{id}"}}"#), "accountId must be given once"),
        (format!(r#"{{"action": "show", "accountId": "{}"}}"#, "0".repeat(22)), "there is no such account"),
        (format!(r#"{{"action": "update", "accountId": "{id}"}}"#), "body must have company, maxKeys or limits"),
        (format!(r#"{{"action": "update", "accountId": "{id}", "company": null}}"#), "company is required"),
        (
            format!(
                r#"{{"action": "update", "accountId": "{id}", "maxKeys": 0, "limits": [{{"requests": 0, "per": "WEEK"}}]}}"#
            ),
            "maxKeys must be a whole number from 1 to 1000000000; limits[0].requests must be a whole number from 1 to \
             900000000; limits[0].per must be one of MINUTE,HOUR,DAY,MONTH",
        ),
        (
            format!(r#"{{"action": "suspend", "accountId": "{id}", "cursor": "1.2.x"}}"#),
            "cursor must be the cursor of an earlier answer",
        ),
        (format!(r#"{{"action": "recover", "accountId": "{id}"}}"#), "userId is required; username is required"),
        (
            format!(r#"{{"action": "list-keys", "accountId": "{id}", "userId": ""}}"#),
            "userId must have 1 to 128 characters",
        ),
        (
            format!(r#"{{"action": "revoke-keys", "accountId": "{id}", "keyIds": []}}"#),
            "keyIds must be a list of 1 to 100 ids of keys",
        ),
        (
            format!(
                r#"{{"action": "revoke-keys", "accountId": "{id}", "keyIds": ["x", "{key}", "{key}"]}}"#,
                key = admin.id
            ),
            "keyIds[0] must be the id of a key; keyIds[2] must not be given twice",
        ),
        (
            format!(r#"{{"action": "events", "accountId": "{id}", "keyId": 7, "operator": ""}}"#),
            "operator must have 1 to 128 characters; keyId must be the id of a key",
        ),
    ] {
        let error = gateway.invoke_manage_account(RawValue::from_string(payload.clone()).unwrap()).await.unwrap_err();
        assert_eq!(error, json!({"errorType": "InvalidRequest", "errorMessage": message}), "{payload}");
    }
    assert!((gateway.engine.dump(), gateway.engine.events()) == before, "something was written");
}

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
async fn a_key_that_a_query_does_not_show_yet_is_told_of_a_change_by_its_creator() {
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

#[tokio::test]
async fn an_account_without_a_manager_is_recovered_with_a_key_that_may_do_everything() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.max_keys = 2);
    assert_eq!(admin.delete(&admin.id).await.status, 204);

    let recover = on(&admin, "recover", json!({"userId": "grace", "username": "Grace", "operator": "op"}));
    let key = gateway.invoke_manage_account(recover.clone()).await.unwrap();

    assert_eq!((&key["accountId"], &key["company"]), (&json!(admin.account_id), &json!("Example")));
    assert_eq!(key["operations"], json!(["SMS", "RCS", "WHATSAPP", "AUTHENTICATION"]));
    assert_eq!((&key["userId"], &key["createdBy"]), (&json!("grace"), &json!("grace")));
    let value = key["value"].as_str().unwrap();
    let list = gateway.send("GET", "/authentication", &[value], None).await;
    assert_eq!((list.status, list.ids()), (200, vec![key["id"].as_str().unwrap().to_owned()]));
    let events = gateway.send("GET", "/authentication/events", &[value], None).await.body["events"].clone();
    let types: Vec<_> = events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["account.recovered", "key.deleted", "account.created"]);
    assert_eq!((&events[0]["keyId"], &events[0]["previousEvent"]), (&key["id"], &events[2]["id"]));
    assert_eq!((&events[0]["actor"]["type"], &events[0]["actor"]["claimed"]), (&json!("OPERATOR"), &json!("op")));
    assert_eq!(events[0]["changes"][0], json!({"field": "userId", "from": null, "to": "grace"}));
    assert!(traces(value).iter().all(|trace| !events.to_string().contains(trace)));

    // Within the quota.
    gateway.invoke_manage_account(recover.clone()).await.unwrap();
    assert_eq!(refused(&gateway, recover).await, "the account has reached its limit of 2 keys");
}

#[tokio::test]
async fn an_accounts_keys_are_listed_with_their_status() {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = gateway.create_account("Other").await;
    let disabled = admin.create_key_for("u1", &["SMS"]).await;
    admin.patch(&disabled.id, &json!({"enabled": false})).await;
    let end = gateway.time_in(Duration::from_mins(1));
    let expiring = json!({"userId": "u2", "username": "n", "operations": ["SMS"], "expiresAt": end});
    let expired = admin.create(&expiring).await;
    gateway.pass(Duration::from_mins(1));

    let list = gateway.manage("list-keys", &admin).await.unwrap();

    let keys = list["apiKeys"].as_array().unwrap();
    let shown: Vec<_> = keys.iter().map(|key| (key["id"].as_str().unwrap(), key["status"].as_str().unwrap())).collect();
    assert_eq!(shown, [(&*expired.id, "EXPIRED"), (&*disabled.id, "DISABLED"), (&*admin.id, "ACTIVE")]);
    assert_eq!(keys[2], admin.get("/authentication").await.body["apiKeys"][2], "as the account itself sees it");
    let filtered = gateway.manage_with("list-keys", &admin, &json!({"userId": "u1"})).await.unwrap();
    assert_eq!(filtered["apiKeys"][0]["id"], json!(disabled.id));
    assert_eq!(filtered["apiKeys"].as_array().unwrap().len(), 1);
    let first = gateway.manage_with("list-keys", &admin, &json!({"limit": 2})).await.unwrap();
    let rest = gateway.manage_with("list-keys", &admin, &json!({"cursor": first["nextCursor"]})).await.unwrap();
    assert_eq!((rest["apiKeys"][0]["id"].as_str(), &rest["nextCursor"]), (Some(&*admin.id), &Value::Null));
    let theirs = gateway.manage("list-keys", &other).await.unwrap();
    assert_eq!(theirs["apiKeys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn keys_are_revoked_each_with_its_event_and_none_of_another_account() {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = gateway.create_account("Other").await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    let ids = json!([one.id, other.id, two.id, "0000000000000000000000"]);

    let revoke = on(&admin, "revoke-keys", json!({"keyIds": ids, "operator": "grace"}));
    let report = gateway.invoke_manage_account(revoke.clone()).await.unwrap();

    assert_eq!(report["revoked"], json!([one.id, two.id]));
    assert_eq!(report["notFound"], json!([other.id, "0000000000000000000000"]));
    assert_eq!(report["failed"], json!([]));
    assert_eq!(
        [one.status().await, two.status().await, other.status().await, admin.status().await],
        [401, 401, 200, 200]
    );
    let events = gateway.manage_with("events", &admin, &json!({"keyId": one.id})).await.unwrap();
    let events = events["events"].as_array().unwrap();
    assert_eq!((events.len(), &events[0]["type"]), (2, &json!("key.deleted")));
    assert_eq!(events[0]["actor"]["claimed"], "grace");
    assert_eq!(
        gateway.invoke_manage_account(revoke).await.unwrap()["notFound"].as_array().unwrap().len(),
        4,
        "a repeat finds none"
    );
    assert_eq!(gateway.manage("show", &admin).await.unwrap()["keyCount"], 1);
}

#[tokio::test]
async fn keys_are_disabled_whatever_their_state_and_a_manager_can_enable_them_again() {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = gateway.create_account("Other").await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    gateway.suspend(&admin).await;

    let disable = on(&admin, "disable-keys", json!({"keyIds": [one.id, other.id, two.id], "operator": "grace"}));
    let report = gateway.invoke_manage_account(disable).await.unwrap();

    assert_eq!(report, json!({"disabled": [one.id, two.id], "notFound": [other.id], "failed": []}));
    let events = gateway.manage_with("events", &admin, &json!({"keyId": one.id})).await.unwrap();
    let change = json!([{"field": "enabled", "from": true, "to": false}]);
    assert_eq!((&events["events"][0]["changes"], &events["events"][0]["actor"]["claimed"]), (&change, &json!("grace")));
    gateway.resume(&admin).await;
    assert_eq!([one.status().await, two.status().await, other.status().await], [401, 401, 200]);
    assert_eq!(admin.patch(&one.id, &json!({"enabled": true})).await.status, 200);
    assert_eq!(one.status().await, 200);
}

#[tokio::test]
async fn a_key_that_cannot_be_revoked_is_told_of_and_the_others_go() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    // One transaction's attempts, and the read after them.
    gateway.wire.break_times(4, Fault::Fail);

    let report = gateway.manage_with("revoke-keys", &admin, &json!({"keyIds": [one.id, two.id]})).await.unwrap();

    assert_eq!(report["revoked"], json!([two.id]));
    let reason = format!("could not write transaction `key.deleted` of {} {}", admin.account_id, one.id);
    assert_eq!(report["failed"], json!([{"id": one.id, "reason": reason}]));
    assert_eq!([one.status().await, two.status().await], [200, 401]);
}

#[tokio::test]
async fn events_of_an_account_are_filtered_and_paged() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.manage_with("update", &admin, &json!({"maxKeys": 7})).await.unwrap();

    let types = |page: &Value| -> Vec<String> {
        page["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    let all = gateway.manage("events", &admin).await.unwrap();
    assert_eq!(types(&all), ["account.changed", "key.created", "account.created"]);
    let of_key = gateway.manage_with("events", &admin, &json!({"keyId": key.id})).await.unwrap();
    assert_eq!(types(&of_key), ["key.created"]);
    let by_key = gateway.manage_with("events", &admin, &json!({"actorKeyId": admin.id})).await.unwrap();
    assert_eq!(types(&by_key), ["key.created"]);
    let first = gateway.manage_with("events", &admin, &json!({"limit": 1})).await.unwrap();
    let rest = gateway.manage_with("events", &admin, &json!({"cursor": first["nextCursor"]})).await.unwrap();
    assert_eq!((types(&rest).len(), &rest["nextCursor"]), (2, &Value::Null));
}

#[tokio::test]
async fn accounts_of_release_0_1_work_as_before_and_are_listed_once_they_are_adopted() {
    let gateway = Gateway::importing().await;
    gateway.set(|settings| settings.max_keys = 3);
    let admin = gateway.create_account("Old").await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.engine.as_of_release_0_1(&admin.account_id);
    let without = |path: &str| json!(gateway.engine.keys()[0][path]);

    // Before: creating, importing, changing, and the quota.
    assert_eq!(admin.patch(&key.id, &json!({"name": "n"})).await.status, 200);
    assert_eq!(admin.create_key(&["SMS"]).await.status().await, 200);
    let import = json!({"accountId": admin.account_id, "keys": [import_of("sk_old_51H8xQ2eZvKYlo2C0")]});
    let report = gateway.invoke_import_keys(import.clone()).await.unwrap();
    assert_eq!(report["failed"][0]["reason"], "the account has reached its limit of 3 keys");
    assert_eq!(without("suspension"), Value::Null);
    assert_eq!(gateway.list_accounts(&json!({})).await["accounts"], json!([]));
    let shown = gateway.manage("show", &admin).await.unwrap();
    assert_eq!((&shown["company"], &shown["status"], &shown["keyCount"]), (&json!("Old"), &json!("ACTIVE"), &json!(3)));

    let adopted = gateway.manage_with("adopt", &admin, &json!({"operator": "grace"})).await.unwrap();

    assert_eq!((&adopted["adopted"], &adopted["account"]), (&json!(true), &shown));
    let again = gateway.manage("adopt", &admin).await.unwrap();
    assert_eq!((&again["adopted"], &again["account"]), (&json!(false), &shown));
    assert_eq!(gateway.list_accounts(&json!({})).await["accounts"], json!([shown]));
    let events = gateway.manage_with("events", &admin, &json!({"limit": 1})).await.unwrap();
    assert_eq!(events["events"][0]["type"], "account.changed");
    assert_eq!(events["events"][0]["changes"], json!([{"field": "company", "from": null, "to": "Old"}]));
    admin.delete(&key.id).await;
    assert_eq!(gateway.invoke_import_keys(import).await.unwrap()["failed"], json!([]));
}

#[tokio::test]
async fn an_account_of_release_0_1_without_keys_is_adopted_too() {
    let gateway = Gateway::start().await;
    let empty = gateway.create_account("Lost").await;
    gateway.engine.as_of_release_0_1(&empty.account_id);
    empty.delete(&empty.id).await;
    let recover = on(&empty, "recover", json!({"userId": "u", "username": "n"}));
    let nameless = "the account has no key that names its company: update it with its company first";
    for payload in [on(&empty, "adopt", json!({})), on(&empty, "show", json!({})), recover.clone()] {
        assert_eq!(refused(&gateway, payload).await, nameless);
    }
    let named = gateway.manage_with("update", &empty, &json!({"company": "Found"})).await.unwrap();
    assert_eq!((&named["account"]["company"], &named["done"]), (&json!("Found"), &json!(true)));
    let key = gateway.invoke_manage_account(recover).await.unwrap();
    assert_eq!(key["company"], "Found");
}

#[tokio::test]
async fn of_adoptions_at_once_one_has_adopted() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Old").await;
    gateway.engine.as_of_release_0_1(&admin.account_id);
    let events = gateway.engine.events().len();

    let adopt = async |_| gateway.manage("adopt", &admin).await.unwrap();
    let answers = futures_util::future::join_all((0..5).map(adopt)).await;

    assert_eq!(answers.iter().filter(|answer| answer["adopted"] == true).count(), 1, "{answers:?}");
    assert_eq!(gateway.engine.events().len(), events + 1);
}

/// Whatever goes wrong how often: nothing half done that a repeat would not complete, and one event for each change.
#[tokio::test]
async fn whatever_goes_wrong_a_repeat_completes_it_with_one_event() {
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
