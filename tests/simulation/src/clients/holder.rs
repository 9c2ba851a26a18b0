//! Those who have a key and use it.

use std::rc::Rc;

use fastrand::Rng;

use super::manager::get;
use super::{Actions, some_value};
use crate::gateway::{self, Ask};
use crate::verifying;
use crate::world::World;

pub const ACTIONS: Actions =
    &[("use", 14), ("verify", 8), ("burst", 12), ("look up itself", 4), ("usage of itself", 2), ("try to list", 2)];

pub async fn act(world: &Rc<World>, account: usize, action: usize, what: &str, rng: &mut Rng) {
    let value = some_value(world, account, rng);
    let route = ["/sms", "/rcs/today", "/whatsapp", "/voice", "/authentication-read"][rng.usize(0..5)].to_owned();
    let operation = [None, Some("SMS"), Some("RCS"), Some("VOICE")][rng.usize(0..4)];
    match what {
        "verify" => verifying::verify(world, action, 1, value, operation).await,
        "use" => drop(get(world, action, value, route, Vec::new()).await),
        "burst" => {
            for nth in 0..rng.u64(3..12) {
                // Through both functions, whose environments count in the same limits.
                if rng.bool() {
                    verifying::verify(world, action, 1 + 10 * nth, value, operation).await;
                } else {
                    gateway::send(world, action, 1 + 10 * nth, &Ask::new("GET", &*route, value)).await;
                }
            }
        }
        "look up itself" => drop(get(world, action, value, "/authentication/self".to_owned(), Vec::new()).await),
        "usage of itself" => drop(get(world, action, value, "/authentication/self/usage".to_owned(), Vec::new()).await),
        "try to list" => drop(get(world, action, value, "/authentication".to_owned(), Vec::new()).await),
        other => unreachable!("{other}"),
    }
}
