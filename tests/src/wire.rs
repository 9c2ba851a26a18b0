//! Stands between the store and the engine: writes down every call, lets the index lag, holds answers back, or cuts the connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::Value;

/// One call that reached the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GetItem`, `Query`, …
    pub operation: String,
    /// The index it asked, if any.
    pub index: Option<String>,
    /// Whether it asked for a strongly consistent read.
    pub consistent: bool,
}

/// The SDK's HTTP client, with a hand on it.
#[derive(Debug, Clone)]
pub struct Wire {
    http: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    cut: bool,
    held: bool,
    index: Option<SocketAddr>,
}

impl Wire {
    /// A wire that only writes down what passes.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it holds a client")]
    pub fn new() -> Self {
        Self { http: Builder::new().build_http(), state: Arc::default() }
    }

    /// The calls since the last time this was asked.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.lock().unwrap().calls)
    }

    /// Cuts the wire, or mends it.
    pub fn cut(&self, cut: bool) {
        self.state.lock().unwrap().cut = cut;
    }

    /// Lets calls through but never an answer back, or mends that.
    pub fn hold(&self, held: bool) {
        self.state.lock().unwrap().held = held;
    }

    /// Sends index queries elsewhere; all else still goes to the engine.
    pub fn answer_index_queries_from(&self, address: SocketAddr) {
        self.state.lock().unwrap().index = Some(address);
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.http.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, state: Arc::clone(&self.state) })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    state: Arc<Mutex<State>>,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let index = body["IndexName"].as_str().map(str::to_owned);
        let mut state = self.state.lock().unwrap();
        if let (Some(address), true) = (state.index, index.is_some()) {
            request.set_uri(format!("http://{address}/")).unwrap();
        }
        state.calls.push(Call { operation, index, consistent: body["ConsistentRead"] == true });
        if state.cut {
            return HttpConnectorFuture::ready(Err(ConnectorError::io("the wire is cut".into())));
        }
        if state.held {
            return HttpConnectorFuture::new(std::future::pending());
        }
        drop(state);
        self.inner.call(request)
    }
}
