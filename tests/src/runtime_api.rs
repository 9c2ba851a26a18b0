//! Lambda's Runtime API for one function: hands it events one at a time, by the clock, and lets it register an extension.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Nothing here takes as long; what does has died.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a function calls.
enum Call {
    /// It waits for an event.
    Next { at: Instant, event: oneshot::Sender<Bytes> },
    /// It has answered.
    Done { at: Instant, answer: Answer },
    /// It could not start.
    InitError(Bytes),
}

/// What becomes of an extension that is to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extensions {
    /// It is.
    Registered,
    /// It is not.
    Refused,
    /// There is no answer.
    Ignored,
}

/// A function's answer to an event, or its error.
pub type Answer = Result<Bytes, Bytes>;

/// The Runtime API as one process sees it; it ends when dropped.
pub struct RuntimeApi {
    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub address: SocketAddr,
    calls: mpsc::UnboundedReceiver<Call>,
    waiting: Option<oneshot::Sender<Bytes>>,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    /// Serves on loopback.
    pub async fn start() -> Self {
        Self::start_with(Extensions::Registered).await
    }

    /// The same, with another fate of extensions.
    pub async fn start_with(extensions: Extensions) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, calls) = mpsc::unbounded_channel();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let sender = sender.clone();
                let service = service_fn(move |request| serve(request, sender.clone(), extensions));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, calls, waiting: None, server }
    }

    /// Waits until the function asks for its first event.
    pub async fn initialized(&mut self) -> Instant {
        self.next().await
    }

    /// Sends one event and waits for the answer, and then until the function asks for another.
    pub async fn invoke(&mut self, event: &Bytes) -> (Duration, Answer) {
        let waiting = self.waiting.take().expect("a function that waits");
        let start = Instant::now();
        waiting.send(event.clone()).unwrap();
        let Call::Done { at, answer } = self.call().await else { panic!("an event without an answer") };
        self.next().await;
        (at - start, answer)
    }

    /// Answers the function's request for an event with an error, after which it has nothing to do.
    pub fn hang_up(&mut self) {
        self.server.abort();
        self.waiting = None;
    }

    /// A function's first answer; `None` when it does not start or does not answer.
    pub async fn probe(&mut self, event: &Bytes) -> Option<Answer> {
        let Call::Next { event: waiting, .. } = self.received().await? else { return None };
        waiting.send(event.clone()).ok()?;
        let Call::Done { answer, .. } = self.received().await? else { return None };
        Some(answer)
    }

    async fn next(&mut self) -> Instant {
        match self.call().await {
            Call::Next { at, event } => {
                self.waiting = Some(event);
                at
            }
            Call::Done { .. } => panic!("two answers to one event"),
            Call::InitError(error) => panic!("init failed: {}", String::from_utf8_lossy(&error)),
        }
    }

    async fn call(&mut self) -> Call {
        self.received().await.expect("a function that calls: see its log")
    }

    async fn received(&mut self) -> Option<Call> {
        tokio::time::timeout(PATIENCE, self.calls.recv()).await.ok().flatten()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    request: Request<Incoming>,
    calls: mpsc::UnboundedSender<Call>,
    extensions: Extensions,
) -> Result<Response<Full<Bytes>>, Infallible> {
    match request.uri().path().strip_prefix("/2020-01-01/extension/") {
        Some(_) if extensions == Extensions::Refused => return Ok(status(StatusCode::FORBIDDEN)),
        Some(_) if extensions == Extensions::Ignored => std::future::pending::<()>().await,
        Some("register") if request.headers().contains_key("lambda-extension-name") => {
            let registered = Response::builder().header("Lambda-Extension-Identifier", "7a9f1c3e");
            return Ok(registered.body(Full::default()).unwrap());
        }
        // It asked for no events, so none comes.
        Some("event/next") if request.headers().contains_key("lambda-extension-identifier") => {
            std::future::pending::<()>().await;
        }
        Some(_) => return Ok(status(StatusCode::BAD_REQUEST)),
        None => {}
    }
    let path = request.uri().path().strip_prefix("/2018-06-01/runtime/").unwrap_or_default().to_owned();
    if *request.method() == Method::GET && path == "invocation/next" {
        let (sender, event) = oneshot::channel();
        drop(calls.send(Call::Next { at: Instant::now(), event: sender }));
        // No event comes any more when the measurement is over.
        let Ok(event) = event.await else { return Ok(status(StatusCode::GONE)) };
        let response = Response::builder()
            .header("Content-Type", "application/json")
            .header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            .header("Lambda-Runtime-Deadline-Ms", "4102444800000")
            .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:bench")
            .header(
                "Lambda-Runtime-Trace-Id",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            )
            .body(Full::new(event));
        return Ok(response.unwrap());
    }
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let at = Instant::now();
    drop(calls.send(match path.rsplit('/').next() {
        Some("response") => Call::Done { at, answer: Ok(body) },
        Some("error") if path.starts_with("invocation/") => Call::Done { at, answer: Err(body) },
        _ => Call::InitError(body),
    }));
    Ok(status(StatusCode::ACCEPTED))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
