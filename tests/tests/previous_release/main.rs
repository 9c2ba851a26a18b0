//! The functions of the code before this release, as built programs, on what this code writes: while a deployment goes on, and
//! after going back, both work on the same tables.

mod built;

use std::time::Duration;

use api_keys::key::ImportedKeys;
use serde_json::{Value, json};
use tests::built::Function;
use tests::gateway::{STAGE, allows, event_of, sample_event};
use tests::values::import_of;
use tests::{Client, Gateway};

use self::built::start;

const KEPT: &str = "sk_old_that_is_kept_0001";
const REPORTED: &str = "sk_old_that_was_reported_0002";
const GONE: &str = "sk_old_that_was_deleted_and_reported_0003";
const REVIVED: &str = "sk_old_that_was_revived_0004";

const NAME: &str = "a-request-with-a-name";

async fn import(gateway: &Gateway, account: &Client, value: &str) -> String {
    let payload = json!({"accountId": account.account_id, "keys": [import_of(value)], "revive": true});
    let report = gateway.invoke_import_keys(payload).await.unwrap();
    report["imported"][0]["id"].as_str().unwrap_or_else(|| panic!("{report}")).to_owned()
}

async fn report(gateway: &Gateway, value: &str) {
    assert_eq!(gateway.report(&[], &json!([{ "token": value }]).to_string()).await.status, 202);
}

/// Whether the old authorizer lets a value through, to `GET /sms`.
async fn lets_through(authorizer: &mut Function, value: &str) -> bool {
    let mut event = sample_event("authorizer");
    event["methodArn"] = json!(format!("{STAGE}/GET/sms"));
    event["resource"] = json!("/sms");
    event["multiValueHeaders"] = json!({"X-API-Key": [value]});
    match authorizer.invoke(&event).await {
        Ok(verdict) => allows(&verdict, &format!("{STAGE}/GET/sms")),
        Err(error) => {
            assert_eq!(error["errorMessage"], "Unauthorized", "{error}");
            false
        }
    }
}

/// Whether this release's authorizer does.
async fn is_let_through(gateway: &Gateway, value: &str) -> bool {
    let verdict = gateway.authorize("GET", "/sms", &[("X-API-Key", value)]).await;
    verdict.is_ok_and(|verdict| verdict["policyDocument"]["Statement"][0]["Effect"] == "Allow")
}

/// The body of a function's answer to whom the authorizer let in.
async fn answer(function: &mut Function, name: &str, verdict: &Value, path: &str, body: Option<&Value>) -> Value {
    let mut event = event_of(name, verdict);
    event["path"] = json!(path);
    event["queryStringParameters"] = Value::Null;
    event["multiValueQueryStringParameters"] = Value::Null;
    let key = path.strip_prefix("/authentication/").and_then(|rest| rest.split('/').next());
    event["pathParameters"] = key.map_or(Value::Null, |key| json!({ "key": key }));
    event["body"] = json!(body.map(Value::to_string));
    let answer = function.invoke(&event).await.unwrap();
    assert!(answer["statusCode"].as_u64().unwrap() < 300, "{name}: {}", answer["statusCode"]);
    serde_json::from_str(answer["body"].as_str().unwrap_or("null")).unwrap_or_default()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one life of two accounts, which each old function reads")]
async fn reads_what_this_release_writes_and_lets_nothing_dead_through() {
    let gateway = Gateway::start_with(ImportedKeys::Accepted).await.in_true_time();
    let of_all = json!([{"requests": 1000, "per": "MONTH"}]);
    let named = json!({
        "company": "Example", "userId": "user-1", "username": "Ada", "externalId": "customer-7", "accountLimits": of_all
    });
    let admin = gateway.client_of(&gateway.invoke_create_account(named).await.unwrap());
    let suspended = gateway.create_account("Suspended").await;
    gateway.see_through("update", &suspended, &json!({ "accountLimits": of_all })).await.unwrap();
    assert!(is_let_through(&gateway, &suspended.create_key(&["SMS"]).await.value).await, "and that is counted");
    let key = admin.create_with(&json!({"tags": {"team": "blue"}})).await;
    for account in [&admin, &suspended] {
        let named = [("Idempotency-Key", NAME)];
        let path = format!("/authentication/{}/rotate", account.create_key(&["SMS"]).await.id);
        assert_eq!(account.send_with("POST", &path, &named, None).await.status, 201);
    }
    let limited = admin
        .create(&json!({"userId": "u", "username": "n", "operations": ["SMS"],
            "limits": [{"requests": 3, "per": "MONTH"}, {"requests": 1000, "per": "DAY"}]}))
        .await;
    assert!(is_let_through(&gateway, &limited.value).await);
    let exposed = admin.create_key(&["SMS"]).await;
    let rotated = exposed.with_value_of(&admin.rotate(&exposed.id, 3600).await);
    report(&gateway, &exposed.value).await;
    let in_grace = admin.create_key(&["SMS"]).await;
    let its_new_value = in_grace.with_value_of(&admin.rotate(&in_grace.id, 3600).await);
    assert_eq!(in_grace.status().await, 200, "and that is written");
    let ended = admin.create_key(&["SMS"]).await;
    admin.rotate(&ended.id, 3600).await;
    let end = json!({"previousValueValidUntil": null, "userId": "other"});
    assert_eq!(admin.patch(&ended.id, &end).await.status, 200);
    gateway.manage_with("exempt-key", &admin, &json!({"keyId": ended.id})).await.unwrap();
    let reader = admin.create_key(&["AUTHENTICATION_READ"]).await;
    gateway.see_through("update", &suspended, &json!({"maxKeyLifetimeDays": 90})).await.unwrap();
    let kept = import(&gateway, &admin, KEPT).await;
    import(&gateway, &admin, REPORTED).await;
    report(&gateway, REPORTED).await;
    let gone = import(&gateway, &admin, GONE).await;
    assert_eq!(admin.delete(&gone).await.status, 204);
    report(&gateway, GONE).await;
    let revived = import(&gateway, &admin, REVIVED).await;
    assert_eq!(admin.delete(&revived).await.status, 204);
    import(&gateway, &admin, REVIVED).await;
    let payload = json!({"action": "suspend", "accountId": suspended.account_id});
    assert_eq!(gateway.invoke_manage_account(payload).await.unwrap()["done"], true);
    let end = gateway.time_in(Duration::from_hours(7 * 24));
    let ending = admin.create_with(&json!({ "expiresAt": end })).await;
    assert_eq!(gateway.invoke_notify_expiry().await.unwrap()["notices"], 1);
    let in_time = tokio::time::Instant::now() + Duration::from_secs(5);
    drop(gateway.functions.kept.finish(gateway.now().into(), in_time).await);

    let mut authorizer = start("authorizer", &gateway.engine).await;
    for (value, works) in [
        (&*key.value, true),
        (&*rotated.value, true),
        (&*exposed.value, false),
        (&*in_grace.value, true),
        (&*its_new_value.value, true),
        (&*ended.value, false),
        (&*reader.value, false),
        (&*ending.value, true),
        (KEPT, true),
        (REVIVED, true),
        (REPORTED, false),
        (GONE, false),
        (&*suspended.value, false),
    ] {
        assert_eq!(lets_through(&mut authorizer, value).await, works, "{}", value.len());
    }
    let verdict = gateway.authorize("GET", "/authentication", &[("X-API-Key", &admin.value)]).await.unwrap();

    let mut list_keys = start("list-keys", &gateway.engine).await;
    let listed = answer(&mut list_keys, "list-keys", &verdict, "/authentication", None).await;
    assert_eq!(listed["apiKeys"].as_array().unwrap().len(), 12);
    let mut list_events = start("list-events", &gateway.engine).await;
    let events = answer(&mut list_events, "list-events", &verdict, "/authentication/events", None).await;
    assert!(events["events"].to_string().contains("revived"));
    // A notice is to it a change that changes nothing.
    let notice = events["events"].as_array().unwrap().iter().find(|event| event["keyId"] == *ending.id).unwrap();
    assert_eq!((&notice["type"], &notice["changes"]), (&json!("key.changed"), &json!([])));
    assert_eq!(notice["actor"]["type"], "OPERATOR");

    let (own, patch) = (format!("/authentication/{kept}"), json!({"name": "changed"}));
    let of_exempt = format!("/authentication/{}", ended.id);
    for (name, path, body) in [
        ("find-key", format!("/authentication/{}", reader.id), None),
        ("update-key", of_exempt.clone(), Some(&patch)),
        ("rotate-key", format!("{of_exempt}/rotate"), None),
        ("delete-key", format!("/authentication/{}", reader.id), None),
        ("find-key", own.clone(), None),
        ("update-key", own.clone(), Some(&patch)),
        ("update-key", format!("/authentication/{}", ending.id), Some(&patch)),
        ("rotate-key", format!("{own}/rotate"), None),
        ("delete-key", own, None),
    ] {
        let mut function = start(name, &gateway.engine).await;
        answer(&mut function, name, &verdict, &path, body).await;
    }
    assert_eq!(
        gateway.authorize("GET", "/sms", &[("X-API-Key", KEPT)]).await.err(),
        Some(authorizer::Refusal::Unauthorized)
    );

    let exempt = admin.get(&of_exempt).await.body;
    assert_eq!((&exempt["lifetimeExempt"], &exempt["name"]), (&json!(true), &json!("changed")));
    assert_ne!(exempt["valueCreatedAt"], exempt["createdAt"], "the present value is younger than the key");
    assert_eq!(exempt["accountLimits"], of_all, "it changes and rotates a key beside what it has no name for");

    let mut erase = start("erase-account", &gateway.engine).await;
    let payload = json!({"accountId": suspended.account_id, "confirm": suspended.account_id});
    assert_eq!(erase.invoke(&payload).await.unwrap()["done"], true);
    let mut manage = start("manage-account", &gateway.engine).await;
    let accounts = manage.invoke(&json!({"action": "list"})).await.unwrap();
    assert_eq!(accounts["accounts"].as_array().unwrap().len(), 1, "{accounts}");

    // What it has no name for, this release erases, or the time to live does.
    let left = gateway.invoke_erase_account(payload).await.unwrap();
    assert_eq!((&left["done"], &left["removed"]), (&json!(true), &json!(1)));

    // What it erased was no mark, and this release still has what must not come back.
    for value in [REPORTED, GONE] {
        let payload = json!({"accountId": admin.account_id, "keys": [import_of(value)], "revive": true});
        assert_eq!(gateway.invoke_import_keys(payload).await.unwrap()["failed"][0]["code"], "EXPOSED");
    }
}

#[tokio::test]
async fn counts_on_in_the_counters_of_this_release_and_never_over() {
    let gateway = Gateway::start().await.in_true_time();
    let admin = gateway.create_account("Example").await;
    let limits = json!([{"requests": 20, "per": "MONTH"}, {"requests": 1000, "per": "DAY"}]);
    let body = json!({"userId": "u", "username": "n", "operations": ["SMS"], "limits": limits});
    let limited = admin.create(&body).await;
    let mut authorizer = start("authorizer", &gateway.engine).await;
    let mut through = 0;
    for _ in 0..20 {
        through += usize::from(is_let_through(&gateway, &limited.value).await);
        through += usize::from(lets_through(&mut authorizer, &limited.value).await);
    }
    assert_eq!(through, 20, "of forty, in two authorizers");
}
