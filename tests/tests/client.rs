//! The one way to a client honours the environment's settings.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use api_keys::key::{AccountId, KeyId, Timestamp};
use api_keys::request::KeyQuery;
use api_keys::store::{KeyList, KeyReader, LastUse};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Json;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tests::engine::{aws, sample_key};
use tests::environment::{CREDENTIALS, functions_reach_the_table, reaches_the_table, with_environment};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request's sender and destination.
#[derive(Debug, Clone)]
struct Seen {
    authorization: String,
    token: Option<String>,
}

/// Answers every call as an empty table would, and gives credentials as a container's agent does.
async fn recording_server() -> (SocketAddr, Arc<Mutex<Vec<Seen>>>) {
    async fn record(State(seen): State<Arc<Mutex<Vec<Seen>>>>, headers: HeaderMap, _: Request) -> Json<Value> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let authorization = text("authorization").unwrap();
        seen.lock().unwrap().push(Seen { authorization, token: text("x-amz-security-token") });
        Json(json!({}))
    }
    async fn credentials() -> Json<Value> {
        Json(json!({
            "AccessKeyId": "AKIDCONTAINER", "SecretAccessKey": "secret", "Token": "container-token",
            "Expiration": "2999-01-01T00:00:00Z"
        }))
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let router = axum::Router::new()
        .route("/", post(record))
        .route("/credentials", get(credentials))
        .with_state(Arc::clone(&seen));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, seen)
}

#[tokio::test]
async fn region_session_token_and_either_endpoint_variable_are_honoured_over_plain_http() {
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"] {
        let (address, seen) = recording_server().await;
        let url = format!("http://{address}");
        let mut environment = CREDENTIALS.to_vec();
        environment.extend([(variable, &*url), ("AWS_SESSION_TOKEN", "session-token")]);

        assert!(with_environment(&environment, functions_reach_the_table).await, "{variable}");

        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 4);
        for seen in seen {
            assert!(seen.authorization.contains("Credential=AKIDEXAMPLE/"), "{seen:?}");
            assert!(seen.authorization.contains("/eu-central-1/dynamodb/"), "{seen:?}");
            assert_eq!(seen.token.as_deref(), Some("session-token"));
        }
    }
}

#[tokio::test]
async fn the_endpoint_of_the_one_service_wins() {
    let (address, seen) = recording_server().await;
    let url = format!("http://{address}");
    let mut environment = CREDENTIALS.to_vec();
    environment.extend([("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_ENDPOINT_URL_DYNAMODB", &url)]);

    assert!(with_environment(&environment, functions_reach_the_table).await);
    assert_eq!(seen.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn credentials_come_from_a_container_where_the_environment_has_none() {
    let (address, seen) = recording_server().await;
    let (url, credentials) = (format!("http://{address}"), format!("http://{address}/credentials"));
    let environment = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &*url),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*credentials),
    ];

    assert!(with_environment(&environment, reaches_the_table).await);

    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    for seen in seen {
        assert!(seen.authorization.contains("Credential=AKIDCONTAINER/"), "{seen:?}");
        assert_eq!(seen.token.as_deref(), Some("container-token"));
    }
}

/// Answers each connection's first request, allows that it is kept, and closes it.
async fn forgetful_server() -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            *counted.lock().unwrap() += 1;
            drop(stream.read(&mut [0; 4096]).await);
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await);
        }
    });
    (address, connections)
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_harms_no_call() {
    let (address, connections) = forgetful_server().await;
    let reader = KeyReader::new(&aws(format!("http://{address}")), "keys".to_owned()).await.unwrap();
    // Nothing repeats such a write, so it must find out by itself.
    let last_use = LastUse::new(&reader);
    let key = sample_key();

    for _ in 0..5 {
        last_use.note(&key, key.metadata.created_at);
        last_use.write().await;
        assert_eq!(last_use.dropped(), 0);
        // Idle for as long as the news of its end takes.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(*connections.lock().unwrap(), 5);
}

#[tokio::test]
async fn a_server_that_closes_every_connection_ends_a_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let aws = aws(format!("http://{address}"));
    let account_id = AccountId::parse("4Vn8QkT2mZrB0xYcW7eHsA").unwrap();
    let id = KeyId::parse("0QbXn6T4mKrV9sYdJ2wLhP").unwrap();

    let (list, query) = (KeyList::new(&aws, "keys".to_owned()), KeyQuery::newest(1));
    assert!(list.page(account_id, &query, Timestamp::of_unix_hour(0)).await.is_err());
    assert!(KeyReader::new(&aws, "keys".to_owned()).await.unwrap().get(account_id, id).await.is_err());
}
