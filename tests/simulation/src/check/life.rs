//! Each key's life is linearizable: there is an order of its writes and requests that agrees with their times, and in which the
//! model gives every answer.

use std::collections::BTreeMap;

use super::order::{self, SOMETIME, Step};
use super::written::Written;
use crate::history::{History, Import, Seen, ValueUse};
use crate::model::{Change, Effect, Identity, Key, Look};

/// Checks the life of every key that a client knows.
pub fn check(history: &History, written: &Written) -> Vec<String> {
    let native = history.values.iter().filter(|value| !value.key.is_empty());
    // Perhaps no answer had its import.
    let native = native.map(|value| (value.key.clone(), (value.account, written.imported(&value.key, history))));
    let imported = history.imports.iter().filter_map(|it| Some((it.key.clone()?, (it.account, Some(it.value)))));
    // What is known of an imported key, before a rotation gave it a native value.
    let keys: BTreeMap<_, _> = native.chain(imported).collect();
    let all = Everything { history, written };
    keys.into_iter().filter_map(|(key, (account, value))| all.life_of(&key, account, value).check(&key)).collect()
}

/// What clients know, and what the events record.
struct Everything<'a> {
    history: &'a History,
    written: &'a Written<'a>,
}

/// All that was asked and done of one key.
struct Life {
    start: Key,
    writes: Vec<Step<Change>>,
    looks: Vec<Step<Look>>,
}

impl Life {
    fn check(&self, key: &str) -> Option<String> {
        order::unexplained(&format!("key {key}"), &self.start, &self.writes, &self.looks)
    }
}

impl Everything<'_> {
    fn life_of(&self, key: &str, account: usize, imported: Option<usize>) -> Life {
        let Self { history, written } = self;
        let mut writes = self.writes_of(key);
        let account = &history.accounts[account].id;
        for sweep in history.sweeps.iter().filter(|sweep| sweep.account == *account) {
            let what = Change { effect: sweep.effect.clone(), on: None, event: None };
            writes.push(Step { action: sweep.action, began: sweep.began, ended: sweep.ended, what });
        }
        if written.is_lapsed(key) {
            let what = Change { effect: Effect::Lapse, on: None, event: None };
            writes.push(Step { action: 0, began: 0, ended: SOMETIME, what });
        }
        let looks = history.looks.iter().filter(|it| it.key == key).map(|it| Step {
            action: it.action,
            began: it.began,
            ended: it.ended,
            what: it.what.clone(),
        });
        let mut looks: Vec<_> = looks.collect();
        let Some(value) = imported else {
            looks.extend(history.uses.iter().filter(|it| history.values[it.value].key == key).map(look));
            return Life { start: Key::default(), writes, looks };
        };
        let attempts: Vec<_> = history.imports.iter().filter(|it| it.value == value).collect();
        writes.extend(self.imports_of(key, value, &attempts));
        // Where several keys had the value in turn, a refusal may be of another one.
        let alone = attempts.iter().filter_map(|it| it.key.as_deref()).all(|it| it == key);
        let of_key = |it: &&ValueUse| match &it.seen {
            Seen::Refused => history.values[it.value].key == key || it.value == value && alone,
            Seen::Works { key: found, .. } => found == key,
        };
        looks.extend(history.uses.iter().filter(of_key).map(look));
        let version = written.import(key).map(Into::into);
        Life { start: Key::imported(value, identity_of_imported(), version), writes, looks }
    }

    /// What was asked of the key itself. A write without an answer and without an event was not done.
    fn writes_of(&self, key: &str) -> Vec<Step<Change>> {
        let mut writes = Vec::new();
        for it in &self.history.writes {
            let of = if it.key.is_empty() { self.written.made(&it.request) } else { Some(&*it.key) };
            let event = match it.effect {
                Effect::Expose { value } => self.written.exposure(&it.request, key, &self.history.values[value].text),
                _ => self.written.event(&it.request, key),
            };
            if of == Some(key) && (event.is_some() || it.ended != u64::MAX) {
                let what = Change { effect: it.effect.clone(), on: it.on.clone(), event: event.map(Into::into) };
                let ended = it.ended.min(if event.is_some() { SOMETIME } else { u64::MAX });
                writes.push(Step { action: it.action, began: it.began, ended, what });
            }
        }
        writes
    }

    /// What imports and reports of its value of another system did.
    fn imports_of(&self, key: &str, value: usize, attempts: &[&Import]) -> Vec<Step<Change>> {
        let mut writes = Vec::new();
        for it in attempts.iter().filter(|it| it.key.as_deref().is_none_or(|it| it == key)) {
            let ended = if it.key.is_some() { it.ended } else { u64::MAX };
            let what = Change { effect: Effect::Release, on: None, event: None };
            writes.push(Step { action: it.action, began: it.began, ended, what });
        }
        // A report of a value that no key has yet changes nothing.
        let is_known = |at: u64| attempts.iter().any(|it| it.key.as_deref() == Some(key) && it.ended < at);
        for it in self.history.exposures.iter().filter(|it| it.value == value) {
            let event = self.written.exposure(&it.request, key, &self.history.values[value].text);
            let ended = if is_known(it.began) { it.ended } else { u64::MAX };
            let what = Change { effect: Effect::Expose { value }, on: None, event: event.map(Into::into) };
            writes.push(Step { action: it.action, began: it.began, ended, what });
        }
        writes
    }
}

/// As importers bring all of them along.
fn identity_of_imported() -> Identity {
    let (user_id, username) = ("user-3".to_owned(), "Lin".to_owned());
    Identity { operations: ["SMS".to_owned()].into(), user_id, username, ..Identity::default() }
}

/// A request with a value is a look at the key that has it.
fn look(it: &ValueUse) -> Step<Look> {
    let found = match &it.seen {
        Seen::Refused => None,
        Seen::Works { identity, .. } => Some(identity.clone()),
    };
    let what = Look::Use { value: it.value, now: it.now, found };
    Step { action: it.action, began: it.began, ended: it.ended, what }
}
