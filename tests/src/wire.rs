//! A proxy between the functions and the engine that makes the engine as unkind as DynamoDB.
//!
//! It records every call. Transactions stay open for a moment, and conflict (`transactions`). Some are throttled, and a
//! test can order other faults ([`Fault`]), stop a call on its way ([`Stop`]), and let the index lag.

mod answers;
mod call;
mod faults;
mod gates;
mod transactions;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::faults::Faults;
use self::gates::Gates;
use self::transactions::Transactions;
use crate::engine::Engine;

pub use self::answers::Reason;
pub use self::call::Call;
pub use self::faults::Fault;
pub use self::gates::{Gate, Stop};

/// A listener on loopback that hands calls on; it stops when dropped.
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    engine: SocketAddr,
    /// The calls that are on their way.
    under_way: watch::Sender<usize>,
    state: Mutex<State>,
    gates: Gates,
    transactions: Transactions,
}

#[derive(Default)]
struct State {
    index: Option<SocketAddr>,
    queries: Option<SocketAddr>,
    calls: Vec<Call>,
    connections: usize,
    faults: Faults,
}

impl Wire {
    /// A wire to that engine.
    pub async fn to(engine: &Engine) -> Self {
        let shared = Arc::new(Shared {
            engine: engine.address(),
            under_way: watch::Sender::default(),
            state: Mutex::default(),
            gates: Gates::default(),
            transactions: Transactions::of(engine),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let of_connections = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&of_connections);
                shared.state.lock().unwrap().connections += 1;
                // A task of its own: what was taken is carried out, whether or not the caller stays.
                let hand_on = service_fn(move |request| {
                    let handed_on = tokio::spawn(call::hand_on(request, Arc::clone(&shared)));
                    async { handed_on.await.map_err(io::Error::other)? }
                });
                let connection = server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), hand_on);
                tokio::spawn(connection);
            }
        });
        Self { address, shared, accepting }
    }

    /// Where the functions call.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls since the last time this was asked, without those that [`Self::throttle_every`] turned away.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    /// The connections that were opened since the last time this was asked.
    #[must_use]
    pub fn take_connections(&self) -> usize {
        std::mem::take(&mut self.state().connections)
    }

    /// How many transactions [`Self::throttle_every`] has turned away.
    #[must_use]
    pub fn throttled(&self) -> usize {
        self.state().faults.throttled
    }

    /// From now on this goes wrong with every call.
    pub fn break_with(&self, fault: Fault) {
        self.break_times(usize::MAX, fault);
    }

    /// This goes wrong with so many of the next calls.
    pub fn break_times(&self, times: usize, fault: Fault) {
        self.state().faults.ordered = Some((fault, times));
    }

    /// From now on nothing goes wrong.
    pub fn mend(&self) {
        self.state().faults.ordered = None;
    }

    /// Cancels every n-th transaction as DynamoDB does when it throttles one of the items; none for 0.
    ///
    /// A repeat is a transaction of its own, so it passes where n is 2 or more.
    pub fn throttle_every(&self, n: usize) {
        self.state().faults.throttle_every = n;
    }

    /// Hands one call on that much later: the one after so many others.
    pub fn hand_on_late(&self, others: usize, by: Duration) {
        self.state().faults.late = Some((others, by));
    }

    /// Stops the next call that matches.
    #[must_use]
    pub fn stop(&self, stop: Stop) -> Gate {
        self.shared.gates.close(stop)
    }

    /// Runs `work` until a call that matches is stopped, then `meanwhile` to its end, then the rest of `work`.
    ///
    /// # Panics
    /// When no such call comes.
    pub async fn during<A, B>(
        &self,
        stop: Stop,
        work: impl Future<Output = A>,
        meanwhile: impl Future<Output = B>,
    ) -> (A, B) {
        let mut gate = self.stop(stop);
        let meanwhile = async {
            gate.reached().await;
            let done = meanwhile.await;
            gate.release();
            done
        };
        tokio::join!(work, meanwhile)
    }

    /// Sends index queries elsewhere; all else still goes to the engine.
    pub fn answer_index_queries_from(&self, address: SocketAddr) {
        self.state().index = Some(address);
    }

    /// Waits until no call is on its way any more, calls of clients that are gone included.
    ///
    /// # Panics
    /// When the wire is gone.
    pub async fn quiet(&self) {
        self.shared.under_way.subscribe().wait_for(|calls| *calls == 0).await.unwrap();
    }

    /// Sends all other queries elsewhere, or to the engine again. A query is read-committed: it may not show yet what a
    /// transaction has just written.
    pub fn answer_queries_from(&self, address: Option<SocketAddr>) {
        self.state().queries = address;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
