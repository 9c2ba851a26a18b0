//! Accounts of release 0.1, which are adopted.

use serde_json::{Value, json};
use tests::Gateway;
use tests::values::import_of;

use super::{on, refused};

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
