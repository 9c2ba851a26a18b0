//! Those who found a value somewhere and report it: people, GitHub's secret scanning, and some who sign in its name.

use std::rc::Rc;

use fastrand::Rng;
use serde_json::{Value, json};

use super::Actions;
use crate::gateway;
use crate::github::Signer;
use crate::history::{Exposure, KeyLook, Write};
use crate::model::{Effect, Look};
use crate::world::World;

pub const ACTIONS: Actions =
    &[("report", 10), ("find nothing", 12), ("report again", 3), ("scan", 8), ("forge a report", 3)];

pub async fn act(world: &Rc<World>, _account: usize, action: usize, what: &str, rng: &mut Rng) {
    if what == "find nothing" {
        return;
    }
    let mut values = vec![super::any_value(world, rng)];
    let signer = match what {
        "scan" => Some(Signer::Github),
        "forge a report" => Some([Signer::Forger, Signer::Stranger][rng.usize(0..2)]),
        _ => None,
    };
    if signer.is_some() && rng.bool() {
        values.push(super::any_value(world, rng));
        values.dedup();
    }
    let times = if what == "report again" { 3 } else { 1 };
    for time in 0..times {
        report(world, action, 1 + time, &values, signer).await;
    }
}

/// Reports values; the status of the answer.
pub async fn report(world: &Rc<World>, action: usize, part: u64, values: &[usize], signer: Option<Signer>) -> u16 {
    let token = |value: &usize| {
        let text = &world.history.borrow().values[*value].text;
        let token = if signer.is_some() { text.clone() } else { format!("KEY={text}") };
        json!({"token": token, "type": "sim_key", "url": "https://example.com/", "source": "commit"})
    };
    let body = Value::from(values.iter().map(token).collect::<Vec<_>>()).to_string();
    world.trace(action, || format!("values {values:?} are reported{}", signer.map_or("", |_| " with a signature")));
    let answer = gateway::report(world, action, part, body, signer).await;
    if [Some(Signer::Forger), Some(Signer::Stranger)].contains(&signer) {
        // Nothing is done: a value that it ended all the same has no reason to have ended.
        if answer.status < 300 && answer.status > 0 {
            world.history.borrow_mut().fail(format!("[{action}] a forged report is answered {}", answer.status));
        }
        return answer.status;
    }
    let is_done = answer.status == if signer.is_some() { 200 } else { 202 };
    for (at, value) in values.iter().copied().enumerate() {
        let label = answer.body[at]["label"].as_str().map(str::to_owned);
        note(world, action, &answer, value, is_done, label.as_deref());
    }
    answer.status
}

fn note(world: &World, action: usize, answer: &gateway::Answer, value: usize, is_done: bool, label: Option<&str>) {
    let (request, began) = (answer.request.clone(), answer.began);
    let ended = if is_done { answer.ended } else { u64::MAX };
    let mut history = world.history.borrow_mut();
    let key = history.values[value].key.clone();
    let is_reported_as_ours = label == Some("true_positive");
    history.exposures.push(Exposure { action, request: request.clone(), value, began, ended, is_reported_as_ours });
    if key.is_empty() {
        return;
    }
    if label == Some("false_positive") {
        let (key, what) = (key.clone(), Look::Without { value, now: answer.now });
        history.looks.push(KeyLook { action, key, began, ended, what });
    }
    let effect = Effect::Expose { value };
    history.writes.push(Write { action, request, key, began, ended, effect, on: None });
}
