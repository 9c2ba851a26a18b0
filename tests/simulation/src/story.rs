//! A trace as a person reads it: ids have short names.

use std::collections::BTreeMap;

use crate::tables::{EVENTS, KEYS};
use crate::world::World;

/// The length of every id.
const LENGTH: usize = 22;

/// The lines of the trace, if they were kept.
pub fn lines(world: &World) -> Vec<String> {
    let lines = world.story();
    if lines.is_empty() {
        return lines;
    }
    let mut names = BTreeMap::new();
    for (number, account) in world.history.borrow().accounts.iter().enumerate() {
        names.insert(account.id.clone(), format!("account-{number}"));
    }
    for change in &world.tables.borrow().changes {
        let place = &change.place;
        let kind = match &*place.table {
            KEYS if crate::check::is_of_keys(&place.partition) => "key",
            EVENTS => "event",
            _ => continue,
        };
        let number = names.len();
        names.entry(place.id.clone()).or_insert_with(|| format!("{kind}-{number}"));
    }
    lines.into_iter().map(|line| named(&line, &names)).collect()
}

fn named(line: &str, names: &BTreeMap<String, String>) -> String {
    let is_of_id = |letter: char| letter.is_ascii_alphanumeric();
    let mut story = String::new();
    for word in line.split_inclusive(|letter| !is_of_id(letter)) {
        let (id, end) = word.split_at(word.trim_end_matches(|letter| !is_of_id(letter)).len());
        story += names.get(id).filter(|_| id.len() == LENGTH).map_or(id, |name| name);
        story += end;
    }
    story
}
