//! `erase-account`: nothing is left of an account but one event, wherever the erasing ended before.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::engine::EVENTS;
use tests::values::{import_of, sha256_hex};
use tests::wire::{Fault, Stop};
use tests::{Client, Environment, Gateway, NEW_KEY, new_key};

use crate::suspension::{nth, polled};

fn payload(account: &Client) -> Value {
    json!({"accountId": account.account_id, "confirm": account.account_id, "operator": "grace"})
}

/// Erases, as often as it takes. How many items it removed.
async fn erase(gateway: &Gateway, account: &Client) -> u64 {
    let (mut removed, mut payload) = (0, payload(account));
    loop {
        let answer = gateway.invoke_erase_account(payload.clone()).await.unwrap();
        assert_eq!(answer["done"], answer["cursor"].is_null());
        removed += answer["removed"].as_u64().unwrap();
        if answer["done"] == true {
            return removed;
        }
        payload["cursor"] = answer["cursor"].clone();
    }
}

/// Everything that names the account, its events left out.
fn items_of(gateway: &Gateway, account: &Client) -> Vec<Value> {
    gateway.engine.dump().into_iter().filter(|item| item.to_string().contains(&account.account_id)).collect()
}

fn events_of(gateway: &Gateway, account: &Client) -> Vec<Value> {
    gateway.engine.events().into_iter().filter(|event| event["accountId"]["S"] == json!(account.account_id)).collect()
}

fn assert_erased(gateway: &Gateway, account: &Client, what: &str) {
    assert_eq!(items_of(gateway, account), Vec::<Value>::new(), "{what}");
    let events = events_of(gateway, account);
    assert_eq!(events.iter().map(|event| &event["type"]["S"]).collect::<Vec<_>>(), ["account.erased"], "{what}");
}

/// Keys of every kind, with more of them than are removed at once, and claims that only lead back from elsewhere.
async fn furnished(gateway: &Gateway, company: &str) -> Client {
    let admin = gateway.create_account(company).await;
    for _ in 0..24 {
        admin.create_key(&["SMS"]).await;
    }
    let rotated = admin.create_key(&["SMS"]).await;
    admin.rotate(&rotated.id, 3600).await;
    gateway.import(&admin, &format!("sk_old_kept_by_{company}")).await;
    let twice = gateway.import(&admin, &format!("sk_old_rotated_by_{company}")).await;
    admin.rotate(&twice, 3600).await;
    admin.rotate(&twice, 3600).await;
    let gone = gateway.import(&admin, &format!("sk_old_deleted_by_{company}")).await;
    admin.delete(&gone).await;
    let named = [("Idempotency-Key", "a-request-of-ours")];
    assert_eq!(admin.send_with("POST", "/authentication", &named, Some(&new_key())).await.status, 201);
    admin
}

#[tokio::test]
async fn nothing_is_left_but_one_event_and_others_lose_nothing() {
    let gateway = Gateway::importing().await;
    let ours = furnished(&gateway, "ours").await;
    let theirs = furnished(&gateway, "theirs").await;
    // A value that was ours is theirs by now, and the other way round.
    for (first, then, value) in [(&ours, &theirs, "sk_old_first_was_ours"), (&theirs, &ours, "sk_old_first_was_theirs")]
    {
        let id = gateway.import(first, value).await;
        first.delete(&id).await;
        gateway.import(then, value).await;
    }
    let (before, events) = (items_of(&gateway, &theirs), events_of(&gateway, &theirs));
    gateway.suspend(&ours).await;

    let removed = erase(&gateway, &ours).await;

    assert_erased(&gateway, &ours, "ours");
    // 29 keys, 5 traces of imports, the account's own two, and as many events and more.
    assert!(removed > 65, "{removed}");
    let event = &events_of(&gateway, &ours)[0];
    assert_eq!((&event["keyId"], &event["actor"]["M"]["claimed"]["S"]), (&Value::Null, &json!("grace")));
    assert!(event["purgeAt"]["N"].is_string(), "it ends like all events");
    let claim = |value: &str| format!("sha256#{}", sha256_hex(value));
    let left: BTreeSet<_> = gateway.engine.dump().iter().map(|item| item["accountId"]["S"].to_string()).collect();
    assert!(!left.contains(&json!(claim("sk_old_first_was_theirs")).to_string()));
    let same = |items: &[Value]| items.iter().map(Value::to_string).collect::<BTreeSet<_>>();
    assert_eq!(same(&items_of(&gateway, &theirs)), same(&before));
    assert_eq!(events_of(&gateway, &theirs), events);
    for value in [&*theirs.value, "sk_old_first_was_ours", "sk_old_kept_by_theirs"] {
        assert_eq!(gateway.status_of(value).await, 200);
    }
    assert_eq!(ours.status().await, 401);
    // Another account can import a value that was ours.
    gateway.import(&theirs, "sk_old_kept_by_ours").await;
    let list = gateway.invoke_manage_account(json!({"action": "list"})).await.unwrap();
    assert_eq!(list["accounts"].as_array().unwrap().len(), 1);
    let left = gateway.manage("events", &ours).await.unwrap();
    assert_eq!(left["events"][0]["type"], "account.erased", "operators can still see it");
    assert_eq!(gateway.manage("show", &ours).await.unwrap_err()["errorMessage"], "there is no such account");
    // A repeat after a lost answer finds it done.
    assert_eq!(erase(&gateway, &ours).await, 0);
    assert_erased(&gateway, &ours, "ours, repeated");
}

#[tokio::test]
async fn only_a_suspended_account_is_erased_and_only_when_it_is_named_twice() {
    let (gateway, admin) = Gateway::with_manager().await;
    let before = (gateway.engine.dump(), gateway.engine.events());
    let (id, unknown) = (&admin.account_id, "0".repeat(22));
    let invalid = "InvalidRequest";
    for (payload, error_type, message) in [
        (payload(&admin), "Conflict", "the account is not suspended: suspend it first"),
        (json!({"accountId": unknown, "confirm": unknown}), "NotFound", "there is no such account"),
        (json!({"accountId": id, "confirm": "yes"}), invalid, "confirm must be the same as accountId"),
        (json!({"accountId": id}), invalid, "confirm must be the same as accountId"),
        (
            json!({"accountId": id, "confirm": id, "cursor": "x", "force": true}),
            invalid,
            "cursor must be the cursor of an earlier answer; force is not a known field",
        ),
        (json!({}), invalid, "accountId is required; confirm must be the same as accountId"),
        (json!([]), invalid, "body must be a JSON object"),
    ] {
        let error = gateway.invoke_erase_account(payload).await.unwrap_err();
        assert_eq!(error, json!({"errorType": error_type, "errorMessage": message}));
    }
    assert!((gateway.engine.dump(), gateway.engine.events()) == before);
}

#[tokio::test]
async fn once_begun_nothing_but_erasing_is_possible() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.operators_time = Duration::ZERO);
    for _ in 0..30 {
        admin.create_key(&["SMS"]).await;
    }
    while gateway.manage("suspend", &admin).await.unwrap()["done"] == false {}
    assert_eq!(gateway.invoke_erase_account(payload(&admin)).await.unwrap()["done"], false);

    let update = json!({"action": "update", "accountId": admin.account_id, "company": "New"});
    for refused in [gateway.manage("resume", &admin).await, gateway.invoke_manage_account(update).await] {
        assert_eq!(refused.unwrap_err()["errorMessage"], "the account is being erased");
    }
    assert_eq!(gateway.manage("show", &admin).await.unwrap()["status"], "SUSPENDED");
    erase(&gateway, &admin).await;
    assert_erased(&gateway, &admin, "continued");
}

#[tokio::test]
async fn it_can_end_at_any_point_and_be_repeated_or_done_twice_at_once() {
    let gateway = Gateway::importing().await;
    let theirs = furnished(&gateway, "theirs").await.account_id;
    let mut polls = 1;
    loop {
        gateway.set(|settings| settings.operators_time = manage_account::TIME);
        let admin = furnished(&gateway, &format!("number-{polls}")).await;
        gateway.suspend(&admin).await;
        let ended = polled(polls, erase(&gateway, &admin)).await;
        let what = format!("after {polls} polls");
        if ended.is_none() {
            gateway.wire.quiet().await;
            tokio::join!(erase(&gateway, &admin), erase(&gateway, &admin));
        }
        assert_erased(&gateway, &admin, &what);
        if ended.is_some() {
            break;
        }
        polls += 1 + polls / 4;
    }
    assert!(polls > 10, "{polls}");
    let left = gateway.engine.keys();
    assert!(left.len() > 25 && left.iter().all(|key| key["accountId"]["S"] == json!(theirs)));
}

#[tokio::test]
async fn imports_of_release_0_1_left_only_claims_which_the_keys_lead_to() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    gateway.import(&admin, "sk_old_as_it_was_imported").await;
    let rotated = gateway.import(&admin, "sk_old_in_its_grace_period").await;
    admin.rotate(&rotated, 3600).await;
    for item in gateway.engine.dump() {
        if item["accountId"]["S"].as_str().unwrap().ends_with("#imports") {
            gateway.engine.remove(item["accountId"]["S"].as_str().unwrap(), item["id"]["S"].as_str().unwrap());
        }
    }
    gateway.suspend(&admin).await;
    erase(&gateway, &admin).await;
    assert_erased(&gateway, &admin, "claims");
}

#[tokio::test]
async fn what_is_under_way_while_the_account_is_erased_leaves_nothing() {
    for (method, path, body, calls) in [
        ("POST", "", Some(NEW_KEY), &["GetItem", "TransactWriteItems"][..]),
        ("PATCH", "/{key}", Some(r#"{"name": "n"}"#), &["GetItem", "TransactWriteItems"]),
        ("POST", "/{key}/rotate", None, &["GetItem", "TransactWriteItems"]),
        ("DELETE", "/{key}", None, &["TransactWriteItems", "UpdateItem"]),
    ] {
        for call in calls {
            let gateway = Gateway::start().await;
            gateway.wire.throttle_every(0);
            let admin = gateway.create_account("Example").await;
            let key = admin.create_key(&["SMS"]).await;
            let verdict = admin.verdict().await;
            let path = format!("/authentication{}", path.replace("{key}", &key.id));
            let erasing = async {
                gateway.suspend(&admin).await;
                erase(&gateway, &admin).await;
            };
            let request = gateway.hand_on(method, &path, &verdict, body);
            let stop = nth(0, Stop::before(call), |_| true);

            let (answer, ()) = gateway.wire.during(stop, request, erasing).await;

            let expected = match (method, *call) {
                ("POST", _) if path == "/authentication" => 409,
                // It was deleted before; this is only its note.
                ("DELETE", "UpdateItem") => 204,
                _ => 404,
            };
            assert_eq!(answer.status, expected, "{method} {path} before {call}: {answer:?}");
            assert_erased(&gateway, &admin, &format!("{method} {path} before {call}"));
        }
    }
}

/// A request was read before, and is counted afterwards.
#[tokio::test]
async fn erasing_again_removes_what_a_late_lease_wrote() {
    let (gateway, admin) = Gateway::with_manager().await;
    let limits = json!([{"requests": 10, "per": "DAY"}]);
    let key = admin.create_with(&json!({"limits": limits})).await;
    let environment = Environment::of(&gateway).await;
    let erasing = async {
        gateway.suspend(&admin).await;
        erase(&gateway, &admin).await;
    };
    let claim = Stop::before("UpdateItem").when(|body| body["UpdateExpression"].as_str().unwrap().contains("cDay"));

    let (late, ()) = gateway.wire.during(claim, environment.authorize(&gateway, &key.value), erasing).await;

    assert!(late.is_ok(), "it was read before");
    assert_eq!(items_of(&gateway, &admin).len(), 1, "its counters");
    assert_eq!(erase(&gateway, &admin).await, 1);
    assert_erased(&gateway, &admin, "erased again");
}

/// A transaction may show in one of its items before it shows in another.
#[tokio::test]
async fn erasing_again_removes_what_a_transaction_showed_late() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    admin.rotate(&key.id, 60).await;
    let late: Vec<_> = events_of(&gateway, &admin).into_iter().map(newest).collect();
    let item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == json!(key.id)).unwrap();
    gateway.suspend(&admin).await;
    erase(&gateway, &admin).await;

    gateway.engine.put(&item);
    for event in &late {
        gateway.engine.put_into(EVENTS, event);
    }

    assert_eq!(erase(&gateway, &admin).await, 1 + late.len() as u64);
    assert_erased(&gateway, &admin, "erased again");
    assert_eq!(erase(&gateway, &admin).await, 0);
}

/// The event as one of a clock that is ahead.
fn newest(mut event: Value) -> Value {
    let id = event["id"]["S"].as_str().unwrap();
    event["id"]["S"] = json!(format!("1{}", &id[1..]));
    event
}

#[tokio::test]
async fn what_operators_do_meanwhile_does_not_bring_the_account_back() {
    let update = json!({"action": "update", "company": "New"});
    for (payload, call) in [
        (json!({"action": "resume"}), "TransactWriteItems"),
        (update.clone(), "TransactWriteItems"),
        (update, "UpdateItem"),
        (json!({"action": "recover", "userId": "u", "username": "n"}), "GetItem"),
    ] {
        let gateway = Gateway::start().await;
        gateway.wire.throttle_every(0);
        let admin = gateway.create_account("Example").await;
        let mut payload = payload;
        payload["accountId"] = json!(admin.account_id);
        let is_resumed = payload["action"] == "resume";
        if is_resumed {
            gateway.suspend(&admin).await;
        }
        let erasing = async {
            if !is_resumed {
                gateway.suspend(&admin).await;
            }
            erase(&gateway, &admin).await;
        };
        let what = format!("{payload} before {call}");
        let stop = nth(0, Stop::before(call), |_| true);

        let (answer, ()) = gateway.wire.during(stop, gateway.invoke_manage_account(payload), erasing).await;

        assert_eq!(answer.unwrap_err()["errorMessage"], "there is no such account", "{what}");
        assert_erased(&gateway, &admin, &what);
    }
}

#[tokio::test]
async fn after_any_failure_a_repeat_completes_it() {
    let faults =
        [Fault::Cut, Fault::Throttle, Fault::Fail, Fault::LoseAnswer, Fault::TruncateAnswer, Fault::SpoilAnswer];
    for (after, fault) in [0, 1, 4].into_iter().flat_map(|after| faults.map(|fault| (after, fault))) {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        gateway.import(&admin, "sk_old_51H8xQ2eZvKYlo2C0").await;
        gateway.suspend(&admin).await;
        let mut gate = gateway.wire.stop(nth(after, Stop::before("DeleteItem"), |_| true));
        let breaking = async {
            if after > 0 {
                gate.reached().await;
            }
            gateway.wire.break_times(5, fault);
            gate.release();
        };
        let (first, ()) = tokio::join!(gateway.invoke_erase_account(payload(&admin)), breaking);
        gateway.wire.mend();
        if let Err(error) = first {
            assert_eq!(error["errorType"], "InternalError", "{fault:?} {after}: {error}");
        }
        erase(&gateway, &admin).await;
        assert_erased(&gateway, &admin, &format!("{fault:?} after {after}"));
    }
}

#[tokio::test]
async fn what_was_under_way_does_not_bring_an_account_of_a_release_before_0_2_back() {
    for what in ["import", "adopt"] {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        gateway.engine.as_of_release_0_1(&admin.account_id);
        let erased = async {
            for item in gateway.engine.keys() {
                gateway.engine.remove(&admin.account_id, item["id"]["S"].as_str().unwrap());
            }
            gateway.engine.remove(&format!("{}#quota", admin.account_id), "quota");
        };

        let stop = Stop::before("TransactWriteItems");
        if what == "import" {
            let payload = json!({"accountId": admin.account_id, "keys": [import_of("sk_old_value_of_another")]});
            let import = Box::pin(gateway.invoke_import_keys(payload));
            let (report, ()) = gateway.wire.during(stop, import, erased).await;
            assert_eq!(report.unwrap()["failed"][0]["code"], "ACCOUNT_NOT_ACTIVE");
        } else {
            let (adopted, ()) = gateway.wire.during(stop, gateway.manage("adopt", &admin), erased).await;
            assert!(adopted.is_err(), "{adopted:?}");
        }

        assert_eq!(items_of(&gateway, &admin), Vec::<Value>::new(), "{what}");
    }
}
