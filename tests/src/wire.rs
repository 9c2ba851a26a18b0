//! Stands between the functions and the engine: writes down every call, lets the index lag, holds answers back, cuts
//! the connection, or says that a transaction met another.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

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

/// A listener on loopback that hands calls on; it stops when dropped.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    engine: SocketAddr,
    index: SocketAddr,
    calls: Vec<Call>,
    cut: bool,
    held: bool,
    conflicts: usize,
    late: Option<(usize, Duration)>,
}

impl Wire {
    /// A wire that only writes down what passes to the engine.
    pub async fn to(engine: SocketAddr) -> Self {
        let state =
            State { engine, index: engine, calls: Vec::new(), cut: false, held: false, conflicts: 0, late: None };
        let state = Arc::new(Mutex::new(state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let hand_on = service_fn(move |request| hand_on(request, Arc::clone(&state)));
                let connection = server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), hand_on);
                tokio::spawn(connection);
            }
        });
        Self { address, state, accepting }
    }

    /// Where the functions call.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls since the last time this was asked.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.lock().unwrap().calls)
    }

    /// Drops every connection on which a call comes, or mends that.
    pub fn cut(&self, cut: bool) {
        self.state.lock().unwrap().cut = cut;
    }

    /// Takes calls but never gives an answer, or mends that.
    pub fn hold(&self, held: bool) {
        self.state.lock().unwrap().held = held;
    }

    /// Cancels that many of the next transactions, as DynamoDB does when another one holds an item of theirs.
    pub fn conflict(&self, transactions: usize) {
        self.state.lock().unwrap().conflicts = transactions;
    }

    /// Hands one call on that much later: the one after so many others.
    pub fn hand_on_late(&self, others: usize, by: Duration) {
        self.state.lock().unwrap().late = Some((others, by));
    }

    /// Sends index queries elsewhere; all else still goes to the engine.
    pub fn answer_index_queries_from(&self, address: SocketAddr) {
        self.state.lock().unwrap().index = address;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// An error closes the connection without an answer.
async fn hand_on(request: Request<Incoming>, state: Arc<Mutex<State>>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let (held, late, address) = {
        let mut state = state.lock().unwrap();
        let call = describe(parts.headers["x-amz-target"].to_str().unwrap(), &body);
        let address = if call.index.is_some() { state.index } else { state.engine };
        if call.operation == "TransactWriteItems" && state.conflicts > 0 {
            state.conflicts -= 1;
            state.calls.push(call);
            return Ok(conflict());
        }
        state.calls.push(call);
        if state.cut {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let late = match &mut state.late {
            Some((0, by)) => Some(*by),
            Some((others, _)) => {
                *others -= 1;
                None
            }
            None => None,
        };
        if late.is_some() {
            state.late = None;
        }
        (state.held, late, address)
    };
    if let Some(by) = late {
        tokio::time::sleep(by).await;
    }
    if held {
        std::future::pending::<()>().await;
    }
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut engine, connection) = client::conn::http1::handshake(stream).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::from_parts(parts, Full::new(body));
    let (parts, body) = engine.send_request(request).await.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Response::from_parts(parts, Full::new(body)))
}

fn conflict() -> Response<Full<Bytes>> {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}, {"Code": "None"}]
    });
    Response::builder().status(400).body(Full::new(Bytes::from(body.to_string()))).unwrap()
}

fn describe(target: &str, body: &[u8]) -> Call {
    let body: Value = serde_json::from_slice(body).unwrap();
    Call {
        operation: target.rsplit('.').next().unwrap().to_owned(),
        index: body["IndexName"].as_str().map(str::to_owned),
        consistent: body["ConsistentRead"] == true,
    }
}
