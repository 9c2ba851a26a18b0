//! GitHub, as far as it reports leaks: keys that sign, and the list of their public halves on loopback.

use std::sync::{Arc, Mutex};

use api_keys::aws::StoredSecret;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
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
    shared: Arc<Mutex<Shared>>,
    serving: JoinHandle<()>,
}

struct Shared {
    answer: (StatusCode, HeaderMap, Value),
    version: usize,
    refused: Option<String>,
    asked: Vec<Asked>,
}

/// A request for the list, and what it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The status of the answer.
    pub status: u16,
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
        let answer = (StatusCode::OK, HeaderMap::new(), json!({ "public_keys": keys }));
        let shared = Arc::new(Mutex::new(Shared { answer, version: 0, refused: None, asked: Vec::new() }));
        let serve = Arc::clone(&shared);
        let app = Router::new().route("/keys", get(async move |headers| serve.lock().unwrap().answer(&headers)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let serving = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { url, shared, serving }
    }

    /// What a function has of it.
    #[must_use]
    pub fn keys(&self) -> Arc<GithubKeys> {
        Arc::new(GithubKeys::new(self.url.parse().unwrap(), None).unwrap())
    }

    /// The same, with a token in that secret.
    #[must_use]
    pub fn keys_with(&self, token: StoredSecret) -> Arc<GithubKeys> {
        Arc::new(GithubKeys::new(self.url.parse().unwrap(), Some(token)).unwrap())
    }

    /// Answers with that from now on.
    pub fn answer(&self, status: u16, body: Value) {
        self.answer_with(status, &[], body);
    }

    /// The same with these headers.
    pub fn answer_with(&self, status: u16, headers: &[(&'static str, &'static str)], body: Value) {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut shared = self.shared.lock().unwrap();
        shared.version += 1;
        shared.answer = (StatusCode::from_u16(status).unwrap(), headers.collect(), body);
    }

    /// From now on a request with that token is a 401.
    pub fn refuse(&self, token: &str) {
        self.shared.lock().unwrap().refused = Some(format!("Bearer {token}"));
    }

    /// How often it was asked.
    #[must_use]
    pub fn fetched(&self) -> usize {
        self.shared.lock().unwrap().asked.len()
    }

    /// The requests since the last time this was asked.
    #[must_use]
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.lock().unwrap().asked)
    }
}

impl Shared {
    fn answer(&mut self, request: &HeaderMap) -> (StatusCode, HeaderMap, String) {
        assert!(request.contains_key("user-agent"), "GitHub refuses requests without a user agent");
        let text = |name: &str| request.get(name).map(|value| value.to_str().unwrap().to_owned());
        let (mut status, mut headers, body) = self.answer.clone();
        let version = format!("\"{}\"", self.version);
        let authorization = text("authorization");
        if authorization.is_some() && authorization == self.refused {
            status = StatusCode::UNAUTHORIZED;
        } else if status == StatusCode::OK && text("if-none-match").as_ref() == Some(&version) {
            status = StatusCode::NOT_MODIFIED;
        }
        self.asked.push(Asked { authorization, status: status.as_u16() });
        headers.insert("etag", version.parse().unwrap());
        (status, headers, if status == StatusCode::NOT_MODIFIED { String::new() } else { body.to_string() })
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
