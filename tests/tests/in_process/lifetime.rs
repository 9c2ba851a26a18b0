//! How long values of keys may live at most, by stack and by account.

use std::time::Duration;

use api_keys::key::Lifetime;
use serde_json::{Value, json};
use tests::gateway::Request;
use tests::values::import_of;
use tests::wire::Stop;
use tests::{Answer, Client, Gateway, new_key_with};

const fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

/// A service whose stack lets values live for so many days.
async fn of_stack(most: u64) -> (Gateway, Client) {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.set(|settings| settings.lifetime = Lifetime::of_days(most));
    (gateway, admin)
}

async fn of_account(gateway: &Gateway, account: &Client, most: Value) -> Value {
    gateway.see_through("update", account, &json!({"maxKeyLifetimeDays": most})).await.unwrap()
}

async fn make(gateway: &Gateway, admin: &Client, ahead: Duration) -> Client {
    admin.create_with(&json!({"expiresAt": gateway.time_in(ahead)})).await
}

async fn rotate(admin: &Client, id: &str, body: &Value) -> Answer {
    admin.send_with("POST", &format!("/authentication/{id}/rotate"), &[], Some(body)).await
}

async fn shown(admin: &Client, id: &str) -> Value {
    admin.get(&format!("/authentication/{id}")).await.body
}

/// The time that lies so far behind one that the API has written.
fn later(time: &Value, by: Duration) -> Value {
    let time = api_keys::key::Timestamp::parse(time.as_str().unwrap()).unwrap();
    json!(time.plus(by))
}

fn assert_exceeded(answer: &Answer) {
    answer.assert_problem(400);
    assert_eq!(answer.body["code"], "LIFETIME_EXCEEDED");
    assert_eq!(answer.wrong_fields(), ["expiresAt"]);
}

#[tokio::test]
async fn a_new_key_ends_within_it() {
    let (gateway, admin) = of_stack(90).await;
    let create = async |more: Value| admin.post(&new_key_with(&more)).await;
    assert_exceeded(&create(json!({})).await);
    assert_exceeded(&create(json!({"expiresAt": null})).await);
    let late = create(json!({"expiresAt": gateway.time_in(days(90) + Duration::from_mins(1))})).await;
    assert_exceeded(&late);
    let message = late.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains(" at the latest: a value lives for at most 90 days"), "{message}");
    // The latest that it names is taken, or was, by the clock of then.
    let made = create(json!({"expiresAt": gateway.time_in(days(90))})).await;
    assert_eq!(made.status, 201);
    let exact = later(&made.body["createdAt"], days(90));
    let of_then = admin.patch(made.body["id"].as_str().unwrap(), &json!({"expiresAt": exact})).await;
    assert_eq!(of_then.status, 200, "to the millisecond");
    let beyond = later(&made.body["createdAt"], days(90) + Duration::from_millis(1));
    assert_exceeded(&admin.patch(made.body["id"].as_str().unwrap(), &json!({"expiresAt": beyond})).await);
    // What is wrong anyway is that.
    let past = create(json!({"expiresAt": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(past.body["code"], "INVALID_REQUEST");
    assert_eq!(admin.get("/authentication").await.ids().len(), 2, "nothing was made of what was refused");
}

#[tokio::test]
async fn a_patch_moves_the_end_within_it_and_cannot_extend_it_for_ever() {
    let (gateway, admin) = of_stack(90).await;
    let key = make(&gateway, &admin, days(30)).await;
    let mut moved = 0;
    for _ in 0..12 {
        gateway.pass(days(10));
        if admin.patch(&key.id, &json!({"expiresAt": gateway.time_in(days(10) + Duration::from_secs(9))})).await.status
            == 200
        {
            moved += 1;
        }
    }
    assert_eq!(moved, 7, "the last one ends 80 days and some seconds after its birth");
    let end = shown(&admin, &key.id).await["expiresAt"].clone();
    for refused in [json!({"expiresAt": null}), json!({"expiresAt": gateway.time_in(days(1))})] {
        assert_exceeded(&admin.patch(&key.id, &refused).await);
    }
    assert_eq!(shown(&admin, &key.id).await["expiresAt"], end);
}

#[tokio::test]
async fn another_change_leaves_an_end_that_is_too_late() {
    let (gateway, admin) = Gateway::with_manager().await;
    let endless = admin.create_key(&["SMS"]).await;
    let late = make(&gateway, &admin, days(400)).await;
    gateway.set(|settings| settings.lifetime = Lifetime::of_days(90));
    for key in [&endless, &late] {
        let before = shown(&admin, &key.id).await["expiresAt"].clone();
        for patch in
            [json!({"name": "x"}), json!({"enabled": false}), json!({"enabled": true}), json!({"operations": ["RCS"]})]
        {
            let patched = admin.patch(&key.id, &patch).await;
            assert_eq!((patched.status, &patched.body["expiresAt"]), (200, &before), "{patch}");
        }
        assert_eq!(key.status().await, 200, "what is there works on");
        assert_exceeded(&admin.patch(&key.id, &json!({"expiresAt": null})).await);
        assert_eq!(admin.patch(&key.id, &json!({"expiresAt": gateway.time_in(days(80))})).await.status, 200);
    }
}

#[tokio::test]
async fn a_rotation_leaves_the_end_or_takes_one_and_gives_the_latest_where_there_is_none() {
    let (gateway, admin) = Gateway::with_manager().await;
    let endless = admin.create_key(&["SMS"]).await;
    let late = make(&gateway, &admin, days(400)).await;
    let late_end = shown(&admin, &late.id).await["expiresAt"].clone();
    gateway.set(|settings| settings.lifetime = Lifetime::of_days(90));
    gateway.pass(days(20));

    let rotated = admin.rotate(&endless.id, 60).await;
    assert_eq!(rotated.status, 201);
    let birth = &rotated.body["valueCreatedAt"];
    assert_eq!(rotated.body["expiresAt"], later(birth, days(90)));
    assert_eq!(shown(&admin, &endless.id).await, {
        let mut key = rotated.body.clone();
        key.as_object_mut().unwrap().remove("value");
        key
    });
    let event = &admin.get(&format!("/authentication/events?keyId={}&limit=1", endless.id)).await.body["events"][0];
    let change = json!({"field": "expiresAt", "from": null, "to": rotated.body["expiresAt"]});
    assert_eq!((&event["type"], &event["changes"][1]), (&json!("key.rotated"), &change));

    let rotated = rotate(&admin, &late.id, &json!({})).await;
    assert_eq!((rotated.status, &rotated.body["expiresAt"]), (201, &late_end), "as it is");
    assert_ne!(rotated.body["valueCreatedAt"], rotated.body["createdAt"]);
    // From the birth of the new value on.
    gateway.pass(days(30));
    for (ahead, body) in [(days(91), json!({})), (days(91), json!({"keepPrevious": true}))] {
        let mut body = body;
        body["expiresAt"] = json!(gateway.time_in(ahead));
        assert_exceeded(&rotate(&admin, &late.id, &body).await);
    }
    let end = gateway.time_in(days(90));
    let rotated = rotate(&admin, &late.id, &json!({"expiresAt": end, "gracePeriodSeconds": 5})).await;
    assert_eq!((rotated.status, &rotated.body["expiresAt"]), (201, &json!(end)));
    let item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *late.id).unwrap();
    let purge: i64 = item["purgeAt"]["N"].as_str().unwrap().parse().unwrap();
    let end = api_keys::key::Timestamp::parse(&end).unwrap();
    assert_eq!(purge, end.plus(days(30)).unix_seconds(), "what lived its time goes later");
    for wrong in
        [json!({"expiresAt": "2020-01-01T00:00:00Z"}), json!({"expiresAt": 1}), json!({"expiresAt": "tomorrow"})]
    {
        let refused = rotate(&admin, &late.id, &wrong).await;
        assert_eq!(
            (refused.wrong_fields(), &refused.body["code"]),
            (vec!["expiresAt".to_owned()], &json!("INVALID_REQUEST"))
        );
    }
    gateway.pass(days(90));
    assert_eq!(late.with_value_of(&rotated).status().await, 401);
}

#[tokio::test]
async fn the_value_before_a_rotation_lives_no_longer_than_it_might_have() {
    const WEEK: u64 = 7 * 24 * 60 * 60;
    let (gateway, admin) = of_stack(10).await;
    let (moved, left) = (make(&gateway, &admin, days(10)).await, make(&gateway, &admin, days(9)).await);
    let birth = shown(&admin, &moved.id).await["valueCreatedAt"].clone();
    let latest = later(&birth, days(10));
    gateway.pass(days(8));

    let body = json!({"gracePeriodSeconds": WEEK, "expiresAt": gateway.time_in(days(10))});
    let rotated = rotate(&admin, &moved.id, &body).await;
    assert_eq!((rotated.status, &rotated.body["previousValueValidUntil"]), (201, &latest), "not a week from now");
    let event = &admin.get(&format!("/authentication/events?keyId={}&limit=1", moved.id)).await.body["events"][0];
    assert_eq!(event["changes"][0], json!({"field": "previousValueValidUntil", "from": null, "to": latest}));
    // Nor where the key's end is moved afterwards.
    let latest_of_left = later(&shown(&admin, &left.id).await["valueCreatedAt"], days(10));
    assert_eq!(admin.rotate(&left.id, WEEK).await.body["previousValueValidUntil"], latest_of_left);
    assert_eq!(admin.patch(&left.id, &json!({"expiresAt": gateway.time_in(days(9))})).await.status, 200);
    // What was lost is asked for once more, and the value before keeps the end that it has.
    let again = json!({"keepPrevious": true, "expiresAt": gateway.time_in(days(10))});
    let again = rotate(&admin, &moved.id, &again).await;
    assert_eq!((again.status, &again.body["previousValueValidUntil"]), (201, &latest));
    assert_eq!((moved.status().await, left.status().await), (200, 200));
    gateway.pass(days(2) + Duration::from_secs(1));
    assert_eq!((moved.status().await, left.status().await), (401, 401));
    assert_eq!(moved.with_value_of(&again).status().await, 200);
}

#[tokio::test]
async fn a_grace_period_is_whole_where_the_value_before_could_have_lived_as_long() {
    let (gateway, admin) = Gateway::with_manager().await;
    let endless = admin.create_key(&["SMS"]).await;
    let late = make(&gateway, &admin, days(400)).await;
    gateway.set(|settings| settings.lifetime = Lifetime::of_days(10));
    let exempt = admin.create_with(&json!({"expiresAt": gateway.time_in(days(9))})).await;
    gateway.manage_with("exempt-key", &admin, &json!({"keyId": exempt.id})).await.unwrap();
    let early = make(&gateway, &admin, days(6)).await;
    gateway.pass(days(5));
    // The last one could have been moved to the tenth day.
    for (key, grace) in [(&endless, 7), (&late, 7), (&exempt, 7), (&early, 4)] {
        let body = json!({"gracePeriodSeconds": days(grace).as_secs()});
        let rotated = rotate(&admin, &key.id, &body).await;
        let wanted = later(&rotated.body["valueCreatedAt"], days(grace));
        assert_eq!(rotated.body["previousValueValidUntil"], wanted, "{}", rotated.body);
    }
    // Without a longest lifetime there is none for the value before either.
    gateway.set(|settings| settings.lifetime = None);
    let short = make(&gateway, &admin, days(1)).await;
    let body = json!({"gracePeriodSeconds": days(7).as_secs(), "expiresAt": gateway.time_in(days(30))});
    let rotated = rotate(&admin, &short.id, &body).await;
    assert_eq!(rotated.body["previousValueValidUntil"], later(&rotated.body["valueCreatedAt"], days(7)));
}

#[tokio::test]
async fn an_exposed_key_that_has_expired_works_again_where_its_rotation_gives_it_an_end() {
    let (gateway, admin) = of_stack(10).await;
    let key = make(&gateway, &admin, days(1)).await;
    assert_eq!(gateway.report(&[], &json!([{"token": key.value}]).to_string()).await.status, 202);
    gateway.pass(days(2));
    let stays = rotate(&admin, &key.id, &json!({})).await;
    assert_eq!((stays.status, &stays.body["status"]), (201, &json!("EXPIRED")));
    let refused = rotate(&admin, &key.id, &json!({"expiresAt": gateway.time_in(days(5))})).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("KEY_EXPIRED")), "it is exposed no more");

    let key = make(&gateway, &admin, days(1)).await;
    assert_eq!(gateway.report(&[], &json!([{"token": key.value}]).to_string()).await.status, 202);
    gateway.pass(days(2));
    assert_exceeded(&rotate(&admin, &key.id, &json!({"expiresAt": gateway.time_in(days(11))})).await);
    let works = rotate(&admin, &key.id, &json!({"expiresAt": gateway.time_in(days(5))})).await;
    assert_eq!((works.status, &works.body["status"]), (201, &json!("ACTIVE")));
    assert_eq!((key.status().await, key.with_value_of(&works).status().await), (401, 200));
}

#[tokio::test]
async fn without_one_a_rotation_may_still_take_an_end() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let rotated = admin.rotate(&key.id, 0).await;
    assert_eq!(rotated.body["expiresAt"], Value::Null);
    let end = gateway.time_in(days(3000));
    assert_eq!(rotate(&admin, &key.id, &json!({"expiresAt": end})).await.body["expiresAt"], json!(end));
    assert_eq!(rotate(&admin, &key.id, &json!({"expiresAt": null})).await.body["expiresAt"], json!(end), "absent");
}

#[tokio::test]
async fn of_stack_and_account_the_shorter_holds_at_once() {
    let (gateway, admin) = of_stack(90).await;
    let other = gateway.create_account("Other").await;
    let limit =
        async |account: &Client| account.get("/authentication/account").await.body["maxKeyLifetimeDays"].clone();
    assert_eq!(limit(&admin).await, 90);
    let answer = of_account(&gateway, &admin, json!(30)).await;
    let own = |account: &Value| (account["maxKeyLifetimeDays"].clone(), account["effectiveMaxKeyLifetimeDays"].clone());
    assert_eq!((own(&answer["account"]), &answer["keysChanged"]), ((json!(30), json!(30)), &json!(0)));
    assert_eq!((limit(&admin).await, limit(&other).await), (json!(30), json!(90)));
    let create = async |account: &Client, ahead| {
        account.post(&new_key_with(&json!({"expiresAt": gateway.time_in(days(ahead))}))).await
    };
    assert_exceeded(&create(&admin, 31).await);
    assert_eq!(create(&other, 31).await.status, 201);
    let answer = of_account(&gateway, &admin, json!(3000)).await;
    assert_eq!(own(&answer["account"]), (json!(3000), json!(90)), "an account's own does not lift the stack's");
    assert_exceeded(&create(&admin, 91).await);
    gateway.set(|settings| settings.lifetime = None);
    assert_eq!((limit(&admin).await, limit(&other).await), (json!(3000), Value::Null));
    assert_eq!(create(&admin, 91).await.status, 201);
    of_account(&gateway, &admin, Value::Null).await;
    assert_eq!(limit(&admin).await, Value::Null);
    assert_eq!(admin.post(&new_key_with(&json!({}))).await.status, 201);
    for wrong in [json!(0), json!(3651), json!(1.5), json!("90")] {
        let refused = gateway.manage_with("update", &admin, &json!({"maxKeyLifetimeDays": wrong})).await.unwrap_err();
        assert!(refused["errorMessage"].as_str().unwrap().contains("maxKeyLifetimeDays"), "{refused}");
    }
    let events = gateway.manage("events", &admin).await.unwrap()["events"].clone();
    let changes: Vec<_> =
        events.as_array().unwrap().iter().flat_map(|event| event["changes"].as_array().unwrap()).collect();
    let of_it: Vec<_> = changes
        .iter()
        .filter(|change| change["field"] == "maxKeyLifetimeDays")
        .map(|it| (&it["from"], &it["to"]))
        .collect();
    assert_eq!(of_it, [(&json!(3000), &Value::Null), (&json!(30), &json!(3000)), (&Value::Null, &json!(30))]);
}

#[tokio::test]
async fn an_account_may_be_made_with_one() {
    let gateway = Gateway::start().await;
    let payload = json!({"company": "Example", "userId": "user-1", "username": "Ada", "maxKeyLifetimeDays": 7});
    let first = gateway.client_of(&gateway.invoke_create_account(payload).await.unwrap());
    assert_eq!(first.get("/authentication/account").await.body["maxKeyLifetimeDays"], 7);
    assert_exceeded(&first.post(&new_key_with(&json!({}))).await);
    let event = &first.get("/authentication/events").await.body["events"][0];
    let field = |name: &str| {
        event["changes"].as_array().unwrap().iter().find(|change| change["field"] == name).unwrap()["to"].clone()
    };
    assert_eq!((field("maxKeyLifetimeDays"), field("lifetimeExempt")), (json!(7), json!(true)));
}

#[tokio::test]
async fn first_and_recovered_keys_need_no_end_and_only_operators_decide_that() {
    let (gateway, admin) = of_stack(90).await;
    let more = json!({"userId": "user-1", "username": "Ada"});
    let recovered = gateway.client_of(&gateway.manage_with("recover", &admin, &more).await.unwrap());
    for exempt in [&admin, &recovered] {
        let key = shown(exempt, &exempt.id).await;
        assert_eq!((&key["lifetimeExempt"], &key["expiresAt"]), (&json!(true), &Value::Null));
        let rotated = exempt.rotate(&exempt.id, 0).await;
        assert_eq!((&rotated.body["lifetimeExempt"], &rotated.body["expiresAt"]), (&json!(true), &Value::Null));
        let holder = exempt.with_value_of(&rotated);
        let far = json!({"expiresAt": gateway.time_in(days(3000))});
        for patch in [&far, &json!({"expiresAt": null})] {
            assert_eq!(holder.patch(&exempt.id, patch).await.body["lifetimeExempt"], true);
        }
    }
    let manager = gateway.create_account("Other").await;
    for body in [json!({"lifetimeExempt": true}), json!({"valueCreatedAt": "2030-01-01T00:00:00Z"})] {
        let field = body.as_object().unwrap().keys().next().unwrap().clone();
        assert_eq!(manager.post(&new_key_with(&body)).await.wrong_fields(), std::slice::from_ref(&field));
        assert_eq!(manager.patch(&manager.id, &body).await.wrong_fields(), std::slice::from_ref(&field));
        assert_eq!(rotate(&manager, &manager.id, &body).await.wrong_fields(), [field]);
    }
    let key = make(&gateway, &manager, days(9)).await;
    assert_eq!(shown(&manager, &key.id).await["lifetimeExempt"], false);
    let exempt = async |exempt: bool| {
        gateway.manage_with("exempt-key", &manager, &json!({"keyId": key.id, "exempt": exempt})).await.unwrap()
    };
    assert_eq!(exempt(true).await["lifetimeExempt"], true);
    assert_eq!(manager.patch(&key.id, &json!({"expiresAt": null})).await.status, 200);
    assert_eq!(exempt(false).await["lifetimeExempt"], false);
    assert_exceeded(&manager.patch(&key.id, &json!({"expiresAt": null})).await);
    let event = &manager.get(&format!("/authentication/events?keyId={}&limit=1", key.id)).await.body["events"][0];
    assert_eq!(event["actor"]["type"], "OPERATOR");
    assert_eq!(event["changes"], json!([{"field": "lifetimeExempt", "from": true, "to": false}]));
    let begun = &manager.get(&format!("/authentication/events?keyId={}&limit=3", key.id)).await.body["events"][2];
    assert_eq!(begun["changes"], json!([{"field": "lifetimeExempt", "from": false, "to": true}]));
    let (written, version) = (gateway.engine.events().len(), shown(&manager, &key.id).await["etag"].clone());
    assert_eq!(exempt(false).await["etag"], version, "what is as it is wanted is not written");
    assert_eq!(gateway.engine.events().len(), written);
    let unknown = json!({"keyId": "0000000000000000000000"});
    assert!(gateway.manage_with("exempt-key", &manager, &unknown).await.is_err());
}

#[tokio::test]
async fn keys_that_live_too_long_are_found() {
    let (gateway, admin) = Gateway::with_manager().await;
    let endless = admin.create_key(&["SMS"]).await;
    let late = make(&gateway, &admin, days(91)).await;
    let good = make(&gateway, &admin, days(90)).await;
    let list = async |query: &str| admin.get(&format!("/authentication?{query}")).await.ids();
    assert!(list("exceedsLifetime=true").await.is_empty(), "as long as none holds");
    assert_eq!(list("exceedsLifetime=false").await.len(), 4);
    of_account(&gateway, &admin, json!(90)).await;
    assert_eq!(list("exceedsLifetime=true").await, [&*late.id, &endless.id]);
    assert_eq!(list("exceedsLifetime=false").await, [&*good.id, &admin.id]);
    assert_eq!(list("exceedsLifetime=true&operation=RCS").await, Vec::<String>::new());
    let of_operator =
        async |wanted: Value| gateway.manage_with("list-keys", &admin, &json!({"exceedsLifetime": wanted})).await;
    for wanted in [json!(true), json!("true"), json!(false), json!("false")] {
        let page = of_operator(wanted.clone()).await.unwrap_or_else(|refused| panic!("{wanted}: {refused}"));
        assert_eq!(page["apiKeys"].as_array().unwrap().len(), 2);
    }
    assert!(of_operator(json!(1)).await.is_err());
    for wrong in ["", "1", "yes", "TRUE"] {
        assert_eq!(
            admin.get(&format!("/authentication?exceedsLifetime={wrong}")).await.wrong_fields(),
            ["exceedsLifetime"]
        );
    }
    // From the birth of its present value on.
    gateway.pass(days(5));
    assert_eq!(admin.rotate(&late.id, 0).await.status, 201);
    assert_eq!(list("exceedsLifetime=true").await, [&*endless.id]);
}

#[tokio::test]
async fn imports_end_within_it_and_what_is_there_stays_present() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let import = async |number: usize, end: Value| {
        let mut key = import_of(&format!("a-value-of-another-system-{number}"));
        key["expiresAt"] = end;
        gateway.import_keys(&admin, json!([key])).await
    };
    assert_eq!(import(0, Value::Null).await["imported"].as_array().unwrap().len(), 1);
    of_account(&gateway, &admin, json!(90)).await;
    assert_eq!(import(0, Value::Null).await["present"][0]["equal"], true);
    for end in [Value::Null, json!(gateway.time_in(days(91)))] {
        let failed = import(1, end).await["failed"][0].clone();
        assert_eq!((&failed["code"], &failed["retry"]), (&json!("LIFETIME_EXCEEDED"), &Value::Null));
        assert!(failed["reason"].as_str().unwrap().contains("expiresAt must be "), "{failed}");
    }
    assert_eq!(import(1, json!(gateway.time_in(days(90)))).await["imported"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_repeat_of_a_named_request_is_known_under_any_later_lifetime() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let send = async |path: &str, name: &str, body: &Value| {
        let headers = [("X-API-Key", &*admin.value), ("Idempotency-Key", name)];
        let body = body.to_string();
        gateway.request(&Request { method: "POST", path_and_query: path, headers: &headers, body: Some(&body) }).await
    };
    let rotation = format!("/authentication/{}/rotate", key.id);
    let (new, end) = (new_key_with(&json!({})), json!({"expiresAt": gateway.time_in(Duration::from_mins(1))}));
    assert_eq!(send("/authentication", "a-new-key", &new).await.status, 201);
    assert_eq!(send(&rotation, "a-rotation", &end).await.status, 201);
    of_account(&gateway, &admin, json!(1)).await;
    gateway.pass(Duration::from_mins(2));
    assert_eq!(send("/authentication", "a-new-key", &new).await.body["code"], "REQUEST_DONE");
    assert_eq!(send(&rotation, "a-rotation", &end).await.body["code"], "REQUEST_DONE", "its end has come since");
    let other = json!({"expiresAt": gateway.time_in(Duration::from_mins(9))});
    assert_eq!(send(&rotation, "a-rotation", &other).await.body["code"], "REQUEST_DIFFERS");
    // What was refused leaves its name free.
    assert_exceeded(&send("/authentication", "another-key", &new).await);
    let short = new_key_with(&json!({"expiresAt": gateway.time_in(Duration::from_mins(9))}));
    assert_eq!(send("/authentication", "another-key", &short).await.status, 201);
}

#[tokio::test]
async fn keys_and_accounts_of_before_are_read_and_the_hot_path_reads_no_more() {
    let (gateway, admin) = Gateway::with_manager().await;
    let item = gateway.engine.keys().into_iter().next().unwrap();
    assert_eq!(item["lifetimeExempt"], json!({"BOOL": true}));
    let key = admin.create_key(&["SMS"]).await;
    let item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *key.id).unwrap();
    assert!(item.get("lifetimeExempt").is_none() && item.get("valueCreatedAt").is_none(), "{item}");
    of_account(&gateway, &admin, json!(90)).await;
    drop(gateway.wire.take_calls());
    assert!(key.authorize().await.is_ok());
    assert_eq!(gateway.wire.take_calls().iter().filter(|call| call.operation == "GetItem").count(), 1);
    // A change of the name reads the key alone.
    admin.patch(&key.id, &json!({"name": "x"})).await;
    let reads = |calls: Vec<tests::wire::Call>| calls.iter().filter(|call| call.operation == "GetItem").count();
    let of_name = reads(gateway.wire.take_calls());
    admin.patch(&key.id, &json!({"expiresAt": gateway.time_in(days(9))})).await;
    assert_eq!(reads(gateway.wire.take_calls()), of_name + 1);
}

#[tokio::test]
async fn one_that_is_set_before_a_new_key_is_stored_holds_for_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let body = new_key_with(&json!({}));
    let others = async { drop(of_account(&gateway, &admin, json!(90)).await) };
    let (late, ()) = gateway.wire.during(Stop::before("TransactWriteItems"), admin.post(&body), others).await;
    assert_exceeded(&late);
    assert_eq!(gateway.engine.keys().len(), 1);
}
