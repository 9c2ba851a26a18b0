//! Who uses the service. One file for each kind of client: what it may do, how often, and what it learns from the answers.

mod chance;
mod changes;
mod holder;
mod importer;
mod lists;
mod manager;
mod named;
mod operator;
mod reporter;
mod schedule;
mod support;
mod thief;
mod writes;

use std::rc::Rc;

use fastrand::Rng;

use crate::plan::{Action, Settings};
use crate::world::World;

pub use self::importer::import_all;
pub use self::lists::Filter;
pub use self::manager::{create_account, rfc3339};
pub use self::operator::{CONTINUED, end_erasing, resume, update};
pub use self::reporter::report;
pub use self::schedule::write_notices;
pub use self::writes::{Rotation, Terms, delete_once, rotate_once};

/// A kind of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Manager,
    Holder,
    Thief,
    Operator,
    /// Operators who see to single keys.
    Support,
    Importer,
    /// Two importers at once.
    Importers,
    Reporter,
    /// What invokes the function that writes notices.
    Schedule,
    /// What happens to the environments and tables without a request.
    Chance,
}

/// A client that does one thing after the other.
#[derive(Debug, Clone)]
pub struct Client {
    pub kind: Kind,
    /// The account that it belongs to, or acts on.
    pub account: usize,
}

/// What a kind of client does, and how often in comparison.
type Actions = &'static [(&'static str, u32)];

impl Kind {
    fn actions(self) -> Actions {
        match self {
            Self::Manager => manager::ACTIONS,
            Self::Holder => holder::ACTIONS,
            Self::Thief => thief::ACTIONS,
            Self::Operator => operator::ACTIONS,
            Self::Support => support::ACTIONS,
            Self::Importer => importer::ACTIONS,
            Self::Importers => importer::ACTIONS_AT_ONCE,
            Self::Reporter => reporter::ACTIONS,
            Self::Schedule => schedule::ACTIONS,
            Self::Chance => chance::ACTIONS,
        }
    }

    /// Something that such a client does.
    pub fn choose(self, rng: &mut Rng) -> &'static str {
        let all = self.actions();
        let mut at = rng.u32(0..all.iter().map(|(_, weight)| weight).sum());
        for (what, weight) in all {
            if at < *weight {
                return what;
            }
            at -= weight;
        }
        unreachable!("the weights have a sum")
    }
}

/// The clients of a run.
pub fn of(settings: &Settings, rng: &mut Rng) -> Vec<Client> {
    let mut clients = Vec::new();
    for account in 0..settings.accounts {
        let mut add = |kind: Kind, most: usize, rng: &mut Rng| {
            for _ in 0..rng.usize(0..=most) {
                clients.push(Client { kind, account });
            }
        };
        add(Kind::Manager, 3, rng);
        add(Kind::Holder, 2, rng);
        add(Kind::Thief, 1, rng);
        add(Kind::Operator, 2, rng);
        add(Kind::Importer, 1, rng);
        add(Kind::Reporter, 1, rng);
    }
    clients.push(Client { kind: Kind::Manager, account: 0 });
    clients.push(Client { kind: Kind::Holder, account: 0 });
    clients.push(Client { kind: Kind::Chance, account: 0 });
    clients
}

/// Lets a client do something.
pub async fn act(world: &Rc<World>, client: &Client, action: &Action) {
    let mut rng = world.plan.rng(action.number, 0);
    world.trace(action.number, || format!("{:?} of account {}: {}", client.kind, client.account, action.what));
    let account = client.account;
    let number = action.number;
    match client.kind {
        Kind::Manager => manager::act(world, account, number, action.what, &mut rng).await,
        Kind::Holder => holder::act(world, account, number, action.what, &mut rng).await,
        Kind::Thief => thief::act(world, account, number, action.what, &mut rng).await,
        Kind::Operator | Kind::Support => operator::act(world, account, number, action.what, &mut rng).await,
        Kind::Importer => importer::act(world, account, number, action.what, &mut rng).await,
        Kind::Importers => importer::act_at_once(world, account, number, &mut rng).await,
        Kind::Reporter => reporter::act(world, account, number, action.what, &mut rng).await,
        Kind::Schedule => schedule::act(world, number, action.what, &mut rng).await,
        Kind::Chance => chance::act(world, number, action.what, &mut rng).await,
    }
}

/// A value of the account that a client knows, by its number.
fn some_value(world: &World, account: usize, rng: &mut Rng) -> usize {
    let history = world.history.borrow();
    let known: Vec<_> = history.accounts[account].keys.iter().filter_map(|key| key.value).collect();
    rng.choice(known).unwrap_or(history.accounts[account].first)
}

/// A key of the account that a client knows. Seldom its first one: without it little happens any more.
fn some_key(world: &World, account: usize, rng: &mut Rng) -> String {
    let history = world.history.borrow();
    let keys = &history.accounts[account].keys;
    let others = keys.get(1..).filter(|others| !others.is_empty() && rng.u32(0..12) > 0).unwrap_or(keys);
    // Most often one of the latest.
    let from = if rng.bool() { others.len().saturating_sub(3) } else { 0 };
    others[rng.usize(from..others.len())].id.clone()
}

/// A value of any account that a client knows or knew; seldom that of a first key.
fn any_value(world: &World, rng: &mut Rng) -> usize {
    let history = world.history.borrow();
    let firsts: Vec<_> = history.accounts.iter().map(|account| account.first).collect();
    let values: Vec<_> =
        (0..history.values.len()).filter(|value| !firsts.contains(value) || rng.u32(0..12) == 0).collect();
    rng.choice(values).unwrap_or(0)
}
