//! Lists with filters, read to their last page while others write.

use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use super::changes::{TEXTS, USERS};
use super::manager::{OPERATIONS, learn_keys, text};
use super::writes::REPEATS;
use crate::gateway::{self, Answer, Ask};
use crate::history::Walk;
use crate::world::World;

/// Which keys are wanted; all that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<&'static str>,
    pub operation: Option<&'static str>,
    pub assigned_to: Option<&'static str>,
    /// As the parameter is called, and its text.
    tag: Option<(&'static str, &'static str)>,
}

/// What tags are called in a query.
const PARAMETERS: [&str; 3] = ["tag.team", "tag.env", "tag.cost.center"];
const STATUSES: [&str; 5] = ["ACTIVE", "ACTIVE", "DISABLED", "EXPIRED", "EXPOSED"];
/// So many pages a client has patience for.
const PAGES: u64 = 12;

impl Filter {
    fn some(rng: &mut Rng) -> Self {
        let mut filter = Self::default();
        for _ in 0..rng.usize(1..=2) {
            match rng.u32(0..5) {
                0 | 1 => filter.status = rng.choice(STATUSES),
                2 => filter.operation = rng.choice(OPERATIONS),
                3 => filter.assigned_to = rng.choice(USERS).map(|(id, _)| id),
                _ => filter.tag = rng.choice(PARAMETERS).zip(rng.choice(TEXTS)),
            }
        }
        filter
    }

    fn query(&self) -> Vec<(&str, String)> {
        let named = [("status", self.status), ("operation", self.operation), ("assignedTo", self.assigned_to)];
        let mut query: Vec<_> = named.into_iter().filter_map(|(name, text)| Some((name, text?.to_owned()))).collect();
        query.extend(self.tag.map(|(parameter, text)| (parameter, text.to_owned())));
        query
    }

    /// The name of the tag, and its text.
    pub fn tag(&self) -> Option<(&'static str, &'static str)> {
        self.tag.and_then(|(parameter, text)| Some((parameter.strip_prefix("tag.")?, text)))
    }

    /// Whether a key is wanted, as it is shown.
    fn keeps(&self, key: &Value) -> bool {
        let operations: Vec<_> = key["operations"].as_array().into_iter().flatten().map(text).collect();
        self.status.is_none_or(|status| key["status"] == status)
            && self.operation.is_none_or(|operation| operations.iter().any(|it| it == operation))
            && self.assigned_to.is_none_or(|user| key["userId"] == user)
            && self.tag().is_none_or(|(name, text)| key["tags"][name] == text)
    }
}

/// Reads all pages of a list.
pub async fn walk(world: &Rc<World>, account: usize, action: usize, by: usize, rng: &mut Rng) {
    let (filter, began) = (Filter::some(rng), world.elapsed());
    let mut walk =
        Walk { action, account, filter, began, ended: began, nows: Vec::new(), ids: Vec::new(), is_whole: false };
    let limit = rng.u32(1..4);
    let mut cursor = None;
    for page in 0..PAGES {
        let Some(answer) = read(world, action, by, &walk.filter, limit, cursor, 1 + page * 50).await else { break };
        learn_keys(world, account, &answer.body);
        for key in answer.body["apiKeys"].as_array().into_iter().flatten() {
            if !walk.filter.keeps(key) {
                world.history.borrow_mut().fail(format!("[{action}] {:?} is answered with {key}", walk.filter));
            }
            walk.ids.push(text(&key["id"]));
        }
        walk.nows.push(answer.now);
        let Some(next) = answer.body["nextCursor"].as_str() else {
            walk.is_whole = true;
            break;
        };
        cursor = Some(next.to_owned());
        tokio::time::sleep(Duration::from_millis(rng.u64(0..300))).await;
    }
    walk.ended = world.elapsed();
    world.trace(action, || format!("{:?} has {:?}", walk.filter, walk.ids));
    world.history.borrow_mut().walks.push(walk);
}

/// One page, asked for again where there was no answer.
async fn read(
    world: &Rc<World>,
    action: usize,
    by: usize,
    filter: &Filter,
    limit: u32,
    cursor: Option<String>,
    part: u64,
) -> Option<Answer> {
    for repeat in 0..REPEATS {
        let mut query = filter.query();
        query.push(("limit", limit.to_string()));
        query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let ask = Ask { query, ..Ask::new("GET", "/authentication", by) };
        let answer = gateway::send(world, action, part + repeat * 10, &ask).await;
        if !answer.is_unknown() {
            return (answer.status == 200).then_some(answer);
        }
    }
    None
}
