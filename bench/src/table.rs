//! The one DynamoDB that all contestants face: an engine in this process, behind TLS on loopback, counting its calls.
//!
//! The front hands requests to the engine by a function call, not by a second hop.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dynoxide::{Database, DynoxideError, ImportOptions};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tests::template;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::certificate;

/// The name of the table.
pub(crate) const NAME: &str = "keys";
/// The name of the table of events.
pub(crate) const EVENTS: &str = "events";
/// The name of the table of usage.
pub(crate) const USAGE: &str = "usage";

/// How long a read stalls.
const STALL: Duration = Duration::from_secs(1);

/// How often an operation was called, and how long the engine took for it.
pub(crate) type Calls = BTreeMap<String, (u64, Duration)>;

/// A running table.
pub(crate) struct Table {
    /// The engine, for what no function can do.
    database: Database,
    /// `https://localhost:PORT`.
    pub(crate) endpoint: String,
    /// The file with the authority that signed its certificate.
    pub(crate) authority: PathBuf,
    calls: Arc<Mutex<Calls>>,
    mood: Arc<Mood>,
}

/// What the table does beside answering.
#[derive(Default)]
struct Mood {
    /// Of so many reads one stalls for a second; none where it is 0.
    stalls_one_in: AtomicU64,
    reads: AtomicU64,
    /// Whether each answer ends its connection.
    closes: AtomicBool,
}

impl Mood {
    /// Whether a read is one that stalls.
    fn stalls(&self) -> bool {
        let one_in = self.stalls_one_in.load(Ordering::Relaxed);
        one_in > 0 && (self.reads.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(one_in)
    }
}

impl Table {
    /// Serves the template's own table, empty; `state` takes the authority's file.
    pub(crate) async fn start(state: &Path) -> Self {
        let database = Database::memory().unwrap();
        for (resource, name) in [("KeyTable", NAME), ("EventTable", EVENTS), ("UsageTable", USAGE)] {
            let request = serde_json::from_value(template::create_table_request(resource, name)).unwrap();
            database.create_table(request).unwrap();
        }

        let (pem, server) = certificate::for_localhost();
        let authority = state.join("authority.pem");
        fs::write(&authority, pem).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let (calls, mood) = (Arc::default(), Arc::<Mood>::default());

        // `localhost` is two addresses on most machines, and clients differ in which one they try first.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        if let Ok(second) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            tokio::spawn(accept(second, acceptor.clone(), database.clone(), Arc::clone(&calls), Arc::clone(&mood)));
        }
        tokio::spawn(accept(listener, acceptor, database.clone(), Arc::clone(&calls), Arc::clone(&mood)));
        Self { database, endpoint: format!("https://localhost:{port}"), authority, calls, mood }
    }

    /// From now on one in so many reads stalls for a second; none for 0.
    pub(crate) fn stall_one_in(&self, reads: u64) {
        self.mood.stalls_one_in.store(reads, Ordering::Relaxed);
        self.mood.reads.store(0, Ordering::Relaxed);
    }

    /// Whether from now on each answer ends its connection.
    pub(crate) fn close_connections(&self, closes: bool) {
        self.mood.closes.store(closes, Ordering::Relaxed);
    }

    /// The calls since the last time this was asked.
    pub(crate) fn take_calls(&self) -> Calls {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// Puts older keys beside the first one of an account, straight into the engine: copies with ids and hashes of
    /// their own.
    pub(crate) fn fill(&self, issued: &Value, count: usize) {
        let account = &issued["accountId"];
        let first = item(&self.database, account, &issued["id"]);
        let items = (0..count).map(|number| {
            let mut item = first.clone();
            item["id"] = json!({ "S": old_key_id(number) });
            item["keyHash"] = json!({ "B": old_key_hash(account.as_str().unwrap(), number) });
            serde_json::from_value::<HashMap<_, _>>(item).unwrap()
        });
        self.database.import_items(NAME, items.collect(), ImportOptions::default()).unwrap();
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    database: Database,
    calls: Arc<Mutex<Calls>>,
    mood: Arc<Mood>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (acceptor, database) = (acceptor.clone(), database.clone());
        let (calls, mood) = (Arc::clone(&calls), Arc::clone(&mood));
        tokio::spawn(async move {
            // A peer that ends in the middle of a handshake is no failure of the table.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service =
                service_fn(move |request| answer(request, database.clone(), Arc::clone(&calls), Arc::clone(&mood)));
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    database: Database,
    calls: Arc<Mutex<Calls>>,
    mood: Arc<Mood>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    assert!(request.headers().contains_key("authorization"), "every call is signed");
    let body = request.into_body().collect().await?.to_bytes();

    if operation == "GetItem" && mood.stalls() {
        // It was sent all the same, and its price is paid even if the client goes away.
        calls.lock().unwrap().entry(operation.clone()).or_default().0 += 1;
        tokio::time::sleep(STALL).await;
        calls.lock().unwrap().entry(operation.clone()).or_default().0 -= 1;
    }
    let start = Instant::now();
    let result = execute(&database, &operation, &body);
    let (status, text) = match result {
        Ok(text) => (200, text),
        Err(error) => (error.status_code(), error.to_json()),
    };
    let took = start.elapsed();
    let mut calls = calls.lock().unwrap();
    let (count, total) = calls.entry(operation).or_default();
    *count += 1;
    *total += took;
    drop(calls);

    let connection = if mood.closes.load(Ordering::Relaxed) { "close" } else { "keep-alive" };
    let response = Response::builder()
        .status(status)
        .header("Connection", connection)
        .header("Server", "Server")
        .header("Content-Type", "application/x-amz-json-1.0")
        .header("x-amzn-RequestId", "B5A3SP8QNTGF64VCM0JCLQ2U3FVV4KQNSO5AEMVJF66Q9ASUAAJG")
        .header("x-amz-crc32", crc32fast::hash(text.as_bytes()).to_string())
        .body(Full::new(Bytes::from(text)));
    Ok(response.unwrap())
}

fn execute(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    macro_rules! run {
        ($method:ident) => {
            serde_json::to_string(&database.$method(serde_json::from_slice(body).unwrap())?).unwrap()
        };
    }
    Ok(match operation {
        "GetItem" => run!(get_item),
        "PutItem" => run!(put_item),
        "UpdateItem" => run!(update_item),
        "TransactWriteItems" => run!(transact_write_items),
        "DeleteItem" => run!(delete_item),
        "Query" => run!(query),
        other => panic!("no function calls {other}"),
    })
}

/// One item, in DynamoDB JSON.
fn item(database: &Database, account_id: &Value, id: &Value) -> Value {
    let request = json!({ "TableName": NAME, "Key": { "accountId": { "S": account_id }, "id": { "S": id } } });
    let response = database.get_item(serde_json::from_value(request).unwrap()).unwrap();
    serde_json::to_value(response).unwrap()["Item"].take()
}

/// The id of an old key, in the order of its number.
pub(crate) fn old_key_id(number: usize) -> String {
    format!("0{number:021}")
}

/// 32 bytes in Base64, unlike all others.
fn old_key_hash(account: &str, number: usize) -> String {
    format!("{account}{number:020}A=")
}
