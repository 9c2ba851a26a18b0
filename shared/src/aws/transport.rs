//! HTTP/1.1, over TLS by `rustls` and `ring` with the system's roots, on kept connections.
//!
//! A function serves one request at a time, so most use one connection; those that send many writes at once keep as many.
//! Both the SDK and our own reads go through here: there is no HTTP/2 and no second TLS stack.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, Entry, HOST, USER_AGENT};
use http::uri::{Authority, Parts, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::rt::{Read, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use rustls::crypto::ring;
use tower_service::Service;

use super::{AGENT, Misconfigured};
use crate::lock::lock;

/// Why there is no answer.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// So many idle connections are kept at most.
const MAX_IDLE: usize = 32;

/// Sends requests, to any host, and keeps the connections for the next ones of the same host.
#[derive(Clone)]
pub struct Transport {
    connector: Connector,
    idle: Arc<Mutex<Vec<Kept>>>,
    /// The wall's: no other is sure to go on while an environment is frozen.
    clock: SharedTimeSource,
}

/// What opens a connection.
#[derive(Clone)]
enum Connector {
    Network(HttpsConnector<TcpConnector>),
    #[cfg(any(test, feature = "simulation"))]
    Memory(Arc<InMemory>),
}

#[cfg(any(test, feature = "simulation"))]
type InMemory = dyn Fn(&Uri) -> Opening + Send + Sync;

#[cfg(any(test, feature = "simulation"))]
type Opening = std::pin::Pin<Box<dyn Future<Output = std::io::Result<tokio::io::DuplexStream>> + Send>>;

struct Connection {
    scheme: Option<Scheme>,
    authority: Option<Authority>,
    sender: SendRequest<SdkBody>,
}

/// A connection that has brought an answer, and waits for the next request.
pub(super) struct Kept {
    connection: Connection,
    since: SystemTime,
}

impl Kept {
    /// Whether it has waited for so long. After a clock was set back this is unknown, and counts as having.
    pub(super) fn was_idle_for(&self, time: Duration, now: SystemTime) -> bool {
        now.duration_since(self.since).map_or(true, |idle| idle >= time)
    }
}

/// Why there is no answer over a kept connection.
pub(super) enum Undelivered {
    /// The server had closed it and nothing was sent: use a new one.
    Unsent(Box<Request<SdkBody>>),
    /// Any other cause.
    Failed(Cause),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl Transport {
    /// Trusts the system's root certificates, or those in the file that `SSL_CERT_FILE` names.
    ///
    /// # Errors
    /// [`Misconfigured`] when there are none.
    pub fn new() -> Result<Self, Misconfigured> {
        let mut tcp = TcpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())
            .map_err(|cause| Misconfigured::caused("no root certificates found", cause))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self::of(Connector::Network(connector)))
    }

    fn of(connector: Connector) -> Self {
        Self { connector, idle: Arc::default(), clock: SharedTimeSource::new(SystemTimeSource::new()) }
    }

    /// Opens connections by that function, without a network.
    #[cfg(any(test, feature = "simulation"))]
    pub fn in_memory<O>(connect: impl Fn(&Uri) -> O + Send + Sync + 'static) -> Self
    where
        O: Future<Output = std::io::Result<tokio::io::DuplexStream>> + Send + 'static,
    {
        Self::of(Connector::Memory(Arc::new(move |to| Box::pin(connect(to)))))
    }

    /// The same connections, by another clock.
    pub(super) fn by_clock(self, clock: SharedTimeSource) -> Self {
        Self { clock, ..self }
    }

    /// Asks for what is at that URL, with those headers and a `User-Agent`.
    ///
    /// # Errors
    /// When no answer arrived whole.
    pub async fn get(
        &self,
        url: &Uri,
        headers: HeaderMap,
    ) -> Result<Response<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
        let mut request = Request::get(url).body(SdkBody::empty())?;
        *request.headers_mut() = headers;
        // GitHub refuses requests without a user agent.
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        self.send(request).await
    }

    /// Posts JSON there; the status of the answer.
    ///
    /// # Errors
    /// When no answer arrived whole; the request may have been served all the same.
    pub async fn post(&self, url: &Uri, json: String) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let request = Request::post(url).header(CONTENT_TYPE, "application/json").header(CONTENT_LENGTH, json.len());
        Ok(self.send(request.body(SdkBody::from(json))?).await?.status())
    }

    /// Sends a request to the scheme, host and port of its URI, and reads the whole answer.
    ///
    /// # Errors
    /// When the request was not delivered, or the answer did not arrive whole.
    pub(crate) async fn send(&self, request: Request<SdkBody>) -> Result<Response<Bytes>, Cause> {
        let target = request.uri().clone();
        let mut request = in_origin_form(request)?;
        if let Some(kept) = self.take_kept(&target) {
            match self.send_over(kept, request).await {
                Ok(answer) => return Ok(answer),
                Err(Undelivered::Unsent(unsent)) => request = *unsent,
                Err(Undelivered::Failed(cause)) => return Err(cause),
            }
        }
        // Large and rare, so boxed: see the crate's documentation on futures.
        Box::pin(self.send_on_new(target, request)).await
    }

    /// Sends a request in origin form over a kept connection, and reads the whole answer.
    pub(super) async fn send_over(
        &self,
        mut kept: Kept,
        request: Request<SdkBody>,
    ) -> Result<Response<Bytes>, Undelivered> {
        match kept.connection.sender.try_send_request(request).await {
            Ok(answer) => self.read(answer, kept.connection).await.map_err(Undelivered::Failed),
            Err(mut error) => {
                self.forget_kept();
                Err(match error.take_message() {
                    Some(unsent) => Undelivered::Unsent(Box::new(unsent)),
                    None => Undelivered::Failed(error.into_error().into()),
                })
            }
        }
    }

    /// Sends a request in origin form over a new connection, and reads the whole answer.
    pub(super) async fn send_on_new(&self, target: Uri, request: Request<SdkBody>) -> Result<Response<Bytes>, Cause> {
        let mut fresh = self.connect(target).await?;
        let answer = fresh.sender.send_request(request).await?;
        self.read(answer, fresh).await
    }

    async fn read(&self, answer: Response<Incoming>, connection: Connection) -> Result<Response<Bytes>, Cause> {
        let (parts, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push(Kept { connection, since: self.clock.now() });
        }
        Ok(Response::from_parts(parts, body))
    }

    /// The kept connection to there that was used last: the server has most likely not closed it.
    pub(super) fn take_kept(&self, target: &Uri) -> Option<Kept> {
        let kept = self.idle().pop();
        kept.filter(|Kept { connection, .. }| {
            connection.authority.as_ref() == target.authority()
                && connection.scheme.as_ref() == target.scheme()
                && !connection.sender.is_closed()
        })
    }

    /// Closes all kept connections. They are as old as one that has failed: the next attempt must not meet them one by one.
    pub(super) fn forget_kept(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Kept>> {
        lock(&self.idle)
    }

    async fn connect(&self, target: Uri) -> Result<Connection, Cause> {
        let sender = match &self.connector {
            Connector::Network(network) => open(network.clone().call(target.clone()).await?).await?,
            #[cfg(any(test, feature = "simulation"))]
            Connector::Memory(connect) => open(hyper_util::rt::TokioIo::new(connect(&target).await?)).await?,
        };
        let Parts { scheme, authority, .. } = target.into_parts();
        Ok(Connection { scheme, authority, sender })
    }
}

/// Begins HTTP over a stream that is open.
async fn open(stream: impl Read + Write + Unpin + Send + 'static) -> Result<SendRequest<SdkBody>, hyper::Error> {
    let (sender, connection) = handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// The path alone as the URI, and the host as a header, as HTTP/1.1 requires them.
pub(super) fn in_origin_form(mut request: Request<SdkBody>) -> Result<Request<SdkBody>, http::Error> {
    let uri = std::mem::take(request.uri_mut()).into_parts();
    if let (Some(authority), Entry::Vacant(host)) = (uri.authority, request.headers_mut().entry(HOST)) {
        host.insert(HeaderValue::try_from(authority.as_str())?);
    }
    *request.uri_mut() = uri.path_and_query.map_or_else(Uri::default, Uri::from);
    Ok(request)
}

impl HttpClient for Transport {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|cause| ConnectorError::user(cause.into()))?;
            let answer = transport.send(request).await.map_err(ConnectorError::io)?;
            HttpResponse::try_from(answer.map(SdkBody::from)).map_err(|cause| ConnectorError::other(cause.into(), None))
        })
    }
}
