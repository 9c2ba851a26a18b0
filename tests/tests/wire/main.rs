//! The wire of the other tests behaves as DynamoDB is documented to, spoken to in DynamoDB's own JSON.

mod faults;
mod gates;
mod queries;
mod transactions;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, client};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tests::engine::Engine;
use tests::wire::Wire;
use tokio::net::TcpStream;

/// A wire with an engine behind it, and in it the tables `keys` and `events`, whose primary keys differ.
struct Table {
    engine: Engine,
    wire: Wire,
}

impl Table {
    async fn start() -> Self {
        let engine = Engine::start().await;
        let table = Self { wire: Wire::to(&engine).await, engine };
        let events = json!({
            "TableName": "log", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "account", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            "AttributeDefinitions": [
                {"AttributeName": "account", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"}
            ]
        });
        table.done("CreateTable", &events).await;
        table
    }

    async fn call(&self, operation: &str, body: &Value) -> (u16, Value) {
        call(&self.wire.url(), operation, body).await
    }

    /// The answer to a call that is carried out.
    async fn done(&self, operation: &str, body: &Value) -> Value {
        let (status, answer) = self.call(operation, body).await;
        assert_eq!(status, 200, "{operation} {answer}");
        answer
    }

    /// What a `GetItem` shows of the attribute `n`.
    async fn get(&self, id: &str) -> Value {
        self.done("GetItem", &json!({"TableName": "keys", "Key": key(id), "ConsistentRead": true})).await["Item"]["n"]
            ["N"]
            .clone()
    }
}

async fn call(url: &str, operation: &str, body: &Value) -> (u16, Value) {
    let stream = TokioIo::new(TcpStream::connect(url.trim_start_matches("http://")).await.unwrap());
    let (mut sender, connection) = client::conn::http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post("/")
        .header("host", "localhost")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("authorization", "AWS4-HMAC-SHA256 Credential=AKIDTEST/20261124/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
        .header("x-amz-date", "20261124T000000Z")
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap())
}

fn key(id: &str) -> Value {
    json!({"accountId": {"S": "a"}, "id": {"S": id}})
}

fn item(id: &str, n: u32) -> Value {
    json!({"accountId": {"S": "a"}, "id": {"S": id}, "n": {"N": n.to_string()}})
}

fn event(at: u32) -> Value {
    json!({"account": {"S": "a"}, "at": {"N": at.to_string()}, "type": {"S": "key.created"}})
}

fn put(item: &Value) -> Value {
    json!({"TableName": "keys", "Item": item})
}

fn update(id: &str, n: u32) -> Value {
    json!({
        "TableName": "keys", "Key": key(id), "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": {":n": {"N": n.to_string()}}
    })
}

fn delete(id: &str) -> Value {
    json!({"TableName": "keys", "Key": key(id)})
}

/// Puts `new`, changes `changed` from 1 to 2, deletes `gone`, looks at `seen`, and writes an event.
fn transaction() -> Value {
    json!({"TransactItems": [
        {"Put": put(&item("new", 2))},
        {"Update": update("changed", 2)},
        {"Delete": delete("gone")},
        {"ConditionCheck": {"TableName": "keys", "Key": key("seen"), "ConditionExpression": "attribute_exists(id)"}},
        {"Put": {"TableName": "log", "Item": event(1)}},
    ]})
}

/// The table with the items that [`transaction`] is about, and `free`, which it leaves alone.
async fn table() -> Table {
    let table = Table::start().await;
    for id in ["changed", "gone", "seen", "free"] {
        table.engine.put(&item(id, 1));
    }
    table
}
