//! Events that no client asks for: environments end, clocks jump, time passes, items that have lived their time go.

use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::sleep;

use super::Actions;
use crate::world::World;

pub const ACTIONS: Actions = &[
    ("environments end after a signal", 6),
    ("environments end at once", 2),
    ("clocks jump", 4),
    ("some minutes pass", 3),
    ("a month passes", 1),
    ("what has lived its time goes", 3),
];

pub async fn act(world: &Rc<World>, action: usize, what: &str, rng: &mut Rng) {
    match what {
        "environments end after a signal" => world.end_authorizers(action, true, rng.usize(1..4)).await,
        "environments end at once" if world.faults_of(action).killed > 0 => {
            world.end_authorizers(action, false, rng.usize(1..4)).await;
        }
        "clocks jump" => world.move_clocks(action),
        "some minutes pass" => sleep(Duration::from_secs(rng.u64(60..900))).await,
        "a month passes" => sleep(Duration::from_hours(rng.u64(24 * 29..24 * 33))).await,
        "what has lived its time goes" => world.expire(action, rng),
        _ => {}
    }
}
