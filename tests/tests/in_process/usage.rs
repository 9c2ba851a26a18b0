//! How much keys were used: counted behind the answers, never twice, and read by hour and by day.

mod writing;

use std::time::Duration;

use api_keys::key::Timestamp;
use serde_json::{Value, json};
use tests::{Client, Environment, Gateway};
use tokio::time::Instant;

/// All that is counted of a key, or of the account.
async fn sum(admin: &Client, path: &str) -> [u64; 3] {
    let answer = admin.get(&format!("/authentication/{path}?bucket=hour")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    sum_of(&answer.body)
}

fn sum_of(answer: &Value) -> [u64; 3] {
    let buckets = answer["usage"].as_array().unwrap();
    ["allowed", "limited", "denied"].map(|verdict| buckets.iter().map(|each| each[verdict].as_u64().unwrap()).sum())
}

async fn use_key(environment: &Environment, gateway: &Gateway, key: &Client) {
    assert!(environment.authorize(gateway, &key.value).await.is_ok());
    drop(environment.kept.after_answer().await);
}

async fn end(environment: &Environment) -> u64 {
    let usage = environment.kept.usage.as_ref().unwrap();
    usage.finish(Instant::now() + Duration::from_secs(5)).await.map_or(0, |dropped| dropped.requests)
}

#[tokio::test]
async fn each_verdict_is_counted_for_the_key_and_for_the_account() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"limits": [{"requests": 2, "per": "MONTH"}]})).await;
    let environment = Environment::of(&gateway).await;
    for _ in 0..5 {
        use_key(&environment, &gateway, &key).await;
    }
    assert_eq!(admin.patch(&key.id, &json!({"enabled": false})).await.status, 200);
    for _ in 0..4 {
        assert!(environment.authorize(&gateway, &key.value).await.is_err());
    }
    assert!(environment.authorize(&gateway, "garbage").await.is_err());
    assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [0, 0, 0], "not yet");

    assert_eq!(end(&environment).await, 0);

    assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [2, 3, 4]);
    assert_eq!(sum(&admin, "usage").await, [2, 3, 4], "what this API's own authorizer counted is not written yet");
    let now = gateway.manage("usage", &admin).await.unwrap();
    assert_eq!(sum_of(&now), [2, 3, 4]);
    assert_eq!(now["usage"].as_array().unwrap().last().unwrap()["denials"], json!({"DISABLED": 4}));
    let of_key = json!({"action": "usage", "accountId": admin.account_id, "keyId": key.id, "bucket": "hour"});
    assert_eq!(sum_of(&gateway.invoke_manage_account(of_key).await.unwrap()), [2, 3, 4]);
    let unknown = json!({"action": "usage", "accountId": "0".repeat(22)});
    assert!(gateway.invoke_manage_account(unknown).await.is_err());
}

#[tokio::test]
async fn each_reason_of_a_denial_is_counted_by_its_name_in_the_same_write() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"allowedIps": ["192.0.2.1"]})).await;
    let environment = Environment::of(&gateway).await;
    // Some are an error, which is a 401, and others a verdict that denies.
    let refused = async || drop(environment.authorize(&gateway, &key.value).await);
    let patch = async |patch: Value| assert_eq!(admin.patch(&key.id, &patch).await.status, 200);
    refused().await;
    patch(json!({"allowedIps": null, "operations": ["RCS"]})).await;
    refused().await;
    patch(json!({"enabled": false})).await;
    refused().await;
    refused().await;
    patch(json!({"enabled": true})).await;
    gateway.suspend(&admin).await;
    refused().await;
    gateway.manage("resume", &admin).await.unwrap();
    gateway.leak(&[&key.value]).await;
    refused().await;
    let before = gateway.engine.usage().len();

    assert_eq!(end(&environment).await, 0);

    let usage = admin.get(&format!("/authentication/{}/usage", key.id)).await.body;
    let day = usage["usage"].as_array().unwrap().last().unwrap().clone();
    let reasons = json!({"ADDRESS": 1, "OPERATION": 1, "DISABLED": 2, "SUSPENDED": 1, "EXPOSED": 1});
    assert_eq!((&day["denied"], &day["denials"]), (&json!(6), &reasons));
    assert_eq!(gateway.engine.usage().len(), before + 2, "of the key and of the account");
}

#[tokio::test]
async fn hours_and_days_have_their_own_and_every_bucket_of_the_time_is_there() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    // Half past some hour in the middle of a day.
    let day = Timestamp::from(gateway.now()).day();
    let now = Timestamp::from(gateway.now()).unix_seconds();
    let noon = Timestamp::parse(&format!("{day}T12:30:00Z")).unwrap().unix_seconds() + 86_400;
    gateway.pass(Duration::from_secs(u64::try_from(noon - now).unwrap()));
    let environment = Environment::of(&gateway).await;
    for (requests, after) in [(1, 0), (2, 1), (3, 24)] {
        gateway.pass(Duration::from_hours(after));
        for _ in 0..requests {
            use_key(&environment, &gateway, &key).await;
        }
    }
    assert_eq!(end(&environment).await, 0);
    let time = |days: u64, of_day: &str| {
        let day = Timestamp::from(gateway.now()).minus(Duration::from_hours(24 * days)).day();
        format!("{day}T{of_day}Z")
    };
    let path = format!("/authentication/{}/usage", key.id);
    let buckets = async |query: String| {
        let answer = admin.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let all = answer.body["usage"].as_array().unwrap().clone();
        all.iter()
            .map(|each| (each["start"].as_str().unwrap()[..16].to_owned(), each["allowed"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };

    let days = buckets(String::new()).await;
    assert_eq!((days.len(), days[28].1, days[29].1), (30, 3, 3));
    assert_eq!(days[29].0, time(0, "00:00").trim_end_matches('Z'));
    let hours = buckets(format!("bucket=hour&from={}&to={}", time(1, "11:15:00"), time(1, "14:00:00"))).await;
    let expected = [("11:00", 0), ("12:00", 1), ("13:00", 2)];
    assert_eq!(hours, expected.map(|(hour, count)| (time(1, hour).trim_end_matches('Z').to_owned(), count)));
    let in_the_future = buckets(format!("bucket=hour&from={}&to=2099-01-01T00:00:00Z", time(0, "13:00:00"))).await;
    assert_eq!(in_the_future, [(time(0, "13:00").trim_end_matches('Z').to_owned(), 3)]);

    // A key that is gone keeps what was counted of it.
    assert_eq!(admin.delete(&key.id).await.status, 204);
    assert_eq!(buckets(String::new()).await, days);
    let never = admin.create_key(&["SMS"]).await;
    assert_eq!(sum(&admin, &format!("{}/usage", never.id)).await, [0, 0, 0]);
}

/// A job that reads month by month gets the same status for each.
#[tokio::test]
async fn any_id_has_usage_whatever_range_is_asked_for() {
    let (gateway, admin) = Gateway::with_manager().await;
    let stranger = gateway.create_account("Other").await;
    let deleted = admin.create_key(&["SMS"]).await;
    let environment = Environment::of(&gateway).await;
    use_key(&environment, &gateway, &deleted).await;
    assert_eq!(end(&environment).await, 0);
    assert_eq!(admin.delete(&deleted.id).await.status, 204);
    gateway.pass(Duration::from_hours(24 * 3));

    let used_then = admin.get(&format!("/authentication/{}/usage", deleted.id)).await;
    assert_eq!(sum_of(&used_then.body), [1, 0, 0]);
    let later = Timestamp::from(gateway.now()).day();
    let none = admin.get(&format!("/authentication/self/usage?from={later}")).await;
    let (never, nobody) = (admin.create_key(&["SMS"]).await, "0".repeat(22));
    for id in [&deleted.id, &never.id, &stranger.id, &nobody] {
        let answer = admin.get(&format!("/authentication/{id}/usage?from={later}")).await;
        assert_eq!((answer.status, answer.text), (200, none.text.clone()), "{id}");
    }
    admin.get("/authentication/x/usage").await.assert_problem(404);
}

#[tokio::test]
async fn a_day_without_a_time_is_its_start_so_the_last_one_is_not_included() {
    let (_, admin) = Gateway::with_manager().await;
    let starts = async |query: &str| {
        let answer = admin.get(&format!("/authentication/usage?{query}")).await;
        let buckets = answer.body["usage"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone();
        buckets.iter().map(|each| each["start"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let days = starts("from=2027-01-11&to=2027-01-13").await;
    let hours = starts("bucket=hour&from=2027-01-12&to=2027-01-13").await;

    assert_eq!(days, ["2027-01-11T00:00:00.000Z", "2027-01-12T00:00:00.000Z"]);
    assert_eq!(hours.len(), 24);
    assert_eq!([&hours[0], &hours[23]], ["2027-01-12T00:00:00.000Z", "2027-01-12T23:00:00.000Z"]);
}

#[tokio::test]
async fn wrong_questions_are_a_400_that_names_what_is_wrong() {
    let (gateway, admin) = Gateway::with_manager().await;
    let now = Timestamp::from(gateway.now());
    let ago = |days: u64, seconds: u64| {
        let time = now.minus(Duration::from_secs(days * 86_400 + seconds));
        serde_json::to_value(time).unwrap().as_str().unwrap().to_owned()
    };
    for (query, wrong) in [
        ("bucket=week".to_owned(), &["bucket"][..]),
        ("bucket=".to_owned(), &["bucket"]),
        ("from=x&to=y&bucket=z".to_owned(), &["bucket", "from", "to"]),
        ("from=".to_owned(), &["from"]),
        (format!("from={}&to={}", ago(1, 0), ago(1, 0)), &["from"]),
        (format!("from={}&to={}", ago(1, 0), ago(2, 0)), &["from"]),
        ("from=2099-01-01T00:00:00Z&to=2099-01-02T00:00:00Z".to_owned(), &["from"]),
        (format!("from={}", ago(400, 60)), &["from"]),
        (format!("from={}&bucket=hour", ago(31, 60)), &["from"]),
        ("limit=1".to_owned(), &["limit"]),
        ("bucket=day&bucket=day".to_owned(), &["bucket"]),
    ] {
        for path in ["usage", "self/usage"] {
            let answer = admin.get(&format!("/authentication/{path}?{query}")).await;
            answer.assert_problem(400);
            assert_eq!(answer.wrong_fields(), wrong, "{query}");
        }
    }
    let most = |from: &str, query: &str| format!("/authentication/usage?from={from}{query}");
    let july = most("2026-07-01T00:00:00Z", "&to=2026-08-01T00:00:00Z&bucket=hour");
    for (path, buckets) in [(most(&ago(399, 0), ""), 400), (most(&ago(30, 0), "&bucket=hour"), 721), (july, 31 * 24)] {
        let answer = admin.get(&path).await;
        assert_eq!(answer.body["usage"].as_array().map(Vec::len), Some(buckets), "{answer:?}");
    }
}

#[tokio::test]
async fn no_key_sees_usage_that_is_not_its_own() {
    let gateway = Gateway::start().await;
    let (ours, theirs) = (gateway.create_account("Ours").await, gateway.create_account("Theirs").await);
    let key = ours.create_key(&["SMS"]).await;
    let environment = Environment::of(&gateway).await;
    use_key(&environment, &gateway, &key).await;
    assert_eq!(end(&environment).await, 0);

    assert_eq!(sum(&key, "self/usage").await, [1, 0, 0]);
    assert_eq!(sum(&key, &format!("{}/usage", key.id)).await, [1, 0, 0]);
    let own = gateway.authorize("GET", "/authentication/self/usage", &[("X-API-Key", &key.value)]).await.unwrap();
    let of_others = [format!("{}/usage", ours.id), format!("{}/usage", key.value), "x/usage".to_owned()];
    for path in ["usage".to_owned()].iter().chain(&of_others) {
        let path = format!("/authentication/{path}");
        assert_eq!(key.get(&path).await.status, 403, "the authorizer's");
        gateway.hand_on("GET", &path, &own, None).await.assert_problem(403);
    }
    assert_eq!(sum(&theirs, &format!("{}/usage", key.id)).await, [0, 0, 0], "as of any id");
    assert_eq!(sum(&theirs, "usage").await, [0, 0, 0]);
    assert_eq!(sum(&ours, "usage").await, [1, 0, 0]);
}

#[tokio::test]
async fn a_look_up_of_another_key_is_denied_and_counts_as_that() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    for path in [&*admin.id, &admin.value, "x", "events", "usage", &format!("{}/usage", admin.id)] {
        assert_eq!(key.get(&format!("/authentication/{path}")).await.status, 403);
    }
    assert_eq!(key.get("/authentication/self").await.status, 200);
    let usage = gateway.functions.kept.usage.as_ref().unwrap();
    assert!(usage.finish(Instant::now() + Duration::from_secs(5)).await.is_none());

    assert_eq!(sum(&admin, &format!("{}/usage", key.id)).await, [1, 0, 6]);
}

#[tokio::test]
async fn where_usage_is_disabled_nothing_is_counted() {
    let gateway = Gateway::without_usage().await;
    let admin = gateway.create_account("Example").await;
    for _ in 0..3 {
        gateway.pass(Duration::from_mins(5));
        assert_eq!(admin.status().await, 200);
    }
    assert!(gateway.engine.usage().is_empty());
    assert_eq!(sum(&admin, "usage").await, [0, 0, 0]);
}

#[tokio::test]
async fn erasing_removes_it_and_erasing_again_what_was_written_late() {
    let gateway = Gateway::start().await;
    let (admin, other) = (gateway.create_account("Example").await, gateway.create_account("Other").await);
    let environment = Environment::of(&gateway).await;
    for key in [&admin, &other] {
        use_key(&environment, &gateway, key).await;
    }
    assert_eq!(end(&environment).await, 0);
    use_key(&environment, &gateway, &admin).await;
    gateway.suspend(&admin).await;
    let erase = json!({"accountId": admin.account_id, "confirm": admin.account_id});
    let of = |client: &Client| {
        let items = gateway.engine.usage();
        items.iter().filter(|item| item["accountId"]["S"] == *client.account_id).count()
    };
    assert_eq!((of(&admin), of(&other)), (2, 2));

    assert_eq!(gateway.invoke_erase_account(erase.clone()).await.unwrap()["done"], true);
    assert_eq!(of(&admin), 0);
    assert_eq!(end(&environment).await, 0);
    assert_eq!(of(&admin), 2, "it was counted before");
    let again = gateway.invoke_erase_account(erase).await.unwrap();
    assert_eq!((&again["done"], &again["removed"]), (&json!(true), &json!(2)));
    assert_eq!((of(&admin), of(&other)), (0, 2));
}

#[tokio::test]
async fn items_leave_after_as_long_as_they_are_shown() {
    let (gateway, admin) = Gateway::with_manager().await;
    let environment = Environment::of(&gateway).await;
    use_key(&environment, &gateway, &admin).await;
    assert_eq!(end(&environment).await, 0);
    let now = Timestamp::from(gateway.now()).unix_seconds();
    for item in gateway.engine.usage() {
        let purge_at: i64 = item["purgeAt"]["N"].as_str().unwrap().parse().unwrap();
        assert!(purge_at - now > 400 * 86_400, "{item}");
        let id = item["id"]["S"].as_str().unwrap();
        assert!(id.starts_with(&admin.id) || id.starts_with("account#"), "{id}");
    }
}
