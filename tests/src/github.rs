//! GitHub, as far as it reports leaks: keys that sign, and the list of their public halves on loopback.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use report_leaks::GithubKeys;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The list; it ends when dropped.
pub struct Github {
    url: String,
    answer: Arc<Mutex<(StatusCode, Value)>>,
    fetched: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

/// A key that signs.
pub struct Signer {
    /// Its identifier.
    pub id: String,
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Github {
    /// Serves that list of keys: what `signer.public()` gives.
    pub async fn start(keys: Vec<Value>) -> Self {
        let answer = Arc::new(Mutex::new((StatusCode::OK, json!({ "public_keys": keys }))));
        let fetched = Arc::new(AtomicUsize::new(0));
        let (shared, count) = (Arc::clone(&answer), Arc::clone(&fetched));
        let app = Router::new().route(
            "/keys",
            get(async move |headers: HeaderMap| {
                assert!(headers.contains_key("user-agent"), "GitHub answers nobody without a name");
                count.fetch_add(1, Ordering::SeqCst);
                let (status, answer) = shared.lock().unwrap().clone();
                (status, answer.to_string())
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let serving = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { url, answer, fetched, serving }
    }

    /// What a function has of it.
    #[must_use]
    pub fn keys(&self) -> GithubKeys {
        GithubKeys::new(self.url.parse().unwrap()).unwrap()
    }

    /// Answers with that from now on.
    pub fn answer(&self, status: u16, body: Value) {
        *self.answer.lock().unwrap() = (StatusCode::from_u16(status).unwrap(), body);
    }

    /// How often it was asked.
    #[must_use]
    pub fn fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }
}

impl Drop for Github {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Signer {
    /// A new key of that name.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "tests have a random number generator of their own")]
    pub fn new(id: &str) -> Self {
        let random = SystemRandom::new();
        let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, secret.as_ref(), &random).unwrap();
        Self { id: id.to_owned(), pair, random }
    }

    /// Its public half, as GitHub lists it.
    #[must_use]
    pub fn public(&self) -> Value {
        let head = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
        // The fixed part of the DER is 27 bytes with the 04 of the point, which base64 has in 36 characters.
        let point = aws_smithy_types::base64::encode(&self.pair.public_key().as_ref()[1..]);
        let key =
            format!("-----BEGIN PUBLIC KEY-----\n{head}{}\n{}\n-----END PUBLIC KEY-----\n", &point[..28], &point[28..]);
        json!({ "key_identifier": self.id, "key": key, "is_current": true })
    }

    /// The signature of a body.
    #[must_use]
    pub fn sign(&self, body: &str) -> String {
        aws_smithy_types::base64::encode(self.pair.sign(&self.random, body.as_bytes()).unwrap())
    }

    /// The two headers of a body.
    #[must_use]
    pub fn headers(&self, body: &str) -> [(&'static str, String); 2] {
        [("Github-Public-Key-Identifier", self.id.clone()), ("Github-Public-Key-Signature", self.sign(body))]
    }
}
