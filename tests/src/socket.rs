//! The gateway on a socket, for programs that speak HTTP.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request as HttpRequest;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Response, StatusCode};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::gateway::Request;
use crate::{Answer, Gateway};

/// Every so many requests one is throttled; its repeat is not.
const THROTTLED: usize = 4;

/// The names of requests that came.
#[derive(Default)]
struct Names(Mutex<BTreeSet<String>>);

/// How the answer of a request that was carried out is lost.
enum Loss {
    /// The gateway does not wait any longer.
    Timeout,
    /// The connection ends before it.
    Connection,
    /// The connection ends within it.
    Rest,
}

impl Names {
    /// The first answer to every other name is lost, each in another way.
    fn loss(&self, request: &HttpRequest) -> Option<Loss> {
        let name = request.headers().get("Idempotency-Key")?.to_str().unwrap();
        let mut names = self.0.lock().unwrap();
        let is_new = names.insert(name.to_owned());
        match names.len() % 6 {
            1 if is_new => Some(Loss::Rest),
            3 if is_new => Some(Loss::Connection),
            5 if is_new => Some(Loss::Timeout),
            _ => None,
        }
    }
}

/// How long clients wait after a throttled request.
#[derive(Default)]
struct Pauses {
    throttled_at: Option<Instant>,
    shortest: Option<Duration>,
}

impl Pauses {
    fn note(&mut self, is_throttled: bool) {
        if let Some(pause) = self.throttled_at.take().map(|at| at.elapsed()) {
            self.shortest = Some(self.shortest.map_or(pause, |shortest| shortest.min(pause)));
        }
        self.throttled_at = is_throttled.then(Instant::now);
    }
}

/// The gateway's address; it ends when dropped.
pub struct Socket {
    /// The URL of the stage.
    pub url: String,
    throttled: Arc<AtomicUsize>,
    names: Arc<Names>,
    pauses: Arc<Mutex<Pauses>>,
    serving: JoinHandle<()>,
}

impl Socket {
    /// Serves on loopback, and throttles and loses answers now and then.
    pub async fn of(gateway: &Gateway) -> Self {
        let (requests, throttled) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let (names, pauses) = (Arc::new(Names::default()), Arc::<Mutex<Pauses>>::default());
        let shared =
            Arc::new((gateway.clone(), requests, Arc::clone(&throttled), Arc::clone(&names), Arc::clone(&pauses)));
        let app = Router::new().fallback(async move |request: HttpRequest| {
            let (gateway, requests, throttled, names, pauses) = &*shared;
            let is_throttled = requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(THROTTLED);
            pauses.lock().unwrap().note(is_throttled);
            throttled.fetch_add(is_throttled.into(), Ordering::Relaxed);
            let loss = if is_throttled { None } else { names.loss(&request) };
            let answer = answer(gateway, request, is_throttled).await;
            match loss {
                None => written(answer),
                Some(Loss::Timeout) => timeout(),
                Some(Loss::Rest) => cut(&answer),
                // It ends the task of the connection, and prints nothing.
                Some(Loss::Connection) => resume_unwind(Box::new("the connection ends")),
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { url, throttled, names, pauses, serving }
    }

    /// How many requests were throttled.
    #[must_use]
    pub fn throttled(&self) -> usize {
        self.throttled.load(Ordering::Relaxed)
    }

    /// The shortest time between a throttled request and the next one.
    #[must_use]
    pub fn shortest_pause(&self) -> Duration {
        self.pauses.lock().unwrap().shortest.unwrap_or_default()
    }

    /// How many names requests had.
    #[must_use]
    pub fn names(&self) -> usize {
        self.names.0.lock().unwrap().len()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(gateway: &Gateway, request: HttpRequest, is_throttled: bool) -> Answer {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let body = (!body.is_empty()).then(|| std::str::from_utf8(&body).unwrap());
    let headers: Vec<_> = parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let path_and_query = parts.uri.path_and_query().unwrap().as_str();
    let request = Request { method: parts.method.as_str(), path_and_query, headers: &headers, body };
    if is_throttled { gateway.throttle(&request) } else { gateway.request(&request).await }
}

fn written(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.text));
    *response.status_mut() = answer.status.try_into().unwrap();
    *response.headers_mut() = answer.headers;
    response
}

/// The head of an answer and half of its body.
fn cut(answer: &Answer) -> Response<Body> {
    let half = Bytes::copy_from_slice(&answer.text.as_bytes()[..answer.text.len() / 2]);
    let parts = [Ok(half), Err(Error::from(ErrorKind::ConnectionReset))];
    let mut response = Response::new(Body::from_stream(futures_util::stream::iter(parts)));
    *response.status_mut() = answer.status.try_into().unwrap();
    response.headers_mut().insert(CONTENT_LENGTH, answer.text.len().into());
    response
}

fn timeout() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
    response
}
