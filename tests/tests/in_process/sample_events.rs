//! The sample events of the README.

use serde_json::json;
use tests::Gateway;
use tests::gateway::sample_event;

#[tokio::test]
async fn every_sample_event_is_served() {
    let gateway = Gateway::importing().await;
    tests::engine::put_sample_key(&gateway.functions.tables).await;

    for (function, status) in [
        ("list-events", 200),
        ("list-keys", 200),
        ("create-key", 201),
        ("find-key", 200),
        ("update-key", 200),
        ("rotate-key", 201),
        ("read-account", 200),
        ("read-usage", 200),
        ("report-leaks", 202),
        ("delete-key", 204),
    ] {
        let answer = gateway.run(function, &sample_event(function)).await;
        assert_eq!(answer.status, status, "{function}: {answer:?}");
    }
    // While the account has a key: the one that was created.
    let report = gateway.invoke_import_keys(sample_event("import-keys")).await.unwrap();
    assert_eq!((report["imported"][0]["index"].as_u64(), &report["failed"]), (Some(0), &json!([])));
    let verified = gateway.verify(&sample_event("verify-key")).await.unwrap();
    assert_eq!(verified["reason"], "UNKNOWN", "its key was deleted");
    let shown = gateway.invoke_manage_account(sample_event("manage-account")).await.unwrap();
    assert_eq!(shown["accountId"], sample_event("import-keys")["accountId"]);
    let refused = gateway.invoke_erase_account(sample_event("erase-account")).await.unwrap_err();
    assert_eq!(refused["errorMessage"], "the account is not suspended: suspend it first");
    let event = sample_event("notify-expiry");
    let noticed = gateway.functions.invoke("notify-expiry", event, gateway.now()).await.unwrap();
    assert_eq!(noticed["done"], true);
    assert!(gateway.invoke_create_account(sample_event("create-account")).await.is_ok());
}

#[tokio::test]
async fn the_sample_key_opens_what_the_sample_asks_for() {
    let gateway = Gateway::start().await;
    tests::engine::put_sample_key(&gateway.functions.tables).await;
    let key = sample_event("authorizer")["headers"]["X-API-Key"].as_str().unwrap().to_owned();

    let verdict = gateway.authorize("GET", "/authentication", &[("X-API-Key", &key)]).await.unwrap();

    let authorizer = &sample_event("list-keys")["requestContext"]["authorizer"];
    for (name, value) in verdict["context"].as_object().unwrap() {
        assert_eq!(&authorizer[name], value, "{name}");
    }
    assert_eq!(authorizer["principalId"], json!(verdict["principalId"]));
    assert_eq!(gateway.verify(&sample_event("verify-key")).await.unwrap()["reason"], "ALLOWED");
}
