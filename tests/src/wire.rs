//! Stands between the functions and the engine: writes down every call, lets the index lag, delays a call, and does what
//! DynamoDB and the network do on a bad day.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use api_keys::Timestamp;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderMap;
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

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before the call is taken.
    Cut,
    /// The call is taken, and nothing comes back.
    Hold,
    /// The call is carried out that much later, even if nobody waits for the answer any more.
    Slow(Duration),
    /// DynamoDB says that there are too many calls.
    Throttle,
    /// DynamoDB says that it has failed.
    Fail,
    /// The call is carried out, and the connection ends before the answer.
    LoseAnswer,
    /// The call is carried out, and the connection ends within the answer.
    TruncateAnswer,
    /// The call is carried out, and the answer is not JSON to its end.
    SpoilAnswer,
    /// Another transaction holds an item of this one; other calls are carried out.
    Conflict,
    /// A call that was signed at a time so far from now is refused; others are carried out.
    CheckTime(Duration),
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
    fault: Option<(Fault, usize)>,
    late: Option<(usize, Duration)>,
}

impl State {
    /// What goes wrong with this call.
    fn strike(&mut self, call: &Call) -> Option<Fault> {
        let (fault, times) = self.fault.as_mut()?;
        if *times == 0 || (*fault == Fault::Conflict && call.operation != "TransactWriteItems") {
            return None;
        }
        *times -= 1;
        Some(*fault)
    }

    /// How much later this call is handed on.
    fn delay(&mut self) -> Option<Duration> {
        match &mut self.late {
            Some((0, by)) => {
                let by = *by;
                self.late = None;
                Some(by)
            }
            Some((others, _)) => {
                *others -= 1;
                None
            }
            None => None,
        }
    }
}

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

impl Wire {
    /// A wire that only writes down what passes to the engine.
    pub async fn to(engine: SocketAddr) -> Self {
        let state = State { engine, index: engine, calls: Vec::new(), fault: None, late: None };
        let state = Arc::new(Mutex::new(state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                // A task of its own: what was taken is carried out, whether or not the caller stays.
                let hand_on = service_fn(move |request| {
                    let handed_on = tokio::spawn(hand_on(request, Arc::clone(&state)));
                    async { handed_on.await.map_err(io::Error::other)? }
                });
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

    /// From now on this goes wrong with every call.
    pub fn break_with(&self, fault: Fault) {
        self.break_times(usize::MAX, fault);
    }

    /// This goes wrong with so many of the next calls.
    pub fn break_times(&self, times: usize, fault: Fault) {
        self.state.lock().unwrap().fault = Some((fault, times));
    }

    /// From now on nothing goes wrong.
    pub fn mend(&self) {
        self.state.lock().unwrap().fault = None;
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
async fn hand_on(request: Request<Incoming>, state: Arc<Mutex<State>>) -> io::Result<Answer> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let (fault, late, address) = {
        let mut state = state.lock().unwrap();
        let call = describe(parts.headers["x-amz-target"].to_str().unwrap(), &body);
        let address = if call.index.is_some() { state.index } else { state.engine };
        let (fault, late) = (state.strike(&call), state.delay());
        state.calls.push(call);
        (fault, late, address)
    };
    if let Some(by) = late {
        tokio::time::sleep(by).await;
    }
    match fault {
        Some(Fault::Cut) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::Hold) => std::future::pending().await,
        Some(Fault::Slow(by)) => tokio::time::sleep(by).await,
        Some(Fault::Throttle) => return Ok(refusal(400, "ProvisionedThroughputExceededException")),
        Some(Fault::Fail) => return Ok(refusal(500, "InternalServerError")),
        Some(Fault::Conflict) => return Ok(conflict()),
        // The answer has a `Date`, as every answer of this server.
        Some(Fault::CheckTime(most)) if age_of_signature(&parts.headers) >= most => {
            return Ok(refusal(400, "InvalidSignatureException"));
        }
        Some(Fault::LoseAnswer | Fault::TruncateAnswer | Fault::SpoilAnswer | Fault::CheckTime(_)) | None => {}
    }
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut engine, connection) = client::conn::http1::handshake(stream).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::from_parts(parts, Full::new(body));
    let (mut parts, body) = engine.send_request(request).await.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let part = body.slice(..body.len() / 2);
    let body = match fault {
        Some(Fault::LoseAnswer) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::TruncateAnswer) => {
            let end = Err(io::ErrorKind::ConnectionReset.into());
            StreamBody::new(stream::iter([Ok(Frame::data(part)), end])).boxed_unsync()
        }
        Some(Fault::SpoilAnswer) => whole(part),
        _ => whole(body),
    };
    if fault == Some(Fault::SpoilAnswer) {
        parts.headers.remove("content-length");
    }
    Ok(Response::from_parts(parts, body))
}

/// How far the time that a call was signed at is from now, in either direction.
#[allow(clippy::disallowed_methods, reason = "a server has a clock of its own")]
fn age_of_signature(headers: &HeaderMap) -> Duration {
    let text = headers["x-amz-date"].to_str().unwrap();
    let (date, time) = text.strip_suffix('Z').unwrap().split_once('T').unwrap();
    let time = format!("{}-{}-{}T{}:{}:{}Z", &date[..4], &date[4..6], &date[6..], &time[..2], &time[2..4], &time[4..]);
    let signed = Timestamp::parse(&time).unwrap().unix_seconds();
    Duration::from_secs(Timestamp::from(SystemTime::now()).unix_seconds().abs_diff(signed))
}

fn whole(body: Bytes) -> UnsyncBoxBody<Bytes, io::Error> {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}

fn refusal(status: u16, code: &str) -> Answer {
    problem(status, &json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "a bad day"}))
}

fn conflict() -> Answer {
    problem(
        400,
        &json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}, {"Code": "None"}]
        }),
    )
}

fn problem(status: u16, body: &Value) -> Answer {
    Response::builder().status(status).body(whole(Bytes::from(body.to_string()))).unwrap()
}

fn describe(target: &str, body: &[u8]) -> Call {
    let body: Value = serde_json::from_slice(body).unwrap();
    Call {
        operation: target.rsplit('.').next().unwrap().to_owned(),
        index: body["IndexName"].as_str().map(str::to_owned),
        consistent: body["ConsistentRead"] == true,
    }
}
