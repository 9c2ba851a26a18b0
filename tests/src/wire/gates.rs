//! Gates stop a call until a test releases it: an interleaving that is forced instead of hoped for.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A test that waits this long for a call has made a mistake, and fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which call to stop, and where on its way.
pub struct Stop {
    operation: &'static str,
    point: Point,
    wanted: Box<dyn Fn(&Value) -> bool + Send>,
}

/// A place where a call can stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    Before,
    After,
}

impl Stop {
    /// Before the table has the call: nothing is written, and no item is held.
    #[must_use]
    pub fn before(operation: &'static str) -> Self {
        Self { operation, point: Point::Before, wanted: Box::new(|_| true) }
    }

    /// After the call is carried out, before its answer leaves: a transaction is still open.
    #[must_use]
    pub fn after(operation: &'static str) -> Self {
        Self { point: Point::After, ..Self::before(operation) }
    }

    /// Stops only a call whose body matches.
    #[must_use]
    pub fn when(self, wanted: impl Fn(&Value) -> bool + Send + 'static) -> Self {
        Self { wanted: Box::new(wanted), ..self }
    }
}

/// Stops one call until it is released or dropped.
pub struct Gate {
    reached: oneshot::Receiver<()>,
    _closed: oneshot::Sender<()>,
}

impl Gate {
    /// Waits until the call has stopped here. Call it once.
    ///
    /// # Panics
    /// When no call comes.
    pub async fn reached(&mut self) {
        timeout(PATIENCE, &mut self.reached).await.expect("no call was stopped").expect("the wire is gone");
    }

    /// Lets the call go on.
    pub fn release(self) {}
}

/// The gates that no call has reached yet.
#[derive(Default)]
pub(super) struct Gates(Mutex<Vec<Closed>>);

struct Closed {
    stop: Stop,
    reached: oneshot::Sender<()>,
    opened: oneshot::Receiver<()>,
}

impl Gates {
    pub(super) fn close(&self, stop: Stop) -> Gate {
        let (at_gate, reached) = oneshot::channel();
        let (closed, opened) = oneshot::channel();
        self.0.lock().unwrap().push(Closed { stop, reached: at_gate, opened });
        Gate { reached, _closed: closed }
    }

    /// Waits at the first gate that this call matches, if there is one.
    pub(super) async fn pass(&self, point: Point, operation: &str, body: &Value) {
        let gate = {
            let mut gates = self.0.lock().unwrap();
            gates.retain(|gate| !gate.reached.is_closed());
            let matches =
                |Stop { operation: o, point: p, wanted }: &Stop| *o == operation && *p == point && wanted(body);
            gates.iter().position(|gate| matches(&gate.stop)).map(|at| gates.remove(at))
        };
        if let Some(gate) = gate
            && gate.reached.send(()).is_ok()
        {
            // Always an error: the gate opens by being dropped.
            let _ = gate.opened.await;
        }
    }
}
