//! The way to the tables and back: a connection in memory, and what becomes of each call on it.

use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{By, Refused};
use crate::plan::Faults;
use crate::world::{CALLS, Context, World};

/// Serves a connection until one side ends it.
pub async fn serve(world: Rc<World>, context: Rc<Context>, stream: DuplexStream) {
    let service = service_fn(|request: Request<Incoming>| {
        let (world, context) = (Rc::clone(&world), Rc::clone(&context));
        async move {
            let target = request.headers()["x-amz-target"].to_str().expect("a target").to_owned();
            let body = request.into_body().collect().await.map_err(|_| Cut)?.to_bytes();
            let (answered, answer) = oneshot::channel();
            // What has arrived is carried out even if nobody waits for it any more.
            spawn_local(async move {
                let answer = Call::new(&world, &context, &target, &body).carry_out().await;
                let _ = answered.send(answer);
            });
            answer.await.ok().flatten().ok_or(Cut)
        }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The connection ends.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

/// A call on its way.
struct Call<'a> {
    world: &'a Rc<World>,
    action: usize,
    part: u64,
    operation: String,
    body: Value,
    rng: Rng,
    faults: Faults,
}

impl<'a> Call<'a> {
    fn new(world: &'a Rc<World>, context: &Context, target: &str, body: &[u8]) -> Self {
        let (action, nth) = context.next_call();
        world.check_secrecy("a call", body);
        Self {
            world,
            action,
            part: nth / CALLS,
            operation: target.rsplit('.').next().unwrap_or_default().to_owned(),
            body: serde_json::from_slice(body).expect("a call is JSON"),
            rng: world.plan.rng(action, nth),
            faults: world.faults_of(action),
        }
    }

    /// `None` when the answer is lost.
    async fn carry_out(mut self) -> Option<Response<Full<Bytes>>> {
        let at_its_start = self.pause(1..4);
        sleep(at_its_start).await;
        if self.strikes(self.faults.lost) {
            self.tell("is lost");
            self.is_unclear();
            return None;
        }
        if self.strikes(self.faults.throttled) {
            let codes = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];
            let code = codes[self.rng.usize(0..3)];
            return Some(self.answer(Err(Refused::new(code))));
        }
        if self.strikes(self.faults.failed) {
            self.is_unclear();
            let body = json!({"message": "Internal server error"});
            return Some(self.answer(Err(Refused { status: 500, code: "InternalServerError", body })));
        }
        let outcome = self.apply().await;
        let at_its_end = self.pause(0..3);
        sleep(at_its_end).await;
        if self.strikes(self.faults.lost) {
            self.tell("is carried out, and its answer is lost");
            self.is_unclear();
            return None;
        }
        if self.strikes(self.faults.failed) {
            self.is_unclear();
            let body = json!({"message": "Internal server error"});
            return Some(self.answer(Err(Refused { status: 500, code: "InternalServerError", body })));
        }
        Some(self.answer(outcome))
    }

    async fn apply(&mut self) -> Result<Value, Refused> {
        if self.operation == "TransactWriteItems" {
            return self.transact().await;
        }
        if self.operation == "PutEvents" {
            return Ok(self.put_events());
        }
        let most = if self.strikes(self.faults.cut) { self.rng.usize(1..4) } else { usize::MAX };
        let by = self.by();
        let mut tables = self.world.tables.borrow_mut();
        match &*self.operation {
            "GetItem" => Ok(tables.get(&self.body)),
            "BatchGetItem" => Ok(tables.batch_get(&self.body, most)),
            "Query" => Ok(tables.query(&self.body, most, by.time)),
            operation => tables.write(operation, &self.body, &by),
        }
    }

    /// What EventBridge takes, and what of it.
    fn put_events(&mut self) -> Value {
        let entries = self.body["Entries"].as_array().expect("entries").clone();
        assert!((1..=10).contains(&entries.len()), "EventBridge takes 1 to 10 entries");
        let mut results = Vec::new();
        for entry in entries {
            if self.strikes(self.faults.throttled) {
                results.push(json!({"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}));
                continue;
            }
            let detail = serde_json::from_str(entry["Detail"].as_str().expect("a detail")).expect("JSON");
            self.world.bus.borrow_mut().push(detail);
            results.push(json!({"EventId": self.world.next().to_string()}));
        }
        let failed = results.iter().filter(|it| it["ErrorCode"].is_string()).count();
        json!({"FailedEntryCount": failed, "Entries": results})
    }

    async fn transact(&mut self) -> Result<Value, Refused> {
        let items = self.body["TransactItems"].as_array().expect("items").len();
        let throttled = self.strikes(self.faults.throttled).then(|| {
            (self.rng.usize(0..items), ["ThrottlingError", "ProvisionedThroughputExceeded"][self.rng.usize(0..2)])
        });
        let by = self.by();
        let prepared = self.world.tables.borrow_mut().prepare(&self.body, throttled, &by)?;
        let Some(number) = prepared else { return Ok(json!({})) };
        self.tell("holds its items");
        let mut moments: Vec<_> = (0..items).map(|part| (self.spread(), part)).collect();
        moments.sort_unstable();
        let mut passed = 0;
        for (moment, part) in moments {
            sleep(Duration::from_millis(moment - passed)).await;
            passed = moment;
            let by = self.by();
            self.world.tables.borrow_mut().show_part(number, part, &by);
        }
        let by = self.by();
        self.world.tables.borrow_mut().complete(&self.body, &by);
        Ok(json!({}))
    }

    fn by(&mut self) -> By {
        let lag = if self.faults.lag > 0 { self.rng.u64(0..=self.faults.lag) } else { 0 };
        By { action: self.action, at: self.world.next(), time: self.world.elapsed(), lag }
    }

    fn spread(&mut self) -> u64 {
        if self.faults.spread > 0 && self.rng.u32(0..3) == 0 { self.rng.u64(0..=self.faults.spread) } else { 0 }
    }

    fn strikes(&mut self, in_a_thousand: u32) -> bool {
        in_a_thousand > 0 && self.rng.u32(0..1000) < in_a_thousand
    }

    fn pause(&mut self, usual: std::ops::Range<u64>) -> Duration {
        let slow = self.strikes(self.faults.slow);
        if slow {
            self.is_unclear();
        }
        Duration::from_millis(if slow { self.rng.u64(0..3_000) } else { self.rng.u64(usual) })
    }

    /// Whoever sent it may not learn what became of it.
    fn is_unclear(&self) {
        self.world.history.borrow_mut().unclear.insert((self.action, self.part));
    }

    fn answer(&mut self, outcome: Result<Value, Refused>) -> Response<Full<Bytes>> {
        let (status, body) = match outcome {
            Ok(body) => (200, body),
            Err(Refused { status, code, mut body }) => {
                body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{code}"));
                (status, body)
            }
        };
        self.tell(&match body["CancellationReasons"].as_array() {
            Some(reasons) => format!("is cancelled: {:?}", reasons.iter().map(|it| &it["Code"]).collect::<Vec<_>>()),
            None => body["__type"].as_str().map_or("is done".to_owned(), |code| format!("is refused: {code}")),
        });
        Response::builder().status(status).body(Full::new(Bytes::from(body.to_string()))).expect("an answer")
    }

    fn tell(&self, what: &str) {
        self.world.step();
        let Self { body: call, operation, action, .. } = self;
        let parts =
            call["TransactItems"].as_array().into_iter().flatten().filter_map(|item| item.as_object()?.iter().next());
        let mut places: Vec<_> = parts.map(|(kind, part)| format!("{kind} {}", place(part))).collect();
        if places.is_empty() {
            places.push(place(call));
        }
        self.world.tell(*action, || format!("{operation} {} {what}", places.join(", ")));
    }
}

fn place(call: &Value) -> String {
    let from = if call["Item"].is_object() { &call["Item"] } else { &call["Key"] };
    let name = |key: &str| super::text(&from[key]).to_owned();
    let update = call["UpdateExpression"].as_str().map(|text| format!(" [{text}]")).unwrap_or_default();
    format!("{} {}/{}{update}", call["TableName"].as_str().unwrap_or(""), name("accountId"), name("id"))
}
