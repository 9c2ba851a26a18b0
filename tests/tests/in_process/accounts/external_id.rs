//! What the company itself calls an account: operators set it, and it is in every verdict and every event.

use std::time::Duration;

use serde_json::{Value, json};
use tests::values::import_of;
use tests::wire::{Call, Stop};
use tests::{Client, Gateway, NEW_KEY, new_key};

use crate::suspension::{self, nth};

use super::on;

const FOREIGN: &str = "sk_old_51H8xQ2eZvKYlo2C1";

async fn handed_on(key: &Client) -> Value {
    key.verdict().await["context"]["externalId"].clone()
}

/// An account that has a name from its first moment.
async fn create_named(gateway: &Gateway, external_id: &str) -> Client {
    let payload = json!({"company": "Example", "userId": "user-1", "username": "Ada", "externalId": external_id});
    gateway.client_of(&gateway.invoke_create_account(payload).await.unwrap())
}

async fn set(gateway: &Gateway, account: &Client, external_id: Value) -> Value {
    gateway.see_through("update", account, &json!({ "externalId": external_id })).await.unwrap()
}

fn assert_all_have(gateway: &Gateway, account: &Client, external_id: Option<&str>, what: &str) {
    let keys: Vec<_> =
        gateway.engine.keys().into_iter().filter(|key| key["accountId"]["S"] == json!(account.account_id)).collect();
    assert!(!keys.is_empty());
    for key in keys {
        assert_eq!(key["externalId"]["S"].as_str(), external_id, "{what}: {}", key["id"]);
    }
}

#[tokio::test]
async fn it_is_in_every_verdict_and_costs_no_read_more() {
    let (gateway, plain) = Gateway::with_manager().await;
    let named = create_named(&gateway, " Kunde\u{a0}№ 7 — Zoe\u{308} ").await;
    let other = named.create_key(&["SMS"]).await;

    assert_eq!(handed_on(&named).await, "Kunde № 7 — Zoë", "as company and username");
    assert_eq!(handed_on(&other).await, "Kunde № 7 — Zoë");
    assert_eq!(handed_on(&plain).await, "");
    drop(gateway.wire.take_calls());
    handed_on(&other).await;
    assert_eq!(gateway.wire.take_calls(), [Call { operation: "GetItem".into(), index: None, consistent: true }]);
    for account in [&named, &plain] {
        let external_id = json!(if account.id == named.id { Some("Kunde № 7 — Zoë") } else { None });
        assert_eq!(gateway.manage("show", account).await.unwrap()["externalId"], external_id);
        assert_eq!(account.get("/authentication/account").await.body["externalId"], external_id);
        let list = gateway.list_accounts(&json!({})).await;
        let listed =
            list["accounts"].as_array().unwrap().iter().find(|it| it["accountId"] == json!(account.account_id));
        assert_eq!(listed.unwrap()["externalId"], external_id);
    }
    assert!(!named.get("/authentication/self").await.text.contains("Kunde"), "it is of the account");
}

#[tokio::test]
async fn a_change_reaches_every_key_and_every_new_one() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    for _ in 0..60 {
        admin.create_key(&["SMS"]).await;
    }
    let updated = set(&gateway, &admin, json!("customer-7")).await;
    assert_eq!((&updated["done"], &updated["keysChanged"]), (&json!(true), &json!(61)));
    assert_eq!(updated["account"]["externalId"], "customer-7");
    let new = admin.create_key(&["SMS"]).await;
    gateway.import(&admin, FOREIGN).await;
    let recover = on(&admin, "recover", json!({"userId": "u", "username": "n"}));
    let recovered = gateway.invoke_manage_account(recover).await.unwrap();
    assert_all_have(&gateway, &admin, Some("customer-7"), "new ones too");
    assert_eq!(handed_on(&new).await, "customer-7");
    assert_eq!(gateway.engine.keys().len(), 64, "{}", recovered["id"]);

    let both = on(&admin, "update", json!({"company": "Other", "externalId": "customer-8"}));
    assert_eq!(gateway.invoke_manage_account(both).await.unwrap()["keysChanged"], 64, "each key once");
    let cursor = on(&admin, "update", json!({"company": "Third", "cursor": "p1.0."}));
    let refused = gateway.invoke_manage_account(cursor).await.unwrap_err();
    assert!(refused["errorMessage"].as_str().unwrap().contains("cursor must be"), "{refused}");
    set(&gateway, &admin, json!("customer-7")).await;

    let written = gateway.engine.events().len();
    assert_eq!(set(&gateway, &admin, json!("customer-7")).await["keysChanged"], 0);
    assert_eq!(gateway.engine.events().len(), written, "the same again is no change");
    assert_eq!(set(&gateway, &admin, Value::Null).await["keysChanged"], 64);
    assert_all_have(&gateway, &admin, None, "removed");
    assert_eq!(handed_on(&new).await, "");
    assert_eq!(gateway.manage("show", &admin).await.unwrap()["externalId"], Value::Null);
}

#[tokio::test]
async fn with_company_and_ceiling_keys_get_it_in_steps_that_are_continued() {
    let gateway = Gateway::start().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    let admin = gateway.create_account("Old").await;
    for _ in 0..30 {
        admin.create_key(&["SMS"]).await;
    }
    let limits = json!([{"requests": 100, "per": "MINUTE"}]);
    let change = json!({"company": "New", "limits": limits, "externalId": "customer-7"});

    let updated = gateway.see_through("update", &admin, &change).await.unwrap();

    assert_eq!(
        (&updated["account"]["company"], &updated["account"]["externalId"]),
        (&json!("New"), &json!("customer-7"))
    );
    assert_all_have(&gateway, &admin, Some("customer-7"), "all");
    for key in gateway.engine.keys() {
        assert_eq!(
            (&key["company"]["S"], &key["ceiling"]["L"][0]["M"]["requests"]["N"]),
            (&json!("New"), &json!("100"))
        );
    }
    let changed = gateway.engine.events().iter().filter(|event| event["type"]["S"] == "account.changed").count();
    assert_eq!(changed, 1);
}

/// Wherever a new key is overtaken by a change, and whether or not the sweep's query shows it, it gets the new name.
#[tokio::test]
async fn no_key_keeps_an_older_one_wherever_its_making_is_overtaken() {
    let making: [(&str, &[&str]); 3] = [
        ("create", &["GetItem", "TransactWriteItems", "GetItem"]),
        (
            "import",
            &["GetItem", "GetItem", "Query", "GetItem", "GetItem", "TransactWriteItems", "GetItem", "UpdateItem"],
        ),
        ("recover", &["GetItem", "GetItem", "TransactWriteItems", "GetItem"]),
    ];
    for (work, calls) in making {
        for (at, call) in calls.iter().enumerate() {
            let gateway = Gateway::importing().await;
            let admin = create_named(&gateway, "older").await;
            let verdict = admin.verdict().await;
            let others = calls[..at].iter().filter(|earlier| *earlier == call).count();
            let what = format!("{work} before its call {at}, {call}");
            let perform = async {
                match work {
                    "create" => drop(gateway.hand_on("POST", "/authentication", &verdict, Some(NEW_KEY)).await),
                    "import" => drop(gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await),
                    _ => {
                        let recover = on(&admin, "recover", json!({"userId": "u", "username": "n"}));
                        drop(gateway.invoke_manage_account(recover).await);
                    }
                }
            };
            let ((), _) = gateway
                .wire
                .during(
                    nth(others, Stop::before(call), |_| true),
                    Box::pin(perform),
                    set(&gateway, &admin, json!("newer")),
                )
                .await;
            assert_eq!(gateway.engine.keys().len(), 2, "{what}");
            assert_all_have(&gateway, &admin, Some("newer"), &what);
        }
    }
}

#[tokio::test]
async fn a_key_that_a_query_does_not_show_yet_gets_it_from_its_creator() {
    let gateway = Gateway::start().await;
    let admin = create_named(&gateway, "older").await;
    let stale = gateway.engine.frozen_copy().await;
    let update = async {
        gateway.wire.answer_queries_from(Some(stale.address()));
        let updated = set(&gateway, &admin, json!("newer")).await;
        gateway.wire.answer_queries_from(None);
        updated
    };
    let (created, updated) =
        gateway.wire.during(suspension::second_read_of_the_account(), admin.create_key(&["SMS"]), update).await;

    assert_eq!((&updated["done"], &updated["keysChanged"]), (&json!(true), &json!(1)), "the other one");
    assert_eq!(handed_on(&created).await, "newer");
}

/// So a key has the new name even if its maker is ended before it looks at the account again.
#[tokio::test]
async fn no_key_is_made_of_an_account_that_had_another_one() {
    let gateway = Gateway::start().await;
    let admin = create_named(&gateway, "older").await;
    let verdict = admin.verdict().await;
    let change = async {
        set(&gateway, &admin, json!("newer")).await;
        drop(gateway.wire.take_calls());
    };
    let create = gateway.hand_on("POST", "/authentication", &verdict, Some(NEW_KEY));
    let (created, ()) = gateway.wire.during(Stop::before("TransactWriteItems"), create, change).await;
    assert_eq!(created.status, 201);
    let calls: Vec<_> = gateway.wire.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["GetItem", "TransactWriteItems", "GetItem"], "refused, and made anew");
    assert_all_have(&gateway, &admin, Some("newer"), "both");
}

#[tokio::test]
async fn an_update_of_both_that_is_continued_undoes_nothing_that_came_after_it() {
    let gateway = Gateway::start().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    let admin = gateway.create_account("Old").await;
    for _ in 0..30 {
        admin.create_key(&["SMS"]).await;
    }
    let mut first = on(&admin, "update", json!({"company": "First", "externalId": "first"}));
    let half = gateway.invoke_manage_account(first.clone()).await.unwrap();
    assert_eq!(half["done"], false);
    gateway.see_through("update", &admin, &json!({"company": "Second", "externalId": "second"})).await.unwrap();

    first["cursor"] = half["cursor"].clone();
    loop {
        let next = gateway.invoke_manage_account(first.clone()).await.unwrap();
        if next["done"] == true {
            break;
        }
        first["cursor"] = next["cursor"].clone();
    }

    assert_all_have(&gateway, &admin, Some("second"), "later");
    assert!(gateway.engine.keys().iter().all(|key| key["company"]["S"] == "Second"));
}

#[tokio::test]
async fn every_event_has_it() {
    let (gateway, plain) = Gateway::importing_with_manager().await;
    plain.create_key(&["SMS"]).await;
    let admin = create_named(&gateway, "customer-7").await;
    let [one, two, three, four] = [
        admin.create_key(&["SMS"]).await,
        admin.create_key(&["SMS"]).await,
        admin.create_key(&["SMS"]).await,
        admin.create_key(&["SMS"]).await,
    ];
    admin.patch(&one.id, &json!({"name": "x"})).await;
    admin.patch(&one.id, &json!({"enabled": false})).await;
    admin.rotate(&two.id, 60).await;
    admin.delete(&one.id).await;
    let tag =
        format!("\"{}\"", admin.get(&format!("/authentication/{}", four.id)).await.body["etag"].as_str().unwrap());
    let own = format!("/authentication/{}", four.id);
    assert_eq!(admin.send_with("DELETE", &own, &[("If-Match", &tag)], None).await.status, 204);
    gateway.leak(&[&two.value]).await;
    gateway.import(&admin, FOREIGN).await;
    gateway.manage_with("disable-keys", &admin, &json!({"keyIds": [three.id]})).await.unwrap();
    gateway.manage_with("revoke-keys", &admin, &json!({"keyIds": [three.id]})).await.unwrap();
    let recover = on(&admin, "recover", json!({"userId": "u", "username": "n"}));
    gateway.invoke_manage_account(recover).await.unwrap();
    gateway.see_through("update", &admin, &json!({"maxKeys": 50})).await.unwrap();
    set(&gateway, &admin, json!("customer-8")).await;
    gateway.suspend(&admin).await;
    gateway.resume(&admin).await;
    let payload = json!({"accountId": admin.account_id, "confirm": admin.account_id});

    let of = |account: &Client| -> Vec<(String, Value)> {
        let mut events = gateway.engine.events();
        events.retain(|event| event["accountId"]["S"] == json!(account.account_id));
        events.sort_by_key(|event| event["id"]["S"].as_str().unwrap().to_owned());
        let text = |event: &Value, name: &str| event[name]["S"].as_str().unwrap_or_default().to_owned();
        events.iter().map(|event| (text(event, "type"), event["externalId"]["S"].clone())).collect()
    };
    let events = of(&admin);
    let kinds: std::collections::BTreeSet<_> = events.iter().map(|(kind, _)| kind.clone()).collect();
    assert_eq!(kinds.len(), 11, "{kinds:?}");
    let (later, earlier): (Vec<_>, Vec<_>) = events.iter().partition(|(_, id)| *id == "customer-8");
    assert!(earlier.iter().all(|(_, id)| *id == "customer-7"), "{earlier:?}");
    let later: Vec<_> = later.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(later.len(), 3, "{later:?}");
    assert!(
        ["account.changed", "account.suspended", "account.resumed"].iter().all(|kind| later.contains(kind)),
        "{later:?}"
    );
    assert!(of(&plain).iter().all(|(_, id)| id.is_null()));

    let shown = admin.get("/authentication/events").await.body["events"].as_array().unwrap().clone();
    let changed =
        shown.iter().find(|event| event["type"] == "account.changed" && event["externalId"] == "customer-8").unwrap();
    assert_eq!(changed["changes"], json!([{"field": "externalId", "from": "customer-7", "to": "customer-8"}]));
    let created = shown.iter().find(|event| event["type"] == "account.created").unwrap();
    let given = json!({"field": "externalId", "from": null, "to": "customer-7"});
    assert!(created["changes"].as_array().unwrap().contains(&given), "{created}");
    let without = plain.get("/authentication/events").await.body["events"][0].clone();
    assert!(without.as_object().unwrap().contains_key("externalId") && without["externalId"].is_null());

    gateway.suspend(&admin).await;
    assert_eq!(gateway.invoke_erase_account(payload).await.unwrap()["done"], true);
    assert_eq!(of(&admin), [("account.erased".to_owned(), json!("customer-8"))]);
}

/// A verdict may be from a cache; a write reads the key as it is.
#[tokio::test]
async fn an_event_has_the_one_of_now_where_the_caller_is_known_from_before() {
    let gateway = Gateway::start().await;
    let admin = create_named(&gateway, "older").await;
    let key = admin.create_key(&["SMS"]).await;
    let verdict = admin.verdict().await;
    set(&gateway, &admin, json!("newer")).await;
    let path = format!("/authentication/{}", key.id);
    for (method, path, body) in [
        ("PATCH", path.clone(), Some(r#"{"name": "x"}"#)),
        ("POST", format!("{path}/rotate"), None),
        ("POST", "/authentication".to_owned(), Some(NEW_KEY)),
    ] {
        assert!(gateway.hand_on(method, &path, &verdict, body).await.status < 300);
        let event = &admin.get("/authentication/events?limit=1").await.body["events"][0];
        assert_eq!(event["externalId"], "newer", "{method} {path}: {event}");
    }
}

#[tokio::test]
async fn a_wrong_one_is_named_and_nothing_is_done() {
    let (gateway, admin) = Gateway::with_manager().await;
    for wrong in [json!(7), json!(""), json!(" "), json!("a\u{200b}"), json!("x".repeat(129))] {
        let update = on(&admin, "update", json!({"externalId": wrong}));
        let error = gateway.invoke_manage_account(update).await.unwrap_err();
        assert!(error["errorMessage"].as_str().unwrap().starts_with("externalId "), "{error}");
        let payload = json!({"company": "C", "userId": "u", "username": "n", "externalId": wrong});
        let error = gateway.invoke_create_account(payload).await.unwrap_err();
        assert!(error["errorMessage"].as_str().unwrap().starts_with("externalId "), "{error}");
    }
    let longest = "😀".repeat(128);
    set(&gateway, &admin, json!(longest)).await;
    assert_eq!(handed_on(&admin).await, longest);
    assert_eq!(admin.post(&new_key()).await.status, 201);
}
