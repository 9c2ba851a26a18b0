//! `import-keys`: values of another system keep working.

mod again;
mod at_once;

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tests::values::{import_of, sha256_hex};
use tests::{Client, Gateway};

const FOREIGN: &str = "sk_old_51H8xQ2eZvKYlo2C0aBcDeFgH";

#[tokio::test]
async fn a_value_of_another_system_works_right_after_its_import() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    // The index has nothing of what comes now.
    let stale = gateway.engine.frozen_copy().await;
    gateway.wire.answer_index_queries_from(stale.address());
    assert_eq!(gateway.status_of(FOREIGN).await, 401, "tried before");

    let mut key = import_of(FOREIGN);
    key["name"] = json!("from the old system");
    let report = gateway.import_keys(&admin, json!([key])).await;

    assert_eq!(report["failed"], json!([]));
    let id = report["imported"][0]["id"].as_str().unwrap();
    let own = gateway.send("GET", "/authentication/self", &[FOREIGN], None).await;
    assert_eq!(own.status, 200);
    assert_eq!((&own.body["id"], &own.body["company"]), (&json!(id), &json!("Example")));
    assert_eq!((&own.body["name"], &own.body["createdBy"]), (&json!("from the old system"), &json!("linus")));
    assert_eq!(own.body.get("createdByKeyId"), Some(&Value::Null), "no key created it");
    assert!(admin.get("/authentication").await.ids().contains(&id.to_owned()));
    assert_eq!(admin.get(&format!("/authentication/{FOREIGN}")).await.body["id"], json!(id));
}

#[tokio::test]
async fn an_imported_key_lives_like_any_other() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let report = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await;
    let id = report["imported"][0]["id"].as_str().unwrap();

    admin.patch(id, &json!({"enabled": false})).await;
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
    admin.patch(id, &json!({"enabled": true})).await;
    assert_eq!(gateway.status_of(FOREIGN).await, 200);

    let native = admin.rotate(id, 60).await.body["value"].as_str().unwrap().to_owned();
    assert_eq!((gateway.status_of(&native).await, gateway.status_of(FOREIGN).await), (200, 200));
    assert_eq!(admin.get(&format!("/authentication/{FOREIGN}")).await.body["id"], json!(id));
    gateway.pass(Duration::from_mins(1));
    assert_eq!((gateway.status_of(&native).await, gateway.status_of(FOREIGN).await), (200, 401));

    assert_eq!(admin.delete(id).await.status, 204);
    assert_eq!(gateway.status_of(&native).await, 401);
}

#[tokio::test]
async fn a_value_that_any_account_has_is_refused() {
    let gateway = Gateway::importing().await;
    let ours = gateway.create_account("Ours").await;
    let theirs = gateway.create_account("Theirs").await;
    gateway.import_keys(&theirs, json!([import_of(FOREIGN)])).await;

    let native = json!({"sha256": sha256_hex(&theirs.value), "userId": "u", "username": "n", "operations": ["SMS"]});
    let report = gateway
        .import_keys(
            &ours,
            json!([import_of(FOREIGN), native, import_of("sk_old_another_value"), import_of("sk_old_another_value")]),
        )
        .await;

    let refused = |index| {
        let reason = "sha256 is of a value that a key of another account has already";
        json!({"index": index, "code": "TAKEN", "reason": reason})
    };
    assert_eq!(report["failed"], json!([refused(0), refused(1)]));
    let id = &report["imported"][0]["id"];
    assert_eq!(report["present"], json!([{"index": 3, "id": id, "equal": true, "differs": []}]), "given twice");
    assert_eq!(report["imported"][0]["index"], 2);
    let holder = gateway.send("GET", "/authentication/self", &[FOREIGN], None).await;
    assert_eq!(holder.body["company"], "Theirs");
}

#[tokio::test]
async fn of_two_imports_that_race_one_has_the_value_wherever_they_meet() {
    let gateway = Gateway::importing().await;
    let ours = gateway.create_account("Ours").await;
    let theirs = gateway.create_account("Theirs").await;
    let imported = |report: &Value| report["imported"].as_array().unwrap().len();
    for step in 0..8 {
        let value = format!("sk_old_value_of_step_{step}");
        // At this step of the one's work the other begins and ends.
        gateway.wire.hand_on_late(step, Duration::from_millis(200));
        let late = async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            gateway.import_keys(&theirs, json!([import_of(&value)])).await
        };
        let (one, other) = tokio::join!(gateway.import_keys(&ours, json!([import_of(&value)])), late);
        assert_eq!(imported(&one) + imported(&other), 1, "step {step}: {one} {other}");
        assert_eq!(gateway.status_of(&value).await, 200);
    }
}

#[tokio::test]
async fn of_two_that_revive_a_value_at_once_one_has_it() {
    let gateway = Gateway::importing().await;
    let ours = gateway.create_account("Ours").await;
    let theirs = gateway.create_account("Theirs").await;
    let report = gateway.import_keys(&ours, json!([import_of(FOREIGN)])).await;
    ours.delete(report["imported"][0]["id"].as_str().unwrap()).await;
    assert_eq!(gateway.status_of(FOREIGN).await, 401);

    let revive = |account: &Client| {
        let payload = json!({"accountId": account.account_id, "keys": [import_of(FOREIGN)], "revive": true});
        gateway.invoke_import_keys(payload)
    };
    let (one, other) = tokio::join!(revive(&ours), revive(&theirs));
    let (one, other) = (one.unwrap(), other.unwrap());
    let imported = |report: &Value| report["imported"].as_array().unwrap().len();
    assert_eq!(imported(&one) + imported(&other), 1, "{one} {other}");
    let refused = if imported(&one) == 0 { &one } else { &other };
    assert_eq!(refused["failed"][0]["code"], "TAKEN");
    assert_eq!(gateway.status_of(FOREIGN).await, 200);
}

#[tokio::test]
async fn each_wrong_key_fails_for_itself_and_names_every_wrong_field() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let wrong = json!({"sha256": "x", "userId": "", "operations": ["FAX"], "company": "Mine", "expiresAt": "x"});

    let report = gateway.import_keys(&admin, json!([wrong, import_of(FOREIGN), "x", {"userId": "u"}])).await;

    assert_eq!(report["imported"][0]["index"], 1);
    let failed = report["failed"].as_array().unwrap();
    assert_eq!(failed.iter().map(|each| each["index"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 2, 3]);
    let reason = failed[0]["reason"].as_str().unwrap();
    for field in ["sha256", "userId", "username", "operations[0]", "company", "expiresAt"] {
        assert!(reason.contains(field), "{field}: {reason}");
    }
    assert!(!reason.contains("Mine"));
}

#[tokio::test]
async fn a_field_given_twice_is_refused_in_a_key_and_in_the_payload() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let text = |json: String| RawValue::from_string(json).unwrap();
    let (key, account) = (import_of(FOREIGN).to_string(), &admin.account_id);
    let twice = key.replace(r#""operations":["SMS"]"#, r#""operations":["SMS"],"operations":["AUTHENTICATION"]"#);
    assert_ne!(key, twice);

    let payload = text(format!(r#"{{"accountId":"{account}","keys":[{twice},{twice}]}}"#));
    let report = gateway.invoke_import_keys(payload).await.unwrap();
    let refused = |index| json!({"index": index, "code": "INVALID", "reason": "operations must be given once"});
    assert_eq!(report, json!({"imported": [], "present": [], "failed": [refused(0), refused(1)]}));

    let limits = r#","limits":[{"requests":1,"per":"DAY","requests":9}]}"#;
    let inside = format!("{}{limits}", key.strip_suffix('}').unwrap());
    let payload = text(format!(r#"{{"accountId":"{account}","keys":[{inside}]}}"#));
    let report = gateway.invoke_import_keys(payload).await.unwrap();
    let refused = json!({"index": 0, "code": "INVALID", "reason": "limits[0].requests must be given once"});
    assert_eq!(report, json!({"imported": [], "present": [], "failed": [refused]}));

    let payload = text(format!(r#"{{"accountId":"{account}","keys":[{key}],"keys":[{key}]}}"#));
    let error = gateway.invoke_import_keys(payload).await.unwrap_err();
    assert_eq!(error["errorMessage"], "keys must be given once");
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
    let payload = text(format!(r#"{{"accountId":"{account}","keys":[{key}]}}"#));
    assert_eq!(gateway.invoke_import_keys(payload).await.unwrap()["failed"], json!([]));
}

#[tokio::test]
async fn a_payload_that_makes_no_sense_imports_nothing() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let unknown = "0".repeat(22);
    for (payload, word) in [
        (json!({}), "accountId"),
        (json!({"accountId": "x", "keys": [import_of(FOREIGN)]}), "accountId"),
        (json!({"accountId": unknown, "keys": [import_of(FOREIGN)]}), "there is no such account"),
        (json!({"accountId": admin.account_id, "keys": []}), "keys"),
        (json!({"accountId": admin.account_id, "keys": vec![import_of(FOREIGN); 101]}), "keys"),
        (json!({"accountId": admin.account_id, "keys": [import_of(FOREIGN)], "force": true}), "force"),
    ] {
        let error = gateway.invoke_import_keys(payload).await.unwrap_err();
        let expected = if word.starts_with("there is no") { "NotFound" } else { "InvalidRequest" };
        assert_eq!(error["errorType"], expected);
        assert!(error["errorMessage"].as_str().unwrap().contains(word), "{error}");
    }
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
}

#[tokio::test]
async fn where_imported_keys_are_not_accepted_none_is_imported() {
    let (gateway, admin) = Gateway::with_manager().await;
    let payload = json!({"accountId": admin.account_id, "keys": [import_of(FOREIGN)]});

    let error = gateway.invoke_import_keys(payload).await.unwrap_err();

    assert!(error["errorMessage"].as_str().unwrap().contains("AcceptImportedKeys=true"), "{error}");
    assert_eq!(gateway.engine.keys().len(), 1);
}

#[tokio::test]
async fn a_hundred_keys_are_imported_at_a_time() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let keys: Vec<_> = (0..100).map(|at| import_of(&format!("sk_old_number_{at:010}"))).collect();

    let report = gateway.import_keys(&admin, json!(keys)).await;

    assert_eq!(report["imported"].as_array().unwrap().len(), 100);
    assert_eq!(gateway.status_of("sk_old_number_0000000099").await, 200);
}
