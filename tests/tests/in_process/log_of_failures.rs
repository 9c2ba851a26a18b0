//! What a failure leaves in the log. The test runs its own program once more and reads what that writes to standard error.

use std::env;

use serde_json::{Value, json};
use tests::gateway::sample_event;
use tests::values::traces;
use tests::wire::Fault;
use tests::{Again, Client, Gateway, new_key_with};

const NAME: &str = "log_of_failures::a_line_has_request_operation_account_key_and_cause_and_never_a_value";
const OF_NOTICES: &str =
    "log_of_failures::a_notice_that_fails_names_the_key_and_an_account_that_cannot_be_read_is_named";
/// Set where the failures are to be made.
const MAKES_FAILURES: &str = "TESTS_MAKE_FAILURES";
/// A value of another system that is written as ids are.
const LIKE_AN_ID: &str = "7N42dgm5tFLK9N8MT7fHC7";
/// What stands before the line that names the keys of the failures.
const KEYS: &str = "keys: ";

#[tokio::test]
async fn a_line_has_request_operation_account_key_and_cause_and_never_a_value() {
    if env::var_os(MAKES_FAILURES).is_some() {
        return make_failures().await;
    }
    let Again { log, lines, printed } = Again::run(NAME, MAKES_FAILURES);
    let keys = printed.lines().find_map(|line| line.split_once(KEYS)).unwrap().1;
    let [admin, key]: [[String; 3]; 2] = serde_json::from_str(keys).unwrap();
    let [account, admin_id, admin_value] = admin;
    let [_, id, value] = key;

    let request_id = |function: &str| sample_event(function)["requestContext"]["requestId"].clone();
    let write = format!("could not write transaction `key.deleted` of {account}");
    let read = "could not read a key".to_owned();
    let no = Value::Null;
    let verify_request = json!("verify-request");
    let expected = [
        (request_id("authorizer"), "authorize", json!(account), json!(id), &no, &read),
        (
            request_id("authorizer"),
            "authorize",
            no.clone(),
            no.clone(),
            &no,
            &"could not look a value up in the index".to_owned(),
        ),
        (verify_request.clone(), "verify", json!(account), json!(id), &no, &read),
        (verify_request, "verify", json!(account), json!(id), &no, &read),
        (request_id("update-key"), "PATCH /authentication/{key}", json!(account), json!(id), &json!(admin_id), &read),
        (request_id("find-key"), "GET /authentication/{key}", json!(account), no.clone(), &json!(admin_id), &read),
        (request_id("delete-key"), "DELETE /authentication/{key}", json!(account), json!(id), &json!(admin_id), &write),
        (request_id("find-key"), "GET /authentication/{key}", json!(account), no.clone(), &json!(admin_id), &read),
        (request_id("update-key"), "PATCH /authentication/{key}", json!(account), no.clone(), &json!(admin_id), &read),
        (
            request_id("delete-key"),
            "DELETE /authentication/{key}",
            json!(account),
            no.clone(),
            &json!(admin_id),
            &write,
        ),
        (json!(""), "manage-account revoke-keys", json!(account), json!(id), &no, &write),
        (json!(""), "manage-account show", json!(account), no.clone(), &no, &"could not read an account".to_owned()),
        (json!(""), "create-account", no.clone(), no.clone(), &no, &no.to_string()),
        (request_id("report-leaks"), "POST /leaks", json!(account), json!(id), &no, &read),
    ];
    let of_failures: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    for (line, (request_id, operation, account, key, caller, message)) in of_failures.iter().zip(&expected) {
        let found = (&line["requestId"], &line["operation"], &line["accountId"], &line["keyId"], &line["callerKeyId"]);
        assert_eq!(found, (request_id, &json!(operation), account, key, *caller), "{line}");
        assert!(line["message"] == **message || *operation == "create-account", "{line}");
        let causes = line["causes"].as_array().unwrap();
        assert!(!causes.is_empty() && line["timestamp"].is_string(), "{line}");
    }
    let message = of_failures[12]["message"].as_str().unwrap();
    assert!(message.starts_with("could not write transaction `account.created` of "), "{message}");
    assert!(
        of_failures.len() > expected.len()
            && of_failures[expected.len()..].iter().all(|line| line["operation"] == "POST /leaks")
    );
    assert!(!log.contains(LIKE_AN_ID), "the log shows a value of another system");
    for value in [admin_value, value] {
        assert!(traces(&value).iter().all(|trace| !log.contains(trace)), "the log shows a secret");
    }
}

/// One of each kind, of a manager's account and another key of it.
async fn make_failures() {
    let gateway = Gateway::start_with(api_keys::key::ImportedKeys::Accepted).await;
    let admin = gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    let of = |client: &Client| [client.account_id.clone(), client.id.clone(), client.value.clone()];
    println!("\n{KEYS}{}", json!([of(&admin), of(&key)]));
    let verdict = gateway.authorize("GET", "/authentication", &[("X-API-Key", &admin.value)]).await.unwrap();
    gateway.wire.break_with(Fault::Cut);

    assert!(gateway.authorize("GET", "/sms", &[("X-API-Key", &key.value)]).await.is_err());
    assert!(gateway.authorize("GET", "/sms", &[("X-API-Key", "sk_of_another_system_0123456789")]).await.is_err());
    assert!(gateway.verify(&json!({"value": key.value})).await.is_err());
    let by_url = json!({"value": key.value, "operation": "SMS"}).to_string();
    assert_eq!(gateway.verify_by_url(&by_url).await.status, 503);
    let path = format!("/authentication/{}", key.id);
    let by_value = format!("/authentication/{}", key.value);
    let by_foreign = format!("/authentication/{LIKE_AN_ID}");
    let change = Some(r#"{"name": "other"}"#);
    for (method, path, body) in [
        ("PATCH", &path, change),
        ("GET", &by_value, None),
        ("DELETE", &path, None),
        ("GET", &by_foreign, None),
        ("PATCH", &by_foreign, change),
        ("DELETE", &by_foreign, None),
    ] {
        assert_eq!(gateway.hand_on(method, path, &verdict, body).await.status, 500);
    }
    let account = json!(admin.account_id);
    let revoke = json!({"action": "revoke-keys", "accountId": account, "keyIds": [key.id]});
    assert_eq!(gateway.invoke_manage_account(revoke).await.unwrap()["failed"].as_array().unwrap().len(), 1);
    assert!(gateway.invoke_manage_account(json!({"action": "show", "accountId": account})).await.is_err());
    let create = json!({"company": "Other", "userId": "u", "username": "n"});
    assert!(gateway.invoke_create_account(create).await.is_err());
    assert_eq!(gateway.report(&[], &json!([{"token": key.value}]).to_string()).await.status, 503);
}

#[tokio::test]
async fn a_notice_that_fails_names_the_key_and_an_account_that_cannot_be_read_is_named() {
    if env::var_os(MAKES_FAILURES).is_some() {
        return fail_notices().await;
    }
    let Again { log, lines: messages, printed } = Again::run(OF_NOTICES, MAKES_FAILURES);
    let keys = printed.lines().find_map(|line| line.split_once(KEYS)).unwrap().1;
    let [account, id]: [String; 2] = serde_json::from_str(keys).unwrap();
    let expected = [
        (format!("could not write a notice of the key {id} of the account {account}"), "an item is not a key"),
        (
            format!("could not look through the account {account} for notices"),
            "the table has an item with a strange id",
        ),
    ];
    assert_eq!(messages.len(), expected.len(), "{log}");
    for (line, (message, cause)) in messages.iter().zip(expected) {
        assert_eq!((&line["message"], &line["causes"]), (&json!(message), &json!([cause])));
    }
}

/// A key that is none, and then an item beside it that has no key's id.
async fn fail_notices() {
    let (gateway, admin) = Gateway::with_manager().await;
    let ends = json!({"expiresAt": gateway.time_in(std::time::Duration::from_hours(12))});
    let key = admin.create(&new_key_with(&ends)).await;
    println!("\n{KEYS}{}", json!([key.account_id, key.id]));
    let whole = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *key.id).unwrap();
    let mut strange = whole.clone();
    strange.as_object_mut().unwrap().remove("keyHash");
    gateway.engine.put(&strange);
    assert!(gateway.invoke_notify_expiry().await.is_err());
    gateway.engine.put(&whole);
    strange["id"] = json!({"S": "strange"});
    gateway.engine.put(&strange);
    assert!(gateway.invoke_notify_expiry().await.is_err());
}
