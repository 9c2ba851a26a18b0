//! The way to the tables and back: what becomes of each call on a connection.

use std::rc::Rc;
use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use fastrand::Rng;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{By, Refused};
use crate::connection::{self, Connection, HEAD};
use crate::plan::Faults;
use crate::world::{Context, World};

/// Serves a connection until one side ends it.
pub async fn serve(world: Rc<World>, context: Rc<Context>, stream: DuplexStream) {
    connection::serve(stream, |request: Request<Incoming>, connection| {
        let (world, context) = (Rc::clone(&world), Rc::clone(&context));
        async move {
            let header = |name: &str| request.headers()[name].to_str().expect("text").to_owned();
            let (target, signed_at) = (header("x-amz-target"), header("x-amz-date"));
            let body = request.into_body().collect().await.ok()?.to_bytes();
            let (answered, answer) = oneshot::channel();
            // A request that has arrived is carried out even if its client no longer waits.
            spawn_local(async move {
                let answer = Call::new(&world, &context, &target, &body, connection).carry_out(&signed_at).await;
                let _ = answered.send(answer);
            });
            answer.await.ok().flatten()
        }
    })
    .await;
}

/// DynamoDB refuses a signature of another time: its clock is the right one.
const SIGNATURE_TIME: u64 = 5 * 60 * 1000;

/// A call on its way.
struct Call<'a> {
    world: &'a Rc<World>,
    action: usize,
    operation: String,
    body: Value,
    rng: Rng,
    faults: Faults,
    connection: Connection,
}

impl<'a> Call<'a> {
    fn new(world: &'a Rc<World>, context: &Context, target: &str, body: &[u8], connection: Connection) -> Self {
        let (action, nth) = context.next_call();
        world.check_secrecy("a call", body);
        Self {
            world,
            action,
            operation: target.rsplit('.').next().unwrap_or_default().to_owned(),
            body: serde_json::from_slice(body).expect("a call is JSON"),
            rng: world.plan.rng(action, nth),
            faults: world.faults_of(action),
            connection,
        }
    }

    /// `None` when the answer is lost.
    async fn carry_out(mut self, signed_at: &str) -> Option<Response<Full<Bytes>>> {
        let at_its_start = self.pause(1..4);
        sleep(at_its_start).await;
        if self.strikes(self.faults.lost) {
            self.trace("is lost");
            return None;
        }
        if unix_millis_of(signed_at).abs_diff(self.world.now()) > SIGNATURE_TIME {
            return Some(self.answer(Err(Refused::new("InvalidSignatureException"))));
        }
        if self.strikes(self.faults.throttled) {
            let codes = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];
            let code = codes[self.rng.usize(0..3)];
            return Some(self.answer(Err(Refused::new(code))));
        }
        if self.strikes(self.faults.failed) {
            let body = json!({"message": "Internal server error"});
            return Some(self.answer(Err(Refused { status: 500, code: "InternalServerError", body })));
        }
        let outcome = self.apply().await;
        let at_its_end = self.pause(0..3);
        sleep(at_its_end).await;
        if self.connection.is_kept() && self.strikes(self.faults.stalled) {
            self.trace("is carried out, and its answer stalls");
            sleep(Duration::from_millis(self.rng.u64(0..1_000))).await;
        }
        if self.strikes(self.faults.lost) {
            self.trace("is carried out, and its answer is lost");
            return None;
        }
        if self.strikes(self.faults.failed) {
            let body = json!({"message": "Internal server error"});
            return Some(self.answer(Err(Refused { status: 500, code: "InternalServerError", body })));
        }
        let answer = self.answer(outcome);
        if self.strikes(self.faults.torn) {
            self.trace("has an answer that is cut off");
            let length = answer.body().size_hint().lower();
            self.connection.tear_after(self.rng.u64(0..length + HEAD));
        }
        Some(answer)
    }

    async fn apply(&mut self) -> Result<Value, Refused> {
        if self.operation == "TransactWriteItems" {
            return self.transact().await;
        }
        if self.operation == "PutEvents" {
            return Ok(self.put_events());
        }
        let most = if self.strikes(self.faults.cut) { self.rng.usize(1..4) } else { usize::MAX };
        let stale = if self.faults.stale > 0 { self.rng.u64(0..=self.faults.stale) } else { 0 };
        let by = self.by();
        let time = by.time.saturating_sub(stale);
        let mut tables = self.world.tables.borrow_mut();
        match &*self.operation {
            "GetItem" => Ok(tables.get(&self.body, time)),
            "BatchGetItem" => Ok(tables.batch_get(&self.body, most)),
            "Query" => Ok(tables.query(&self.body, most, by.time, time)),
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
        self.trace("holds its items");
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
        Duration::from_millis(if slow { self.rng.u64(0..3_000) } else { self.rng.u64(usual) })
    }

    fn answer(&mut self, outcome: Result<Value, Refused>) -> Response<Full<Bytes>> {
        let (status, body) = match outcome {
            Ok(body) => (200, body),
            Err(Refused { status, code, mut body }) => {
                body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{code}"));
                (status, body)
            }
        };
        self.trace(&match body["CancellationReasons"].as_array() {
            Some(reasons) => format!("is cancelled: {:?}", reasons.iter().map(|it| &it["Code"]).collect::<Vec<_>>()),
            None => body["__type"].as_str().map_or("is done".to_owned(), |code| format!("is refused: {code}")),
        });
        let date = DateTime::from_millis(i64::try_from(self.world.now()).expect("a time"));
        let date = date.fmt(Format::HttpDate).expect("a date");
        let answer = Response::builder().status(status).header("date", date);
        answer.body(Full::new(Bytes::from(body.to_string()))).expect("an answer")
    }

    fn trace(&self, what: &str) {
        self.world.step();
        let Self { body: call, operation, action, .. } = self;
        let parts =
            call["TransactItems"].as_array().into_iter().flatten().filter_map(|item| item.as_object()?.iter().next());
        let mut places: Vec<_> = parts.map(|(kind, part)| format!("{kind} {}", place(part))).collect();
        if places.is_empty() {
            places.push(place(call));
        }
        self.world.trace(*action, || format!("{operation} {} {what}", places.join(", ")));
    }
}

/// `20261124T142156Z`.
fn unix_millis_of(text: &str) -> u64 {
    let [year, month, day, hour, minute, second] = [0..4, 4..6, 6..8, 9..11, 11..13, 13..15].map(|at| &text[at]);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    let time = DateTime::from_str(&text, Format::DateTime).expect("a time");
    u64::try_from(time.secs()).expect("since 1970") * 1000
}

fn place(call: &Value) -> String {
    let from = if call["Item"].is_object() { &call["Item"] } else { &call["Key"] };
    let name = |key: &str| super::text(&from[key]).to_owned();
    let update = call["UpdateExpression"].as_str().map(|text| format!(" [{text}]")).unwrap_or_default();
    format!("{} {}/{}{update}", call["TableName"].as_str().unwrap_or(""), name("accountId"), name("id"))
}
