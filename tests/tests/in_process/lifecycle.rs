//! The two promises: a new key works on the very next request, a deleted one fails on the very next.

use tests::{Client, Gateway};

async fn one_life(admin: &Client) {
    let key = admin.create_key(&["SMS", "AUTHENTICATION"]).await;
    assert_eq!(key.get("/authentication/self").await.status, 200);
    assert!(admin.get("/authentication").await.ids().contains(&key.id));
    assert_eq!(admin.get(&format!("/authentication/{}", key.value)).await.status, 200);

    assert_eq!(admin.delete(&key.id).await.status, 204);

    assert_eq!(key.get("/authentication/self").await.status, 401);
    assert_eq!(admin.get(&format!("/authentication/{}", key.value)).await.status, 404);
    assert_eq!(admin.get(&format!("/authentication/{}", key.id)).await.status, 404);
    assert!(!admin.get("/authentication").await.ids().contains(&key.id));
    assert_eq!(admin.delete(&key.id).await.status, 404);
}

#[tokio::test]
async fn twenty_rounds_four_at_a_time() {
    let (_, admin) = Gateway::with_manager().await;
    for _ in 0..20 {
        tokio::join!(one_life(&admin), one_life(&admin), one_life(&admin), one_life(&admin));
    }
    assert_eq!(admin.get("/authentication").await.ids(), [admin.id.as_str()]);
}
