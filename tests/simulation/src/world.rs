//! The world: one thread, virtual time, environments that come and go, and the order of everything that happens.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{poll_fn, ready};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, atomic::AtomicI64};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use api_keys::aws::{Aws, Transport};
use api_keys::key::Timestamp;
use aws_smithy_async::time::TimeSource;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, sleep_until};

use crate::adapter::{self, Authorizer, Functions};
use crate::github::{self, GITHUB};
use crate::history::History;
use crate::plan::{Faults, MOST_JUMP, Plan, SETUP};
use crate::stream;
use crate::tables::{Tables, server};
use crate::trace::Trace;

/// Room for a call that is on its way.
const BUFFER: usize = 64 * 1024;

/// So many calls an invocation has at most.
const CALLS: u64 = 10_000;

/// Runs in this process: the SDK keeps its count of failures by region for as long as the process lives.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// A connection that an environment has opened: its number, the host, and the other end.
type Opened = (usize, String, DuplexStream);

pub struct World {
    pub plan: Plan,
    pub tables: RefCell<Tables>,
    pub history: RefCell<History>,
    trace: RefCell<Trace>,
    /// Which actions faults may strike.
    struck: Vec<bool>,
    start: Instant,
    at: Cell<u64>,
    steps: Cell<u64>,
    run: u64,
    connections: UnboundedSender<Opened>,
    contexts: RefCell<Vec<Rc<Context>>>,
    authorizers: RefCell<Vec<Rc<Environment<Authorizer>>>>,
    verifiers: RefCell<Vec<Rc<Environment<Authorizer>>>>,
    functions: RefCell<Vec<Rc<Environment<Functions>>>>,
    busy: Cell<usize>,
    calm: Cell<bool>,
    over: Cell<bool>,
    /// The details of all events that the bus has taken.
    pub bus: RefCell<Vec<serde_json::Value>>,
}

/// In whose course an environment sends calls.
pub struct Context {
    pub number: usize,
    action: Cell<usize>,
    calls: Cell<u64>,
    /// By how many milliseconds its clock is ahead; read by the SDK too.
    skew: Arc<AtomicI64>,
}

impl Context {
    /// The action, and which of its calls this is.
    pub fn next_call(&self) -> (usize, u64) {
        self.calls.set(self.calls.get() + 1);
        (self.action.get(), self.calls.get())
    }
}

/// An environment of a function, which serves one invocation at a time.
pub struct Environment<F> {
    context: Rc<Context>,
    function: F,
}

/// What an invocation came to, for whom it was made.
pub struct Answered<T> {
    /// `None` where the environment ended, or the client waited no longer: what was done is unknown.
    pub answer: Option<T>,
    /// The environment's clock at its start, in Unix milliseconds.
    pub now: u64,
    /// The number of the environment.
    pub environment: usize,
}

struct VirtualClock {
    start: Instant,
    base: u64,
    skew: Arc<AtomicI64>,
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VirtualClock")
    }
}

impl TimeSource for VirtualClock {
    fn now(&self) -> SystemTime {
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).expect("not so long");
        let skewed = (self.base + elapsed).saturating_add_signed(self.skew.load(Ordering::Relaxed));
        SystemTime::UNIX_EPOCH + Duration::from_millis(skewed)
    }
}

impl World {
    pub fn of(plan: Plan, keeps_story: bool) -> Rc<Self> {
        let (connections, accepted) = unbounded_channel();
        let last = plan.actions.iter().map(|action| action.number).max().unwrap_or(0).max(SETUP);
        let mut struck = vec![false; last + 1];
        struck[stream::ACTION] = true;
        for action in &plan.actions {
            struck[action.number] = !action.spared;
        }
        let world = Rc::new(Self {
            tables: RefCell::default(),
            history: RefCell::default(),
            trace: RefCell::new(Trace::new(keeps_story)),
            struck,
            start: Instant::now(),
            at: Cell::new(0),
            steps: Cell::new(0),
            run: RUNS.fetch_add(1, Ordering::Relaxed),
            connections,
            contexts: RefCell::default(),
            authorizers: RefCell::default(),
            verifiers: RefCell::default(),
            functions: RefCell::default(),
            busy: Cell::new(0),
            calm: Cell::new(false),
            over: Cell::new(false),
            bus: RefCell::default(),
            plan,
        });
        spawn_local(accept(Rc::clone(&world), accepted));
        world
    }

    /// The next number in the order of everything.
    pub fn next(&self) -> u64 {
        self.at.set(self.at.get() + 1);
        self.at.get()
    }

    /// A call that reached a table, or an event that a handler got.
    pub fn step(&self) {
        self.steps.set(self.steps.get() + 1);
    }

    pub fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// The virtual milliseconds since the start.
    pub fn elapsed(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).expect("not so long")
    }

    /// The right time, in Unix milliseconds.
    pub fn now(&self) -> u64 {
        self.plan.settings.start + self.elapsed()
    }

    /// How long values of keys may live, in milliseconds.
    pub fn lifetime(&self) -> Option<u64> {
        self.plan.settings.lifetime.map(|lifetime| u64::from(lifetime.days()) * 86_400_000)
    }

    pub fn trace(&self, action: usize, what: impl FnOnce() -> String) {
        let time = self.elapsed();
        self.trace.borrow_mut().add(format!("{time:>7} ms  [{action}] {}", what()));
    }

    pub fn hash(&self) -> u64 {
        self.trace.borrow().hash()
    }

    pub fn story(&self) -> Vec<String> {
        self.trace.replace(Trace::new(false)).into_lines()
    }

    /// From now on nothing goes wrong.
    pub fn calm_down(&self) {
        self.calm.set(true);
    }

    /// Every client stops.
    pub fn end(&self) {
        self.over.set(true);
    }

    pub fn is_over(&self) -> bool {
        self.over.get()
    }

    pub fn faults_of(&self, action: usize) -> Faults {
        let struck = !self.calm.get() && self.struck.get(action).copied().unwrap_or(false);
        if struck { self.plan.faults } else { Faults { skew: self.plan.faults.skew, ..Faults::NONE } }
    }

    /// Fails the run if there is a value in what was sent, answered or logged.
    pub fn check_secrecy(&self, what: &str, text: &[u8]) {
        if let Some(found) = History::value_in(text) {
            self.history.borrow_mut().fail(format!("{what} has the value {found} in it"));
        }
    }

    /// Waits until no environment works any more.
    pub async fn settle(&self) {
        while self.busy.get() > 0 {
            sleep(Duration::from_millis(100)).await;
        }
        // What is on its way to the tables arrives.
        sleep(Duration::from_secs(10)).await;
    }

    /// An invocation of the authorizer, and what follows its answer.
    pub async fn authorize<T: 'static>(
        self: &Rc<Self>,
        action: usize,
        part: u64,
        work: impl AsyncFnOnce(&Authorizer, SystemTime) -> T + 'static,
    ) -> Answered<T> {
        self.decide(action, part, |world| &world.authorizers, work).await
    }

    /// An invocation of `verify-key`, and what follows its answer.
    pub async fn verify<T: 'static>(
        self: &Rc<Self>,
        action: usize,
        part: u64,
        work: impl AsyncFnOnce(&Authorizer, SystemTime) -> T + 'static,
    ) -> Answered<T> {
        self.decide(action, part, |world| &world.verifiers, work).await
    }

    async fn decide<T: 'static>(
        self: &Rc<Self>,
        action: usize,
        part: u64,
        pool: impl Fn(&World) -> &RefCell<Vec<Rc<Environment<Authorizer>>>> + 'static,
        work: impl AsyncFnOnce(&Authorizer, SystemTime) -> T + 'static,
    ) -> Answered<T> {
        let start = async |aws: Aws, _| Authorizer::start(&aws).await;
        let environment = self.environment(action, part, pool(self), start).await;
        self.invoke(action, part, environment, work, pool, async |it| it.after_answer().await).await
    }

    /// An invocation of any other function.
    pub async fn function<T: 'static>(
        self: &Rc<Self>,
        action: usize,
        part: u64,
        work: impl AsyncFnOnce(&Functions, SystemTime) -> T + 'static,
    ) -> Answered<T> {
        let (max_keys, lifetime) = (self.plan.settings.max_keys, self.plan.settings.lifetime);
        let start = async move |aws: Aws, transport| Functions::start(&aws, transport, max_keys, lifetime).await;
        let environment = self.environment(action, part, &self.functions, start).await;
        self.invoke(action, part, environment, work, |world| &world.functions, async |_| ()).await
    }

    /// Ends every idle environment that checks keys, or one in `share`: after Lambda's signal, or at once.
    pub async fn end_authorizers(self: &Rc<Self>, action: usize, is_signalled: bool, share: usize) {
        let some = |all: &RefCell<Vec<_>>| {
            let mut all = all.borrow_mut();
            let left = all.len() - all.len().div_ceil(share);
            all.split_off(left)
        };
        let idle = [some(&self.authorizers), some(&self.verifiers)].concat();
        for environment in idle {
            let number = environment.context.number;
            self.trace(action, || format!("environment {number} ends{}", if is_signalled { "" } else { " at once" }));
            if is_signalled {
                environment.context.action.set(action);
                environment.context.calls.set(0);
                let now = self.clock_of(&environment.context).now();
                seeded(self.plan.rng(action, 77 + number as u64).u64(..), environment.function.finish(now)).await;
                self.take_log();
            }
        }
    }

    /// Removes some of what has lived its time.
    pub fn expire(&self, action: usize, rng: &mut fastrand::Rng) {
        let now = i128::from(self.now() / 1000);
        let ended = self.tables.borrow().ended_before(now);
        for place in ended.into_iter().filter(|_| rng.bool()) {
            self.trace(action, || format!("{} {}/{} has lived its time", place.table, place.partition, place.id));
            let by = crate::tables::By { action, at: self.next(), time: self.elapsed(), lag: 0 };
            self.tables.borrow_mut().expire(place, &by);
        }
    }

    /// Sets the clocks of all environments anew.
    pub fn move_clocks(&self, action: usize) {
        if self.plan.faults.skew > MOST_JUMP {
            return;
        }
        for context in self.contexts.borrow().iter() {
            self.set_clock(context, action);
        }
    }

    fn set_clock(&self, context: &Context, action: usize) {
        let most = i64::try_from(self.plan.faults.skew).expect("small");
        let skew = self.plan.rng(action, 99 + context.number as u64).i64(-most..=most);
        context.skew.store(skew, Ordering::Relaxed);
    }

    fn clock_of(&self, context: &Context) -> VirtualClock {
        VirtualClock { start: self.start, base: self.plan.settings.start, skew: Arc::clone(&context.skew) }
    }

    /// An idle environment, or a new one.
    async fn environment<F>(
        self: &Rc<Self>,
        action: usize,
        part: u64,
        pool: &RefCell<Vec<Rc<Environment<F>>>>,
        start: impl AsyncFnOnce(Aws, Transport) -> F,
    ) -> Rc<Environment<F>> {
        let mut rng = self.plan.rng(action, 1_000 + part);
        let idle = pool.borrow().len();
        if idle > 0 && (idle > 3 || rng.u32(0..8) > 0) {
            return pool.borrow_mut().swap_remove(rng.usize(0..idle));
        }
        let number = self.contexts.borrow().len();
        let context =
            Rc::new(Context { number, action: Cell::new(action), calls: Cell::new(900_000), skew: Arc::default() });
        self.set_clock(&context, action);
        self.contexts.borrow_mut().push(Rc::clone(&context));
        let connections = self.connections.clone();
        let transport = Transport::in_memory(move |to| {
            let (ours, theirs) = duplex(BUFFER);
            let host = to.host().unwrap_or_default().to_owned();
            let opened = connections.send((number, host, theirs));
            ready(opened.map(|()| ours).map_err(|_| std::io::ErrorKind::ConnectionRefused.into()))
        });
        let aws = adapter::aws(transport.clone(), format!("sim-{}-{number}", self.run), self.clock_of(&context));
        self.trace(action, || format!("environment {number} starts"));
        let function = seeded(rng.u64(..), start(aws, transport)).await;
        Rc::new(Environment { context, function })
    }

    async fn invoke<F: 'static, T: 'static>(
        self: &Rc<Self>,
        action: usize,
        part: u64,
        environment: Rc<Environment<F>>,
        work: impl AsyncFnOnce(&F, SystemTime) -> T + 'static,
        pool: impl Fn(&World) -> &RefCell<Vec<Rc<Environment<F>>>> + 'static,
        after: impl AsyncFnOnce(&F) + 'static,
    ) -> Answered<T> {
        /// The gateway and Lambda's callers wait no longer.
        const PATIENCE: Duration = Duration::from_mins(1);
        let mut rng = self.plan.rng(action, 2_000 + part);
        let faults = self.faults_of(action);
        let strikes = |rng: &mut fastrand::Rng, often: u32| often > 0 && rng.u32(0..1000) < often;
        let end = strikes(&mut rng, faults.killed).then(|| Duration::from_millis(rng.u64(0..60)));
        let still = strikes(&mut rng, faults.frozen)
            .then(|| (Duration::from_millis(rng.u64(0..40)), Duration::from_millis(rng.u64(500..200_000))));
        let (answered, answer) = oneshot::channel();
        let now = self.clock_of(&environment.context).now();
        let world = Rc::clone(self);
        self.busy.set(self.busy.get() + 1);
        self.step();
        let context = Rc::clone(&environment.context);
        let number = context.number;
        context.action.set(action);
        context.calls.set(part * CALLS);
        spawn_local(async move {
            let course = async {
                let answer = work(&environment.function, now).await;
                let _ = answered.send(answer);
                after(&environment.function).await;
            };
            let course = standing_still(still, seeded(rng.u64(..), course));
            let ended = tokio::select! {
                biased;
                () = sleep_or_never(end) => true,
                () = course => false,
            };
            world.take_log();
            if ended {
                world.trace(action, || format!("environment {number} ends in the midst of it"));
            } else {
                pool(&world).borrow_mut().push(environment);
            }
            world.busy.set(world.busy.get() - 1);
        });
        let answer = tokio::time::timeout(PATIENCE, answer).await.ok().and_then(Result::ok);
        Answered { answer, now: Timestamp::from(now).unix_millis(), environment: number }
    }

    /// Looks through the lines that were logged.
    fn take_log(&self) {
        for mut line in api_keys::lambda::log::kept::take() {
            let line = line.as_object_mut().expect("a line is an object");
            // The only use of the system's clock.
            line.remove("timestamp");
            let text = serde_json::to_string(&sorted(line)).expect("JSON");
            self.check_secrecy("the log", text.as_bytes());
            self.trace(0, || format!("log: {text}"));
        }
    }
}

fn sorted(
    line: &serde_json::Map<String, serde_json::Value>,
) -> std::collections::BTreeMap<&String, &serde_json::Value> {
    line.iter().collect()
}

async fn accept(world: Rc<World>, mut accepted: UnboundedReceiver<Opened>) {
    while let Some((number, host, stream)) = accepted.recv().await {
        let context = Rc::clone(&world.contexts.borrow()[number]);
        if host == GITHUB {
            spawn_local(github::serve(Rc::clone(&world), context, stream));
        } else {
            spawn_local(server::serve(Rc::clone(&world), context, stream));
        }
    }
}

async fn sleep_or_never(time: Option<Duration>) {
    match time {
        Some(time) => sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Does work whose random numbers come from a seed, even if other work draws some between.
pub async fn seeded<T>(seed: u64, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut rng = fastrand::Rng::with_seed(seed);
    poll_fn(|context| {
        fastrand::seed(rng.u64(..));
        work.as_mut().poll(context)
    })
    .await
}

/// Does work that stands still for some time.
async fn standing_still<T>(still: Option<(Duration, Duration)>, work: impl Future<Output = T>) -> T {
    let Some((before, time)) = still else { return work.await };
    let mut work = pin!(work);
    let start = Instant::now() + before;
    let (mut from, mut until) = (pin!(sleep_until(start)), pin!(sleep_until(start + time)));
    poll_fn(|context| {
        if from.as_mut().poll(context).is_ready() && until.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        work.as_mut().poll(context)
    })
    .await
}

impl World {
    /// Whether faults may strike an action now.
    pub fn can_strike(&self, action: usize) -> bool {
        !self.calm.get() && self.struck.get(action).copied().unwrap_or(false)
    }
}
