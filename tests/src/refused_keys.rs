//! Keys that open no route.

use std::time::Duration;

use serde_json::json;

use crate::{Client, Gateway, new_key_with};

/// One for each reason.
pub struct RefusedKeys {
    /// Its manager disabled it.
    pub disabled: Client,
    /// Its value was reported.
    pub exposed: Client,
    /// It was there.
    pub deleted: Client,
    /// Its end has passed.
    pub expired: Client,
    /// Its account, another one, is suspended.
    pub suspended: Client,
}

impl RefusedKeys {
    /// Makes them in the account of that manager. Five seconds pass.
    pub async fn of(gateway: &Gateway, admin: &Client) -> Self {
        let key = async || admin.create(&new_key_with(&json!({}))).await;
        let (disabled, exposed, deleted) = (key().await, key().await, key().await);
        let end = gateway.time_in(Duration::from_secs(5));
        let expired = admin.create(&new_key_with(&json!({"expiresAt": end}))).await;
        let suspended = gateway.create_account("Suspended").await;
        assert_eq!(admin.patch(&disabled.id, &json!({"enabled": false})).await.status, 200);
        assert_eq!(admin.delete(&deleted.id).await.status, 204);
        gateway.leak(&[&exposed.value]).await;
        gateway.suspend(&suspended).await;
        gateway.pass(Duration::from_secs(5));
        Self { disabled, exposed, deleted, expired, suspended }
    }
}
