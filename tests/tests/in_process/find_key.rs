//! `GET /authentication/{key}`.

use serde_json::json;
use tests::Gateway;
use tests::values::import_of;

#[tokio::test]
async fn a_key_is_found_by_its_value_its_id_and_as_self() {
    let (_, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;

    let by_id = admin.get(&format!("/authentication/{}", sms.id)).await;
    let by_value = admin.get(&format!("/authentication/{}", sms.value)).await;
    let own = admin.get("/authentication/self").await;

    assert_eq!((by_id.status, by_value.status, own.status), (200, 200, 200));
    assert_eq!(by_id.body["id"], json!(sms.id));
    assert_eq!(by_id.body, by_value.body);
    assert_eq!(own.body["id"], json!(admin.id));
    assert_eq!(own.headers["cache-control"], "no-store");
    assert!(by_value.body.get("value").is_none() && by_value.body.get("keyHash").is_none());
}

#[tokio::test]
async fn what_the_account_does_not_have_is_one_and_the_same_404() {
    let (gateway, admin) = Gateway::with_manager().await;
    let stranger = gateway.create_account("Other").await;
    let gone = admin.create_key(&["SMS"]).await;
    assert_eq!(admin.delete(&gone.id).await.status, 204);
    let mut mistyped = admin.value.clone();
    let last = mistyped.pop().unwrap();
    mistyped.push(if last == '0' { '1' } else { '0' });

    let unknown = admin.get("/authentication/0000000000000000000000").await;

    unknown.assert_problem(404);
    for key in [&gone.id, &gone.value, &stranger.id, &stranger.value, &mistyped, "x", "Self", "%00", "self%20", "é"] {
        let answer = admin.get(&format!("/authentication/{key}")).await;
        assert_eq!((answer.status, &answer.text), (404, &unknown.text), "{}", key.len());
        assert_eq!(answer.headers, unknown.headers);
    }
}

#[tokio::test]
async fn a_key_that_may_not_manage_sees_itself_alone() {
    let (gateway, admin) = Gateway::with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let neighbour = admin.create_key(&["SMS"]).await;

    for own in ["self", &sms.id, &sms.value] {
        let answer = sms.get(&format!("/authentication/{own}")).await;
        assert_eq!((answer.status, &answer.body["id"]), (200, &json!(sms.id)));
    }
    let own = gateway.authorize("GET", "/authentication/self", &[("X-API-Key", &sms.value)]).await.unwrap();
    for other in [&admin.id, &admin.value, &neighbour.id, &neighbour.value, "0000000000000000000000", "x"] {
        let path = format!("/authentication/{other}");
        assert_eq!(sms.get(&path).await.status, 403, "the authorizer's");
        let cached = gateway.hand_on("GET", &path, &own, None).await;
        cached.assert_problem(403);
        assert_eq!(cached.body["detail"], "The key lacks the operation AUTHENTICATION_READ, and sees itself alone.");
    }
    assert_eq!(sms.get("/authentication").await.status, 403);
    assert_eq!(sms.get("/authentication/").await.status, 403);
    assert_eq!(sms.delete(&sms.id).await.status, 403);
}

/// How a client may write a path, and how a gateway may hand it on.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn an_encoded_name_of_a_key_is_that_name() {
    const THEIRS: &str = "sk/of+another%20system==";
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let sms = admin.create_key(&["SMS"]).await;
    let import = json!({"accountId": admin.account_id, "keys": [import_of(THEIRS)]});
    let imported = gateway.invoke_import_keys(import).await.unwrap()["imported"][0]["id"].clone();

    for (name, id) in [("self", &admin.id), (&sms.id, &sms.id), (&sms.value, &sms.id)] {
        let found = admin.get(&format!("/authentication/{}", encoded(name))).await;
        assert_eq!((found.status, &found.body["id"]), (200, &json!(id)));
    }
    for own in ["self", &sms.id, &sms.value] {
        let found = sms.get(&format!("/authentication/{}", encoded(own))).await;
        assert_eq!((found.status, &found.body["id"]), (200, &json!(sms.id)));
    }
    assert_eq!(sms.get(&format!("/authentication/{}", encoded(&admin.id))).await.status, 403);
    for caller in [&*admin.value, THEIRS] {
        let found = gateway.send("GET", &format!("/authentication/{}", encoded(THEIRS)), &[caller], None).await;
        assert_eq!((found.status, &found.body["id"]), (200, &imported));
    }
    let (deleted, patched) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    assert_eq!(admin.delete(&encoded(&deleted.id)).await.status, 204);
    assert_eq!(admin.patch(&encoded(&patched.id), &json!({"enabled": false})).await.status, 200);
    assert_eq!([deleted.status().await, patched.status().await], [401, 401]);
}

#[tokio::test]
async fn a_look_up_reads_once_and_strongly_consistent() {
    let (gateway, admin) = Gateway::with_manager().await;
    admin.status().await;
    for key in ["self", &admin.id, &admin.value] {
        drop(gateway.wire.take_calls());
        admin.get(&format!("/authentication/{key}")).await;
        let calls = gateway.wire.take_calls();
        assert_eq!(calls.len(), 2, "the authorizer's and the function's");
        assert!(calls.iter().all(|call| call.operation == "GetItem" && call.consistent), "{calls:?}");
    }
}
