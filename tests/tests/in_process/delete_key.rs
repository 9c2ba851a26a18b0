//! `DELETE /authentication/{key}`.

use std::time::Duration;

use serde_json::json;
use tests::Gateway;
use tests::engine::TABLE;
use tests::wire::{Fault, Reason, Stop};
use tokio::time::sleep;

#[tokio::test]
async fn a_deleted_key_is_gone_and_no_other() {
    let (_, admin) = Gateway::with_manager().await;
    let (one, two) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);

    let answer = admin.delete(&one.id).await;

    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert!(!answer.headers.contains_key("content-type"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(one.get("/authentication/self").await.status, 401);
    assert_eq!(two.get("/authentication/self").await.status, 200);
    let mut left = vec![admin.id.clone(), two.id.clone()];
    left.sort();
    let mut listed = admin.get("/authentication").await.ids();
    listed.sort();
    assert_eq!(listed, left);
}

#[tokio::test]
async fn what_the_account_does_not_have_is_one_and_the_same_404() {
    let (gateway, admin) = Gateway::with_manager().await;
    let stranger = gateway.create_account("Other").await;
    let gone = admin.create_key(&["SMS"]).await;
    assert_eq!(admin.delete(&gone.id).await.status, 204);

    let unknown = admin.delete("0000000000000000000000").await;

    unknown.assert_problem(404);
    for key in [&*gone.id, &stranger.id, "Self", "x", "%2e%2e"] {
        let answer = admin.delete(key).await;
        assert_eq!((answer.status, &answer.text), (404, &unknown.text));
    }
    assert_eq!(stranger.get("/authentication/self").await.status, 200);
    assert_eq!(admin.get("/authentication/self").await.status, 200);
}

#[tokio::test]
async fn of_many_at_once_one_deletes() {
    let (_, admin) = Gateway::with_manager().await;
    for _ in 0..10 {
        let key = admin.create_key(&["SMS"]).await;
        let (a, b, c) = tokio::join!(admin.delete(&key.id), admin.delete(&key.id), admin.delete(&key.id));
        let mut statuses = [a.status, b.status, c.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404, 404]);
    }
}

#[tokio::test]
async fn a_key_may_delete_itself() {
    let (_, admin) = Gateway::with_manager().await;
    assert_eq!(admin.delete(&admin.id).await.status, 204);
    assert_eq!(admin.get("/authentication").await.status, 401);
}

#[tokio::test]
async fn a_deletion_of_nothing_is_never_a_204_even_if_answers_are_lost() {
    // A throttled one may do better later, until the time of the request is over.
    let throttled = (usize::MAX, Fault::Cancel(Reason::ThrottlingError, 0), 500);
    // As often as the SDK sends it.
    let lost = [Fault::LoseAnswer, Fault::TruncateAnswer, Fault::SpoilAnswer].map(|fault| (3, fault, 404));
    for (times, fault, status) in lost.into_iter().chain([(1, Fault::SpoilAnswer, 404), throttled]) {
        let gateway = Gateway::start().await;
        let admin = gateway.create_account("Example").await;
        let path = format!("/authentication/{}", "0".repeat(22));
        let verdict = gateway.authorize("DELETE", &path, &[("X-API-Key", &admin.value)]).await.unwrap();
        gateway.wire.throttle_every(0);
        gateway.wire.break_times(times, fault);
        assert_eq!(gateway.hand_on("DELETE", &path, &verdict, None).await.status, status, "{fault:?}");
        assert_eq!(gateway.engine.events().len(), 1, "nothing was deleted");
    }
}

/// Whether it was done shows only when the time for attempts is over.
#[tokio::test]
async fn a_deletion_that_learns_late_what_it_did_answers_that() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    gateway.wire.throttle_every(0);
    for (id, status) in [(&*"0".repeat(22), 404), (&*key.id, 204)] {
        let path = format!("/authentication/{id}");
        let verdict = gateway.authorize("DELETE", &path, &[("X-API-Key", &admin.value)]).await.unwrap();
        gateway.wire.break_with(Fault::Hold);
        let mend = async {
            sleep(Duration::from_secs(4)).await;
            gateway.wire.mend();
        };
        let (answer, ()) = tokio::join!(gateway.hand_on("DELETE", &path, &verdict, None), mend);
        assert_eq!(answer.status, status, "{id}");
    }
}

#[tokio::test]
async fn a_deletion_whose_answers_cannot_be_read_is_a_204() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    let path = format!("/authentication/{}", key.id);
    let verdict = gateway.authorize("DELETE", &path, &[("X-API-Key", &admin.value)]).await.unwrap();
    gateway.wire.throttle_every(0);
    gateway.wire.break_times(2, Fault::SpoilAnswer);
    assert_eq!(gateway.hand_on("DELETE", &path, &verdict, None).await.status, 204);
    assert_eq!(gateway.engine.events().len(), 3, "of the account, the key and its deletion");
}

#[tokio::test]
async fn a_deletion_is_noted_once_though_the_answer_to_the_note_is_lost() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_key(&["SMS"]).await;

    let lose_the_next = async { gateway.wire.break_times(1, Fault::LoseAnswer) };
    let done = Stop::after("TransactWriteItems");
    let (deleted, ()) = gateway.wire.during(done, admin.delete(&key.id), lose_the_next).await;

    assert_eq!(deleted.status, 204);
    let account = json!({"accountId": {"S": format!("{}#quota", admin.account_id)}, "id": {"S": "quota"}});
    assert_eq!(gateway.engine.item(TABLE, &account).unwrap()["deletions"], json!({"N": "1"}));
}
