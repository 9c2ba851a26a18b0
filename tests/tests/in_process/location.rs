//! `Location`: where a new key is, and a rotated one, for a client that knows only the URL that it called.

use serde_json::json;
use tests::gateway::{event_of, sample_event};
use tests::values::traces;
use tests::{Client, Gateway};

/// What a URL may have before the route: a stage, or a custom domain's base path.
const BEFORE: [&str; 6] = ["/v1", "/v1-2_b", "", "/keys", "/authentication", "/a/authentication-keys"];

/// The function's location of the key, and the key's id.
async fn location(
    gateway: &Gateway,
    admin: &Client,
    function: &str,
    path: Option<&str>,
    key: &str,
) -> (String, String) {
    let verdict = admin.verdict().await;
    let mut event = event_of(function, &verdict);
    event["requestContext"]["path"] = json!(path);
    event["pathParameters"]["key"] = json!(key);
    let answer = gateway.run(function, &event).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    (location, answer.body["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_new_key_is_below_the_path_that_was_called() {
    let (gateway, admin) = Gateway::with_manager().await;
    for before in BEFORE {
        for slash in ["", "/"] {
            let path = format!("{before}/authentication{slash}");
            let (location, id) = location(&gateway, &admin, "create-key", Some(&path), "").await;
            assert_eq!(location, format!("{before}/authentication/{id}"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_rotated_key_is_where_it_was() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    for before in BEFORE {
        for slash in ["", "/"] {
            let path = format!("{before}/authentication/{}/rotate{slash}", key.id);
            let (location, _) = location(&gateway, &admin, "rotate-key", Some(&path), &key.id).await;
            assert_eq!(location, format!("{before}/authentication/{}", key.id), "{path}");
        }
    }
}

#[tokio::test]
async fn a_path_that_is_missing_or_another_shows_nothing_of_itself() {
    let (gateway, admin) = Gateway::with_manager().await;
    let unknown = format!("/{}", admin.value);
    let behind = format!("/v1/authentication/{}", admin.value);
    for (path, before) in [(None, ""), (Some(&*unknown), ""), (Some(&*behind), "/v1")] {
        let (location, id) = location(&gateway, &admin, "create-key", path, "").await;
        assert_eq!(location, format!("{before}/authentication/{id}"));
        assert!(traces(&admin.value).iter().all(|trace| !location.contains(trace)));
    }
}

#[test]
fn the_sample_events_have_the_stage_in_one_path_and_not_in_the_other() {
    for function in ["create-key", "rotate-key"] {
        let event = sample_event(function);
        let path = event["path"].as_str().unwrap();
        assert_eq!(event["requestContext"]["path"], json!(format!("/v1{path}")), "{function}");
    }
}
