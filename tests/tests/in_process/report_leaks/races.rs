//! Many reports while the keys are used, changed, rotated and deleted.

use std::collections::HashSet;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tests::wire::Stop;
use tests::{Client, Gateway};

use super::{exposures, report_of, status_of};

const KEYS: usize = 40;
const REPORTS: usize = 1_000;

/// A value that is reported, and what else happens to its key.
struct Subject {
    key: Client,
    meanwhile: usize,
}

impl Subject {
    async fn report(&self, gateway: &Gateway) {
        let body = report_of(&[&self.key.value, "some_token", &self.key.value]);
        let answer = gateway.report(&[], &body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        // A request that starts after the answer.
        assert_eq!(self.key.status().await, 401, "{}", self.meanwhile);
    }

    async fn meet(&self, admin: &Client) {
        match self.meanwhile % 5 {
            0 => drop(admin.rotate(&self.key.id, 3600).await),
            1 => drop(admin.patch(&self.key.id, &json!({"enabled": true, "name": "other"})).await),
            2 => drop(admin.delete(&self.key.id).await),
            3 => drop(admin.patch(&self.key.id, &json!({"enabled": false})).await),
            _ => drop(self.key.status().await),
        }
    }
}

#[tokio::test]
async fn a_thousand_reports_among_all_other_writes_end_every_value_once_and_for_good() {
    let (gateway, admin) = Gateway::with_manager().await;
    let mut subjects = Vec::new();
    for meanwhile in 0..KEYS {
        subjects.push(Subject { key: admin.create_key(&["SMS"]).await, meanwhile });
    }
    let dead = admin.create_key(&["SMS"]).await;
    assert_eq!(admin.delete(&dead.id).await.status, 204);

    let work = (0..REPORTS).map(|at| {
        let subject = &subjects[(at * 7 + at / 10) % KEYS];
        let (gateway, admin, dead) = (&gateway, &admin, &dead);
        async move {
            match at % 10 {
                0 => assert_eq!(gateway.report(&[], &report_of(&[&dead.value])).await.status, 202),
                1 => assert_eq!(gateway.report(&[], r#"[{"token": "garbage"}]"#).await.status, 202),
                2..5 => drop(tokio::join!(subject.report(gateway), subject.meet(admin))),
                _ => subject.report(gateway).await,
            }
        }
    });
    stream::iter(work).buffer_unordered(16).collect::<Vec<()>>().await;

    let mut seen = HashSet::new();
    for event in exposures(&gateway) {
        let of_previous = event["changes"]["L"].as_array().is_some_and(|changes| !changes.is_empty());
        let what = (event["keyId"]["S"].as_str().unwrap().to_owned(), of_previous);
        assert!(seen.insert(what), "two events: {event}");
    }
    assert!(seen.len() >= KEYS / 2);
    for Subject { key, .. } in &subjects {
        assert_eq!(key.status().await, 401);
    }
}

#[tokio::test]
async fn nothing_undoes_an_exposure_that_came_between_its_read_and_its_write() {
    for method in ["enable", "rotate"] {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let reported = async {
            gateway.leak(&[&key.value]).await;
        };
        let stop = Stop::before("TransactWriteItems");
        let (enable, grace) = (json!({"enabled": true, "name": "other"}), 3600);
        if method == "enable" {
            let (answer, ()) = gateway.wire.during(stop, admin.patch(&key.id, &enable), reported).await;
            assert_eq!((answer.status, status_of(&admin, &key).await), (409, json!("EXPOSED")));
        } else {
            let (answer, ()) = gateway.wire.during(stop, admin.rotate(&key.id, grace), reported).await;
            assert_eq!((answer.status, key.with_value_of(&answer).status().await), (201, 200));
        }
        assert_eq!(key.status().await, 401, "{method}");
        assert_eq!(exposures(&gateway).len(), 1);
    }
}

#[tokio::test]
async fn a_report_that_meets_a_rotation_or_a_deletion_ends_the_value_all_the_same() {
    for what in ["rotate", "delete", "patch"] {
        let (gateway, admin) = Gateway::with_manager().await;
        let key = admin.create_key(&["SMS"]).await;
        let other = async {
            let answer = match what {
                "rotate" => admin.rotate(&key.id, 3600).await,
                "delete" => admin.delete(&key.id).await,
                _ => admin.patch(&key.id, &json!({"name": "other"})).await,
            };
            assert!(answer.status < 300, "{answer:?}");
        };

        let body = report_of(&[&key.value]);
        let (answer, ()) =
            gateway.wire.during(Stop::before("TransactWriteItems"), gateway.report(&[], &body), other).await;

        assert_eq!((answer.status, key.status().await), (202, 401), "{what}");
        assert_eq!(exposures(&gateway).len(), usize::from(what != "delete"));
    }
}

#[tokio::test]
async fn writers_that_win_every_race_do_not_keep_a_value_alive() {
    for (previous, reported_meanwhile) in [(false, false), (false, true), (true, false), (true, true)] {
        let gateway = Gateway::start().await;
        gateway.wire.throttle_every(usize::MAX);
        let admin = gateway.create_account("Example").await;
        let key = admin.create_key(&["SMS"]).await;
        if previous {
            assert_eq!(admin.rotate(&key.id, 3600).await.status, 201);
        }
        let writers = async {
            for round in 0..6 {
                let exposes = |body: &Value| body.to_string().contains("key.exposed");
                let mut gate = gateway.wire.stop(Stop::before("TransactWriteItems").when(exposes));
                gate.reached().await;
                if round == 5 && reported_meanwhile {
                    gateway.leak(&[&key.value]).await;
                } else {
                    let name = json!({"name": format!("{round}")});
                    assert_eq!(admin.patch(&key.id, &name).await.status, 200);
                }
                gate.release();
            }
        };

        let body = report_of(&[&key.value]);
        let (answer, ()) = tokio::join!(gateway.report(&[], &body), writers);

        assert_eq!((answer.status, key.status().await), (202, 401));
        let events = exposures(&gateway);
        let read_before = !events[0]["previousEvent"].is_null();
        assert_eq!((events.len(), read_before), (1, reported_meanwhile));
    }
}
