//! What this build leaves: a key in each state, and all that stands beside it. `RELEASE=0.2.0 cargo test -p tests --test in_process
//! releases` keeps it as the sample of that release.

use std::time::Duration;
use std::{env, fs};

use api_keys::key::Timestamp;
use serde_json::{Value, json};
use tests::template::root;
use tests::{Client, Gateway, new_key_with};

const COMPANY: &str = "Beispiel GmbH";
const DAY: Duration = Duration::from_hours(24);
/// Grace periods begin so much later, and so the last of them ends in 2035.
const LATE: Duration = Duration::from_hours(24 * 365 * 8);

/// The tables as this build leaves them, with the values that are out.
pub async fn of_this_build() -> Value {
    let gateway = Gateway::importing().await;
    let start = gateway.now();
    gateway.set_time(start - 10 * DAY);
    let account = json!({
        "company": COMPANY, "userId": "user-1", "username": "Ada", "externalId": "crm-7",
        "accountLimits": [{"requests": 1_000_000, "per": "MINUTE"}],
    });
    let manager = gateway.client_of(&gateway.invoke_create_account(account).await.unwrap());
    let holder =
        |id: &str, value: &str| gateway.client_of(&json!({"accountId": manager.account_id, "id": id, "value": value}));
    let mut values = vec![known(&manager, "an account's first key", true)];
    let mut add = |client: &Client, what: &str, works: bool| values.push(known(client, what, works));

    add(&manager.create_key(&["SMS"]).await, "a key with required fields only", true);
    let fields = json!({
        "name": "Reminders", "description": "Appointment reminders", "trafficType": "OTP", "allowedIps": ["203.0.113.0/24"],
        "limits": [{"requests": 1_000_000, "per": "DAY"}], "tags": {"team": "blue"}, "expiresAt": "2035-11-23T03:50:08.254Z",
    });
    let full = manager.create_with(&fields).await;
    assert!(full.authorize().await.is_ok());
    add(&full, "a key with every field, used once", true);
    add(&manager.create_key(&["AUTHENTICATION_READ"]).await, "a key that only reads", true);
    let disabled = manager.create_key(&["SMS"]).await;
    assert_eq!(manager.patch(&disabled.id, &json!({"enabled": false})).await.status, 200);
    add(&disabled, "a disabled key", false);
    let soon = Timestamp::from(gateway.now() + Duration::from_hours(1));
    add(&manager.create_with(&json!({"expiresAt": soon})).await, "an expired key", false);
    let exposed = manager.create_key(&["SMS"]).await;
    gateway.leak(&[&exposed.value]).await;
    add(&exposed, "a value that was reported as leaked", false);
    let named = new_key_with(&json!({"name": "by a named request"}));
    let named =
        manager.send_with("POST", "/authentication", &[("Idempotency-Key", "sample-of-a-release")], Some(&named)).await;
    add(
        &holder(named.body["id"].as_str().unwrap(), named.body["value"].as_str().unwrap()),
        "a key of a named request",
        true,
    );

    let rotated = manager.create_key(&["SMS"]).await;
    let after = manager.rotate(&rotated.id, 0).await;
    add(&rotated, "a value that was rotated away", false);
    add(&rotated.with_value_of(&after), "the value after it", true);
    let theirs = "sk_old_51H8xQ2eZvKYlo2C";
    let id = gateway.import(&manager, theirs).await;
    add(&holder(&id, theirs), "an imported value", true);
    let retired = "sk_old_51H8xQ2eZvKYlo2D";
    let id = gateway.import(&manager, retired).await;
    assert_eq!(manager.delete(&id).await.status, 204);
    add(&holder(&id, retired), "an imported value whose key was deleted", false);
    let deleted = manager.create_key(&["SMS"]).await;
    assert_eq!(manager.delete(&deleted.id).await.status, 204);
    add(&deleted, "a deleted key", false);
    let suspended = gateway.create_account(COMPANY).await;
    gateway.suspend(&suspended).await;
    add(&suspended, "the first key of a suspended account", false);

    gateway.set_time(start + LATE);
    let in_grace = manager.create_key(&["SMS"]).await;
    let beside = manager.rotate(&in_grace.id, 7 * 24 * 3600).await;
    add(&in_grace, "a value in its grace period", true);
    add(&in_grace.with_value_of(&beside), "the value beside it", true);
    let theirs = "7f6b1c1e-0d52-4a8e-9d3f-0a1b2c3d4e5f";
    let id = gateway.import(&manager, theirs).await;
    let beside = manager.rotate(&id, 7 * 24 * 3600).await;
    add(&holder(&id, theirs), "an imported value in its grace period", true);
    add(&holder(&id, theirs).with_value_of(&beside), "the native value beside it", true);

    let (items, events, usage) = (gateway.engine.dump(), gateway.engine.events(), gateway.engine.usage());
    json!({"release": "this build", "accountId": manager.account_id, "values": values, "items": items, "events": events, "usage": usage})
}

/// Keeps it under the name of the release that the environment gives.
pub fn keep(mut sample: Value) {
    let Ok(release) = env::var("RELEASE") else { return };
    sample["release"] = json!(release);
    let text = serde_json::to_string_pretty(&sample).unwrap() + "\n";
    fs::write(root().join(format!("tests/data/releases/{release}.json")), text).unwrap();
}

fn known(client: &Client, what: &str, works: bool) -> Value {
    json!({"what": what, "id": client.id, "value": client.value, "works": works})
}
