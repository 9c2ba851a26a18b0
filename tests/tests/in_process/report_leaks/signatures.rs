//! Which reports are GitHub's.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Gateway, Github, Signer};

use super::{exposures, report, report_of, report_signed, with_github};

// GitHub's documentation of the programme has them, and its list the key.
const SAMPLE: &str =
    r#"[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]"#;
const SAMPLE_ID: &str = "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c";
const SAMPLE_SIGNATURE: &str =
    "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==";
const SAMPLE_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n\
    AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n\
    -----END PUBLIC KEY-----\n";

#[tokio::test]
async fn the_sample_of_githubs_documentation_is_githubs() {
    let mut gateway = Gateway::start().await;
    let github = Github::start(vec![json!({"key_identifier": SAMPLE_ID, "key": SAMPLE_KEY, "is_current": true})]).await;
    gateway.github = github.keys();
    let headers = [("Github-Public-Key-Identifier", SAMPLE_ID), ("Github-Public-Key-Signature", SAMPLE_SIGNATURE)];

    let answer = gateway.report(&headers, SAMPLE).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    // printf %s some_token | sha256sum
    let hash = "9a45520a1213f15016d2d768b5fb3d904492a44ee274b44d4de8803e00fb536a";
    let expected = json!([{"token_hash": hash, "token_type": "some_type", "label": "false_positive"}]);
    assert_eq!(answer.body, expected);
    let other = SAMPLE.replace("commit", "Commit");
    gateway.report(&headers, &other).await.assert_problem(400);
}

#[tokio::test]
async fn a_wrong_signature_is_a_400_before_anything_is_read_and_does_nothing() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    let body = report_of(&[&key.value]);
    let stranger = Signer::new("one");
    let [(id, one), (signature, right)] = signer.headers(&body);
    let twice = [(id, &*one), (id, "two"), (signature, &right)];
    let other_body = signer.sign(&(body.clone() + " "));
    let strangers = stranger.sign(&body);
    let long = "A".repeat(1000);
    drop(gateway.wire.take_calls());
    for (headers, field) in [
        (&[(id, &*one), (signature, &*other_body)][..], signature),
        (&[(id, &one), (signature, &strangers)], signature),
        (&[(id, "unknown"), (signature, &right)], signature),
        (&[(id, &one), (signature, "")], signature),
        (&[(id, &one), (signature, "nonsense!")], signature),
        (&[(id, &one), (signature, &long)], signature),
        (&[(id, &one), (signature, "AAAA")], signature),
        (&[(id, &one)], signature),
        (&[(signature, &right)], id),
        (&[(id, ""), (signature, &right)], id),
        (&[(id, &long), (signature, &right)], id),
        (&twice, id),
    ] {
        let answer = gateway.report(headers, &body).await;
        answer.assert_problem(400);
        assert_eq!(answer.wrong_fields(), [field.to_lowercase()], "{headers:?}");
    }
    let nonsense = gateway.report(&[(id, &one), (signature, &right)], "nonsense").await;
    assert_eq!(nonsense.wrong_fields(), [signature.to_lowercase()], "verified before it is parsed");
    assert!(gateway.wire.take_calls().is_empty());
    assert_eq!(key.status().await, 200);
    assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
    assert_eq!(key.status().await, 401);
}

#[tokio::test]
async fn without_githubs_keys_its_reports_do_nothing_and_all_others_work() {
    let (gateway, github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let (one, other) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    let body = report_of(&[&one.value]);
    for (status, answer) in [(500, json!({})), (200, json!("nonsense")), (404, json!({"public_keys": []}))] {
        github.answer(status, answer);
        report_signed(&gateway, &signer, &body).await.assert_problem(503);
        gateway.pass(Duration::from_mins(5));
    }
    assert_eq!((one.status().await, exposures(&gateway).len()), (200, 0));
    assert_eq!(report(&gateway, &[&other.value]).await, 202);
    assert_eq!(other.status().await, 401);

    github.answer(200, json!({"public_keys": [signer.public()]}));
    assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
    assert_eq!(one.status().await, 401);
}

#[tokio::test]
async fn keys_are_kept_and_made_up_identifiers_do_not_fetch_them_again_and_again() {
    let (gateway, github, signer) = with_github().await;
    let new = Signer::new("new");
    let body = report_of(&["some_token"]);
    let from = async |signer: &Signer| report_signed(&gateway, signer, &body).await.status;
    let minutes = |minutes| gateway.pass(Duration::from_mins(minutes));

    assert_eq!((from(&signer).await, from(&signer).await, github.fetched()), (200, 200, 1));
    for at in 0..50 {
        assert_eq!(from(&Signer::new(&format!("made-up-{at}"))).await, 400);
    }
    assert_eq!(github.fetched(), 1);

    github.answer(200, json!({"public_keys": [signer.public(), new.public()]}));
    assert_eq!(from(&new).await, 400, "not for five minutes");
    minutes(5);
    assert_eq!((from(&new).await, github.fetched()), (200, 2));
    minutes(29);
    assert_eq!((from(&signer).await, github.fetched()), (200, 2));
    minutes(1);
    assert_eq!((from(&signer).await, github.fetched()), (200, 3));

    github.answer(500, Value::Null);
    minutes(30);
    assert_eq!((from(&signer).await, from(&signer).await, github.fetched()), (503, 503, 5), "it was GitHub's once");
    for at in 0..50 {
        assert_eq!(from(&Signer::new(&format!("made-up-{at}"))).await, 503);
    }
    assert_eq!(github.fetched(), 5);
    github.answer(200, json!({"public_keys": [new.public()]}));
    assert_eq!((from(&new).await, from(&signer).await), (200, 400), "a key that GitHub took back signs nothing");
}
