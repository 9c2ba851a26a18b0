//! AWS Secrets Manager with one secret, on loopback.

use std::sync::{Arc, Mutex};

use api_keys::aws::{SecretArn, StoredSecret};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::engine;

/// Its name: in another region than the function.
pub const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:github-AbCdEf";

/// The service; it ends when dropped.
pub struct Secrets {
    url: String,
    shared: Arc<Mutex<(StatusCode, Value, usize)>>,
    serving: JoinHandle<()>,
}

impl Secrets {
    /// Serves that text as the secret.
    pub async fn start(text: &str) -> Self {
        let shared = Arc::new(Mutex::new((StatusCode::OK, json!({"ARN": ARN, "SecretString": text}), 0)));
        let serve = Arc::clone(&shared);
        let app = Router::new().route(
            "/",
            post(async move |headers: HeaderMap, body: String| {
                assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
                assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
                let signature = headers["authorization"].to_str().unwrap();
                assert!(signature.contains("/eu-west-1/secretsmanager/aws4_request"), "{signature}");
                assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({ "SecretId": ARN }));
                let mut shared = serve.lock().unwrap();
                shared.2 += 1;
                (shared.0, shared.1.to_string())
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { url, shared, serving }
    }

    /// What a function has of it.
    #[must_use]
    pub fn secret(&self) -> StoredSecret {
        StoredSecret::new(&engine::aws(self.url.clone()), SecretArn::parse(ARN).unwrap())
    }

    /// Answers with that from now on.
    pub fn answer(&self, status: u16, body: Value) {
        let mut shared = self.shared.lock().unwrap();
        (shared.0, shared.1) = (StatusCode::from_u16(status).unwrap(), body);
    }

    /// How often it was read.
    #[must_use]
    pub fn read(&self) -> usize {
        self.shared.lock().unwrap().2
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
