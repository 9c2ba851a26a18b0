//! A DynamoDB engine of its own for each test, on loopback, gone with the test.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use api_keys::{Aws, Caller, ImportedKeys, KeyMetadata, KeyRecord, KeyStore, KeyValue, Limits, Timestamp};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::{gateway, template};

/// The name of the table in every engine.
pub const TABLE: &str = "keys";

const FREE_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A running engine with the template's table; it stops when dropped.
pub struct Engine {
    database: Database,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Engine {
    /// Starts an engine with an empty table on a free port.
    pub async fn start() -> Self {
        Self::start_on(FREE_PORT).await
    }

    /// Starts an engine with an empty table on that address.
    pub async fn start_on(address: SocketAddr) -> Self {
        let database = Database::memory().unwrap();
        let request = serde_json::from_value(template::create_table_request(TABLE)).unwrap();
        database.create_table(request).unwrap();
        Self::serve(database, address).await
    }

    async fn serve(database: Database, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = database.clone();
        tokio::spawn(async move {
            dynoxide::server::serve_with_shutdown(listener, served, async { drop(stopped.await) }).await
        });
        Self { database, address, _stop: stop }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An engine that holds what this one holds now, and stays so.
    pub async fn frozen_copy(&self) -> Self {
        let file = std::env::temp_dir().join(format!("api-keys-{}-{}.db", std::process::id(), self.address.port()));
        drop(std::fs::remove_file(&file));
        self.database.vacuum_into(file.to_str().unwrap()).unwrap();
        let copy = Database::memory().unwrap();
        copy.restore_from(file.to_str().unwrap()).unwrap();
        std::fs::remove_file(&file).unwrap();
        Self::serve(copy, FREE_PORT).await
    }

    /// Puts an item as it is, in DynamoDB JSON.
    pub fn put(&self, item: &Value) {
        let request = serde_json::from_value(json!({ "TableName": TABLE, "Item": item })).unwrap();
        self.database.put_item(request).unwrap();
    }

    /// Every item in an account's partition, in DynamoDB JSON: its keys, and whatever should not be there.
    #[must_use]
    pub fn keys(&self) -> Vec<Value> {
        let is_account = |item: &Value| !item["accountId"]["S"].as_str().unwrap().contains('#');
        self.dump().into_iter().filter(is_account).collect()
    }

    /// Removes an item, as its time to live would.
    pub fn remove(&self, account_id: &str, id: &str) {
        let key = json!({ "accountId": { "S": account_id }, "id": { "S": id } });
        let request = serde_json::from_value(json!({ "TableName": TABLE, "Key": key })).unwrap();
        self.database.delete_item(request).unwrap();
    }

    /// Every item, in DynamoDB JSON.
    #[must_use]
    pub fn dump(&self) -> Vec<Value> {
        let request = serde_json::from_value(json!({ "TableName": TABLE })).unwrap();
        let response = serde_json::to_value(self.database.scan(request).unwrap()).unwrap();
        response["Items"].as_array().unwrap().clone()
    }
}

/// An AWS whose DynamoDB is at that URL.
#[must_use]
pub fn aws(url: String) -> Aws {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "AKIDTEST", "secret", None, None, "test",
        )))
        .endpoint_url(url)
        .build();
    Aws::from_config(config).unwrap()
}

/// Stores the key of `infra/events`, whose value anybody can read there.
pub async fn put_sample_key(store: &KeyStore) {
    store.insert_first(&sample_key()).await.unwrap();
}

/// The key of `infra/events`.
#[must_use]
pub fn sample_key() -> KeyRecord {
    let authorizer = gateway::sample_event("authorizer");
    let value = authorizer["headers"]["X-API-Key"].as_str().unwrap();
    let value = KeyValue::parse(value, ImportedKeys::Refused).unwrap();
    let context = gateway::sample_event("list-keys")["requestContext"]["authorizer"].clone();
    let caller: Caller = serde_json::from_value(context).unwrap();
    let metadata = KeyMetadata {
        id: caller.key_id,
        company: caller.company,
        created_by: caller.user_id.clone(),
        user_id: caller.user_id,
        username: caller.username,
        operations: caller.operations,
        traffic_type: caller.traffic_type,
        name: Some("sample".to_owned()),
        description: None,
        created_at: Timestamp::parse("2026-11-23T10:15:30.123Z").unwrap(),
        enabled: true,
        expires_at: None,
        last_used_at: None,
        allowed_ips: None,
        limits: Limits::NONE,
        ceiling: Limits::NONE,
    };
    KeyRecord { account_id: caller.account_id, key_hash: value.hash(), previous: None, metadata }
}
