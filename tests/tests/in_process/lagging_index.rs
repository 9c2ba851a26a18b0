//! The index may be seconds old; the consistent read decides all the same.

use serde_json::json;
use tests::Gateway;
use tests::values::sha256_base64;
use tests::wire::Call;

const FOREIGN: &str = "sk_test_51H8xQ2eZvKYlo2C0aBcDeFgH";

/// A key that another system issued: an item of the account with the hash of its value.
fn import(gateway: &Gateway, admin_id: &str, id: &str, value: &str) {
    let mut item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == json!(admin_id)).unwrap();
    item["id"]["S"] = json!(id);
    item["keyHash"]["B"] = json!(sha256_base64(value));
    gateway.engine.put(&item);
}

#[tokio::test]
async fn native_keys_never_notice_an_index_that_lags() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let old = admin.create_key(&["SMS"]).await;
    let stale = gateway.engine.frozen_copy().await;
    gateway.wire.answer_index_queries_from(stale.address());

    let new = admin.create_key(&["SMS"]).await;

    assert_eq!(new.get("/authentication/self").await.status, 200, "works on the next call");
    assert_eq!(admin.get(&format!("/authentication/{}", new.value)).await.status, 200);
    assert_eq!(admin.delete(&old.id).await.status, 204);
    assert_eq!(old.get("/authentication/self").await.status, 401, "fails on the next call, though the copy has it");
    assert_eq!(admin.get(&format!("/authentication/{}", old.value)).await.status, 404);
}

#[tokio::test]
async fn a_key_found_through_the_index_is_confirmed_by_the_consistent_read() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    import(&gateway, &admin.id, "1imported0000000000000", FOREIGN);
    let stale = gateway.engine.frozen_copy().await;
    gateway.wire.answer_index_queries_from(stale.address());
    gateway.send("GET", "/sms", &[FOREIGN], None).await;
    drop(gateway.wire.take_calls());

    let works = gateway.send("GET", "/authentication/self", &[FOREIGN], None).await;

    assert_eq!(works.body["id"], "1imported0000000000000");
    let query = Call { operation: "Query".into(), index: Some("by-key-hash".into()), consistent: false };
    let read = Call { operation: "GetItem".into(), index: None, consistent: true };
    assert_eq!(gateway.wire.take_calls(), [query, read.clone(), read], "two reads to authorize, one to find");
    assert_eq!(admin.get(&format!("/authentication/{FOREIGN}")).await.status, 200);

    assert_eq!(admin.delete("1imported0000000000000").await.status, 204);
    assert_eq!(gateway.status_of(FOREIGN).await, 401, "the copy still has it");
    assert_eq!(admin.get(&format!("/authentication/{FOREIGN}")).await.status, 404);
}

#[tokio::test]
async fn an_index_that_names_another_keys_item_opens_nothing() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    import(&gateway, &admin.id, "1imported0000000000000", FOREIGN);
    let stale = gateway.engine.frozen_copy().await;
    gateway.wire.answer_index_queries_from(stale.address());
    import(&gateway, &admin.id, "1imported0000000000000", "sk_test_another_value_of_that_item");

    assert_eq!(gateway.status_of(FOREIGN).await, 401);
}

#[tokio::test]
async fn keys_of_another_system_are_refused_without_a_read_unless_accepted() {
    let (gateway, admin) = Gateway::with_manager().await;
    import(&gateway, &admin.id, "1imported0000000000000", FOREIGN);
    drop(gateway.wire.take_calls());

    assert_eq!(gateway.status_of(FOREIGN).await, 401);
    assert_eq!(gateway.wire.take_calls(), []);
}

#[tokio::test]
async fn what_looks_native_never_goes_to_the_index() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let mut mistyped = admin.value.clone();
    let last = mistyped.pop().unwrap();
    mistyped.push(if last == '0' { '1' } else { '0' });
    drop(gateway.wire.take_calls());

    for garbage in [&*mistyped, "short", "with a space in between", "with,comma,in,between", &"x".repeat(257)] {
        assert_eq!(gateway.status_of(garbage).await, 401);
    }
    assert_eq!(gateway.wire.take_calls(), []);
}
