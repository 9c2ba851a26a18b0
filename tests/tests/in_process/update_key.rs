//! `PATCH /authentication/{key}`.

use serde_json::{Value, json};
use tests::gateway::allows;
use tests::{Client, Gateway, new_key_with};

async fn sms_key(admin: &Client) -> Client {
    admin
        .create(&new_key_with(&json!({"name": "old", "description": "words"
        })))
        .await
}

#[tokio::test]
async fn a_disabled_key_fails_on_the_next_request_and_an_enabled_one_works_on_the_next() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    for _ in 0..5 {
        let disabled = admin.patch(&key.id, &json!({"enabled": false})).await;
        assert_eq!((disabled.status, &disabled.body["status"]), (200, &json!("DISABLED")));
        assert_eq!(key.status().await, 401);
        assert_eq!(admin.get(&format!("/authentication/{}", key.value)).await.body["status"], "DISABLED");

        let enabled = admin.patch(&key.id, &json!({"enabled": true})).await;
        assert_eq!((enabled.status, &enabled.body["status"]), (200, &json!("ACTIVE")));
        assert_eq!(key.status().await, 200);
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = sms_key(&admin).await;
    let end = gateway.time_in(std::time::Duration::from_hours(1));
    let mut expected = admin.get(&format!("/authentication/{}", key.id)).await.body;

    for (field, value, shown) in [
        ("userId", json!("user-3"), json!("user-3")),
        ("username", json!(" Alan\u{a0}T. "), json!("Alan T.")),
        ("name", json!("new"), json!("new")),
        ("description", json!("other words"), json!("other words")),
        ("operations", json!(["RCS", "SMS"]), json!(["RCS", "SMS"])),
        ("trafficType", json!("OTP"), json!("OTP")),
        ("expiresAt", json!(end), json!(end)),
        ("allowedIps", json!(["10.1.2.3/8", "203.0.113.7"]), json!(["10.0.0.0/8", "203.0.113.7"])),
        ("name", Value::Null, Value::Null),
        ("description", Value::Null, Value::Null),
        ("expiresAt", Value::Null, Value::Null),
        ("allowedIps", Value::Null, Value::Null),
        ("trafficType", Value::Null, json!("TRANSACTIONAL")),
        ("tags", json!({"team": "blue"}), json!({"team": "blue"})),
        ("tags", Value::Null, json!({})),
    ] {
        let patched = admin.patch(&key.id, &json!({ field: value })).await;
        expected[field] = shown;
        assert_ne!(patched.body["etag"], expected["etag"], "{field}: another version");
        expected["etag"] = patched.body["etag"].clone();
        assert_eq!((patched.status, &patched.body), (200, &expected), "{field}");
        assert_eq!(admin.get(&format!("/authentication/{}", key.id)).await.body, expected, "{field} is stored");
    }
    let nothing = admin.patch(&key.id, &json!({})).await;
    assert_eq!((nothing.status, nothing.body), (200, expected));
    assert_eq!(key.status().await, 200, "the value is the same");
}

#[tokio::test]
async fn a_key_is_handed_on_to_another_user_and_its_value_stays() {
    let gateway = Gateway::start().await;
    let ada = gateway.create_account("Example").await;
    let grace = ada.create_key_for("grace", &["SMS", "AUTHENTICATION"]).await;
    let key = grace.create_key_for("linus", &["SMS"]).await;
    let keys_of = async |user: &str| ada.get(&format!("/authentication?userId={user}")).await.ids();

    let patched = ada.patch(&key.id, &json!({"username": "Alan", "userId": "alan", "name": "kept"})).await;

    assert_eq!((patched.status, &patched.body["createdBy"]), (200, &json!("grace")));
    let event = &ada.get(&format!("/authentication/events?keyId={}&limit=1", key.id)).await.body["events"][0];
    assert_eq!(
        event["changes"],
        json!([
            {"field": "userId", "from": "linus", "to": "alan"},
            {"field": "username", "from": "Grace", "to": "Alan"},
            {"field": "name", "from": null, "to": "kept"},
        ])
    );
    let verdict = key.verdict().await;
    assert_eq!((&verdict["context"]["userId"], &verdict["context"]["username"]), (&json!("alan"), &json!("Alan")));
    assert_eq!(keys_of("alan").await, std::slice::from_ref(&key.id), "it is assigned to him");
    assert_eq!(keys_of("linus").await, Vec::<String>::new());
    assert!(keys_of("grace").await.contains(&key.id), "it was created by her, and assigned to another");

    // What the key creates from now on is its new user's.
    ada.patch(&grace.id, &json!({"userId": "hopper"})).await;
    let newer = grace.create_key_for("linus", &["SMS"]).await;
    assert_eq!(ada.get(&format!("/authentication/{}", newer.id)).await.body["createdBy"], "hopper");
    assert_eq!(ada.get(&format!("/authentication/{}", key.id)).await.body["createdBy"], "grace");
    let same = json!({"userId": "alan ", "username": "Alan"});
    assert_eq!(ada.patch(&key.id, &same).await.body["etag"], patched.body["etag"], "nothing is written");
}

#[tokio::test]
async fn operations_change_what_the_key_opens_on_the_next_request() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let opens = async |path: &str| {
        let verdict = gateway.authorize("POST", path, &[("X-API-Key", &key.value)]).await.unwrap();
        allows(&verdict, &format!("arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/v1/POST{path}"))
    };
    assert_eq!((opens("/sms").await, opens("/rcs").await), (true, false));

    admin.patch(&key.id, &json!({"operations": ["RCS"]})).await;

    assert_eq!((opens("/sms").await, opens("/rcs").await), (false, true));
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_is_changed() {
    let (_, admin) = Gateway::with_manager().await;
    let key = sms_key(&admin).await;
    let before = admin.get(&format!("/authentication/{}", key.id)).await.body;

    let wrong = json!({
        "name": "x".repeat(129), "description": 1, "enabled": "yes", "operations": [], "trafficType": "X",
        "expiresAt": "x", "allowedIps": ["x"], "userId": " ", "username": 1, "id": "other", "value": "other"
    });
    assert_eq!(
        admin.patch(&key.id, &wrong).await.wrong_fields(),
        [
            "allowedIps[0]",
            "description",
            "enabled",
            "expiresAt",
            "id",
            "name",
            "operations",
            "trafficType",
            "userId",
            "username",
            "value"
        ]
    );
    for (body, field) in [
        (json!({"userId": null}), "userId"),
        (json!({"username": "x".repeat(129)}), "username"),
        (json!({"createdBy": "other"}), "createdBy"),
        (json!({"enabled": null}), "enabled"),
        (json!({"operations": null}), "operations"),
        (json!({"allowedIps": []}), "allowedIps"),
        (json!([]), "body"),
        (json!(null), "body"),
    ] {
        assert_eq!(admin.patch(&key.id, &body).await.wrong_fields(), [field]);
    }
    assert_eq!(admin.get(&format!("/authentication/{}", key.id)).await.body, before);
}

#[tokio::test]
async fn concurrent_patches_of_different_fields_both_survive() {
    let (_, admin) = Gateway::with_manager().await;
    let key = sms_key(&admin).await;

    for round in 0..20 {
        let (name, description) = (json!({"name": format!("n{round}")}), json!({"description": format!("d{round}")}));
        let (operations, traffic) = (json!({"operations": ["RCS"]}), json!({"trafficType": "OTP"}));
        let answers = tokio::join!(
            admin.patch(&key.id, &name),
            admin.patch(&key.id, &description),
            admin.patch(&key.id, &operations),
            admin.patch(&key.id, &traffic),
        );
        assert_eq!([answers.0.status, answers.1.status, answers.2.status, answers.3.status], [200; 4]);
        let after = admin.get(&format!("/authentication/{}", key.id)).await.body;
        assert_eq!(after["name"], format!("n{round}"));
        assert_eq!(after["description"], format!("d{round}"));
        assert_eq!((&after["operations"], &after["trafficType"]), (&json!(["RCS"]), &json!("OTP")));
        admin.patch(&key.id, &json!({"operations": ["SMS"], "trafficType": null})).await;
    }
}

#[tokio::test]
async fn a_patch_that_races_a_delete_never_brings_the_key_back() {
    let (gateway, admin) = Gateway::with_manager().await;
    for round in 0..20 {
        let key = admin.create_key(&["SMS"]).await;
        let body = if round % 2 == 0 { json!({"enabled": false}) } else { json!({"name": "again"}) };
        let (deleted, patched) = tokio::join!(admin.delete(&key.id), admin.patch(&key.id, &body));
        assert_eq!(deleted.status, 204);
        assert!([200, 404].contains(&patched.status), "{patched:?}");
        assert_eq!(admin.patch(&key.id, &body).await.status, 404);
        assert_eq!(key.status().await, 401);
    }
    assert_eq!(gateway.engine.keys().len(), 1, "the account's own");
}

#[tokio::test]
async fn another_accounts_key_looks_like_none() {
    let gateway = Gateway::start().await;
    let ours = gateway.create_account("Ours").await;
    let theirs = gateway.create_account("Theirs").await;
    let key = theirs.create_key(&["SMS"]).await;

    for id in [&*key.id, "0000000000000000000000", "x", "Self"] {
        for body in [json!({"enabled": false}), json!({"name": "mine"}), json!({})] {
            ours.patch(id, &body).await.assert_problem(404);
        }
        ours.rotate(id, 0).await.assert_problem(404);
    }
    assert_eq!(key.status().await, 200);
}

#[tokio::test]
async fn no_key_changes_a_key_beyond_its_own_operations_but_any_may_take_power_away() {
    let (_, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    let rcs = admin.create_key(&["RCS"]).await;
    let sms = limited.create_key(&["SMS"]).await;

    for body in [
        json!({"name": "mine"}),
        json!({"userId": "user-1"}),
        json!({"username": "Ada"}),
        json!({"enabled": true}),
        json!({"enabled": false, "name": "mine"}),
        json!({"enabled": false, "allowedIps": null}),
        json!({"operations": ["SMS"]}),
        json!({"allowedIps": null}),
        json!({}),
    ] {
        let refused = limited.patch(&rcs.id, &body).await;
        refused.assert_problem(403);
        assert!(refused.body["detail"].as_str().unwrap().contains("RCS"), "{refused:?}");
    }
    limited.patch(&sms.id, &json!({"operations": ["SMS", "RCS"]})).await.assert_problem(403);
    limited.patch(&limited.id, &json!({"operations": ["SMS", "AUTHENTICATION", "RCS"]})).await.assert_problem(403);
    assert_eq!(limited.patch(&sms.id, &json!({"name": "theirs"})).await.status, 200);
    let untouched = rcs.get("/authentication/self").await;
    assert_eq!((untouched.status, &untouched.body["name"]), (200, &Value::Null));

    assert_eq!(limited.patch(&rcs.id, &json!({"enabled": false})).await.status, 200);
    assert_eq!(rcs.status().await, 401);
    assert_eq!(limited.delete(&rcs.id).await.status, 204);
    for body in [json!({"enabled": false}), json!({"name": "mine"})] {
        assert_eq!(sms.patch(&sms.id, &body).await.status, 403, "a key that manages nothing cannot change itself");
    }
}

#[tokio::test]
async fn a_key_that_gains_an_operation_in_between_is_out_of_reach() {
    let (_, admin) = Gateway::with_manager().await;
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]).await;

    for _ in 0..30 {
        let key = admin.create_key(&["SMS"]).await;
        let body = json!({"enabled": false});
        admin.patch(&key.id, &body).await;
        let (more, mine) = (json!({"operations": ["SMS", "RCS"]}), json!({"enabled": true}));
        let (grown, revived) = tokio::join!(admin.patch(&key.id, &more), limited.patch(&key.id, &mine));
        assert_eq!(grown.status, 200);
        // Either it was enabled while it had SMS alone, or not at all.
        match revived.status {
            200 => assert_eq!(revived.body["operations"], json!(["SMS"])),
            status => assert_eq!(status, 403),
        }
    }
}

#[tokio::test]
async fn under_load_no_request_that_starts_after_the_disabling_succeeds() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    for _ in 0..10 {
        admin.patch(&key.id, &json!({"enabled": true})).await;
        let disabled = std::cell::Cell::new(false);
        let client = async {
            for _ in 0..30 {
                let late = disabled.get();
                let status = key.status().await;
                assert!(status == 401 || !late, "a request that started later had {status}");
            }
        };
        let disable = async {
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            assert_eq!(admin.patch(&key.id, &json!({"enabled": false})).await.status, 200);
            disabled.set(true);
        };
        tokio::join!(client, disable);
        assert_eq!(key.status().await, 401);
    }
}
