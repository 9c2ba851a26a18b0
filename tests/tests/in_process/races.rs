//! Two at once: whichever comes first, what holds afterwards is one of what may hold.
//!
//! Races of one endpoint with itself stand with it; these are of a deletion with all else.

use std::cell::Cell;

use api_keys::key::{AccountId, ImportedKeys, KeyId, KeyPrefix, KeyValue, Locator, Random};
use authorizer::Refusal;
use futures_util::future::join_all;
use serde_json::json;
use tests::{Client, Gateway};

const ROUNDS: usize = 50;

#[tokio::test]
async fn no_request_that_starts_after_a_deletion_succeeds() {
    let (gateway, admin) = Gateway::with_manager().await;
    for round in 0..ROUNDS {
        let key = admin.create_key(&["SMS"]).await;
        let deleted = Cell::new(false);
        let client = async || {
            for _ in 0..10 {
                let late = deleted.get();
                let status = key.status().await;
                // 404: it was let in, and gone when it was to be shown.
                let good = if late { vec![401] } else { vec![200, 401, 404] };
                assert!(good.contains(&status), "a request that started later: {late}, had {status}");
            }
        };
        let delete = async {
            for _ in 0..round % 8 {
                tokio::task::yield_now().await;
            }
            assert_eq!(admin.delete(&key.id).await.status, 204);
            deleted.set(true);
        };
        tokio::join!(delete, client(), client(), client(), client());
        assert_eq!(key.status().await, 401);
    }
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
}

#[tokio::test]
async fn of_deletions_at_once_one_has_deleted() {
    let (_, admin) = Gateway::with_manager().await;
    for _ in 0..ROUNDS {
        let key = admin.create_key(&["SMS"]).await;
        let mut statuses = join_all((0..4).map(|_| async { admin.delete(&key.id).await.status })).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404, 404, 404]);
    }
}

#[tokio::test]
async fn a_deletion_and_a_use_at_once_leave_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    admin.status().await;
    for round in 0..ROUNDS {
        let key = admin.create_key(&["SMS"]).await;
        // Its use is noted, and written while it is deleted, by another environment than the deletion's authorizer.
        let last_use = api_keys::store::LastUse::new(&gateway.functions.reader);
        let value = KeyValue::parse(&key.value, ImportedKeys::Refused).unwrap();
        let record = gateway.functions.reader.resolve(&value, gateway.now().into()).await.unwrap().unwrap();
        last_use.note(&record, gateway.now().into());
        let write = async {
            for _ in 0..round % 8 {
                tokio::task::yield_now().await;
            }
            last_use.write().await;
        };
        let (deleted, ()) = tokio::join!(admin.delete(&key.id), write);
        assert_eq!((deleted.status, last_use.dropped()), (204, 0));
        assert_eq!(key.status().await, 401);
    }
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
}

#[tokio::test]
async fn a_deletion_a_patch_and_a_rotation_at_once_leave_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    for _ in 0..ROUNDS {
        let key = admin.create_key(&["SMS"]).await;
        let name = json!({"name": "other"});
        let (deleted, patched, rotated) =
            tokio::join!(admin.delete(&key.id), admin.patch(&key.id, &name), admin.rotate(&key.id, 60));
        assert_eq!(deleted.status, 204);
        assert!([200, 404].contains(&patched.status), "{patched:?}");
        assert!([201, 404].contains(&rotated.status), "{rotated:?}");
        if rotated.status == 201 {
            assert_eq!(key.with_value_of(&rotated).status().await, 401);
        }
        assert_eq!(key.status().await, 401);
    }
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
}

#[tokio::test]
async fn unknown_deleted_and_foreign_values_take_one_path() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Ours").await;
    let theirs = gateway.create_account("Theirs").await;
    let deleted = admin.create_key(&["SMS"]).await;
    assert_eq!(admin.delete(&deleted.id).await.status, 204);
    let forge = |account: &Client, id: &str| {
        let account_id = AccountId::parse(&account.account_id).unwrap();
        let place = Locator { account_id, id: KeyId::parse(id).unwrap() };
        KeyValue::generate(&KeyPrefix::parse("ak_live").unwrap(), place, &Random::system()).unwrap().expose().to_owned()
    };
    let (nowhere, wrong_secret) = (forge(&admin, "0000000000000000000001"), forge(&admin, &admin.id));

    // None of them opens anything, for one read each.
    for value in [&deleted.value, &nowhere, &wrong_secret, &forge(&theirs, &theirs.id)] {
        drop(gateway.wire.take_calls());
        let refused = gateway.authorize("GET", "/sms", &[("X-API-Key", value)]).await.err();
        assert_eq!(refused, Some(Refusal::Unauthorized));
        assert_eq!(gateway.wire.take_calls().len(), 1);
    }
    // None of them is found, by the same calls and in the same words; another account's live key neither.
    admin.status().await;
    let mut ways = Vec::new();
    for value in [&deleted.value, &nowhere, &wrong_secret, &theirs.value] {
        drop(gateway.wire.take_calls());
        let answer = admin.get(&format!("/authentication/{value}")).await;
        answer.assert_problem(404);
        ways.push((gateway.wire.take_calls(), answer.text, answer.headers));
    }
    assert!(ways.windows(2).all(|pair| pair[0] == pair[1]), "{ways:?}");
}
