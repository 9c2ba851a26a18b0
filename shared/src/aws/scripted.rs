//! For tests: a table that replies to each request as the test decides, behind connections in memory, and a wall clock that the
//! test sets. All time is virtual.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::TimeSource;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::{Aws, Transport};

/// How long a new connection takes to open.
pub(crate) const CONNECT: Duration = Duration::from_millis(20);
/// How long an answer takes that has no other time.
pub(crate) const ANSWER: Duration = Duration::from_millis(5);

/// A request that has arrived.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// What it asks for, such as `GetItem`.
    pub(crate) operation: String,
    pub(crate) body: String,
    /// How many came before it, over any connection.
    pub(crate) number: usize,
    /// Whether its connection has just been opened.
    pub(crate) is_first: bool,
}

/// What becomes of it.
pub(crate) enum Reply {
    /// It is answered that much later with its own body.
    After(Duration),
    /// It is answered with that status and body.
    Answer(u16, Value),
    /// Its connection ends.
    Cut,
    /// Nothing comes back any more.
    Never,
}

type Decide = dyn FnMut(Arrival) -> Reply + Send;

#[derive(Clone)]
pub(crate) struct ScriptedTable(Arc<Mutex<State>>);

struct State {
    decide: Box<Decide>,
    connect: Duration,
    calls: Vec<(String, String)>,
    openings: usize,
    connections: Vec<JoinHandle<()>>,
}

impl ScriptedTable {
    /// A table that does so with each request, the way to it, and the clock there.
    pub(crate) fn start(decide: impl FnMut(Arrival) -> Reply + Send + 'static) -> (Self, Aws, Clock) {
        let (decide, connections) = (Box::new(decide), Vec::new());
        let state = State { decide, connect: CONNECT, calls: Vec::new(), openings: 0, connections };
        let (table, clock) = (Self(Arc::new(Mutex::new(state))), Clock::default());
        let opening = table.clone();
        let transport = Transport::in_memory(move |_| {
            let table = opening.clone();
            let connect = table.with(|state| {
                state.openings += 1;
                state.connect
            });
            async move {
                sleep(connect).await;
                let (ours, theirs) = duplex(64 * 1024);
                let serving = tokio::spawn(table.clone().serve(theirs));
                table.with(|state| state.connections.push(serving));
                Ok(ours)
            }
        });
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url("http://table.test")
            .time_source(clock.clone())
            .build();
        (table, Aws::over(transport, config).with_impatient_reads(), clock)
    }

    /// How many requests have come, and how many connections a client has begun to open.
    pub(crate) fn counts(&self) -> (usize, usize) {
        self.with(|state| (state.calls.len(), state.openings))
    }

    /// The operation and the body of each request that has come.
    pub(crate) fn calls(&self) -> Vec<(String, String)> {
        self.with(|state| state.calls.clone())
    }

    /// From now on a connection takes that long to open.
    pub(crate) fn connect_in(&self, time: Duration) {
        self.with(|state| state.connect = time);
    }

    /// Closes every connection; the client has no time to notice.
    pub(crate) fn close_connections(&self) {
        self.with(|state| state.connections.drain(..).for_each(|serving| serving.abort()));
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    async fn serve(self, mut stream: DuplexStream) {
        let mut is_first = true;
        while let Some((operation, body)) = read_request(&mut stream).await {
            let reply = self.with(|state| {
                let number = state.calls.len();
                state.calls.push((operation.clone(), body.clone()));
                (state.decide)(Arrival { operation, body: body.clone(), number, is_first })
            });
            is_first = false;
            let (status, body) = match reply {
                Reply::After(time) => {
                    sleep(time).await;
                    (200, body)
                }
                Reply::Answer(status, body) => {
                    sleep(ANSWER).await;
                    (status, body.to_string())
                }
                Reply::Cut => return,
                Reply::Never => std::future::pending().await,
            };
            let answer = format!("HTTP/1.1 {status} \r\nContent-Length: {}\r\n\r\n{body}", body.len());
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// The operation and the body of the next request, unless the client has gone.
async fn read_request(stream: &mut DuplexStream) -> Option<(String, String)> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8(request.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        if body.len() == header("content-length: ").parse::<usize>().unwrap() {
            let operation = header("x-amz-target: ").strip_prefix("DynamoDB_20120810.").unwrap();
            return Some((operation.to_owned(), body.to_owned()));
        }
    }
}

/// A wall clock: it goes with the virtual time, and a test sets it forwards, as a freeze does, or back.
#[derive(Clone)]
pub(crate) struct Clock {
    start: Instant,
    at_start: Arc<Mutex<SystemTime>>,
}

impl Default for Clock {
    fn default() -> Self {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_428_930);
        Self { start: Instant::now(), at_start: Arc::new(Mutex::new(time)) }
    }
}

impl Clock {
    pub(crate) fn forwards(&self, by: Duration) {
        *self.at_start.lock().unwrap() += by;
    }

    pub(crate) fn back(&self, by: Duration) {
        *self.at_start.lock().unwrap() -= by;
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        *self.at_start.lock().unwrap() + self.start.elapsed()
    }
}
