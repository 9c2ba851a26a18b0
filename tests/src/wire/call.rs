//! The way of one call through the wire.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use api_keys::key::Timestamp;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::http::request;
use hyper::{Request, Response, client};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::Shared;
use super::answers::{Answer, refused, whole};
use super::faults::{Fault, cancel};
use super::gates::Point;
use super::transactions::{Admitted, parts};

/// How long a transaction stays open after the engine has carried it out, so that others meet it.
const OPEN: Duration = Duration::from_millis(1);

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

/// An error closes the connection without an answer.
pub(super) async fn hand_on(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Answer> {
    shared.under_way.send_modify(|calls| *calls += 1);
    let answer = carry_out(request, &shared).await;
    shared.under_way.send_modify(|calls| *calls -= 1);
    answer
}

async fn carry_out(request: Request<Incoming>, shared: &Shared) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    let call = describe(head.headers["x-amz-target"].to_str().unwrap(), &body);
    let operation = call.operation.clone();
    let items = parts(&body).len();
    let (fault, late, lagging) = {
        let mut state = shared.state.lock().unwrap();
        // First what a test orders: it must happen exactly so.
        let fault = state.faults.strike(&call, items);
        if fault.is_none()
            && operation == "TransactWriteItems"
            && let Some(refusal) = state.faults.throttle(items)
        {
            return Ok(refusal);
        }
        let lagging = if call.index.is_some() { state.index } else { state.queries };
        let (late, lagging) = (state.faults.delay(), lagging.filter(|_| call.operation == "Query"));
        state.calls.push(call);
        (fault, late, lagging)
    };
    shared.gates.pass(Point::Before, &operation, &body).await;
    if let Some(by) = late {
        tokio::time::sleep(by).await;
    }
    match fault {
        Some(Fault::Cut) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::Hold) => std::future::pending().await,
        Some(Fault::Slow(by)) => tokio::time::sleep(by).await,
        Some(Fault::Throttle) => return Ok(refused(400, "ProvisionedThroughputExceededException", "a bad day")),
        Some(Fault::Fail) => return Ok(refused(500, "InternalServerError", "a bad day")),
        Some(Fault::Cancel(reason, place)) => return Ok(cancel(items, reason, place)),
        // The answer has a `Date`, as every answer of this server.
        Some(Fault::CheckTime(most)) if age_of_signature(&head.headers) >= most => {
            return Ok(refused(400, "InvalidSignatureException", "a bad day"));
        }
        Some(
            Fault::Twice
            | Fault::LoseAnswer
            | Fault::TruncateAnswer
            | Fault::SpoilAnswer
            | Fault::LeaveOut
            | Fault::CheckTime(_),
        )
        | None => {}
    }
    let admitted = match lagging {
        Some(_) => Admitted::Other,
        None => match shared.transactions.admit(&operation, &body).await {
            Ok(admitted) => admitted,
            Err(refusal) => return Ok(refusal),
        },
    };
    let address = match &admitted {
        Admitted::OldState(copy) => copy.address(),
        _ => lagging.unwrap_or(shared.engine),
    };
    if fault == Some(Fault::Twice) {
        ask(address, head.clone(), bytes.clone()).await?;
    }
    let answer = if fault == Some(Fault::LeaveOut) {
        ask_for_first(address, head, body.clone()).await?
    } else {
        ask(address, head, bytes).await?
    };
    let open = admitted.into_open();
    if open.is_some() {
        tokio::time::sleep(OPEN).await;
    }
    shared.gates.pass(Point::After, &operation, &body).await;
    drop(open);
    spoil(answer, fault)
}

async fn ask(engine: SocketAddr, head: request::Parts, body: Bytes) -> io::Result<Response<Bytes>> {
    let stream = TokioIo::new(TcpStream::connect(engine).await?);
    let (mut engine, connection) = client::conn::http1::handshake(stream).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::from_parts(head, Full::new(body));
    let (head, body) = engine.send_request(request).await.map_err(io::Error::other)?.into_parts();
    Ok(Response::from_parts(head, body.collect().await.map_err(io::Error::other)?.to_bytes()))
}

/// Asks for the first item of a batch, and puts the others into the answer.
async fn ask_for_first(engine: SocketAddr, mut head: request::Parts, mut body: Value) -> io::Result<Response<Bytes>> {
    let mut left = body["RequestItems"].clone();
    for (table, wanted) in body["RequestItems"].as_object_mut().unwrap() {
        left[table]["Keys"].as_array_mut().unwrap().remove(0);
        wanted["Keys"].as_array_mut().unwrap().truncate(1);
    }
    head.headers.remove("content-length");
    let (mut head, answer) = ask(engine, head, body.to_string().into()).await?.into_parts();
    let mut answer: Value = serde_json::from_slice(&answer)?;
    left.as_object_mut().unwrap().retain(|_, left| left["Keys"] != json!([]));
    answer["UnprocessedKeys"] = left;
    for checked in ["content-length", "x-amz-crc32"] {
        head.headers.remove(checked);
    }
    Ok(Response::from_parts(head, answer.to_string().into()))
}

/// The answer as it comes back, or what a fault leaves of it.
fn spoil(answer: Response<Bytes>, fault: Option<Fault>) -> io::Result<Answer> {
    let (mut head, body) = answer.into_parts();
    let part = body.slice(..body.len() / 2);
    let body = match fault {
        Some(Fault::LoseAnswer) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::TruncateAnswer) => {
            let end = Err(io::ErrorKind::ConnectionReset.into());
            StreamBody::new(stream::iter([Ok(Frame::data(part)), end])).boxed_unsync()
        }
        Some(Fault::SpoilAnswer) => {
            head.headers.remove("content-length");
            whole(part)
        }
        _ => whole(body),
    };
    Ok(Response::from_parts(head, body))
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

fn describe(target: &str, body: &Value) -> Call {
    Call {
        operation: target.rsplit('.').next().unwrap().to_owned(),
        index: body["IndexName"].as_str().map(str::to_owned),
        consistent: body["ConsistentRead"] == true,
    }
}
