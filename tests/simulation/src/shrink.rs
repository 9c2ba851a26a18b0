//! A failing run with fewer actions and fewer faults that still fails.
//!
//! Each action draws from its own number, so leaving some out changes the others little. After Zeller's delta debugging: halves
//! are left out first, then quarters, then single actions.

use std::time::{Duration, Instant};

use crate::plan::Plan;
use crate::run::{Run, run};

/// No longer than that.
const TIME: Duration = Duration::from_mins(2);

/// The smallest plan that is found in time, and its run with the story.
pub fn shrink(mut plan: Plan) -> (Plan, Run) {
    let end = Instant::now() + TIME;
    let fails = |plan: &Plan| Instant::now() < end && !run(plan, false).wrong.is_empty();
    let without_end = Plan { ends: false, ..plan.clone() };
    if fails(&without_end) {
        plan = without_end;
    }
    loop {
        let before = (plan.actions.len(), plan.actions.iter().filter(|it| it.spared).count());
        let mut size = plan.actions.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < plan.actions.len() {
                let mut fewer = plan.clone();
                fewer.actions.drain(at..plan.actions.len().min(at + size));
                if fails(&fewer) {
                    plan = fewer;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        for kind in 0..plan.faults.without_each().len() {
            let faults = plan.faults.without_each()[kind];
            let without = Plan { faults, ..plan.clone() };
            if fails(&without) {
                plan = without;
            }
        }
        for at in 0..plan.actions.len() {
            let mut spared = plan.clone();
            spared.actions[at].spared = true;
            if !plan.actions[at].spared && fails(&spared) {
                plan = spared;
            }
        }
        if Instant::now() >= end || before == (plan.actions.len(), plan.actions.iter().filter(|it| it.spared).count()) {
            let outcome = run(&plan, true);
            return (plan, outcome);
        }
    }
}
