//! How often each thing was answered: what runs have shown, and what they have not.

use std::collections::BTreeMap;

use crate::history::{History, Seen};
use crate::model::Effect;

/// Counts by name.
pub type Tally = BTreeMap<String, u64>;

pub fn of(history: &History) -> Tally {
    let requests = history.requests.iter().map(|it| format!("{} {}", it.function, it.status));
    let uses = history.uses.iter().map(|it| match &it.seen {
        Seen::Refused => "value refused".to_owned(),
        Seen::Works { allowed: false, limited: true, .. } => "value works, request over its limit".to_owned(),
        Seen::Works { allowed: false, .. } => "value works, request denied".to_owned(),
        Seen::Works { .. } => "value works".to_owned(),
    });
    let imports = history.imports.iter().map(|it| format!("import {}", it.what));
    let ended = |ended: u64| if ended == u64::MAX { "unknown" } else { "confirmed" };
    let sweeps = history.sweeps.iter().map(|it| match &it.effect {
        Effect::Call(_) => format!("account called anew {}", ended(it.ended)),
        effect => format!("account {effect:?} {}", ended(it.ended)),
    });
    let walks = history.walks.iter().map(|it| format!("list {}", if it.is_whole { "to its end" } else { "left" }));
    let exposures = history.exposures.iter().map(|it| format!("exposure {}", ended(it.ended)));
    let mut tally = Tally::new();
    for name in requests.chain(uses).chain(imports).chain(sweeps).chain(exposures).chain(walks) {
        *tally.entry(name).or_default() += 1;
    }
    tally
}
