//! A DynamoDB for the inner loop: the template's table in memory, with the key of `infra/events` in it.
//!
//! `local-dynamodb PORT` serves on loopback until it is stopped.

use std::net::SocketAddr;

use tests::engine::{Engine, TABLE, aws, put_sample_key, tables};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("usage: local-dynamodb PORT");
    let engine = Engine::start_on(SocketAddr::from(([127, 0, 0, 1], port))).await;
    put_sample_key(&tables(&aws(format!("http://{}", engine.address())))).await;
    println!("DynamoDB with the table `{TABLE}` on http://{}", engine.address());
    std::future::pending::<()>().await;
}
