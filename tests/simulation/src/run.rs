//! One run: the accounts are made, the clients do what they do while faults strike, then nothing goes wrong any more and everything
//! must come to an end; then the checks.

use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use crate::check;
use crate::clients;
use crate::live;
use crate::plan::Plan;
use crate::story;
use crate::stream;
use crate::tally::{self, Tally};
use crate::world::World;

/// What a run came to.
pub struct Run {
    pub steps: u64,
    pub hash: u64,
    pub wrong: Vec<String>,
    pub story: Vec<String>,
    pub tally: Tally,
}

/// Carries out a plan.
pub fn run(plan: &Plan, keeps_story: bool) -> Run {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let world = World::of(plan.clone(), keeps_story);
        live_through(&world).await;
        let wrong = check::check(&world);
        let tally = tally::of(&world.history.borrow());
        Run { tally, steps: world.steps(), hash: world.hash(), wrong, story: story::lines(&world) }
    })
}

async fn live_through(world: &Rc<World>) {
    drop(api_keys::lambda::log::kept::take());
    for account in 0..world.plan.settings.accounts {
        clients::create_account(world, account).await;
    }
    let stream = spawn_local(stream::bring(Rc::clone(world)));
    let mut tasks = Vec::new();
    for (number, client) in world.plan.clients.iter().cloned().enumerate() {
        let world = Rc::clone(world);
        tasks.push(spawn_local(async move {
            for action in world.plan.actions.iter().filter(|action| action.client == number) {
                sleep(Duration::from_millis(action.pause)).await;
                clients::act(&world, &client, action).await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("a client");
    }
    world.calm_down();
    world.settle().await;
    if world.plan.ends {
        live::everything_ends(world).await;
    }
    world.end_authorizers(crate::plan::SETUP - 1, true, 1).await;
    world.settle().await;
    if world.plan.ends {
        live::nothing_is_left(world).await;
    }
    world.end();
    stream.await.expect("a stream");
}
