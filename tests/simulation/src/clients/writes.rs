//! Writes of keys by managers, on some version or any, sent again where they were not answered; and what is known of them then.

use std::rc::Rc;

use api_keys::key::Period;
use fastrand::Rng;
use serde_json::{Value, json};

use super::changes::{Change, USERS, some_tags};
use super::manager::{learn_value, rfc3339, some_operations, text};
use crate::gateway::{self, Answer, Ask};
use crate::history::{History, KeyLook, Write};
use crate::model::{Effect, Identity, Look, Old, Version};
use crate::world::World;

/// How often a client repeats what was not answered.
pub const REPEATS: u64 = 3;

/// On which versions of the key a write is to be done, by `If-Match`.
#[derive(Clone, Default)]
pub struct Terms {
    header: Option<String>,
    /// `None` is any.
    on: Option<Vec<Version>>,
}

impl Terms {
    /// Any version without a word, or with `*`; one that a client saw, most often the last; or one that there never was.
    pub fn some(world: &World, key: &str, rng: &mut Rng) -> Self {
        let history = world.history.borrow();
        let known = history.versions.get(key).map_or(&[][..], Vec::as_slice);
        let tags: Vec<Version> = match rng.u32(0..8) {
            0 => return Self { header: Some("*".to_owned()), on: None },
            1 => known.last().cloned().into_iter().collect(),
            2 => rng.choice(known).cloned().into_iter().collect(),
            3 => known.iter().rev().take(2).cloned().chain(["0".into()]).collect(),
            _ => return Self::default(),
        };
        Self::on(tags)
    }

    /// One of these.
    pub fn on(tags: Vec<Version>) -> Self {
        let list: Vec<_> = tags.iter().map(|tag| format!("\"{tag}\"")).collect();
        let header = if list.is_empty() { "W/\"0\"".to_owned() } else { list.join(", ") };
        Self { header: Some(header), on: Some(tags) }
    }

    pub fn headers(&self) -> Vec<(&'static str, String)> {
        self.header.iter().map(|header| ("If-Match", header.clone())).collect()
    }
}

/// What a create asks for.
pub struct New {
    pub body: Value,
    identity: Identity,
    expires: Option<u64>,
}

impl New {
    pub fn some(world: &World, rng: &mut Rng) -> Self {
        let operations = some_operations(rng);
        let ((user_id, username), tags) = (USERS[rng.usize(0..2)], some_tags(rng));
        let mut body = json!({"userId": user_id, "username": username, "operations": operations, "tags": tags});
        let soon = (rng.u32(0..6) == 0).then(|| world.now() + rng.u64(4_000..60_000));
        // Most know that a key must end.
        let lifetime = world.lifetime().filter(|_| rng.u32(0..6) > 0);
        let expires = soon.or(lifetime.map(|longest| world.now() + rng.u64(longest / 2..longest)));
        if let Some(end) = expires {
            body["expiresAt"] = json!(rfc3339(end));
        }
        if rng.u32(0..3) == 0 {
            body["limits"] = some_limits(rng);
        }
        let (user_id, username) = (user_id.to_owned(), username.to_owned());
        Self { body, identity: Identity { operations, user_id, username, tags, ..Identity::default() }, expires }
    }

    /// Takes note of an answer: the key that it made, or may have made.
    pub fn note(&self, world: &World, account: usize, action: usize, answer: &Answer) {
        let value = (answer.status == 201).then(|| learn_value(world, account, &answer.body));
        let effect = Effect::Create { value, identity: self.identity.clone(), expires: self.expires, is_exempt: false };
        // A key may have been made by a request that was refused, since the account was suspended meanwhile.
        let ended = if value.is_some() { answer.ended } else { u64::MAX };
        let (request, key, began) = (answer.request.clone(), text(&answer.body["id"]), answer.began);
        let write = Write { action, request, key, began, ended, effect, on: None };
        world.history.borrow_mut().writes.push(write);
    }
}

fn some_limits(rng: &mut Rng) -> Value {
    let per = Period::ALL.map(Period::as_str);
    let first = rng.usize(0..per.len());
    let mut limits = vec![json!({"requests": rng.u32(1..20), "per": per[first]})];
    if rng.bool() && first + 1 < per.len() {
        limits.push(json!({"requests": rng.u32(10..40), "per": per[rng.usize(first + 1..per.len())]}));
    }
    limits.into()
}

/// Makes a key.
pub async fn create(world: &Rc<World>, account: usize, action: usize, by: usize, rng: &mut Rng) {
    let new = New::some(world, rng);
    for repeat in 0..REPEATS {
        let ask = Ask::new("POST", "/authentication", by).body(new.body.clone());
        let answer = gateway::send(world, action, 1 + repeat * 10, &ask).await;
        new.note(world, account, action, &answer);
        if !answer.is_unknown() || rng.bool() {
            return;
        }
    }
}

/// How a key is rotated: the seconds of grace, or none and the previous value is kept.
#[derive(Clone, Copy)]
pub struct Rotation(Option<u64>);

impl Rotation {
    pub const AT_ONCE: Self = Self(Some(0));
    pub const KEEP_PREVIOUS: Self = Self(None);

    pub fn some(rng: &mut Rng) -> Self {
        match rng.usize(0..5) {
            0 | 1 => Self::AT_ONCE,
            2 => Self::grace(rng.u64(1..10)),
            3 => Self::grace(rng.u64(10..200)),
            _ => Self::KEEP_PREVIOUS,
        }
    }

    pub fn grace(seconds: u64) -> Self {
        Self(Some(seconds))
    }

    pub fn body(self) -> Value {
        self.0.map_or(json!({"keepPrevious": true}), |grace| json!({ "gracePeriodSeconds": grace }))
    }

    /// Takes note of an answer: the value that the key has by it, or may have.
    pub fn note(self, world: &World, account: usize, action: usize, id: &str, answer: &Answer, terms: &Terms) {
        let value = (answer.status == 201).then(|| learn_value(world, account, &answer.body));
        let old = match self.0 {
            None => Old::KeepPrevious,
            Some(0) => Old::Ends,
            Some(grace) => Old::LivesUntil(answer.now + grace * 1000),
        };
        let end = world.lifetime().map(|longest| answer.now + longest);
        note(world, action, id, answer, Effect::Rotate { value, old, end }, terms);
    }
}

/// Gives a key another value.
pub async fn rotate(
    world: &Rc<World>,
    account: usize,
    action: usize,
    by: usize,
    id: &str,
    terms: &Terms,
    rng: &mut Rng,
) {
    let rotation = Rotation::some(rng);
    for repeat in 0..REPEATS {
        let answer = rotate_once(world, account, (action, 1 + repeat * 10), by, id, rotation, terms).await;
        if !answer.is_unknown() || rng.bool() {
            return;
        }
    }
}

/// Sends a rotation, as that part of an action.
pub async fn rotate_once(
    world: &Rc<World>,
    account: usize,
    (action, part): (usize, u64),
    by: usize,
    id: &str,
    rotation: Rotation,
    terms: &Terms,
) -> Answer {
    let ask = Ask::new("POST", format!("/authentication/{id}/rotate"), by).body(rotation.body());
    let answer = gateway::send(world, action, part, &Ask { headers: terms.headers(), ..ask }).await;
    rotation.note(world, account, action, id, &answer, terms);
    answer
}

/// Deletes a key.
pub async fn delete(world: &Rc<World>, action: usize, by: usize, id: &str, terms: &Terms, rng: &mut Rng) {
    for repeat in 0..REPEATS {
        let answer = delete_once(world, (action, 1 + repeat * 10), by, id, terms).await;
        if !answer.is_unknown() || rng.bool() {
            return;
        }
    }
}

/// Sends a deletion, as that part of an action.
pub async fn delete_once(
    world: &Rc<World>,
    (action, part): (usize, u64),
    by: usize,
    id: &str,
    terms: &Terms,
) -> Answer {
    let ask = Ask::new("DELETE", format!("/authentication/{id}"), by);
    let answer = gateway::send(world, action, part, &Ask { headers: terms.headers(), ..ask }).await;
    note(world, action, id, &answer, Effect::Delete, terms);
    answer
}

/// Changes a key's settings, from that part of an action on.
pub async fn change(
    world: &Rc<World>,
    (action, part): (usize, u64),
    by: usize,
    id: &str,
    to: &Change,
    terms: &Terms,
    rng: &mut Rng,
) {
    for repeat in 0..REPEATS {
        let ask = Ask::new("PATCH", format!("/authentication/{id}"), by).body(to.body.clone());
        let answer = gateway::send(world, action, part + repeat * 10, &Ask { headers: terms.headers(), ..ask }).await;
        note(world, action, id, &answer, Effect::Patch(to.patch(answer.now)), terms);
        if !answer.is_unknown() || rng.bool() {
            return;
        }
    }
}

/// Whether the value that asked is of another account by now: an import may revive it there.
fn is_foreign(history: &History, key: &str, answer: &Answer) -> bool {
    let account =
        history.values.iter().find(|value| value.key == key).map(|value| &*history.accounts[value.account].id);
    account.is_some_and(|account| answer.context["accountId"] != account)
}

/// Takes note of a write by its answer. One that the authorizer refused, or that was refused for another reason than that
/// others were quicker, did nothing.
pub fn note(world: &World, action: usize, key: &str, answer: &Answer, effect: Effect, terms: &Terms) {
    let (key, on, began, ended) = (key.to_owned(), terms.on.clone(), answer.began, answer.end());
    let what = match answer.status {
        404 if is_foreign(&world.history.borrow(), &key, answer) => return,
        404 => Some(Look::Missing),
        412 => Some(Look::Other(on.clone())),
        _ if answer.context.is_null() => return,
        200..300 => None,
        _ if answer.is_unknown() => None,
        _ => return,
    };
    let request = answer.request.clone();
    let mut history = world.history.borrow_mut();
    match what {
        Some(what) => history.looks.push(KeyLook { action, key, began, ended, what }),
        None => history.writes.push(Write { action, request, key, began, ended, effect, on }),
    }
}
