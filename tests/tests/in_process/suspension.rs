//! Suspending an account: when it has answered, every key fails on its next request; resumed, those that worked work.

mod interrupted;
mod under_way;

use std::cell::Cell;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use authorizer::Refusal;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::values::import_of;
use tests::wire::{Call, Stop};
use tests::{Client, Environment, Gateway, new_key_with};

const FOREIGN: &str = "sk_old_51H8xQ2eZvKYlo2C0aBcDeFgH";

/// A create's or an import's read of the account after its transaction.
pub fn second_read_of_the_account() -> Stop {
    nth(1, Stop::before("GetItem"), |body| body["Key"]["id"]["S"] == "quota")
}

/// Stops the call after so many others that match.
pub fn nth(others: usize, stop: Stop, matches: impl Fn(&Value) -> bool + Send + 'static) -> Stop {
    let seen = AtomicUsize::new(0);
    stop.when(move |body| matches(body) && seen.fetch_add(1, Ordering::SeqCst) == others)
}

/// An account with keys of every kind: some work, some do not.
struct Mixed {
    admin: Client,
    working: Vec<String>,
    others: Vec<String>,
}

async fn mixed(gateway: &Gateway) -> Mixed {
    let admin = gateway.create_account("Example").await;
    let mut working = vec![admin.value.clone(), FOREIGN.to_owned()];
    let mut others = Vec::new();
    for _ in 0..20 {
        working.push(admin.create_key(&["SMS"]).await.value);
    }
    let disabled = admin.create_key(&["SMS"]).await;
    admin.patch(&disabled.id, &json!({"enabled": false})).await;
    others.push(disabled.value);
    let end = gateway.time_in(Duration::from_secs(1));
    let body = new_key_with(&json!({"expiresAt": end}));
    others.push(admin.create(&body).await.value);
    gateway.pass(Duration::from_secs(1));
    let rotated = admin.create_key(&["SMS"]).await;
    // Both values work in the grace period.
    working.push(rotated.with_value_of(&admin.rotate(&rotated.id, 3600).await).value);
    working.push(rotated.value);
    let deleted = admin.create_key(&["SMS"]).await;
    admin.delete(&deleted.id).await;
    others.push(deleted.value);
    gateway.import(&admin, FOREIGN).await;
    Mixed { admin, working, others }
}

impl Mixed {
    async fn assert_all_fail(&self, gateway: &Gateway) {
        for value in self.working.iter().chain(&self.others) {
            assert_eq!(gateway.status_of(value).await, 401);
        }
    }

    async fn assert_those_work_that_worked(&self, gateway: &Gateway) {
        for value in &self.working {
            assert_eq!(gateway.status_of(value).await, 200);
        }
        for value in &self.others {
            assert_eq!(gateway.status_of(value).await, 401);
        }
    }
}

#[tokio::test]
async fn of_ten_thousand_requests_from_many_environments_none_succeeds_that_starts_after_the_answer() {
    const ENVIRONMENTS: usize = 10;
    const EACH: usize = 1_000;
    let gateway = Gateway::importing().await;
    let account = mixed(&gateway).await;
    let bystander = gateway.create_account("Other").await;
    let environments = join_all((0..ENVIRONMENTS).map(|_| Environment::of(&gateway))).await;
    let answered = Cell::new(false);
    let before = Cell::new(0);

    let requests = environments.iter().enumerate().map(async |(number, environment)| {
        let (mut late, mut at) = (0, number);
        while late < EACH {
            let value = &account.working[at % account.working.len()];
            at += 1;
            let is_late = answered.get();
            let refused = environment.authorize(&gateway, value).await.err();
            assert_ne!(refused, Some(Refusal::Unavailable));
            assert!(!is_late || refused == Some(Refusal::Unauthorized), "a request succeeded after the answer");
            late += usize::from(is_late);
            before.set(before.get() + usize::from(refused.is_none()));
        }
    });
    let suspending = async {
        // They are all under way.
        while before.get() < 50 {
            tokio::task::yield_now().await;
        }
        gateway.suspend(&account.admin).await;
        answered.set(true);
    };
    tokio::join!(join_all(requests), suspending);

    assert_eq!(bystander.status().await, 200);
    gateway.resume(&account.admin).await;
    account.assert_those_work_that_worked(&gateway).await;
}

#[tokio::test]
async fn a_suspended_key_costs_one_read_like_any_other() {
    let (gateway, admin) = Gateway::with_manager().await;
    let read = Call { operation: "GetItem".into(), index: None, consistent: true };
    for action in ["suspend", "resume"] {
        gateway.see_through(action, &admin, &json!({})).await.unwrap();
        drop(gateway.wire.take_calls());
        let refused = admin.authorize().await.err();
        assert_eq!(refused, (action == "suspend").then_some(Refusal::Unauthorized));
        assert_eq!(gateway.wire.take_calls(), std::slice::from_ref(&read), "{action}");
    }
}

#[tokio::test]
async fn it_leaves_one_event_and_repeating_it_changes_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    for (action, status, kind, from) in
        [("suspend", "SUSPENDED", "account.suspended", "ACTIVE"), ("resume", "ACTIVE", "account.resumed", "SUSPENDED")]
    {
        let payload = json!({"action": action, "accountId": admin.account_id, "operator": "grace"});
        let answer = gateway.invoke_manage_account(payload.clone()).await.unwrap();
        assert_eq!(
            (&answer["done"], &answer["keysMarked"], &answer["cursor"]),
            (&json!(true), &json!(2), &Value::Null)
        );
        assert_eq!(answer["account"]["status"], status);
        let again = gateway.invoke_manage_account(payload).await.unwrap();
        assert_eq!(
            (&again["done"], &again["keysMarked"], &again["account"]["status"]),
            (&json!(true), &json!(0), &json!(status))
        );
        let events = json!({"action": "events", "accountId": admin.account_id});
        let events = gateway.invoke_manage_account(events).await.unwrap()["events"].clone();
        assert_eq!((&events[0]["type"], &events[0]["keyId"]), (&json!(kind), &Value::Null));
        assert_eq!(events[0]["changes"], json!([{"field": "status", "from": from, "to": status}]));
        assert_eq!(events[0]["actor"]["claimed"], "grace");
        assert_ne!(events[1]["type"], kind, "one event, however often");
    }
    assert_eq!([key.status().await, admin.status().await], [200, 200]);
}

#[tokio::test]
async fn a_suspended_account_can_be_looked_at_and_changed_but_gets_no_key() {
    let gateway = Gateway::importing().await;
    let account = mixed(&gateway).await;
    let id = &account.admin.account_id;
    gateway.suspend(&account.admin).await;
    account.assert_all_fail(&gateway).await;

    let keys = gateway.manage("list-keys", &account.admin).await.unwrap();
    let keys = keys["apiKeys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key["status"] == "SUSPENDED"), "disabled and expired ones too");
    assert_eq!(keys.iter().filter(|key| key["enabled"] == false).count(), 1, "enabled stays what it was");
    let recover = json!({"action": "recover", "accountId": id, "userId": "u", "username": "n"});
    let import = json!({"accountId": id, "keys": [import_of("sk_old_another_value")]});
    for refused in [gateway.invoke_manage_account(recover).await, gateway.invoke_import_keys(import).await] {
        assert_eq!(refused.unwrap_err()["errorMessage"], "the account is suspended");
    }
    let update = json!({"action": "update", "accountId": id, "company": "New"});
    assert_eq!(gateway.invoke_manage_account(update).await.unwrap()["done"], true);
    let revoke = json!({"action": "revoke-keys", "accountId": id, "keyIds": [keys[1]["id"]]});
    assert_eq!(gateway.invoke_manage_account(revoke).await.unwrap()["revoked"], json!([keys[1]["id"]]));
    account.assert_all_fail(&gateway).await;
}

#[tokio::test]
async fn an_account_of_release_0_1_is_adopted_when_it_is_suspended() {
    let gateway = Gateway::start().await;
    let admin = gateway.create_account("Old").await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.engine.as_of_release_0_1(&admin.account_id);

    gateway.suspend(&admin).await;

    assert_eq!([admin.status().await, key.status().await], [401, 401]);
    let list = gateway.invoke_manage_account(json!({"action": "list"})).await.unwrap();
    assert_eq!(list["accounts"][0]["status"], "SUSPENDED");
    gateway.resume(&admin).await;
    assert_eq!([admin.status().await, key.status().await], [200, 200]);
}

/// Drops a future after so many polls; `None` if it was not ready before. Each time that it waits is a poll.
pub async fn polled<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
