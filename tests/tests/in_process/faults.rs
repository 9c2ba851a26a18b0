//! The table gone or failing: no request gets in, no key is called bad, nothing is revealed, lost or doubled.

use authorizer::Refusal;
use serde_json::{Value, json};
use tests::gateway::{Api, sample_event};
use tests::template::template;
use tests::wire::Fault;
use tests::{Answer, Client, Gateway, NEW_KEY};

/// A request that goes well when nothing else goes wrong.
#[derive(Debug)]
struct Request {
    method: &'static str,
    path: String,
    body: Option<&'static str>,
    status: u16,
}

impl Request {
    /// Whether the function's first call is its write.
    fn writes_first(&self) -> bool {
        self.method == "DELETE"
    }

    async fn hand_on(&self, gateway: &Gateway, verdict: &Value) -> Answer {
        gateway.hand_on(self.method, &self.path, verdict, self.body).await
    }
}

/// One of each function on a route, for the account's first key; the last one deletes it.
fn requests(admin: &Client) -> [Request; 7] {
    let all = "/authentication".to_owned();
    let (own, by_value) = (format!("{all}/{}", admin.id), format!("{all}/{}", admin.value));
    let rotate = format!("{own}/rotate");
    [
        ("GET", all.clone(), None, 200),
        ("POST", all, Some(NEW_KEY), 201),
        ("GET", by_value, None, 200),
        ("GET", own.clone(), None, 200),
        ("PATCH", own.clone(), Some(r#"{"name": "other"}"#), 200),
        ("POST", rotate, None, 201),
        ("DELETE", own, None, 204),
    ]
    .map(|(method, path, body, status)| Request { method, path, body, status })
}

#[tokio::test]
async fn without_the_table_no_request_gets_in_and_no_key_is_called_bad() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.wire.break_with(Fault::Cut);

    let refused = admin.authorize().await.err();
    assert_eq!(refused, Some(Refusal::Unavailable));
    assert_eq!(admin.get("/authentication").await.status, 500);
    assert_eq!(gateway.send("GET", "/sms", &["garbage"], None).await.status, 401, "that much is known without a table");

    gateway.wire.mend();
    assert_eq!(admin.get("/authentication").await.status, 200, "the next request works again");
}

/// All that goes wrong without taking time.
const FAULTS: [Fault; 6] =
    [Fault::Cut, Fault::Throttle, Fault::Fail, Fault::LoseAnswer, Fault::TruncateAnswer, Fault::SpoilAnswer];

#[tokio::test]
async fn after_any_failure_no_request_gets_in_and_the_next_one_works() {
    for fault in FAULTS {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        gateway.wire.break_with(fault);

        for value in [&*admin.value, "sk_of_another_system_0123456789"] {
            let refused = gateway.authorize("GET", "/sms", &[("X-API-Key", value)]).await.err();
            assert_eq!(refused, Some(Refusal::Unavailable), "{fault:?}");
        }

        gateway.wire.mend();
        assert_eq!(admin.status().await, 200, "{fault:?}");
    }
}

#[tokio::test]
async fn after_any_failure_every_function_answers_500_without_the_cause() {
    for fault in FAULTS {
        let (gateway, admin) = Gateway::importing_with_manager().await;
        let verdict = admin.verdict().await;
        for request in requests(&admin) {
            gateway.wire.break_with(fault);
            let answer = request.hand_on(&gateway, &verdict).await;
            answer.assert_problem(500);
            for word in ["wire", "Dynamo", "Item", "table", "bad day", &admin.value, &admin.id, &admin.account_id] {
                assert!(!answer.text.contains(word), "{fault:?} {request:?} {word}");
            }
            gateway.wire.mend();
            let list = gateway.hand_on("GET", "/authentication", &verdict, None).await;
            assert_eq!(list.status, 200, "{fault:?}: the next call works, without a restart");
        }
        gateway.wire.break_with(fault);
        let account = json!({"company": "c", "userId": "u", "username": "n"});
        let import = json!({"accountId": admin.account_id, "keys": [{}]});
        for error in [gateway.invoke_create_account(account).await, gateway.invoke_import_keys(import).await] {
            assert_eq!(error.unwrap_err()["errorType"], "InternalError", "{fault:?}");
        }
    }
}

#[tokio::test]
async fn what_goes_wrong_once_no_client_notices() {
    for fault in FAULTS {
        let (gateway, admin) = Gateway::with_manager().await;
        let verdict = admin.verdict().await;
        for request in requests(&admin) {
            gateway.wire.break_times(1, fault);
            let answer = request.hand_on(&gateway, &verdict).await;
            let expected = match (fault, request.method) {
                // The first call is a read, and its answer is no JSON. After a write, the key shows what was done.
                (Fault::SpoilAnswer, _) if !request.writes_first() => 500,
                _ => request.status,
            };
            assert_eq!(answer.status, expected, "{fault:?} {request:?} {answer:?}");
        }
        gateway.wire.mend();
        let authorize = async || admin.authorize().await;
        assert!(authorize().await.err() == Some(Refusal::Unauthorized), "{fault:?}: the last request deleted it");
    }
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_leaves_no_key_or_one_that_is_listed_and_can_be_deleted() {
    for (times, fault) in [1, 2, 3].into_iter().flat_map(|times| FAULTS.map(|fault| (times, fault))) {
        let (gateway, admin) = Gateway::with_manager().await;
        gateway.set(|settings| settings.max_keys = 3);
        let verdict = admin.verdict().await;
        let create = async || gateway.hand_on("POST", "/authentication", &verdict, Some(NEW_KEY)).await;

        gateway.wire.break_times(times, fault);
        let answer = create().await;
        gateway.wire.mend();

        let others: Vec<_> =
            admin.get("/authentication").await.ids().into_iter().filter(|id| *id != admin.id).collect();
        assert!(others.len() <= 1, "{fault:?}");
        match answer.status {
            201 => assert_eq!(others, [answer.body["id"].as_str().unwrap()], "{fault:?}"),
            status => assert_eq!(status, 500, "{fault:?}"),
        }
        for id in &others {
            assert_eq!(admin.delete(id).await.status, 204, "{fault:?}");
        }
        let room = [create().await.status, create().await.status, create().await.status];
        assert_eq!(room, [201, 201, 409], "{fault:?}: no more and no less room than there was");
    }
}

#[tokio::test]
async fn a_rotation_or_a_patch_whose_answer_was_lost_is_done_once_or_not_at_all() {
    for fault in FAULTS {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let verdict = admin.verdict().await;
        let path = format!("/authentication/{}", key.id);

        // Its read goes well, its write does not.
        gateway.wire.break_times(1, fault);
        let changes = r#"{"operations": ["RCS"], "name": "new"}"#;
        let patched = gateway.hand_on("PATCH", &path, &verdict, Some(changes)).await;
        gateway.wire.break_times(1, fault);
        let rotated =
            gateway.hand_on("POST", &format!("{path}/rotate"), &verdict, Some(r#"{"gracePeriodSeconds": 60}"#)).await;
        gateway.wire.mend();

        let after = admin.get(&path).await.body;
        let done = patched.status == 200;
        assert_eq!(
            (after["name"] == "new", after["operations"] == json!(["RCS"])),
            (done, done),
            "{fault:?} {patched:?}"
        );
        assert_eq!(key.status().await, 200, "{fault:?}: in its grace period, or as it was");
        if rotated.status == 201 {
            assert_eq!(key.with_value_of(&rotated).status().await, 200, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_request_that_no_authorizer_has_seen_is_our_mistake_and_is_not_served() {
    let gateway = Gateway::start().await;
    gateway.create_account("Example").await;
    drop(gateway.wire.take_calls());

    let api = Api::of(&template(), "Api", &[]);
    let functions = api.authorized_functions();
    assert!(functions.len() > 7, "{functions:?}");
    for function in functions {
        let mut event = sample_event(function);
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        gateway.run(function, &event).await.assert_problem(500);
        event["requestContext"]["authorizer"] = json!({"accountId": "short", "operations": "AUTHENTICATION"});
        gateway.run(function, &event).await.assert_problem(500);
    }
    assert_eq!(gateway.wire.take_calls(), []);
}

#[tokio::test]
async fn an_item_that_is_no_key_opens_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    let item = gateway.engine.keys().remove(0);
    for (attribute, value) in [
        ("operations", json!({"S": "SMS"})),
        ("operations", json!({"L": [{"S": "*"}]})),
        ("keyHash", json!({"B": "AAAA"})),
        ("createdAt", json!({"S": "yesterday"})),
    ] {
        let mut broken = item.clone();
        broken[attribute] = value;
        gateway.engine.put(&broken);
        let refused = admin.authorize().await.err();
        assert_eq!(refused, Some(Refusal::Unavailable), "{attribute}");
    }
}
