//! What makes two requests under one name the same: what they ask for, not how, when or after which deployment.

use std::time::Duration;

use api_keys::key::Catalogue;
use api_keys::lambda::Code;
use serde_json::{Value, json};
use tests::wire::Stop;
use tests::{Client, Gateway, new_key, new_key_with};

use super::NAME;
use crate::suspension::nth;

const HEADERS: [(&str, &str); 1] = [("Idempotency-Key", NAME)];

async fn create(admin: &Client, body: &Value) -> (u16, Value) {
    let answer = admin.send_with("POST", "/authentication", &HEADERS, Some(body)).await;
    (answer.status, answer.body["code"].clone())
}

fn done() -> (u16, Value) {
    (409, json!("REQUEST_DONE"))
}

#[tokio::test]
async fn the_order_of_a_list_is_spelling() {
    let (day, minute) = (json!({"requests": 1, "per": "DAY"}), json!({"requests": 1, "per": "MINUTE"}));
    for [first, second] in [
        [json!({"operations": ["SMS", "RCS"]}), json!({"operations": ["RCS", "SMS"]})],
        [json!({"allowedIps": ["203.0.113.1", "::1"]}), json!({"allowedIps": ["0::1", "203.0.113.1"]})],
        [json!({"limits": [day, minute]}), json!({"limits": [minute, day]})],
        [json!({"username": "Gr\u{e4}ce"}), json!({"username": " Gra\u{308}ce\u{a0}"})],
        [json!({"expiresAt": "2027-06-01T00:00:00Z"}), json!({"expiresAt": "2027-06-01T02:00:00.000+02:00"})],
    ] {
        let (_, admin) = Gateway::with_manager().await;
        assert_eq!(create(&admin, &new_key_with(&first)).await.0, 201);
        assert_eq!(create(&admin, &new_key_with(&second)).await, done(), "{second}");
    }
}

#[tokio::test]
async fn a_repeat_after_its_expiry_shows_what_was_done() {
    let (gateway, admin) = Gateway::with_manager().await;
    let body = new_key_with(&json!({"expiresAt": gateway.time_in(Duration::from_mins(5))}));
    assert_eq!(create(&admin, &body).await.0, 201);
    gateway.pass(Duration::from_mins(6));
    assert_eq!(create(&admin, &body).await, done());
    let other = new_key_with(&json!({"expiresAt": "2020-01-01T00:00:00Z"}));
    assert_eq!(create(&admin, &other).await, (400, json!("INVALID_REQUEST")), "another one that was never right");
}

#[tokio::test]
async fn a_repeat_after_a_deployment_shows_what_was_done() {
    for (body, operations, traffic_types) in [
        (new_key(), "SMS,RCS,WHATSAPP", "OTP,PROMOTIONAL"),
        (new_key_with(&json!({"operations": ["WHATSAPP"]})), "SMS,RCS", "TRANSACTIONAL"),
    ] {
        let (gateway, admin) = Gateway::with_manager().await;
        assert_eq!(create(&admin, &body).await.0, 201);
        gateway.set(|settings| settings.catalogue = Catalogue::parse(operations, traffic_types).unwrap());
        assert_eq!(create(&admin, &body).await, done(), "{operations} {traffic_types}");
    }
}

#[tokio::test]
async fn a_create_that_a_suspension_overtakes_is_refused_for_it_with_and_without_a_name() {
    for (headers, reads_before) in [(&[] as &[_], 1), (&HEADERS, 2)] {
        let (gateway, admin) = Gateway::with_manager().await;
        gateway.wire.throttle_every(0);
        let verdict = admin.verdict().await;
        let body = new_key().to_string();
        let create = gateway.hand_on_with("POST", "/authentication", headers, &verdict, Some(&body));
        let stop = nth(reads_before, Stop::before("GetItem"), |_| true);
        let (answer, ()) = gateway.wire.during(stop, create, gateway.suspend(&admin)).await;
        assert_eq!(answer.code(), Code::AccountSuspended, "{headers:?}");
    }
}
