//! No key is let through more often than its limits allow, nor all keys of an account together more often than the account's, in no
//! window, nor more often than the table has granted by the end. And the account's are those that operators set last.

use std::collections::BTreeMap;

use api_keys::key::Period;

use crate::history::{History, LimitList, OfAccount, Seen, ValueUse};
use crate::tables::{Item, KEYS, Tables};

pub fn check(history: &History, tables: &Tables) -> Vec<String> {
    let mut wrong = over(history, &granted(tables));
    for (account, of) in history.accounts.iter().enumerate() {
        let of_account = |it: &&OfAccount| it.account == account && it.fields.contains_key(FIELD);
        let writes: Vec<_> = history.account_writes.iter().filter(of_account).collect();
        let seen: Vec<_> = history.uses.iter().filter_map(|it| seen(it, &of.id)).collect();
        wrong.extend(older(&writes, &seen));
        wrong.extend(brought_back(&writes, &seen));
    }
    wrong
}

const FIELD: &str = "accountLimits";

/// Of a key, or of an account where it is `account`: the window of a period, by the minute that it ends with.
type Window<'a> = (&'a str, &'a str, String, u64);

/// How many requests of each window the table has granted, without those that were given back.
fn granted(tables: &Tables) -> BTreeMap<Window<'_>, u64> {
    let counters = |item: Option<&Item>, period: Period| -> Option<(u64, u64)> {
        let counter = item?.get(&format!("c{}", name(period)))?["N"].as_str()?.parse::<u64>().ok()?;
        Some((counter / WINDOW, counter % WINDOW))
    };
    let mut granted = BTreeMap::new();
    for change in tables.changes.iter().filter(|change| change.place.table == KEYS) {
        let Some(account) = change.place.partition.strip_suffix("#limits") else { continue };
        for period in Period::ALL {
            // What has lived its time was granted.
            let Some((window, used)) = counters(change.new.as_ref(), period) else { continue };
            let before = counters(change.old.as_ref(), period).filter(|(before, _)| *before == window);
            let of = (account, &*change.place.id, period.as_str().to_ascii_lowercase(), minutes(period.end(window)));
            let granted: &mut u64 = granted.entry(of).or_default();
            *granted = (*granted + used).saturating_sub(before.map_or(0, |(_, used)| used));
        }
    }
    granted
}

/// The counter of a period is one number, `window × 10⁹ + used`.
const WINDOW: u64 = 1_000_000_000;

fn name(period: Period) -> String {
    let (first, rest) = period.as_str().split_at(1);
    format!("{first}{}", rest.to_ascii_lowercase())
}

/// Windows end with a minute, and an answer has whole seconds.
fn minutes(end: u64) -> u64 {
    (end + 30) / 60
}

fn over(history: &History, granted: &BTreeMap<Window<'_>, u64>) -> Vec<String> {
    let mut windows = BTreeMap::<_, (u64, u64)>::new();
    for it in &history.uses {
        let Seen::Works { key, account, allowed: true, limited: false, .. } = &it.seen else { continue };
        for counted in &it.counted {
            let id = if counted.of_account { "account" } else { key.as_str() };
            let window = (account.as_str(), id, counted.period.clone(), minutes(counted.window_end));
            let (requests, most) = windows.entry(window).or_default();
            *requests += 1;
            // It may have been changed: then the highest that an answer had.
            *most = counted.limit.max(*most);
        }
    }
    let mut wrong = Vec::new();
    for (window, (requests, most)) in &windows {
        let (account, id, period, _) = window;
        let granted = granted.get(window).copied().unwrap_or(0);
        if requests > most {
            wrong.push(format!("{id} of account {account} was let through {requests} times a {period}, not {most}"));
        } else if *requests > granted {
            wrong.push(format!(
                "{id} of account {account} was let through {requests} times a {period}, and granted {granted}"
            ));
        }
    }
    wrong
}

/// An account's limits, as a request that is counted in them shows them.
fn seen<'a>(it: &'a ValueUse, account: &str) -> Option<(&'a ValueUse, &'a LimitList)> {
    let limits = it.account_limits.as_ref()?;
    matches!(&it.seen, Seen::Works { account: of, .. } if of == account).then_some((it, limits))
}

fn sets(write: &OfAccount, limits: &LimitList) -> bool {
    let set = write.fields[FIELD].as_array().into_iter().flatten();
    let set =
        set.map(|limit| (limit["per"].as_str().unwrap_or_default().to_ascii_lowercase(), limit["requests"].as_u64()));
    set.collect::<BTreeMap<_, _>>() == limits.iter().map(|(per, requests)| (per.clone(), Some(*requests))).collect()
}

/// From an operator's confirmation on, no request is counted in limits that were replaced before it began.
fn older(writes: &[&OfAccount], seen: &[(&ValueUse, &LimitList)]) -> Option<String> {
    let (it, limits) = seen.iter().find(|(it, limits)| {
        let is_replaced =
            |write: &OfAccount| writes.iter().any(|other| write.ended < other.began && other.ended < it.began);
        !writes.iter().any(|write| sets(write, limits) && write.began < it.ended && !is_replaced(write))
    })?;
    Some(format!("[{}] a request is counted in the limits {limits:?} of its account, which were replaced", it.action))
}

/// An environment that has seen limits of an account counts in none that were replaced before those were set.
fn brought_back(writes: &[&OfAccount], seen: &[(&ValueUse, &LimitList)]) -> Option<String> {
    let mut of_environments = BTreeMap::<usize, Vec<_>>::new();
    for (it, limits) in seen {
        of_environments.entry(it.environment).or_default().push((it.began, it.action, *limits));
    }
    for (environment, mut of) in of_environments {
        of.sort_by_key(|(began, ..)| *began);
        let pairs = of.windows(2).filter_map(|pair| match pair {
            // It remembers none for an account of which it has seen none.
            [(_, _, before), (_, action, then)] if !before.is_empty() && before != then => Some((before, action, then)),
            _ => None,
        });
        for (before, action, then) in pairs {
            let can_follow =
                |then: &&&OfAccount| writes.iter().any(|first| sets(first, before) && first.began < then.ended);
            if !writes.iter().filter(|write| sets(write, then)).any(|write| can_follow(&write)) {
                return Some(format!(
                    "[{action}] environment {environment} counts in {then:?} again, after {before:?}"
                ));
            }
        }
    }
    None
}
