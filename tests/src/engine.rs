//! A DynamoDB engine of its own for each test, on loopback, gone with the test.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api_keys::aws::Aws;
use api_keys::key::{ImportedKeys, KeyMetadata, KeyRecord, KeySettings, KeyValue, Random, Timestamp};
use api_keys::lambda::Metrics;
use api_keys::request::{Caller, Origin};
use api_keys::store::{EventTable, NewKeys, Tables};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::{SystemTimeSource, TimeSource};
use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::{gateway, template};

/// The name of the table of keys in every engine.
pub const TABLE: &str = "keys";

/// The name of the table of events.
pub const EVENTS: &str = "events";

/// The name of the table of usage.
pub const USAGE: &str = "usage";

/// The name of the stack in every metric.
pub const STACK: &str = "a-stack";

const FREE_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A running engine with the template's table; it stops when the last clone is dropped.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    address: SocketAddr,
    _stop: Arc<oneshot::Sender<()>>,
}

impl Engine {
    /// Starts an engine with an empty table on a free port.
    pub async fn start() -> Self {
        Self::start_on(FREE_PORT).await
    }

    /// Starts an engine with an empty table on that address.
    pub async fn start_on(address: SocketAddr) -> Self {
        let database = Database::memory().unwrap();
        for (resource, name) in [("KeyTable", TABLE), ("EventTable", EVENTS), ("UsageTable", USAGE)] {
            let request = serde_json::from_value(template::create_table_request(resource, name)).unwrap();
            database.create_table(request).unwrap();
        }
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
        Self { database, address, _stop: Arc::new(stop) }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An engine that holds what this one holds now, and stays so.
    pub async fn frozen_copy(&self) -> Self {
        // Syncing the file to a disk takes longer than all else, so it goes to memory where there is such a folder.
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let file = folder.join(format!("api-keys-{}-{}.db", std::process::id(), self.address.port()));
        drop(std::fs::remove_file(&file));
        self.database.vacuum_into(file.to_str().unwrap()).unwrap();
        let copy = Database::memory().unwrap();
        copy.restore_from(file.to_str().unwrap()).unwrap();
        std::fs::remove_file(&file).unwrap();
        Self::serve(copy, FREE_PORT).await
    }

    /// Puts an item as it is, in DynamoDB JSON.
    pub fn put(&self, item: &Value) {
        self.put_into(TABLE, item);
    }

    /// Puts an item into the table of that name.
    pub fn put_into(&self, table: &str, item: &Value) {
        let request = serde_json::from_value(json!({ "TableName": table, "Item": item })).unwrap();
        self.database.put_item(request).unwrap();
    }

    /// Every item in the partition of an account's keys, in DynamoDB JSON, and anything that should not be there.
    #[must_use]
    pub fn keys(&self) -> Vec<Value> {
        let is_account = |item: &Value| {
            let partition = item["accountId"]["S"].as_str().unwrap();
            !partition.contains('#') && !["accounts", "notices"].contains(&partition)
        };
        self.dump().into_iter().filter(is_account).collect()
    }

    /// Makes an account look as release 0.1 left it: a count, and keys without events.
    pub fn as_of_release_0_1(&self, account_id: &str) {
        const KEPT: [&str; 6] = ["accountId", "id", "keyCount", "lastKeyId", "recounts", "deletions"];
        let key = json!({"accountId": {"S": format!("{account_id}#quota")}, "id": {"S": "quota"}});
        let mut account = self.item(TABLE, &key).unwrap();
        account.as_object_mut().unwrap().retain(|name, _| KEPT.contains(&&**name));
        self.put(&account);
        self.remove("accounts", account_id);
        for mut key in self.keys() {
            if key["accountId"]["S"] == account_id {
                key.as_object_mut().unwrap().remove("lastEvent");
                self.put(&key);
            }
        }
    }

    /// Removes an item, as its time to live would.
    pub fn remove(&self, account_id: &str, id: &str) {
        self.remove_from(TABLE, &json!({ "accountId": { "S": account_id }, "id": { "S": id } }));
    }

    /// Removes the item of that primary key from the table of that name.
    pub fn remove_from(&self, table: &str, key: &Value) {
        let request = serde_json::from_value(json!({ "TableName": table, "Key": key })).unwrap();
        self.database.delete_item(request).unwrap();
    }

    /// Deletes the table of that name, with all that it holds.
    pub fn drop_table(&self, table: &str) {
        let request = serde_json::from_value(json!({ "TableName": table })).unwrap();
        self.database.delete_table(request).unwrap();
    }

    /// The item of that primary key. `None` also when the engine refuses to read it.
    #[must_use]
    pub fn item(&self, table: &str, key: &Value) -> Option<Value> {
        let request = serde_json::from_value(json!({ "TableName": table, "Key": key })).ok()?;
        let mut response = serde_json::to_value(self.database.get_item(request).ok()?).unwrap();
        Some(response["Item"].take()).filter(Value::is_object)
    }

    /// The attributes of a table's primary key; none when there is no such table.
    #[must_use]
    pub fn key_attributes(&self, table: &str) -> Vec<String> {
        let Some(table) = self.database.get_table_metadata(table).unwrap() else {
            return Vec::new();
        };
        let schema: Value = serde_json::from_str(&table.key_schema).unwrap();
        let name = |element: &Value| element["AttributeName"].as_str().unwrap().to_owned();
        schema.as_array().unwrap().iter().map(name).collect()
    }

    /// Every item of the table of keys, in DynamoDB JSON.
    #[must_use]
    pub fn dump(&self) -> Vec<Value> {
        self.dump_table(TABLE)
    }

    /// Every event, in DynamoDB JSON.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.dump_table(EVENTS)
    }

    /// Every item of the table of usage, in DynamoDB JSON.
    #[must_use]
    pub fn usage(&self) -> Vec<Value> {
        self.dump_table(USAGE)
    }

    fn dump_table(&self, table: &str) -> Vec<Value> {
        let request = serde_json::from_value(json!({ "TableName": table })).unwrap();
        let response = serde_json::to_value(self.database.scan(request).unwrap()).unwrap();
        response["Items"].as_array().unwrap().clone()
    }
}

/// An AWS whose DynamoDB is at that URL.
#[must_use]
pub fn aws(url: String) -> Aws {
    aws_with_clock(url, SystemTimeSource::new())
}

/// The same, for a caller with that clock.
#[must_use]
pub fn aws_with_clock(url: String, clock: impl TimeSource + 'static) -> Aws {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "AKIDTEST", "secret", None, None, "test",
        )))
        .endpoint_url(url)
        .time_source(clock)
        .build();
    Aws::from_config(config).unwrap()
}

/// The metrics that the functions write.
#[must_use]
pub fn metrics() -> Metrics {
    Metrics::of(STACK.to_owned())
}

/// What the functions write to.
#[must_use]
pub fn tables(aws: &Aws) -> Tables {
    let events = EventTable { name: EVENTS.to_owned(), retention: Duration::from_hours(400 * 24) };
    Tables::new(aws, TABLE.to_owned(), events, Random::system())
}

/// Stores the key of `infra/events`, whose value anybody can read there.
pub async fn put_sample_key(tables: &Tables) {
    let key = sample_key();
    let origin = Origin::operator(None, "sample");
    NewKeys::new(tables).insert_first(&key, None, &origin, key.metadata.created_at).await.unwrap();
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
        created_by_key_id: None,
        user_id: caller.user_id,
        username: caller.username,
        created_at: Timestamp::parse("2026-11-23T10:15:30.123Z").unwrap(),
        value_created_at: None,
        lifetime_exempt: true,
        last_used_at: None,
        settings: KeySettings {
            name: Some("sample".to_owned()),
            ..KeySettings::new(caller.operations, caller.traffic_type)
        },
    };
    KeyRecord::new(caller.account_id, value.hash(), metadata)
}
