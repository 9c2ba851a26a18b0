//! An EventBridge that a test can break: it takes `PutEvents` on loopback, keeps what it took, and stops when dropped.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the bus does with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    /// It answers 500.
    Down,
    /// It answers 400 `ThrottlingException`.
    Throttling,
    /// It refuses the entry at that place of the call with that code, and takes the others.
    Refusing(usize, &'static str),
    /// It refuses, as a whole, each call with an entry that has that text in its detail.
    Validating(String),
}

/// A bus and what is on it.
pub struct TestBus {
    url: String,
    state: Arc<Mutex<Inner>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Inner {
    taken: Vec<Value>,
    calls: usize,
    moods: VecDeque<Mood>,
    always: Option<Mood>,
    late: Duration,
}

impl TestBus {
    /// Starts a bus that takes everything.
    pub async fn start() -> Self {
        let state: Arc<Mutex<Inner>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(put_events)).with_state(Arc::clone(&state));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, state, serving }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on it does that with each call; `None` takes everything.
    pub fn always(&self, mood: Option<Mood>) {
        self.state.lock().unwrap().always = mood;
    }

    /// It does that with the next call.
    pub fn once(&self, mood: Mood) {
        self.state.lock().unwrap().moods.push_back(mood);
    }

    /// From now on each answer comes that much later.
    pub fn answer_late(&self, by: Duration) {
        self.state.lock().unwrap().late = by;
    }

    /// The entries that it has taken, in their order.
    #[must_use]
    pub fn taken(&self) -> Vec<Value> {
        self.state.lock().unwrap().taken.clone()
    }

    /// How many calls reached it.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }
}

impl Drop for TestBus {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn put_events(State(state): State<Arc<Mutex<Inner>>>, body: String) -> (StatusCode, String) {
    let late = state.lock().unwrap().late;
    tokio::time::sleep(late).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let entries = body["Entries"].as_array().unwrap();
    let mut state = state.lock().unwrap();
    state.calls += 1;
    let refused = |status, code: &str| (status, json!({"__type": code, "message": "a bad day"}).to_string());
    if entries.is_empty() || entries.len() > 10 {
        return refused(StatusCode::BAD_REQUEST, "ValidationException");
    }
    let mood = state.moods.pop_front().or_else(|| state.always.clone());
    let refusal_at = match &mood {
        Some(Mood::Down) => return refused(StatusCode::INTERNAL_SERVER_ERROR, "InternalException"),
        Some(Mood::Throttling) => return refused(StatusCode::BAD_REQUEST, "ThrottlingException"),
        Some(Mood::Validating(text))
            if entries.iter().any(|entry| entry["Detail"].as_str().unwrap().contains(text)) =>
        {
            return refused(StatusCode::BAD_REQUEST, "ValidationException");
        }
        Some(Mood::Refusing(at, code)) => Some((*at, *code)),
        Some(Mood::Validating(_)) | None => None,
    };
    let mut results = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        match refusal_at {
            Some((place, code)) if place == at => results.push(json!({"ErrorCode": code, "ErrorMessage": "a bad day"})),
            _ => {
                state.taken.push(entry.clone());
                results.push(json!({"EventId": format!("{at}")}));
            }
        }
    }
    let failed = usize::from(refusal_at.is_some_and(|(place, _)| place < entries.len()));
    (StatusCode::OK, json!({"FailedEntryCount": failed, "Entries": results}).to_string())
}
