//! The schedule of the function that writes notices. Lambda may make an invocation twice, and repeats one that failed.

use std::rc::Rc;

use fastrand::Rng;
use serde_json::json;

use super::Actions;
use crate::gateway;
use crate::world::World;

pub const ACTIONS: Actions = &[("notices", 3), ("notices, twice at once", 1)];

pub async fn act(world: &Rc<World>, action: usize, what: &str, rng: &mut Rng) {
    // Some fail, and perhaps no invocation follows before the next schedule.
    let most = rng.u64(1..=3);
    if what == "notices" {
        write_notices(world, action, 0, most).await;
    } else {
        tokio::join!(write_notices(world, action, 0, most), write_notices(world, action, 100, most));
    }
}

/// Invokes it until it has looked through everything, so often at most; whether it has.
pub async fn write_notices(world: &Rc<World>, action: usize, part: u64, most: u64) -> bool {
    for nth in 1..=most {
        let invoked = gateway::invoke(world, action, part + nth, "notify-expiry", &json!({})).await;
        if matches!(&invoked.answer, Some(Ok(answer)) if answer["done"] == true) {
            return true;
        }
    }
    false
}
