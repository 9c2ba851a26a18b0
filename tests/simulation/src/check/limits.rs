//! No key is let through more often than its limits allow, nor all keys of an account together more often than the account's, in no
//! window. And the account's are those that operators set last.

use std::collections::BTreeMap;

use crate::history::{History, LimitList, OfAccount, Seen, ValueUse};

pub fn check(history: &History) -> Vec<String> {
    let mut wrong = over(history);
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

fn over(history: &History) -> Vec<String> {
    let mut windows = BTreeMap::<_, (u64, u64)>::new();
    for it in &history.uses {
        let Seen::Works { key, account, allowed: true, limited: false, .. } = &it.seen else { continue };
        for counted in &it.counted {
            // Windows end with a minute, and an answer has whole seconds.
            let end = (counted.window_end + 30) / 60;
            let whose = if counted.of_account { ("account", account) } else { ("key", key) };
            let (requests, most) = windows.entry((whose, &counted.period, end)).or_default();
            *requests += 1;
            // It may have been changed: then the highest that an answer had.
            *most = counted.limit.max(*most);
        }
    }
    let over = windows.iter().filter(|(_, (requests, most))| requests > most);
    over.map(|(((what, id), period, _), (requests, most))| {
        format!("{what} {id} was let through {requests} times a {period}, not {most}")
    })
    .collect()
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
