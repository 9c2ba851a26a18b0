//! Requests that their clients name, so that they are carried out once: repeated after a lost answer and without need, two at once,
//! a day later, and another one under the same name.

use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;
use tokio::time::sleep;

use super::manager::text;
use super::writes::{New, REPEATS, Rotation, Terms};
use crate::gateway::{self, Answer, Ask};
use crate::history::NamedRequest;
use crate::world::World;

/// In milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// Makes a key, by a request with a name.
pub async fn create(world: &Rc<World>, account: usize, action: usize, by: usize, rng: &mut Rng) {
    let (one, other) = (What::Create(New::some(world, rng)), What::Create(New::some(world, rng)));
    Named { world, account, action, by, name: some_name(action, rng) }.ask(&one, &other, rng).await;
}

/// Gives a key another value, by a request with a name.
pub async fn rotate(world: &Rc<World>, account: usize, action: usize, by: usize, id: &str, rng: &mut Rng) {
    let terms = Terms::some(world, id, rng);
    let one = What::Rotate(id.to_owned(), Rotation::some(rng), terms.clone());
    let other = What::Rotate(id.to_owned(), Rotation::some(rng), terms);
    Named { world, account, action, by, name: some_name(action, rng) }.ask(&one, &other, rng).await;
}

/// Most clients choose a name of their own; some share one.
fn some_name(action: usize, rng: &mut Rng) -> String {
    if rng.u32(0..4) == 0 { format!("everybody-{}", rng.u32(0..2)) } else { format!("request-{action}") }
}

/// What a request asks for.
enum What {
    Create(New),
    /// Of that key, on those terms.
    Rotate(String, Rotation, Terms),
}

impl What {
    fn body(&self) -> Value {
        match self {
            Self::Create(new) => new.body.clone(),
            Self::Rotate(_, rotation, _) => rotation.body(),
        }
    }

    fn key(&self) -> Option<&str> {
        match self {
            Self::Create(_) => None,
            Self::Rotate(key, ..) => Some(key),
        }
    }
}

/// A client that names a request.
struct Named<'a> {
    world: &'a Rc<World>,
    account: usize,
    action: usize,
    by: usize,
    name: String,
}

impl Named<'_> {
    async fn ask(&self, one: &What, other: &What, rng: &mut Rng) {
        let answer = match rng.u32(0..5) {
            0 => {
                let (first, twin) = tokio::join!(self.send(1, one), self.send(11, one));
                if first.status == 201 { first } else { twin }
            }
            1 => {
                self.send(1, one).await;
                self.send(11, other).await
            }
            2 => {
                self.send(1, one).await;
                // A little less than a day, or a little more.
                sleep(Duration::from_millis(DAY - 4_000 + rng.u64(0..8_000))).await;
                self.send(11, one).await
            }
            // As a client ought to, and some once more.
            _ => {
                let (mut answer, mut part) = (self.send(1, one).await, 11);
                while part <= REPEATS * 10 && (answer.is_unknown() || rng.u32(0..3) == 0) {
                    answer = self.send(part, one).await;
                    part += 10;
                }
                answer
            }
        };
        self.ask_for_a_value(&answer).await;
    }

    /// A client that reads that it was done, and got no value, asks for one: only the lost value ends.
    async fn ask_for_a_value(&self, answer: &Answer) {
        if answer.body["code"] != "REQUEST_DONE" {
            return;
        }
        let (key, version) = (text(&answer.body["keyId"]), text(&answer.body["etag"]));
        let named = Named { name: format!("value-{}-{}", self.name, self.action), ..*self };
        let what = What::Rotate(key, Rotation::KEEP_PREVIOUS, Terms::on(vec![version.into()]));
        for repeat in 0..REPEATS {
            if !named.send(51 + repeat * 10, &what).await.is_unknown() {
                return;
            }
        }
    }

    async fn send(&self, part: u64, what: &What) -> Answer {
        let Self { world, account, action, by, name } = self;
        let path = what.key().map_or("/authentication".to_owned(), |key| format!("/authentication/{key}/rotate"));
        let mut ask = Ask::new("POST", path, *by).body(what.body());
        ask.headers.push(("Idempotency-Key", name.clone()));
        if let What::Rotate(_, _, terms) = what {
            ask.headers.extend(terms.headers());
        }
        let answer = gateway::send(world, *action, part, &ask).await;
        match what {
            What::Create(new) => new.note(world, *account, *action, &answer),
            What::Rotate(key, rotation, terms) => rotation.note(world, *account, *action, key, &answer, terms),
        }
        self.note(what, &answer);
        answer
    }

    fn note(&self, what: &What, answer: &Answer) {
        let Some(caller) = answer.context["keyId"].as_str() else { return };
        // What the gateway refused has not reached its function.
        if answer.body.is_null() && !answer.is_unknown() {
            return;
        }
        self.world.history.borrow_mut().named.push(NamedRequest {
            action: self.action,
            account: self.account,
            caller: caller.to_owned(),
            name: self.name.clone(),
            request: answer.request.clone(),
            asked: format!("{:?} {}", what.key(), what.body()),
            key: what.key().map(str::to_owned),
            began: answer.began,
            ended: answer.end(),
            now: answer.now,
            status: answer.status,
            body: answer.body.clone(),
        });
    }
}
