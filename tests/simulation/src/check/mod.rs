//! What must hold of every run. One file for each group of promises; each returns what it found wrong.

mod accounts;
mod bus;
mod contract;
mod events;
mod exposure;
mod isolation;
mod life;
mod lifetimes;
mod limits;
mod lists;
mod names;
mod notices;
pub mod order;
pub mod power;
mod quota;
mod usage;
mod written;

pub use self::events::is_of_keys;
pub use self::notices::missing_notices;
use crate::world::World;

/// Everything that is wrong with a run that is over.
pub fn check(world: &World) -> Vec<String> {
    let (history, tables) = (world.history.borrow(), world.tables.borrow());
    let mut wrong = history.failures.clone();
    wrong.extend(contract::check(&history));
    wrong.extend(isolation::check(&history, &tables));
    wrong.extend(events::check(&history, &tables));
    wrong.extend(lifetimes::check(&history, &tables, world.plan.settings.lifetime));
    wrong.extend(notices::check(&tables));
    wrong.extend(quota::check(&tables, world.plan.settings.max_keys));
    wrong.extend(limits::check(&history, &tables));
    let faults = world.plan.faults;
    let failing = faults.lost + faults.throttled + faults.failed + faults.killed + faults.frozen;
    let is_exact = failing + faults.slow + faults.stalled == 0;
    let written = written::Written::of(&tables);
    wrong.extend(usage::check(&history, &tables, &written, is_exact));
    wrong.extend(exposure::check(&history, &tables));
    wrong.extend(bus::check(&world.bus.borrow(), &tables, (world.plan.ends, faults.throttled == 0)));
    wrong.extend(life::check(&history, &written));
    wrong.extend(names::check(&history, &written));
    wrong.extend(accounts::check(&history));
    wrong.extend(lists::check(&history, &tables));
    wrong
}
