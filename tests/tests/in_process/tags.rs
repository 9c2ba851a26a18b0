//! Tags of keys: what managers note for the services behind the gateway. They grant nothing.

use serde_json::{Value, json};
use tests::engine::TABLE;
use tests::gateway::{STAGE, allows};
use tests::values::import_of;
use tests::wire::Call;
use tests::{Client, Gateway, new_key_with};

async fn tags_of(admin: &Client, key: &Client) -> Value {
    admin.get(&format!("/authentication/{}", key.id)).await.body["tags"].clone()
}

/// What backends get of a key's tags.
async fn handed_on(key: &Client) -> Value {
    key.verdict().await["context"]["tags"].clone()
}

#[tokio::test]
async fn tags_are_shown_as_they_were_given_and_handed_to_backends_form_encoded() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key =
        admin.create_with(&json!({"tags": {"team": "blue & green", "env": " prod ", "owner": "Zoe\u{308} 😀"}})).await;
    let shown = json!({"env": "prod", "owner": "Zoë 😀", "team": "blue & green"});

    assert_eq!(tags_of(&admin, &key).await, shown);
    let listed = admin.get("/authentication").await;
    assert!(listed.text.contains(r#""tags":{"env":"prod","owner":"Zoë 😀","team":"blue & green"}"#), "{listed:?}");
    assert_eq!(tags_of(&admin, &admin).await, json!({}), "never null");
    drop(gateway.wire.take_calls());
    assert_eq!(handed_on(&key).await, "env=prod&owner=Zo%C3%AB+%F0%9F%98%80&team=blue+%26+green");
    assert_eq!(gateway.wire.take_calls(), [Call { operation: "GetItem".into(), index: None, consistent: true }]);
    assert_eq!(handed_on(&admin).await, "");
    for none in [json!({}), Value::Null] {
        let key = admin.create_with(&json!({"tags": none})).await;
        assert_eq!((tags_of(&admin, &key).await, handed_on(&key).await), (json!({}), json!("")));
    }
}

#[tokio::test]
async fn a_backend_gets_the_stored_text_as_it_is() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"tags": {"team": "blue"}})).await;
    let place = json!({"accountId": {"S": key.account_id}, "id": {"S": key.id}});
    let mut item = gateway.engine.item(TABLE, &place).unwrap();
    assert_eq!(item["tags"], json!({"S": "team=blue"}));
    // Nothing on the way of a request parses it.
    item["tags"] = json!({"S": "what=no%function&writes"});
    gateway.engine.put(&item);
    assert_eq!(handed_on(&key).await, "what=no%function&writes");
}

#[tokio::test]
async fn a_patch_sets_and_removes_single_tags() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"tags": {"team": "blue", "env": "prod"}})).await;

    for (patch, tags) in [
        (json!({"tags": {"cost.center": "42"}}), json!({"cost.center": "42", "env": "prod", "team": "blue"})),
        (json!({"tags": {"team": null, "env": "test"}}), json!({"cost.center": "42", "env": "test"})),
        (json!({"tags": {"unknown": null}}), json!({"cost.center": "42", "env": "test"})),
        (json!({"tags": {}}), json!({"cost.center": "42", "env": "test"})),
        (json!({"name": "new"}), json!({"cost.center": "42", "env": "test"})),
        (json!({"tags": {"Env": "x"}}), json!({"Env": "x", "cost.center": "42", "env": "test"})),
        (json!({"tags": null}), json!({})),
        (json!({"tags": {"team": "red"}}), json!({"team": "red"})),
        (json!({"tags": {"team": null}}), json!({})),
    ] {
        let patched = admin.patch(&key.id, &patch).await;
        assert_eq!((patched.status, &patched.body["tags"]), (200, &tags), "{patch}");
        assert_eq!(tags_of(&admin, &key).await, tags, "{patch}");
    }
    assert_eq!(handed_on(&key).await, "");
}

#[tokio::test]
async fn patches_of_different_tags_at_once_both_hold() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    for round in 0..20 {
        let (one, other) =
            (json!({"tags": {"one": format!("{round}")}}), json!({"tags": {"other": format!("{round}")}}));
        let (first, second) = tokio::join!(admin.patch(&key.id, &one), admin.patch(&key.id, &other));
        assert_eq!((first.status, second.status), (200, 200));
        let expected = json!({"one": format!("{round}"), "other": format!("{round}")});
        assert_eq!(tags_of(&admin, &key).await, expected);
    }
}

#[tokio::test]
async fn each_wrong_tag_is_named_and_nothing_is_done() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"tags": {"team": "blue"}})).await;
    let many: Value = (0..17).map(|at| (format!("n{at}"), json!("x"))).collect();
    let long: Value = (0..3).map(|at| (format!("n{at}"), json!("é".repeat(128)))).collect();
    let named = "a".repeat(41);

    for (tags, fields) in [
        (json!("team=blue"), vec!["tags".to_owned()]),
        (json!([]), vec!["tags".to_owned()]),
        (json!(7), vec!["tags".to_owned()]),
        (many, vec!["tags".to_owned()]),
        (long, vec!["tags".to_owned()]),
        (json!({"team": ""}), vec!["tags.team".to_owned()]),
        (json!({"team": " "}), vec!["tags.team".to_owned()]),
        (json!({"team": "a\u{200b}b"}), vec!["tags.team".to_owned()]),
        (json!({"team": "x".repeat(129)}), vec!["tags.team".to_owned()]),
        (json!({"team": 7, "env": ["x"], "good": "x"}), vec!["tags.env".to_owned(), "tags.team".to_owned()]),
        (
            json!({"": "x", "1a": "x", "a b": "x"}),
            vec!["tags.".to_owned(), "tags.1a".to_owned(), "tags.a b".to_owned()],
        ),
        (json!({&named: "x"}), vec![format!("tags.{named}")]),
    ] {
        let created = admin.post(&new_key_with(&json!({"tags": tags}))).await;
        assert_eq!((created.status, created.wrong_fields()), (400, fields.clone()), "{tags}");
        assert_eq!(admin.patch(&key.id, &json!({"tags": tags})).await.wrong_fields(), fields, "{tags}");
    }
    let nothing = admin.post(&new_key_with(&json!({"tags": {"team": null}}))).await;
    assert_eq!(nothing.wrong_fields(), ["tags.team"], "there is nothing to remove yet");
    let twice = r#"{"tags": {"team": "a", "team": "b"}}"#;
    let path = format!("/authentication/{}", key.id);
    let patched = gateway.send("PATCH", &path, &[&admin.value], Some(twice)).await;
    assert_eq!(patched.wrong_fields(), ["tags.team"]);
    assert_eq!(tags_of(&admin, &key).await, json!({"team": "blue"}));
}

#[tokio::test]
async fn what_a_key_has_counts_with_what_a_patch_adds() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let some = |from: usize, to: usize| (from..to).map(|at| (format!("n{at}"), json!("x"))).collect::<Value>();
    assert_eq!(admin.patch(&key.id, &json!({"tags": some(0, 16)})).await.status, 200);
    let before = admin.get(&format!("/authentication/{}", key.id)).await.body;

    let more = admin.patch(&key.id, &json!({"name": "new", "tags": some(16, 17)})).await;

    assert_eq!((more.status, more.wrong_fields()), (400, vec!["tags".to_owned()]));
    assert_eq!(admin.get(&format!("/authentication/{}", key.id)).await.body, before, "nothing was changed");
    let mut instead = some(16, 17);
    instead["n0"] = Value::Null;
    assert_eq!(admin.patch(&key.id, &json!({ "tags": instead })).await.status, 200);
    let long = "é".repeat(128);
    let longer = admin.patch(&key.id, &json!({"tags": {"n1": long, "n2": long}})).await;
    assert_eq!(longer.wrong_fields(), ["tags"]);
}

#[tokio::test]
async fn events_have_all_tags_before_and_since() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"tags": {"team": "blue"}})).await;
    let plain = admin.create_key(&["SMS"]).await;
    for patch in [json!({"env": "prod"}), json!({"env": "prod"}), Value::Null] {
        assert_eq!(admin.patch(&key.id, &json!({"tags": patch})).await.status, 200);
    }

    let events = admin.get(&format!("/authentication/events?keyId={}", key.id)).await.body;

    let changes: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| &event["changes"]).collect();
    let both = json!({"env": "prod", "team": "blue"});
    assert_eq!(changes.len(), 3, "what changes nothing has no event");
    assert_eq!(changes[0], &json!([{"field": "tags", "from": both, "to": null}]));
    assert_eq!(changes[1], &json!([{"field": "tags", "from": {"team": "blue"}, "to": both}]));
    let created = json!({"field": "tags", "from": null, "to": {"team": "blue"}});
    assert!(changes[2].as_array().unwrap().contains(&created), "{}", changes[2]);
    let events = admin.get(&format!("/authentication/events?keyId={}", plain.id)).await;
    assert!(!events.text.contains("tags"), "what was not given is no change");
}

#[tokio::test]
async fn tags_grant_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let claims =
        json!({"operations": "SMS,RCS,AUTHENTICATION", "accountId": "other", "limited": "false", "RCS": "yes"});
    let key = admin.create_with(&json!({"tags": claims, "operations": ["SMS"]})).await;

    let context = key.verdict().await["context"].clone();
    assert_eq!((&context["operations"], &context["accountId"]), (&json!("SMS"), &json!(admin.account_id)));
    for path in ["/rcs", "/authentication"] {
        let verdict = gateway.authorize("GET", path, &[("X-API-Key", &key.value)]).await.unwrap();
        assert!(!allows(&verdict, &format!("{STAGE}/GET{path}")), "{path}");
    }
}

#[tokio::test]
async fn an_import_takes_tags_and_reports_where_they_differ() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let with = |tags: Value| {
        let mut key = import_of("sk_old_value_with_tags");
        key["tags"] = tags;
        json!([key])
    };

    let imported = gateway.import_keys(&admin, with(json!({"team": "blue", "env": "prod"}))).await;
    let id = imported["imported"][0]["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/authentication/{id}")).await.body["tags"], json!({"env": "prod", "team": "blue"}));
    let again = gateway.import_keys(&admin, with(json!({"env": "prod", "team": "blue"}))).await;
    assert_eq!(again["present"][0]["equal"], true);
    for other in [json!({"team": "red"}), Value::Null] {
        let other = gateway.import_keys(&admin, with(other)).await;
        assert_eq!(other["present"][0]["differs"], json!(["tags"]));
    }
    let wrong = gateway.import_keys(&admin, with(json!({"team": ""}))).await;
    assert_eq!(wrong["failed"][0]["code"], "INVALID", "{wrong}");
    assert!(wrong["failed"][0]["reason"].as_str().unwrap().starts_with("tags.team "), "{wrong}");
}

#[tokio::test]
async fn a_rotation_keeps_tags() {
    let (_, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"tags": {"team": "blue"}})).await;
    let rotated = admin.rotate(&key.id, 0).await;
    assert_eq!(rotated.body["tags"], json!({"team": "blue"}));
    assert_eq!(handed_on(&key.with_value_of(&rotated)).await, "team=blue");
}
