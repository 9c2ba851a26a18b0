//! Traffic over hours, and what it leaves in `CloudWatch`: the authorizer's own lines, and AWS's metrics.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_keys::check::Reasons;
use api_keys::lambda::Metrics;
use serde_json::Value;

use crate::cloudwatch::{CloudWatch, Metric};
use crate::outcome::{Kind, Outcome, Outcomes};
use crate::stacks::main_stack;

/// When the world begins, in seconds: 2027-01-14T00:00:00Z.
const BEGIN: u64 = 1_799_884_800;
/// So much later `CloudWatch` counts a line of a log.
const LINE_TAKES: u64 = 60;
/// So much later AWS's own metrics are there.
const METRIC_TAKES: u64 = 120;
/// So long Lambda keeps an environment that gets no request.
const IDLE: u64 = 600;
/// How long the first check of an environment takes, in milliseconds.
const COLD: u32 = 250;

/// The world of one stack.
pub struct World {
    /// What `CloudWatch` has.
    pub watch: CloudWatch,
    metrics: Metrics,
    authorizer: Function,
    verify_key: Function,
    random: fastrand::Rng,
    /// Its requests, and those that were a 4xx and a 5xx.
    of_api: [Metric; 3],
    ages: Metric,
    failed_notices: Metric,
}

/// A function that checks keys.
struct Function {
    environments: Vec<Environment>,
    throttles: Metric,
    durations: Metric,
}

#[derive(Default)]
struct Environment {
    reasons: Reasons,
    last: Option<u64>,
}

impl World {
    /// The world of the main template's stack, with so many environments of each function that checks keys.
    pub fn with(environments: usize) -> Self {
        let stack = main_stack();
        // What the functions and AWS call things is what the main template makes of them.
        let name = |resource: &str| {
            assert_eq!(stack[resource]["Type"], "AWS::Lambda::Function");
            resource.to_owned()
        };
        let of_stack = &stack["AuthorizerFunction"]["Properties"]["Environment"]["Variables"]["STACK_NAME"];
        let api = stack["Api"]["Properties"]["Body"]["info"]["title"].as_str().unwrap();
        let stage = stack.values().find(|it| it["Type"] == "AWS::ApiGateway::Stage").unwrap();
        let stage = stage["Properties"]["StageName"].as_str().unwrap();
        let function = |resource: &str| {
            let of_function = [("FunctionName", &*name(resource))];
            Function {
                environments: (0..environments).map(|_| Environment::default()).collect(),
                throttles: Metric::new("AWS/Lambda", "Throttles", &of_function),
                durations: Metric::new("AWS/Lambda", "Duration", &of_function),
            }
        };
        Self {
            watch: CloudWatch::default(),
            metrics: Metrics::of(of_stack.as_str().unwrap().to_owned()),
            authorizer: function("AuthorizerFunction"),
            verify_key: function("VerifyKeyFunction"),
            random: fastrand::Rng::with_seed(7),
            of_api: ["Count", "4XXError", "5XXError"]
                .map(|name| Metric::new("AWS/ApiGateway", name, &[("ApiName", api), ("Stage", stage)])),
            ages: Metric::new("AWS/Lambda", "IteratorAge", &[("FunctionName", &name("PublishEventsFunction"))]),
            failed_notices: Metric::new("AWS/Lambda", "Errors", &[("FunctionName", &name("NotifyExpiryFunction"))]),
        }
    }

    /// Little traffic: a request to this API, one to an attached one and a question in seven minutes, each by one environment.
    pub fn sparse(&mut self, seconds: std::ops::Range<u64>, outcomes: &Outcomes) {
        let calls = [Kind::Call, Kind::MistypedCall, Kind::Call, Kind::NarrowCall];
        let managements = [Kind::Management, Kind::Management, Kind::MistypedManagement];
        for (turn, at) in seconds.step_by(420).enumerate() {
            self.request(at, 0, managements[turn % 3], outcomes);
            self.request(at + 3, 0, calls[turn % 4], outcomes);
            self.request(at + 6, 0, Kind::Question, outcomes);
        }
    }

    /// Much traffic: three requests a second and a question in ten, by all environments; so many of a hundred calls have a mistyped
    /// key.
    pub fn busy(&mut self, seconds: std::ops::Range<u64>, mistyped: u32, outcomes: &Outcomes) {
        for at in seconds.clone() {
            for _ in 0..3 {
                let kind = match self.random.u32(0..100) {
                    0..10 => Kind::Management,
                    10..11 => Kind::MistypedManagement,
                    11..13 => Kind::NarrowCall,
                    13..16 => Kind::LimitedCall,
                    _ if self.random.u32(0..100) < mistyped => Kind::MistypedCall,
                    _ => Kind::Call,
                };
                let environment = self.random.usize(0..self.authorizer.environments.len());
                self.request(at, environment, kind, outcomes);
            }
            if at % 10 == 0 {
                let environment = self.random.usize(0..self.verify_key.environments.len());
                self.request(at, environment, Kind::Question, outcomes);
            }
        }
    }

    /// Lambda ends the environments, and starts others for the requests to come.
    pub fn deploy(&mut self, at: u64) {
        for kind in [Kind::Call, Kind::Question] {
            for environment in 0..self.function(kind).environments.len() {
                self.end(kind, environment, at);
            }
        }
    }

    /// One request of that kind.
    pub fn request(&mut self, at: u64, environment: usize, kind: Kind, outcomes: &Outcomes) {
        let Outcome { status, reason, duration } = outcomes[&kind];
        if let Some(ended) = self.function(kind).environments[environment].last.map(|last| last + IDLE)
            && ended < at
        {
            self.end(kind, environment, ended);
        }
        if let Some(duration) = duration {
            let is_cold = self.function(kind).environments[environment].last.replace(at).is_none();
            let duration = if is_cold { duration.max(COLD) } else { duration + self.network() };
            let durations = self.function(kind).durations.clone();
            self.watch.put(&durations, at, at + METRIC_TAKES, duration.into());
        } else {
            let throttles = self.function(kind).throttles.clone();
            self.watch.put(&throttles, at, at + METRIC_TAKES, 1.0);
        }
        if let Some(reason) = reason {
            let reasons = &self.function(kind).environments[environment].reasons;
            reasons.note(reason, time(at).into());
            // As `AfterAnswer` does.
            if let Some(minute) = reasons.take_over() {
                let line = Value::Object(self.metrics.verdicts(&minute));
                self.take_line(&line, at);
            }
        }
        if kind.is_ours() {
            let is = |class: u16| if status / 100 == class { 1.0 } else { 0.0 };
            for (metric, value) in self.of_api.iter().zip([1.0, is(4), is(5)]) {
                self.watch.put(metric, at, at + METRIC_TAKES, value);
            }
        }
    }

    /// A function has written a line at that time.
    pub fn take_line(&mut self, line: &Value, at: u64) {
        self.watch.take_line(line, BEGIN * 1000, at + LINE_TAKES);
    }

    /// The stream's poller hands events on, of which the oldest is so many seconds old.
    pub fn poll(&mut self, at: u64, age: u64) {
        #[expect(clippy::cast_precision_loss, reason = "it is small")]
        self.watch.put(&self.ages, at, at + METRIC_TAKES, (age * 1000) as f64);
    }

    /// The schedule invokes `notify-expiry`, and Lambda repeats it after one minute and two more: whether each attempt fails.
    ///
    /// Source: AWS, "How Lambda handles errors and retries with asynchronous invocation".
    pub fn notify(&mut self, at: u64, failed: &[bool]) {
        for (failed, after) in failed.iter().zip([0, 60, 180]) {
            self.watch.put(&self.failed_notices, at + after, at + after + METRIC_TAKES, f64::from(u8::from(*failed)));
        }
    }

    /// What the network adds to a check in milliseconds: little, and now and then more.
    fn network(&mut self) -> u32 {
        if self.random.u32(0..50) == 0 { self.random.u32(20..90) } else { self.random.u32(0..4) }
    }

    /// The function that checks the keys of that kind of request.
    fn function(&mut self, kind: Kind) -> &mut Function {
        if kind == Kind::Question { &mut self.verify_key } else { &mut self.authorizer }
    }

    fn end(&mut self, kind: Kind, environment: usize, at: u64) {
        let ended = std::mem::take(&mut self.function(kind).environments[environment]);
        // As `AfterAnswer` does at the end.
        for minute in ended.reasons.take_rest() {
            let line = Value::Object(self.metrics.verdicts(&minute));
            self.take_line(&line, at);
        }
    }
}

/// That second as a clock has it.
pub fn time(at: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(BEGIN + at)
}
