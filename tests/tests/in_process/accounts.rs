//! `manage-account`: what operators see and change of accounts. Suspending and erasing have files of their own.

mod adoption;
mod external_id;
mod keys;
mod keys_by_operators;
mod one_key;
mod unknown;
mod updates;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tests::wire::Fault;
use tests::{Client, Gateway};

async fn refused(gateway: &Gateway, payload: Value) -> String {
    let error = gateway.invoke_manage_account(payload).await.unwrap_err();
    let (error_type, message) = (error["errorType"].as_str().unwrap(), error["errorMessage"].as_str().unwrap());
    let is_unknown = ["there is no such account", "the account has no such key"].contains(&message);
    let expected = if is_unknown { ["NotFound"; 2] } else { ["InvalidRequest", "Conflict"] };
    assert!(expected.contains(&error_type), "{error}");
    message.to_owned()
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
        "accountId": two.account_id, "company": "Two", "externalId": null, "createdAt": created_at, "status": "ACTIVE", "keyCount": 2,
        "maxKeys": null, "effectiveMaxKeys": 1000, "limits": null, "accountLimits": null,
        "maxKeyLifetimeDays": null, "effectiveMaxKeyLifetimeDays": null
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
async fn accounts_for_which_there_was_no_capacity_at_first_are_listed_too() {
    let gateway = Gateway::start().await;
    for number in 0..4 {
        gateway.create_account(&format!("Company {number}")).await;
    }
    let all = gateway.list_accounts(&json!({})).await;
    gateway.wire.break_times(2, Fault::LeaveOut);
    assert_eq!(gateway.list_accounts(&json!({})).await, all);
    assert_eq!(all["accounts"].as_array().map(Vec::len), Some(4));
    let batches = gateway.wire.take_calls().into_iter().filter(|call| call.operation == "BatchGetItem").count();
    assert_eq!(batches, 1 + 3, "two came back in part");
}

#[tokio::test]
async fn accounts_of_one_company_are_found_in_whichever_case_its_name_is_written() {
    let gateway = Gateway::start().await;
    let mut expected = Vec::new();
    for company in ["Acme", "Other", "ACME", "Acme Labs", "Äcme", "äcme"] {
        let id = gateway.create_account(company).await.account_id;
        if company.to_lowercase() == "acme" {
            expected.push(id);
        }
    }
    let found = async |query: Value| {
        let page = gateway.list_accounts(&query).await;
        let ids = page["accounts"].as_array().unwrap().iter().map(|it| it["accountId"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), page["nextCursor"].clone())
    };
    let (mut ids, cursor) = found(json!({"company": " acme "})).await;
    assert_eq!(cursor, Value::Null);
    let (mut one_by_one, mut cursor) = found(json!({"company": "acme", "limit": 1})).await;
    while !cursor.is_null() {
        let (found, next) = found(json!({"company": "acme", "limit": 1, "cursor": cursor})).await;
        one_by_one.extend(found);
        cursor = next;
    }
    assert_eq!(one_by_one, ids);
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    assert_eq!(found(json!({"company": "ÄCME"})).await.0.len(), 2);
    assert_eq!(found(json!({"company": "Unknown"})).await, (Vec::new(), Value::Null));
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
    let actions = "action must be one of list, show, update, suspend, resume, recover, list-keys, show-key, create-key, update-key, rotate-key, find-key, revoke-keys, disable-keys, exempt-key, events, usage, adopt";
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
        (
            format!(r#"{{"action": "update", "accountId": "{id}"}}"#),
            "body must have company, maxKeys, limits, externalId, accountLimits or maxKeyLifetimeDays",
        ),
        (format!(r#"{{"action": "update", "accountId": "{id}", "company": null}}"#), "company is required"),
        (
            format!(
                r#"{{"action": "update", "accountId": "{id}", "maxKeys": 0, "limits": [{{"requests": 0, "per": "YEAR"}}]}}"#
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
        let error_type = if message == "there is no such account" { "NotFound" } else { "InvalidRequest" };
        assert_eq!(error, json!({"errorType": error_type, "errorMessage": message}), "{payload}");
    }
    assert!((gateway.engine.dump(), gateway.engine.events()) == before, "something was written");
}
