//! `Idempotency-Key`: a request that its client has named is carried out once, even if it is lost, late, sent twice or cut off.

mod same_request;

use std::time::Duration;

use api_keys::lambda::Code;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::wire::{Fault, Reason, Stop};
use tests::{Answer, Client, Gateway, new_key, new_key_with};

use crate::suspension::{nth, polled};

const NAME: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const OTHER_NAME: &str = "!another~name#1";
const DAY: Duration = Duration::from_hours(24);

/// A request that may have a name, and what it is made with.
struct Named {
    admin: Client,
    verdict: Value,
    name: &'static str,
    path: String,
    body: Value,
}

impl Named {
    async fn create(admin: &Client) -> Self {
        let path = "/authentication".to_owned();
        Self { admin: admin.clone(), verdict: admin.verdict().await, name: NAME, path, body: new_key() }
    }

    /// Of a key that is made for it.
    async fn rotate(admin: &Client) -> Self {
        let path = format!("/authentication/{}/rotate", admin.create_key(&["SMS"]).await.id);
        let body = json!({"gracePeriodSeconds": 60});
        Self { path, body, ..Self::create(admin).await }
    }

    /// Both, each in a service of its own.
    async fn both() -> [(Gateway, Self); 2] {
        let (gateway, admin) = Gateway::with_manager().await;
        let (other, other_admin) = Gateway::with_manager().await;
        let (create, rotate) = (Self::create(&admin).await, Self::rotate(&other_admin).await);
        [(gateway, create), (other, rotate)]
    }

    async fn send(&self) -> Answer {
        self.send_body(&self.body).await
    }

    async fn send_body(&self, body: &Value) -> Answer {
        self.admin.send_with("POST", &self.path, &[("Idempotency-Key", self.name)], Some(body)).await
    }

    /// Past the authorizer, so that the wire has the calls of the function alone.
    async fn hand_on(&self, gateway: &Gateway) -> Answer {
        let body = self.body.to_string();
        gateway.hand_on_with("POST", &self.path, &[("Idempotency-Key", self.name)], &self.verdict, Some(&body)).await
    }
}

/// How many keys and events there are.
fn counts(gateway: &Gateway) -> (usize, usize) {
    (gateway.engine.keys().len(), gateway.engine.events().len())
}

/// Asserts that a request was refused as the repeat of one that left the key as it is.
async fn assert_repeat(named: &Named, answer: &Answer) {
    answer.assert_problem(409);
    assert_eq!(answer.code(), Code::RequestDone, "{answer:?}");
    let key = named.admin.get(&format!("/authentication/{}", answer.body["keyId"].as_str().unwrap())).await;
    assert_eq!(answer.body["etag"], key.body["etag"]);
}

#[tokio::test]
async fn a_repeat_changes_nothing_and_shows_what_was_done() {
    for (gateway, named) in Named::both().await {
        let first = named.send().await;
        assert_eq!(first.status, 201);
        let before = (gateway.engine.dump(), gateway.engine.events());

        let repeat = named.send().await;
        assert_repeat(&named, &repeat).await;
        assert_eq!((&repeat.body["keyId"], &repeat.body["etag"]), (&first.body["id"], &first.body["etag"]));
        let mut spelt_otherwise = named.body.clone();
        spelt_otherwise[if named.path.ends_with("rotate") { "keepPrevious" } else { "name" }] = Value::Null;
        assert_repeat(&named, &named.send_body(&spelt_otherwise).await).await;

        assert!((gateway.engine.dump(), gateway.engine.events()) == before, "{}", named.path);
        assert!(!format!("{before:?}").contains(NAME), "a name is kept as its hash");
    }
}

#[tokio::test]
async fn another_request_under_the_same_name_is_refused() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (create, rotate) = (Named::create(&admin).await, Named::rotate(&admin).await);
    let other = Named::rotate(&admin).await;
    assert_eq!(create.send().await.status, 201);
    let before = (gateway.engine.keys(), gateway.engine.events());

    for answer in [
        create.send_body(&new_key_with(&json!({"name": "other"}))).await,
        create.send_body(&new_key_with(&json!({"limits": [{"requests": 1, "per": "DAY"}]}))).await,
        rotate.send().await,
    ] {
        answer.assert_problem(422);
        assert_eq!((answer.code(), &answer.body["keyId"]), (Code::RequestDiffers, &Value::Null));
    }
    assert!((gateway.engine.keys(), gateway.engine.events()) == before);

    gateway.pass(DAY + Duration::from_millis(1));
    assert_eq!(rotate.send().await.status, 201, "a day on the name is free");
    for answer in [other.send().await, rotate.send_body(&json!({"keepPrevious": true})).await] {
        answer.assert_problem(422);
    }
}

#[tokio::test]
async fn a_name_is_one_of_its_calling_key_alone() {
    let (gateway, admin) = Gateway::with_manager().await;
    let second = admin.create_key(&["AUTHENTICATION", "SMS"]).await;
    let stranger = gateway.create_account("Stranger").await;
    for client in [&admin, &second, &stranger] {
        let named = Named::create(client).await;
        assert_eq!(named.send().await.status, 201);
        assert_repeat(&named, &named.send().await).await;
    }
}

#[tokio::test]
async fn a_name_holds_for_a_day_by_the_clock() {
    for (gateway, named) in Named::both().await {
        let first = named.send().await;
        gateway.pass(Duration::from_mins(24 * 60 - 1));
        assert_repeat(&named, &named.send().await).await;
        gateway.pass(Duration::from_mins(2));
        let second = named.send().await;
        assert_eq!((first.status, second.status), (201, 201));
        assert_ne!(first.body["etag"], second.body["etag"]);
        let repeat = named.send().await;
        assert_repeat(&named, &repeat).await;
        assert_eq!(repeat.body["etag"], second.body["etag"], "the name is the second one's now");
        let items = gateway.engine.dump();
        let item = items.iter().find(|item| item["accountId"]["S"].as_str().unwrap().ends_with("#requests")).unwrap();
        let purged: u64 = item["purgeAt"]["N"].as_str().unwrap().parse().unwrap();
        let now = gateway.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!((47 * 3600..=48 * 3600).contains(&(purged - now)), "two days");
    }
}

#[tokio::test]
async fn a_repeat_is_known_before_what_has_changed_since_can_refuse_it() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (create, rotate) = (Named::create(&admin).await, Named { name: OTHER_NAME, ..Named::rotate(&admin).await });
    gateway.set(|settings| settings.max_keys = 3);
    assert_eq!(create.send().await.status, 201);
    assert_eq!(admin.post(&new_key()).await.code(), Code::QuotaReached);
    assert_repeat(&create, &create.send().await).await;

    let rotated = rotate.send().await;
    assert_eq!(rotated.status, 201);
    let stale = [("Idempotency-Key", OTHER_NAME), ("If-Match", "\"0\"")];
    let id = rotated.body["id"].as_str().unwrap();
    for state in [json!({"description": "words"}), json!({"enabled": false})] {
        assert_eq!(admin.patch(id, &state).await.status, 200);
        for repeat in [rotate.send().await, admin.send_with("POST", &rotate.path, &stale, Some(&rotate.body)).await] {
            assert_eq!((repeat.code(), &repeat.body["etag"]), (Code::RequestDone, &rotated.body["etag"]));
        }
    }
    assert_eq!(admin.delete(id).await.status, 204);
    assert_eq!(rotate.send().await.code(), Code::RequestDone, "also of a key that is gone");
    // What is wrong by itself, or by whom it comes from, is refused first.
    assert_eq!(create.send_body(&json!({})).await.status, 400);
    let narrow = Named { verdict: admin.create_key(&["SMS"]).await.verdict().await, ..create };
    assert_eq!(narrow.hand_on(&gateway).await.code(), Code::Operation);
}

#[tokio::test]
async fn a_request_that_is_refused_leaves_its_name_free() {
    let (gateway, admin) = Gateway::with_manager().await;
    let (create, rotate) = (Named::create(&admin).await, Named { name: OTHER_NAME, ..Named::rotate(&admin).await });
    gateway.set(|settings| settings.max_keys = 2);
    assert_eq!(create.send().await.code(), Code::QuotaReached);
    gateway.set(|settings| settings.max_keys = 3);
    assert_eq!(create.send().await.status, 201);

    let id = rotate.path.split('/').nth(2).unwrap();
    admin.patch(id, &json!({"enabled": false})).await;
    assert_eq!(rotate.send().await.code(), Code::KeyDisabled);
    admin.patch(id, &json!({"enabled": true})).await;
    let stale = [("Idempotency-Key", OTHER_NAME), ("If-Match", "\"0\"")];
    let refused = admin.send_with("POST", &rotate.path, &stale, Some(&rotate.body)).await;
    assert_eq!(refused.code(), Code::PreconditionFailed);
    assert_eq!(rotate.send().await.status, 201);
}

#[tokio::test]
async fn a_name_has_8_to_128_visible_characters_and_is_given_once() {
    let (_, admin) = Gateway::with_manager().await;
    let rotate = Named::rotate(&admin).await;
    for path in ["/authentication", &rotate.path] {
        let body = if path == rotate.path { json!({}) } else { new_key() };
        let send = async |headers: &[(&str, &str)]| admin.send_with("POST", path, headers, Some(&body)).await;
        let long = "x".repeat(129);
        for wrong in ["", "1234567", "1234 5678", &long] {
            assert_eq!(send(&[("Idempotency-Key", wrong)]).await.wrong_fields(), ["Idempotency-Key"], "{wrong}");
        }
        let twice = send(&[("Idempotency-Key", NAME), ("Idempotency-Key", NAME)]).await;
        // A proxy may have made one line of both.
        let joined = send(&[("Idempotency-Key", &format!("{NAME}, {NAME}"))]).await;
        for answer in [twice, joined] {
            let error = json!({"field": "Idempotency-Key", "message": "must be given once"});
            assert_eq!(answer.body["errors"], json!([error]));
        }
        for right in ["12345678", "\"8e03978e-40d5-43dd\"", &long[1..]] {
            let name = format!("{right}{}", if path == rotate.path { "r" } else { "" });
            let name = if name.len() > 128 { &name[1..] } else { &name };
            assert_eq!(send(&[("Idempotency-Key", name)]).await.status, 201, "{name}");
        }
    }
}

/// A client that goes on until it knows that its request was carried out.
async fn insist(named: &Named, gateway: &Gateway, first: Answer) -> Answer {
    let mut answer = first;
    for _ in 0..3 {
        match answer.status {
            201 => return answer,
            409 if answer.code() == Code::RequestDone => return answer,
            409 => assert_eq!(answer.code(), Code::Contended, "{answer:?}"),
            status => assert_eq!(status, 500, "{answer:?}"),
        }
        answer = named.hand_on(gateway).await;
    }
    panic!("it never ends: {answer:?}");
}

/// Asserts that a request was carried out once: of a create one key, of both one event.
async fn assert_once(gateway: &Gateway, named: &Named, before: (usize, usize), what: &str) {
    let made = usize::from(!named.path.ends_with("rotate"));
    assert_eq!(counts(gateway), (before.0 + made, before.1 + 1), "{what}");
    assert_repeat(named, &named.hand_on(gateway).await).await;
    assert_eq!(counts(gateway), (before.0 + made, before.1 + 1), "{what}: the repeat");
}

#[tokio::test]
async fn despite_any_failure_it_is_carried_out_once() {
    const FAULTS: [Fault; 9] = [
        Fault::Cut,
        Fault::Throttle,
        Fault::Fail,
        Fault::LoseAnswer,
        Fault::TruncateAnswer,
        Fault::SpoilAnswer,
        Fault::Twice,
        Fault::Cancel(Reason::TransactionConflict, 0),
        Fault::Cancel(Reason::ThrottlingError, 1),
    ];
    for (times, fault) in [1, 3, 9].into_iter().flat_map(|times| FAULTS.map(|fault| (times, fault))) {
        for reads_go_well in [true, false] {
            for (gateway, named) in Named::both().await {
                let (before, what) = (counts(&gateway), format!("{times} × {fault:?} {}", named.path));
                let breaking = async { gateway.wire.break_times(times, fault) };
                let first = if reads_go_well {
                    gateway.wire.during(Stop::before("TransactWriteItems"), named.hand_on(&gateway), breaking).await.0
                } else {
                    breaking.await;
                    named.hand_on(&gateway).await
                };
                gateway.wire.mend();
                insist(&named, &gateway, first).await;
                assert_once(&gateway, &named, before, &what).await;
            }
        }
    }
}

#[tokio::test]
async fn wherever_the_function_is_killed_it_is_carried_out_once() {
    for rotates in [false, true] {
        let (gateway, admin) = Gateway::with_manager().await;
        let mut polls = 1;
        loop {
            let kind = if rotates { Named::rotate(&admin).await } else { Named::create(&admin).await };
            let name: &'static str = Box::leak(format!("{NAME}-{polls}").into_boxed_str());
            let named = Named { name, ..kind };
            let before = counts(&gateway);
            let ended = polled(polls, named.hand_on(&gateway)).await;
            gateway.wire.quiet().await;
            let first = match ended.clone() {
                Some(answer) => answer,
                None => named.hand_on(&gateway).await,
            };
            insist(&named, &gateway, first).await;
            assert_once(&gateway, &named, before, &format!("after {polls} polls")).await;
            if ended.is_some() {
                break;
            }
            polls += 1;
        }
        assert!(polls > 3, "{polls}");
    }
}

/// The second one comes before each call of the first.
#[tokio::test]
async fn of_two_at_once_one_is_carried_out_wherever_they_meet() {
    for (gateway, named) in Named::both().await {
        gateway.wire.throttle_every(0);
        drop(gateway.wire.take_calls());
        let named = Named { name: OTHER_NAME, ..named };
        assert_eq!(named.hand_on(&gateway).await.status, 201);
        let calls = gateway.wire.take_calls();
        assert!(calls.len() > 2, "{calls:?}");
        for at in 0..calls.len() {
            let rotates = named.path.ends_with("rotate");
            let name: &'static str = Box::leak(format!("{NAME}-{at}").into_boxed_str());
            let kind = if rotates { Named::rotate(&named.admin).await } else { Named::create(&named.admin).await };
            let twin = Named { name, ..kind };
            let before = counts(&gateway);
            // There is room for one of them.
            gateway.set(|settings| settings.max_keys = u64::try_from(before.0).unwrap() + 1);
            let operation = *["GetItem", "Query", "UpdateItem", "TransactWriteItems"]
                .iter()
                .find(|name| **name == calls[at].operation)
                .unwrap();
            let others = calls[..at].iter().filter(|call| call.operation == operation).count();
            let stop = nth(others, Stop::before(operation), |_| true);

            let (first, second) = gateway.wire.during(stop, twin.hand_on(&gateway), twin.hand_on(&gateway)).await;

            // Behind the first one's write it is the first.
            let (done, repeat) = if first.status == 201 { (first, second) } else { (second, first) };
            assert_eq!(done.status, 201, "before {operation} {others}: {done:?}");
            assert_eq!(repeat.code(), Code::RequestDone, "before {operation} {others}: {repeat:?}");
            assert_eq!(repeat.body["etag"], done.body["etag"]);
            assert_once(&gateway, &twin, before, &format!("before {operation} {others}")).await;
            gateway.set(|settings| settings.max_keys = 1000);
        }
    }
}

#[tokio::test]
async fn of_many_at_once_one_is_carried_out() {
    for (gateway, named) in Named::both().await {
        let before = counts(&gateway);
        let answers = join_all((0..6).map(|_| named.hand_on(&gateway))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert!([Code::RequestDone, Code::Contended].contains(&answer.code()), "{answer:?}");
        }
        assert_once(&gateway, &named, before, "of six").await;
    }
}

/// The first one's write arrives when its repeat has been carried out.
#[tokio::test]
async fn one_that_arrives_late_changes_nothing() {
    for (gateway, named) in Named::both().await {
        let before = counts(&gateway);
        let mut gate = gateway.wire.stop(Stop::before("TransactWriteItems"));
        let killed = async {
            tokio::select! {
                answer = named.hand_on(&gateway) => panic!("{answer:?}"),
                () = gate.reached() => {}
            }
        };
        killed.await;
        assert_eq!(named.hand_on(&gateway).await.status, 201);
        gate.release();
        gateway.wire.quiet().await;
        assert_once(&gateway, &named, before, "late").await;
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_no_orphan_and_ends_nothing_in_use() {
    let (gateway, admin) = Gateway::with_manager().await;
    let create = Named::create(&admin).await;
    let lose = async || gateway.wire.break_times(1, Fault::LoseAnswer);
    // The key was made, and its value is lost.
    assert_eq!(create.hand_on(&gateway).await.status, 201);
    let done = create.send().await;
    let id = done.body["keyId"].as_str().unwrap().to_owned();
    let path = format!("/authentication/{id}/rotate");
    let if_match = format!("\"{}\"", done.body["etag"].as_str().unwrap());
    let keep = json!({"keepPrevious": true});
    let headers = [("If-Match", &*if_match), ("Idempotency-Key", "replaces-the-first")];
    let issued = admin.send_with("POST", &path, &headers, Some(&keep)).await;
    let holder = admin.with_value_of(&issued);
    assert_eq!(holder.status().await, 200);

    // It is rotated, and that answer is lost too.
    let rotate = Named { name: OTHER_NAME, path: path.clone(), body: json!({"gracePeriodSeconds": 3600}), ..create };
    lose().await;
    drop(rotate.hand_on(&gateway).await);
    gateway.wire.mend();
    let done = rotate.send().await;
    assert_repeat(&rotate, &done).await;
    let if_match = format!("\"{}\"", done.body["etag"].as_str().unwrap());
    let headers = [("If-Match", &*if_match), ("Idempotency-Key", "replaces-the-second")];
    let next = admin.with_value_of(&admin.send_with("POST", &path, &headers, Some(&keep)).await);
    assert_eq!([holder.status().await, next.status().await], [200, 200], "the value in use goes on");
    gateway.pass(Duration::from_hours(1));
    assert_eq!([holder.status().await, next.status().await], [401, 200]);

    let events = admin.get(&format!("/authentication/events?keyId={id}")).await.body;
    let types: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["key.rotated", "key.rotated", "key.rotated", "key.created"]);
}

#[tokio::test]
async fn without_a_name_nothing_is_looked_up_or_kept() {
    let (gateway, admin) = Gateway::with_manager().await;
    gateway.wire.throttle_every(0);
    let named = Named::create(&admin).await;
    let body = named.body.to_string();
    drop(gateway.wire.take_calls());
    let plain = gateway.hand_on("POST", "/authentication", &named.verdict, Some(&body)).await;
    assert_eq!(plain.status, 201);
    let without = gateway.wire.take_calls().len();
    assert!(!gateway.engine.dump().iter().any(|item| item["accountId"]["S"].as_str().unwrap().ends_with("#requests")));
    assert_eq!(named.hand_on(&gateway).await.status, 201);
    assert_eq!(gateway.wire.take_calls().len(), without + 1, "a name costs one read");
}
