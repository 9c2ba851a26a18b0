//! `GET /authentication/account`: what a manager's program needs to know before it asks people.

use serde_json::{Value, json};
use tests::wire::Call;
use tests::{Client, Gateway};

async fn account(manager: &Client) -> Value {
    let answer = manager.get("/authentication/account").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.body
}

#[tokio::test]
async fn a_manager_sees_the_account_and_what_it_may_decide() {
    let (gateway, admin) = Gateway::with_manager().await;
    let narrow = admin.create_key(&["RCS", "AUTHENTICATION"]).await;

    let seen = account(&narrow).await;

    let expected = json!({
        "accountId": admin.account_id, "company": "Example", "externalId": null, "status": "ACTIVE", "keyCount": 2, "maxKeys": 1000,
        "operations": ["SMS", "RCS", "WHATSAPP", "AUTHENTICATION"], "grantableOperations": ["RCS", "AUTHENTICATION", "AUTHENTICATION_READ"],
        "trafficTypes": ["TRANSACTIONAL", "PROMOTIONAL", "OTP"], "ceilings": null,
        "maxKeyLifetimeDays": null, "accountLimits": null
    });
    assert_eq!(seen, expected);
    // A new key may have exactly the operations that it lists.
    for operation in seen["operations"].as_array().unwrap().iter().chain([&json!("AUTHENTICATION_READ")]) {
        let body = json!({"userId": "u", "username": "n", "operations": [operation]});
        let may = seen["grantableOperations"].as_array().unwrap().contains(operation);
        assert_eq!(narrow.post(&body).await.status, if may { 201 } else { 403 }, "{operation}");
    }
    let verdict = admin.verdict().await;
    drop(gateway.wire.take_calls());
    assert_eq!(gateway.hand_on("GET", "/authentication/account", &verdict, None).await.status, 200);
    assert_eq!(gateway.wire.take_calls(), [Call { operation: "GetItem".into(), index: None, consistent: true }]);
}

#[tokio::test]
async fn it_shows_what_operators_decided_of_the_account() {
    let (gateway, admin) = Gateway::with_manager().await;
    let gone = admin.create_key(&["SMS"]).await;
    assert_eq!(admin.delete(&gone.id).await.status, 204);
    gateway.set(|settings| settings.ceiling = api_keys::key::Limits::parse("500/MINUTE,9000/DAY").unwrap());
    let change = json!({"company": "Renamed", "maxKeys": 7, "limits": [{"requests": 1000, "per": "MINUTE"}, {"requests": 10, "per": "MONTH"}]});
    gateway.see_through("update", &admin, &change).await.unwrap();

    let seen = account(&admin).await;

    assert_eq!((&seen["company"], &seen["maxKeys"], &seen["keyCount"]), (&json!("Renamed"), &json!(7), &json!(1)));
    let ceilings = json!([
        {"requests": 500, "per": "MINUTE"}, {"requests": 9000, "per": "DAY"}, {"requests": 10, "per": "MONTH"}
    ]);
    assert_eq!(seen["ceilings"], ceilings);
    let own = admin.get("/authentication/self").await.body;
    assert_eq!(own["effectiveLimits"], ceilings, "a key without limits has these");
}

#[tokio::test]
async fn an_operation_that_is_offered_no_more_cannot_be_given() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.catalogue = api_keys::key::Catalogue::parse("FAX,RCS", "OTP").unwrap());
    let seen = account(&admin).await;
    assert_eq!(seen["operations"], json!(["FAX", "RCS", "AUTHENTICATION"]));
    assert_eq!(seen["grantableOperations"], json!(["RCS", "AUTHENTICATION", "AUTHENTICATION_READ"]));
    assert_eq!(seen["trafficTypes"], json!(["OTP"]));
}

#[tokio::test]
async fn no_narrow_key_sees_it_and_no_other_account() {
    let (gateway, admin) = Gateway::with_manager().await;
    let narrow = admin.create_key(&["SMS"]).await;
    assert_eq!(narrow.get("/authentication/account").await.status, 403);
    let verdict = narrow.verdict().await;
    assert_eq!(gateway.hand_on("GET", "/authentication/account", &verdict, None).await.status, 403);
    let other = gateway.create_account("Other").await;
    assert_eq!(account(&other).await["company"], "Other");
    admin.get("/authentication/account?accountId=x").await.assert_problem(400);
    admin.send("DELETE", "/authentication/account").await.assert_problem(404);
}

#[tokio::test]
async fn an_account_that_was_suspended_or_erased_meanwhile_is_answered_as_such() {
    let (gateway, admin) = Gateway::with_manager().await;
    let verdict = admin.verdict().await;
    let read = async || gateway.hand_on("GET", "/authentication/account", &verdict, None).await;
    gateway.suspend(&admin).await;
    assert_eq!(admin.get("/authentication/account").await.status, 401);
    assert_eq!(read().await.body["status"], "SUSPENDED");
    let payload = json!({"accountId": admin.account_id, "confirm": admin.account_id});
    assert_eq!(gateway.invoke_erase_account(payload).await.unwrap()["done"], true);
    assert_eq!(read().await.status, 409);
}

#[tokio::test]
async fn an_account_of_the_first_release_has_the_company_of_its_keys() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.engine.as_of_release_0_1(&admin.account_id);
    let seen = account(&admin).await;
    assert_eq!(
        (&seen["company"], &seen["status"], &seen["keyCount"]),
        (&json!("Example"), &json!("ACTIVE"), &json!(1))
    );
}
