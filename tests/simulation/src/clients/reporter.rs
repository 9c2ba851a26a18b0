//! Those who found a value somewhere and report it.

use std::rc::Rc;

use fastrand::Rng;
use serde_json::json;

use super::Actions;
use crate::gateway;
use crate::history::{Exposure, Write};
use crate::model::Effect;
use crate::world::World;

pub const ACTIONS: Actions = &[("report", 10), ("find nothing", 12), ("report again", 3)];

pub async fn act(world: &Rc<World>, _account: usize, action: usize, what: &str, rng: &mut Rng) {
    if what == "find nothing" {
        return;
    }
    let value = super::any_value(world, rng);
    let times = if what == "report again" { 3 } else { 1 };
    for time in 0..times {
        report(world, action, 1 + time, value).await;
    }
}

async fn report(world: &Rc<World>, action: usize, part: u64, value: usize) {
    let (text, key) = {
        let history = world.history.borrow();
        (history.values[value].text.clone(), history.values[value].key.clone())
    };
    world.tell(action, || format!("value {value} is reported"));
    let answer = gateway::report(world, action, part, &json!([{ "token": format!("KEY={text}") }])).await;
    let ended = if answer.status == 202 { answer.ended } else { u64::MAX };
    let (request, began) = (answer.request, answer.began);
    let mut history = world.history.borrow_mut();
    history.exposures.push(Exposure { action, request: request.clone(), value, began, ended });
    if !key.is_empty() {
        let effect = Effect::Expose { value };
        history.writes.push(Write { action, request, key, began, ended, effect, on: None });
    }
}
