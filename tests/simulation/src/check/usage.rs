//! What is counted as used is at most what an authorizer was asked.

use std::collections::BTreeMap;

use crate::history::History;
use crate::tables::{Tables, USAGE, whole};

pub fn check(history: &History, tables: &Tables) -> Vec<String> {
    let mut asked = BTreeMap::<&str, u64>::new();
    for (value, times) in &history.asked {
        let native = Some(&*history.values[*value].key).filter(|key| !key.is_empty());
        let imported = history.imports.iter().filter(|it| it.value == *value).filter_map(|it| it.key.as_deref());
        let mut keys: Vec<_> = native.into_iter().chain(imported).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            *asked.entry(key).or_default() += times;
        }
    }
    let mut counted = BTreeMap::<&str, i128>::new();
    for (_, id, item) in tables.all(USAGE) {
        let of = id.split('#').next().unwrap_or_default();
        let hours = item.iter().filter(|(name, _)| name.len() == 3);
        *counted.entry(of).or_default() += hours.filter_map(|(_, value)| whole(value)).sum::<i128>();
    }
    let total: u64 = history.asked.values().sum();
    let bound = |key: &str| if key == "account" { total } else { asked.get(key).copied().unwrap_or(total) };
    let over = counted.into_iter().filter(|(key, times)| *times > i128::from(bound(key)));
    over.map(|(key, times)| format!("key {key} was used {times} times, and asked about {} times", bound(key))).collect()
}
