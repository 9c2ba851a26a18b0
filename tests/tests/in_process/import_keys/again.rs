//! The same import again: it changes nothing, and what has ended stays ended.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tests::values::{import_of, sha256_hex};
use tests::wire::{Fault, Reason, Stop};
use tests::{Client, Gateway};

use super::FOREIGN;

/// How a value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Deleted,
    Rotated,
    RotatedWithGrace,
    Purged,
    ReportedAndDeleted,
    ReportedAndRotated,
    RotatedWithGraceAndReported,
    DeletedAndReported,
}

const ENDINGS: [Ending; 8] = [
    Ending::Deleted,
    Ending::Rotated,
    Ending::RotatedWithGrace,
    Ending::Purged,
    Ending::ReportedAndDeleted,
    Ending::ReportedAndRotated,
    Ending::RotatedWithGraceAndReported,
    Ending::DeletedAndReported,
];

impl Ending {
    fn was_reported(self) -> bool {
        !matches!(self, Self::Deleted | Self::Rotated | Self::RotatedWithGrace | Self::Purged)
    }

    async fn happen(self, gateway: &Gateway, admin: &Client, id: &str, value: &str) {
        let report = async {
            let answer = gateway.report(&[], &json!([{ "token": value }]).to_string()).await;
            assert_eq!(answer.status, 202, "{answer:?}");
        };
        match self {
            Self::Deleted => drop(admin.delete(id).await),
            Self::Rotated => drop(admin.rotate(id, 0).await),
            Self::RotatedWithGrace => {
                admin.rotate(id, 60).await;
                gateway.pass(Duration::from_secs(61));
            }
            Self::Purged => gateway.engine.remove(&admin.account_id, id),
            Self::ReportedAndDeleted => {
                report.await;
                admin.delete(id).await;
            }
            Self::ReportedAndRotated => {
                report.await;
                admin.rotate(id, 0).await;
            }
            Self::RotatedWithGraceAndReported => {
                admin.rotate(id, 3600).await;
                report.await;
            }
            Self::DeletedAndReported => {
                admin.delete(id).await;
                report.await;
            }
        }
        assert_eq!(gateway.status_of(value).await, 401, "{self:?}");
    }
}

fn code(report: &Value) -> Value {
    assert_eq!(report["imported"], json!([]), "{report}");
    report["failed"][0]["code"].clone()
}

async fn import_with_revive(gateway: &Gateway, account: &Client, value: &str) -> Value {
    let payload = json!({"accountId": account.account_id, "keys": [import_of(value)], "revive": true});
    gateway.invoke_import_keys(payload).await.unwrap()
}

#[tokio::test]
async fn nothing_that_ended_comes_back_by_importing_it_again() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let other = gateway.create_account("Other").await;
    for ending in ENDINGS {
        let value = format!("sk_old_value_that_is_{ending:?}");
        let id = gateway.import_keys(&admin, json!([import_of(&value)])).await["imported"][0]["id"].clone();
        ending.happen(&gateway, &admin, id.as_str().unwrap(), &value).await;

        for account in [&admin, &other] {
            let again = gateway.import_keys(account, json!([import_of(&value)])).await;
            let expected = if ending.was_reported() { "EXPOSED" } else { "RETIRED" };
            assert_eq!(code(&again), expected, "{ending:?}: {again}");
            assert_eq!(again["failed"][0].get("retry"), None);
            assert_eq!(gateway.status_of(&value).await, 401, "{ending:?}");
        }

        let revived = import_with_revive(&gateway, &admin, &value).await;
        if ending.was_reported() {
            assert_eq!(code(&revived), "EXPOSED", "{ending:?}: {revived}");
            assert_eq!(gateway.status_of(&value).await, 401, "{ending:?}");
        } else {
            assert_eq!(revived["failed"], json!([]), "{ending:?}");
            assert_eq!(gateway.status_of(&value).await, 200, "{ending:?}");
            let event = &admin.get("/authentication/events?limit=1").await.body["events"][0];
            let change = json!({"field": "revived", "from": null, "to": true});
            assert_eq!(event["type"], "key.imported");
            assert!(event["changes"].as_array().unwrap().contains(&change), "{event}");
        }
    }
}

#[tokio::test]
async fn a_value_that_was_reported_stays_dead_when_its_account_is_erased() {
    let gateway = Gateway::importing().await;
    let (gone, admin) = (gateway.create_account("Gone").await, gateway.create_account("Example").await);
    gateway.import_keys(&gone, json!([import_of(FOREIGN)])).await;
    gateway.leak(&[FOREIGN]).await;
    for action in ["suspend", "erase"] {
        let payload = json!({"accountId": gone.account_id});
        let answer = if action == "suspend" {
            gateway.manage("suspend", &gone).await
        } else {
            let payload = json!({"accountId": payload["accountId"], "confirm": payload["accountId"]});
            gateway.invoke_erase_account(payload).await
        };
        assert_eq!(answer.unwrap()["done"], true);
    }
    let kept = gateway.engine.dump().into_iter().filter(|item| !item.to_string().contains(&admin.account_id));
    let kept: Vec<_> = kept.filter(|item| item["accountId"]["S"] != "accounts").collect();
    let mark = json!({"accountId": {"S": format!("sha256#{}", sha256_hex(FOREIGN))}, "id": {"S": "exposed"}});
    assert_eq!(kept, [mark], "a bare hash, with nothing of whose it was");

    assert_eq!(code(&import_with_revive(&gateway, &admin, FOREIGN).await), "EXPOSED");
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
}

#[tokio::test]
async fn a_value_that_nothing_knows_leaves_nothing_and_can_be_imported_later() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let before = gateway.engine.dump();
    gateway.leak(&[FOREIGN]).await;
    assert_eq!(gateway.engine.dump(), before);
    gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await;
    assert_eq!(gateway.status_of(FOREIGN).await, 200);
}

#[tokio::test]
async fn a_key_that_is_there_is_present_and_stays_as_it_is() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let mut key = import_of(FOREIGN);
    key["operations"] = json!(["SMS", "RCS"]);
    key["limits"] = json!([{"requests": 9, "per": "DAY"}]);
    let id = gateway.import_keys(&admin, json!([key])).await["imported"][0]["id"].clone();
    let (items, events) = (gateway.engine.dump(), gateway.engine.events().len());

    let mut other = import_of(FOREIGN);
    other["name"] = json!("other");
    key["operations"] = json!(["RCS", "SMS"]);
    let report = gateway.import_keys(&admin, json!([key, other])).await;

    let present = json!([
        {"index": 0, "id": id, "equal": true, "differs": []},
        {"index": 1, "id": id, "equal": false, "differs": ["operations", "name", "limits"]},
    ]);
    assert_eq!(report, json!({"imported": [], "present": present, "failed": []}));
    assert_eq!((gateway.engine.dump(), gateway.engine.events().len()), (items, events));

    // What is dead stays dead, though it is there.
    let id = id.as_str().unwrap();
    admin.patch(id, &json!({"enabled": false})).await;
    let disabled = &gateway.import_keys(&admin, json!([key])).await["present"][0];
    assert_eq!(
        *disabled,
        json!({"index": 0, "id": id, "equal": true, "differs": []}),
        "whether it is disabled is not compared"
    );
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
    admin.patch(id, &json!({"enabled": true})).await;
    gateway.leak(&[FOREIGN]).await;
    assert_eq!(code(&gateway.import_keys(&admin, json!([key])).await), "EXPOSED");
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
}

#[tokio::test]
async fn a_value_in_its_grace_period_is_present() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let id = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await["imported"][0]["id"].clone();
    admin.rotate(id.as_str().unwrap(), 60).await;
    let report = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await;
    assert_eq!(report["present"][0], json!({"index": 0, "id": id, "equal": true, "differs": []}));
}

#[tokio::test]
async fn an_import_that_was_cut_off_and_whose_value_was_reported_leaves_a_key_that_can_be_rotated() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let id = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await["imported"][0]["id"].clone();
    let mut item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == id).unwrap();
    item["held"] = json!({"BOOL": true});
    gateway.engine.put(&item);
    gateway.leak(&[FOREIGN]).await;

    assert_eq!(code(&gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await), "EXPOSED");
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
    let answer = admin.rotate(id.as_str().unwrap(), 0).await;
    assert_eq!((answer.status, &answer.body["status"]), (201, &json!("ACTIVE")));
    assert_eq!(gateway.status_of(answer.body["value"].as_str().unwrap()).await, 200);
}

#[tokio::test]
async fn a_key_whose_end_has_passed_since_is_present() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let mut key = import_of(FOREIGN);
    key["expiresAt"] = json!(gateway.time_in(Duration::from_mins(1)));
    let id = gateway.import_keys(&admin, json!([key])).await["imported"][0]["id"].clone();
    gateway.pass(Duration::from_mins(2));
    let again = gateway.import_keys(&admin, json!([key])).await;
    assert_eq!(again["present"], json!([{"index": 0, "id": id, "equal": true, "differs": []}]), "{again}");
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
    key["sha256"] = json!(sha256_hex("sk_old_that_is_not_there"));
    assert_eq!(code(&gateway.import_keys(&admin, json!([key])).await), "INVALID");
}

#[tokio::test]
async fn of_two_imports_of_one_key_that_is_the_last_with_room_both_find_it() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    gateway.set(|settings| settings.max_keys = 2);
    let keys = || json!([import_of(FOREIGN)]);
    let stop = Stop::before("TransactWriteItems");
    let import_it = || Box::pin(gateway.import_keys(&admin, keys()));
    let (late, first) = gateway.wire.during(stop, import_it(), import_it()).await;
    let id = &first["imported"][0]["id"];
    assert_eq!(late["present"], json!([{"index": 0, "id": id, "equal": true, "differs": []}]), "{late}");
}

#[tokio::test]
async fn what_a_suspension_overtook_is_to_be_sent_again() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let manage = |action: &str| gateway.invoke_manage_account(json!({"action": action, "accountId": admin.account_id}));
    // It reads the account at its beginning, before its transaction and after it.
    let reads = Mutex::new(0);
    let stop = Stop::before("GetItem").when(move |body| {
        let mut reads = reads.lock().unwrap();
        *reads += usize::from(body["Key"]["id"]["S"] == "quota");
        *reads == 3
    });
    let import_it = || Box::pin(gateway.import_keys(&admin, json!([import_of(FOREIGN)])));
    let (report, _) = gateway.wire.during(stop, import_it(), Box::pin(manage("suspend"))).await;
    let failed = &report["failed"][0];
    assert_eq!((&failed["code"], &failed["retry"]), (&json!("ACCOUNT_NOT_ACTIVE"), &json!(true)), "{report}");

    manage("resume").await.unwrap();
    assert_eq!(gateway.status_of(FOREIGN).await, 401, "its import is not complete");
    let again = import_it().await;
    assert_eq!((again["present"].as_array().map(Vec::len), gateway.status_of(FOREIGN).await), (Some(1), 200));
}

/// The transaction of an import shows the claim before the key. A read between finds that the value has ended.
#[tokio::test]
async fn a_value_is_neither_revived_nor_refused_as_ended_where_the_key_that_has_it_shows_late() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let first = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await;
    let id = first["imported"][0]["id"].as_str().unwrap();
    let item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == id).unwrap();

    for revives in [true, false] {
        gateway.engine.remove(&admin.account_id, id);
        let stop = Stop::before("TransactWriteItems");
        let show_it = async { gateway.engine.put(&item) };
        let again = async {
            let payload = json!({"accountId": admin.account_id, "keys": [import_of(FOREIGN)], "revive": revives});
            gateway.invoke_import_keys(payload).await.unwrap()
        };
        let (report, ()) = gateway.wire.during(stop, Box::pin(again), show_it).await;
        assert_eq!(report["present"][0]["id"], id, "{report}");
        assert_eq!(gateway.engine.keys().len(), 2, "it has one key");
    }
}

#[tokio::test]
async fn a_value_that_another_import_revives_at_this_moment_is_present() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let first = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await;
    admin.delete(first["imported"][0]["id"].as_str().unwrap()).await;

    let stop = Stop::before("TransactWriteItems");
    let plain = Box::pin(gateway.import_keys(&admin, json!([import_of(FOREIGN)])));
    let (late, revived) = gateway.wire.during(stop, plain, import_with_revive(&gateway, &admin, FOREIGN)).await;
    let id = &revived["imported"][0]["id"];
    assert!(id.is_string() && late["present"][0]["id"] == *id, "{revived} {late}");
}

#[tokio::test]
async fn a_look_that_meets_another_write_is_repeated() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let first = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await;
    admin.delete(first["imported"][0]["id"].as_str().unwrap()).await;
    gateway.wire.break_times(2, Fault::Cancel(Reason::TransactionConflict, 0));
    assert_eq!(code(&gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await), "RETIRED");
    gateway.wire.break_with(Fault::Cancel(Reason::TransactionConflict, 1));
    let report = gateway.import_keys(&admin, json!([import_of(FOREIGN)])).await;
    assert_eq!((code(&report), &report["failed"][0]["retry"]), (json!("UNAVAILABLE"), &json!(true)), "{report}");
}

#[tokio::test]
async fn revive_is_true_or_false() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let payload = json!({"accountId": admin.account_id, "keys": [import_of(FOREIGN)], "revive": "yes"});
    let error = gateway.invoke_import_keys(payload).await.unwrap_err();
    assert_eq!(error["errorMessage"], "revive must be true or false");
}
