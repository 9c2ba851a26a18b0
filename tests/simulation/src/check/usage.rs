//! What is counted as used is at most what an authorizer was asked; where nothing fails, it is all that was let through.

use std::collections::BTreeMap;

use super::written::Written;
use crate::history::{History, Seen};
use crate::tables::{Tables, USAGE, whole};

pub fn check(history: &History, tables: &Tables, written: &Written<'_>, is_exact: bool) -> Vec<String> {
    let mut asked = BTreeMap::<&str, u64>::new();
    for (value, times) in &history.asked {
        let native = Some(&*history.values[*value].key).filter(|key| !key.is_empty());
        // The importer may not have been answered.
        let imported = written.keys_imported_with(*value, history);
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
    let mut let_through = BTreeMap::<&str, i128>::new();
    for it in history.uses.iter().filter(|_| is_exact) {
        if let Seen::Works { key, account, .. } = &it.seen
            && history.accounts.iter().all(|it| it.id != *account || !it.erasing)
        {
            *let_through.entry(key).or_default() += 1;
        }
    }
    let under = let_through.iter().find(|(key, times)| counted.get(*key).is_none_or(|counted| counted < times));
    if let Some((key, times)) = under {
        return vec![format!("key {key} was let through {times} times, and counted {:?}", counted.get(key))];
    }
    let over = counted.into_iter().filter(|(key, times)| *times > i128::from(bound(key)));
    over.map(|(key, times)| format!("key {key} was used {times} times, and asked about {} times", bound(key))).collect()
}
