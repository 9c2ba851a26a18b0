//! Two accounts know nothing of each other.

use tests::Gateway;

#[tokio::test]
async fn no_account_lists_finds_filters_pages_into_or_deletes_anything_of_another() {
    let gateway = Gateway::start().await;
    let ours = gateway.create_account("Ours").await;
    let theirs = gateway.create_account("Theirs").await;
    let mut their_ids = vec![theirs.id.clone()];
    for _ in 0..5 {
        ours.create_key(&["SMS"]).await;
        their_ids.push(theirs.create_key(&["SMS"]).await.id);
    }
    let foreign = |ids: Vec<String>| ids.iter().any(|id| their_ids.contains(id));

    let all = ours.get("/authentication").await;
    assert!(all.ids().len() == 6 && !foreign(all.ids()));
    assert!(!all.text.contains("Theirs"));
    for user in ["user-1", "user-2"] {
        assert!(
            !foreign(ours.get(&format!("/authentication?userId={user}")).await.ids()),
            "same user ids, other people"
        );
    }
    for id in &their_ids {
        assert!(!foreign(ours.get(&format!("/authentication?cursor={id}")).await.ids()), "a cursor of theirs");
        assert_eq!(ours.get(&format!("/authentication/{id}")).await.status, 404);
        assert_eq!(ours.delete(id).await.status, 404);
    }
    assert_eq!(ours.get(&format!("/authentication/{}", theirs.value)).await.status, 404);
    assert_eq!(theirs.get("/authentication").await.ids().len(), 6, "all still there");
}
