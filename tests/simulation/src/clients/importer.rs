//! Those who bring keys of another system along: the same ones again and again, some of them for two accounts.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use api_keys::key::KeyHash;
use fastrand::Rng;
use serde_json::json;
use tokio::time::sleep;

use super::Actions;
use super::manager::text;
use crate::gateway;
use crate::history::{Import, LEGACY};
use crate::world::World;

pub const ACTIONS: Actions = &[("import", 10), ("import again", 6), ("revive", 4)];

/// Two operators who bring the same new value along at once; one of them may want to revive it.
pub const ACTIONS_AT_ONCE: Actions = &[("import, twice at once", 1)];

/// So many values the other system has, which are imported again and again.
const VALUES: u32 = 6;

pub async fn act(world: &Rc<World>, account: usize, action: usize, what: &str, rng: &mut Rng) {
    let mut numbers: Vec<_> = (0..rng.usize(1..4)).map(|_| rng.u32(0..VALUES)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let times = if what == "import again" { 3 } else { 1 };
    for time in 0..times {
        import(world, account, action, 1 + time, &numbers, what == "revive").await;
    }
}

pub async fn act_at_once(world: &Rc<World>, account: usize, action: usize, rng: &mut Rng) {
    // No operator has brought it along before, so that neither finds its key.
    let new = [VALUES + u32::try_from(action).expect("small")];
    let (revives, later) = (rng.bool(), Duration::from_millis(rng.u64(0..400)));
    let other = async {
        sleep(later).await;
        import(world, account, action, 101, &new, revives).await
    };
    tokio::join!(import(world, account, action, 1, &new, false), other);
}

/// Imports the values of these numbers. Whether everything is known of each.
pub async fn import(
    world: &Rc<World>,
    account: usize,
    action: usize,
    part: u64,
    numbers: &[u32],
    revive: bool,
) -> bool {
    let values: Vec<_> = numbers.iter().map(|number| value(world, account, *number)).collect();
    let id = world.history.borrow().accounts[account].id.clone();
    let key = |value: &usize| {
        let sha256 = KeyHash::of(&world.history.borrow().values[*value].text).to_hex();
        json!({"sha256": sha256, "userId": "user-3", "username": "Lin", "operations": ["SMS"]})
    };
    let payload = json!({"accountId": id, "revive": revive, "keys": values.iter().map(key).collect::<Vec<_>>()});
    let invoked = gateway::invoke(world, action, part, "import-keys", &payload).await;
    let Some(Ok(report)) = &invoked.answer else {
        for value in values {
            note(world, (action, account, revive), value, &invoked, None, "unknown");
        }
        return matches!(&invoked.answer, Some(Err(error)) if gateway::is_refusal(error));
    };
    let mut complete = true;
    for list in ["imported", "present", "failed"] {
        for entry in report[list].as_array().into_iter().flatten() {
            let at = usize::try_from(entry["index"].as_u64().expect("an index")).expect("small");
            let id = entry["id"].as_str();
            if let Some(id) = id {
                world.history.borrow_mut().key(account, id, Some(values[at]));
            }
            let what = if list == "failed" { text(&entry["code"]) } else { list.to_owned() };
            complete &= entry["retry"] != true;
            note(world, (action, account, revive), values[at], &invoked, id, &what);
        }
    }
    complete
}

/// Imports every value, also those that operators brought along at once. Whether everything is known of each.
pub async fn import_all(world: &Rc<World>, account: usize, action: usize, part: u64) -> bool {
    let numbers: Vec<_> = {
        let history = world.history.borrow();
        let own = history.imports.iter().filter(|import| import.account == account);
        let known = own.filter_map(|import| history.values[import.value].text.strip_prefix(LEGACY)?.parse().ok());
        (0..VALUES).chain(known).collect::<BTreeSet<_>>().into_iter().collect()
    };
    import(world, account, action, part, &numbers, false).await
}

fn note(
    world: &World,
    (action, account, revives): (usize, usize, bool),
    value: usize,
    invoked: &gateway::Invoked,
    key: Option<&str>,
    what: &str,
) {
    let (began, ended, what) = (invoked.began, invoked.ended, what.to_owned());
    let key = key.map(str::to_owned);
    world.trace(action, || format!("value {value} of account {account}: {what} {}", key.as_deref().unwrap_or("")));
    let changes = invoked.changes.clone();
    world.history.borrow_mut().imports.push(Import {
        action,
        account,
        value,
        revives,
        began,
        ended,
        key,
        what,
        changes,
    });
}

/// The number of that value of the other system.
fn value(world: &World, account: usize, number: u32) -> usize {
    let text = format!("{LEGACY}{number:08}");
    let mut history = world.history.borrow_mut();
    match history.values.iter().position(|known| known.text == text) {
        Some(value) => value,
        None => history.value(&text, account, ""),
    }
}
