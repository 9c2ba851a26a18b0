//! Each key's life is linearizable: there is an order of its writes and requests that agrees with their times, and in which the
//! model gives every answer.
//!
//! After Wing and Gong, with Lowe's memory of what was tried. A request changes nothing, so it is taken as soon as the model
//! agrees; only writes are tried in each order. What is unknown has no end and need not be taken.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::history::{History, Seen, ValueUse, Write};
use crate::model::{Effect, Key};

/// Checks the life of every key that anybody knows.
pub fn check(history: &History) -> Vec<String> {
    let native = history.values.iter().filter(|value| !value.key.is_empty());
    let native = native.map(|value| (value.key.clone(), (value.account, None)));
    let imported = history.imports.iter().filter_map(|it| Some((it.key.clone()?, (it.account, Some(it.value)))));
    // What is known of an imported key, before a rotation gave it a native value.
    let keys: BTreeMap<_, _> = native.chain(imported).collect();
    keys.into_iter().filter_map(|(key, (account, value))| Life::of(history, &key, account, value).check(&key)).collect()
}

/// All that was asked and done of one key.
struct Life<'a> {
    start: Key,
    writes: Vec<Write>,
    uses: Vec<&'a ValueUse>,
}

impl<'a> Life<'a> {
    fn of(history: &'a History, key: &str, account: usize, imported: Option<usize>) -> Self {
        let mut writes: Vec<_> = history.writes.iter().filter(|write| write.key == key).cloned().collect();
        let account = &history.accounts[account].id;
        writes.extend(history.sweeps.iter().filter(|sweep| sweep.account == *account).map(|sweep| Write {
            action: sweep.action,
            key: key.to_owned(),
            began: sweep.began,
            ended: sweep.ended,
            effect: sweep.effect.clone(),
        }));
        let Some(value) = imported else {
            let uses = history.uses.iter().filter(|it| history.values[it.value].key == key).collect();
            return Self { start: Key::default(), writes, uses };
        };
        let attempts: Vec<_> = history.imports.iter().filter(|it| it.value == value).collect();
        let releases = attempts.iter().filter(|it| it.key.as_deref().is_none_or(|it| it == key));
        writes.extend(releases.map(|it| Write {
            action: it.action,
            key: key.to_owned(),
            began: it.began,
            ended: if it.key.is_some() { it.ended } else { u64::MAX },
            effect: Effect::Release,
        }));
        // A value that no key has yet is nobody's to report.
        let is_known = |at: u64| attempts.iter().any(|it| it.key.as_deref() == Some(key) && it.ended < at);
        writes.extend(history.exposures.iter().filter(|it| it.value == value).map(|it| Write {
            action: it.action,
            key: key.to_owned(),
            began: it.began,
            ended: if is_known(it.began) { it.ended } else { u64::MAX },
            effect: Effect::Expose { value },
        }));
        // Where several keys had the value in turn, a refusal may be of another one.
        let alone = attempts.iter().filter_map(|it| it.key.as_deref()).all(|it| it == key);
        let of_key = |it: &&ValueUse| match &it.seen {
            Seen::Refused => history.values[it.value].key == key || it.value == value && alone,
            Seen::Works { key: found, .. } => found == key,
        };
        let operations = ["SMS".to_owned()].into();
        Self { start: Key::imported(value, operations), writes, uses: history.uses.iter().filter(of_key).collect() }
    }

    fn check(&self, key: &str) -> Option<String> {
        let Self { start, writes, uses } = self;
        assert!(writes.len() <= 128, "more writes than a search knows");
        let mut search = Search { writes, uses, tried: HashSet::new(), furthest: (0, Key::default()) };
        if search.from(0, vec![false; uses.len()], start) {
            return None;
        }
        let (taken, state) = &search.furthest;
        let mut lines = vec![format!("no order explains key {key}; {taken} of its steps agree, up to {state:?}")];
        let written = writes.iter().map(|it| (it.began, it.ended, it.action, format!("{:?}", it.effect)));
        let used = uses
            .iter()
            .map(|it| (it.began, it.ended, it.action, format!("value {} at {}: {:?}", it.value, it.now, it.seen)));
        let mut all: Vec<_> = written.chain(used).collect();
        all.sort();
        let line = |(began, ended, action, what)| format!("  {began:>6}–{:<6} [{action}] {what}", End(ended));
        lines.extend(all.into_iter().map(line));
        Some(lines.join("\n"))
    }
}

struct End(u64);

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == u64::MAX { f.pad("?") } else { f.pad(&self.0.to_string()) }
    }
}

struct Search<'a> {
    writes: &'a [Write],
    uses: &'a [&'a ValueUse],
    /// Which writes and requests were taken, and what the key was then.
    tried: HashSet<(u128, Vec<bool>, Key)>,
    furthest: (usize, Key),
}

impl Search<'_> {
    fn from(&mut self, written: u128, mut used: Vec<bool>, key: &Key) -> bool {
        // Nothing may be taken that began when something that is left had ended.
        let left = |at: usize| written & (1 << at) == 0;
        let mut first_end;
        loop {
            let of_writes = self.writes.iter().enumerate().filter(|(at, _)| left(*at)).map(|(_, it)| it.ended);
            let of_uses = self.uses.iter().zip(&used).filter(|(_, used)| !**used).map(|(it, _)| it.ended);
            first_end = of_writes.chain(of_uses).min().unwrap_or(u64::MAX);
            let agrees = |it: &ValueUse| it.began < first_end && agrees(key, it);
            match self.uses.iter().zip(&mut used).find(|(it, used)| !**used && agrees(it)) {
                Some((_, used)) => *used = true,
                None => break,
            }
        }
        if first_end == u64::MAX {
            return true;
        }
        let taken = used.iter().filter(|used| **used).count() + written.count_ones() as usize;
        if taken >= self.furthest.0 {
            self.furthest = (taken, key.clone());
        }
        if !self.tried.insert((written, used.clone(), key.clone())) {
            return false;
        }
        for (at, write) in self.writes.iter().enumerate() {
            if left(at)
                && write.began < first_end
                && let Some(after) = key.after(&write.effect)
                && self.from(written | 1 << at, used.clone(), &after)
            {
                return true;
            }
        }
        false
    }
}

/// Whether the model gives that answer.
fn agrees(key: &Key, it: &ValueUse) -> bool {
    match (key.opens(it.value, it.now), &it.seen) {
        (None, Seen::Refused) => true,
        (Some(operations), Seen::Works { operations: seen, .. }) => {
            *operations == seen.split(',').map(str::to_owned).collect::<BTreeSet<_>>()
        }
        _ => false,
    }
}
