//! Which reports are GitHub's.

use std::time::Duration;

use serde_json::{Value, json};
use tests::github::Asked;
use tests::{Gateway, Github, Secrets, Signer};

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
    let gateway = Gateway::start().await;
    let github = Github::start(vec![json!({"key_identifier": SAMPLE_ID, "key": SAMPLE_KEY, "is_current": true})]).await;
    gateway.set(|settings| settings.github = github.keys());
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
        gateway.pass(Duration::from_secs(5));
    }
    assert_eq!((one.status().await, exposures(&gateway).len()), (200, 0));
    assert_eq!(report(&gateway, &[&other.value]).await, 202);
    assert_eq!(other.status().await, 401);

    github.answer(200, json!({"public_keys": [signer.public()]}));
    assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
    assert_eq!(one.status().await, 401);
}

#[tokio::test]
async fn keys_are_fetched_again_after_half_an_hour_and_used_on_while_they_cannot_be() {
    let (gateway, github, signer) = with_github().await;
    let body = report_of(&["some_token"]);
    let from = async |signer: &Signer| report_signed(&gateway, signer, &body).await.status;

    assert_eq!((from(&signer).await, from(&signer).await, github.fetched()), (200, 200, 1));
    gateway.pass(Duration::from_mins(29));
    assert_eq!((from(&signer).await, github.fetched()), (200, 1));
    gateway.pass(Duration::from_mins(1));
    assert_eq!((from(&signer).await, github.fetched()), (200, 2));

    github.answer(500, Value::Null);
    gateway.pass(Duration::from_mins(30));
    assert_eq!((from(&signer).await, github.fetched()), (200, 3), "it was GitHub's a moment ago");
    for at in 0..50 {
        assert_eq!(from(&Signer::new(&format!("made-up-{at}"))).await, 503);
    }
    assert_eq!(github.fetched(), 3);
    let new = Signer::new("new");
    github.answer(200, json!({"public_keys": [new.public()]}));
    gateway.pass(Duration::from_secs(5));
    assert_eq!((from(&new).await, from(&signer).await), (200, 503));
    gateway.pass(Duration::from_secs(10));
    assert_eq!(from(&signer).await, 400, "a key that GitHub took back signs nothing");
}

#[tokio::test]
async fn one_failed_fetch_holds_signed_reports_up_for_seconds() {
    let (gateway, github, signer) = with_github().await;
    let body = report_of(&["some_token"]);
    let report = async || report_signed(&gateway, &signer, &body).await.status;
    github.answer(502, Value::Null);
    assert_eq!(report().await, 503);
    github.answer(200, json!({"public_keys": [signer.public()]}));
    assert_eq!((report().await, github.fetched()), (503, 1), "not at once");
    gateway.pass(Duration::from_secs(5));
    assert_eq!((report().await, github.fetched()), (200, 2));
}

#[tokio::test]
async fn a_key_that_github_has_just_added_is_never_called_wrong() {
    let (gateway, github, signer) = with_github().await;
    let (admin, new) = (gateway.create_account("Example").await, Signer::new("new"));
    let key = admin.create_key(&["SMS"]).await;
    let body = report_of(&[&key.value]);
    assert_eq!(report_signed(&gateway, &signer, &report_of(&["some_token"])).await.status, 200);
    github.answer(200, json!({"public_keys": [signer.public(), new.public()]}));

    report_signed(&gateway, &new, &body).await.assert_problem(503);
    assert_eq!((key.status().await, github.fetched()), (200, 1));
    gateway.pass(Duration::from_secs(10));
    assert_eq!((report_signed(&gateway, &new, &body).await.status, github.fetched()), (200, 2));
    assert_eq!(key.status().await, 401);
}

#[tokio::test]
async fn made_up_identifiers_fetch_the_keys_ever_more_seldom_and_hold_up_no_known_one() {
    let (gateway, github, signer) = with_github().await;
    let body = report_of(&["some_token"]);
    let made_up = Signer::new("made-up");
    assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
    let mut refused = 0;
    for _ in 0..29 * 12 {
        gateway.pass(Duration::from_secs(5));
        match report_signed(&gateway, &made_up, &body).await.status {
            400 => refused += 1,
            status => assert_eq!(status, 503),
        }
        assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
    }
    assert_eq!((refused, github.fetched()), (9, 10), "10, 20, 40, 80, 160 s and then each five minutes");

    let new = Signer::new("new");
    github.answer(200, json!({"public_keys": [signer.public(), new.public()]}));
    gateway.pass(Duration::from_mins(5));
    assert_eq!(report_signed(&gateway, &new, &body).await.status, 200);
}

#[tokio::test]
async fn a_made_up_identifier_that_brings_about_the_rate_limit_holds_up_no_known_one_when_the_keys_get_old() {
    let (gateway, github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    let body = report_of(&["some_token"]);
    assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
    gateway.pass(Duration::from_secs(29 * 60 + 55));
    github.answer_with(429, &[("retry-after", "300")], Value::Null);
    report_signed(&gateway, &Signer::new("made-up"), &body).await.assert_problem(503);

    gateway.pass(Duration::from_secs(5));
    assert_eq!(report_signed(&gateway, &signer, &report_of(&[&key.value])).await.status, 200);
    assert_eq!((key.status().await, github.fetched()), (401, 2), "while GitHub is not to be asked");
    let forged = Signer::new("one");
    report_signed(&gateway, &forged, &body).await.assert_problem(400);
    report_signed(&gateway, &Signer::new("made-up"), &body).await.assert_problem(503);
    gateway.pass(Duration::from_secs(295));
    assert_eq!(
        (report_signed(&gateway, &signer, &body).await.status, github.fetched()),
        (200, 3),
        "it is asked when due"
    );
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_again_are_used_for_six_hours_and_no_longer() {
    let (gateway, github, signer) = with_github().await;
    let body = report_of(&["some_token"]);
    let report = async || report_signed(&gateway, &signer, &body).await.status;
    assert_eq!(report().await, 200);
    github.answer(500, Value::Null);
    for _ in 0..11 {
        gateway.pass(Duration::from_mins(30));
        assert_eq!(report().await, 200);
    }
    gateway.pass(Duration::from_secs(30 * 60 - 1));
    assert_eq!((report().await, github.fetched()), (200, 13));
    gateway.pass(Duration::from_secs(1));
    assert_eq!((report().await, github.fetched()), (503, 13), "in the pause after the last failure");
    gateway.pass(Duration::from_secs(4));
    assert_eq!((report().await, github.fetched()), (503, 14));
    github.answer(200, json!({"public_keys": [signer.public()]}));
    gateway.pass(Duration::from_secs(5));
    assert_eq!(report().await, 200);
}

#[tokio::test]
async fn while_github_limits_the_rate_it_is_asked_no_sooner_than_it_allows() {
    for (status, headers, seconds) in [
        (403, &[][..], 60),
        (429, &[], 60),
        (429, &[("retry-after", "20")], 20),
        (403, &[("retry-after", "86400")], 300),
        (503, &[("retry-after", "0")], 5),
        (503, &[("retry-after", "soon")], 5),
    ] {
        let (gateway, github, signer) = with_github().await;
        let body = report_of(&["some_token"]);
        github.answer_with(status, headers, Value::Null);
        assert_eq!(report_signed(&gateway, &signer, &body).await.status, 503);
        github.answer(200, json!({"public_keys": [signer.public()]}));
        gateway.pass(Duration::from_secs(seconds - 1));
        assert_eq!((report_signed(&gateway, &signer, &body).await.status, github.fetched()), (503, 1), "{status}");
        gateway.pass(Duration::from_secs(1));
        assert_eq!((report_signed(&gateway, &signer, &body).await.status, github.fetched()), (200, 2), "{status}");
    }
}

#[tokio::test]
async fn keys_that_have_not_changed_are_not_sent_again() {
    let (gateway, github, signer) = with_github().await;
    let body = report_of(&["some_token"]);
    let asked = async |signer: &Signer| {
        let status = report_signed(&gateway, signer, &body).await.status;
        gateway.pass(Duration::from_mins(30));
        (status, github.take_asked().iter().map(|asked| asked.status).collect::<Vec<_>>())
    };
    assert_eq!(asked(&signer).await, (200, vec![200]));
    assert_eq!(asked(&signer).await, (200, vec![304]));
    assert_eq!(asked(&Signer::new("made-up")).await, (400, vec![304]), "a 304 means that there is no such key");
    github.answer(500, Value::Null);
    assert_eq!(asked(&signer).await, (200, vec![500]));
    let new = Signer::new("new");
    github.answer(200, json!({"public_keys": [new.public()]}));
    assert_eq!(asked(&signer).await, (400, vec![200]));
    assert_eq!(asked(&new).await, (200, vec![304]));
}

#[tokio::test]
async fn a_token_is_read_when_it_is_needed_and_again_after_github_refused_it() {
    let (gateway, github, signer) = with_github().await;
    let secrets = Secrets::start("ghp_one\n").await;
    gateway.set(|settings| settings.github = github.keys_with(secrets.secret()));
    let body = report_of(&["some_token"]);
    let asked = async || {
        assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
        gateway.pass(Duration::from_mins(30));
        github.take_asked().into_iter().map(|asked| asked.authorization.unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(report(&gateway, &["some_token"]).await, 202);
    assert_eq!(secrets.read(), 0, "what is not signed needs none");
    assert_eq!(
        (asked().await, asked().await, secrets.read()),
        (vec!["Bearer ghp_one".to_owned()], vec!["Bearer ghp_one".to_owned()], 1)
    );

    github.refuse("ghp_one");
    assert_eq!((asked().await, secrets.read()), (vec!["Bearer ghp_one".to_owned(), String::new()], 1));
    secrets.answer(200, json!({"SecretString": "ghp_two"}));
    assert_eq!((asked().await, secrets.read()), (vec!["Bearer ghp_two".to_owned()], 2));
    assert!(!format!("{:?} {:?}", gateway.functions.settings().github, secrets.secret()).contains("ghp_"));
}

#[tokio::test]
async fn without_its_secret_the_keys_are_fetched_without_a_token() {
    for (status, answer) in [
        (400, json!({"__type": "AccessDeniedException", "Message": "not authorized"})),
        (500, json!({"__type": "InternalServiceError"})),
        (200, json!({"SecretBinary": "AAAA"})),
        (200, json!({"SecretString": "two\nlines"})),
        (200, json!("nonsense")),
    ] {
        let (gateway, github, signer) = with_github().await;
        let secrets = Secrets::start("ghp_one").await;
        secrets.answer(status, answer);
        gateway.set(|settings| settings.github = github.keys_with(secrets.secret()));
        assert_eq!(report_signed(&gateway, &signer, &report_of(&["some_token"])).await.status, 200);
        assert_eq!((github.take_asked(), secrets.read()), (vec![Asked { authorization: None, status: 200 }], 1));

        secrets.answer(200, json!({"SecretString": "ghp_two"}));
        gateway.pass(Duration::from_mins(30));
        assert_eq!(report_signed(&gateway, &signer, &report_of(&["some_token"])).await.status, 200);
        assert_eq!(github.take_asked()[0].authorization.as_deref(), Some("Bearer ghp_two"), "once it is put right");
    }
}
