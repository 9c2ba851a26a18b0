//! Keys that repeat different limits of their account: a sweep goes on, was stopped, or never came to functions of the version
//! before.

use std::collections::BTreeMap;

use api_keys::key::{AccountLease, AccountLimits, Counters, Lease, Limits, Period};
use fastrand::Rng;

use crate::world::{MINUTE, ask_both, at, index, limits};

const ENVIRONMENTS: usize = 9;
const KEYS: usize = 40;

fn copy(plan: u64, list: &str) -> AccountLimits {
    AccountLimits { plan, limits: limits(list) }
}

#[derive(Default)]
struct Run {
    admitted: BTreeMap<(usize, u64), u64>,
    requests: u64,
    all_admitted: u64,
    writes: u64,
}

/// Requests of keys without limits of their own, whose copies are as `copy_of` returns for a key in a minute. `check` gets each request
/// that was let through, with the newest copy that its environment had seen and how many its window had.
fn run(
    minutes: u64,
    requests: u64,
    copy_of: impl Fn(usize, u64) -> AccountLimits,
    check: impl Fn(AccountLimits, &BTreeMap<(usize, u64), u64>, &AccountLease),
) -> Run {
    let mut rng = Rng::with_seed(minutes);
    let (mut table, mut run) = (Counters::default(), Run::default());
    let mut environments: Vec<Option<(AccountLease, AccountLimits)>> = vec![None; ENVIRONMENTS];
    for minute in 0..minutes {
        for nth in 0..requests {
            let now = at(minute * MINUTE + nth * MINUTE / requests);
            let copy = copy_of(rng.usize(0..KEYS), minute);
            let which = rng.usize(0..ENVIRONMENTS);
            let (lease, newest) = environments[which].get_or_insert_with(|| (AccountLease::new(copy, now), copy));
            if copy.plan > newest.plan {
                *newest = copy;
            }
            let (mut none, mut of_key) = (Lease::new(Limits::NONE, now), Counters::default());
            let request = ask_both((&mut none, Limits::NONE, &mut of_key), (lease, copy, &mut table), now);
            run.requests += 1;
            run.writes += request.account_writes;
            if request.allowed {
                run.all_admitted += 1;
                for limit in newest.limits.iter() {
                    *run.admitted.entry((index(limit.per), lease.lease.window(limit.per))).or_default() += 1;
                }
                check(*newest, &run.admitted, lease);
            }
        }
    }
    run
}

/// Never more than the limits that the newest copy has which the environment of the request has seen.
fn within_the_newest(newest: AccountLimits, admitted: &BTreeMap<(usize, u64), u64>, lease: &AccountLease) {
    for limit in newest.limits.iter() {
        let count = admitted[&(index(limit.per), lease.lease.window(limit.per))];
        assert!(count <= limit.requests.into(), "{count} of {limit:?}");
    }
}

#[test]
fn copies_that_differ_throw_no_lease_away() {
    for list in ["1200/MINUTE", "100000/DAY", "3000/MINUTE,100000/DAY"] {
        let alike = run(20, 1_000, |_, _| copy(1, list), within_the_newest);
        // Something else that keys repeat by the same counter was changed, and the sweep stopped halfway.
        let halfway = run(20, 1_000, |key, _| copy(if key % 2 == 0 { 2 } else { 1 }, list), within_the_newest);
        assert_eq!((halfway.all_admitted, halfway.writes), (alike.all_admitted, alike.writes));
        // Or the limits were, and every other key has the ones before, or those of a function that has none.
        for older in ["1300/MINUTE,90000/DAY", ""] {
            let of = |key: usize, _: u64| if key.is_multiple_of(2) { copy(2, list) } else { copy(1, older) };
            let halfway = run(20, 1_000, of, |_, _, _| ());
            // An environment that sees the newest copy begins with small leases, once.
            assert!(halfway.writes <= alike.writes + 5 * ENVIRONMENTS as u64, "{} {}", halfway.writes, alike.writes);
        }
    }
}

#[test]
fn the_newest_copy_holds_for_keys_with_older_ones_and_none_is_let_through_too_often() {
    // From minute 3 on a sweep updates a key each minute, and from minute 10 on it is stopped.
    for (before, since) in [
        ("500/MINUTE", "200/MINUTE"),
        ("200/MINUTE", "500/MINUTE"),
        ("", "200/MINUTE"),
        ("3000/DAY", "250/MINUTE,9000/DAY"),
    ] {
        let of = |key: usize, minute: u64| {
            if (key as u64) < minute.saturating_sub(2).min(7) { copy(2, since) } else { copy(1, before) }
        };
        let run = run(20, 700, of, |newest, admitted, lease| {
            // By minute 6 each environment has seen the newest copy.
            if newest.plan == 2 && lease.lease.window(Period::Minute) >= Period::Minute.window(at(6 * MINUTE)) {
                within_the_newest(newest, admitted, lease);
            }
        });
        let (new, minute) = (limits(since), index(Period::Minute));
        let first = Period::Minute.window(at(7 * MINUTE));
        let of_minutes: Vec<_> = (first..first + 10).filter_map(|window| run.admitted.get(&(minute, window))).collect();
        let most = u64::from(new.of(Period::Minute).unwrap());
        assert!(
            of_minutes.iter().all(|count| **count <= most && **count * 100 >= most * 98),
            "{of_minutes:?} of {most}"
        );
    }
}

#[test]
fn limits_that_were_taken_away_do_not_come_back_with_an_older_copy() {
    let of = |key: usize, minute: u64| {
        if minute > 2 && key > 0 { copy(2, "") } else { copy(1, "100/MINUTE") }
    };
    let run = run(10, 600, of, |_, _, _| ());
    // Each environment refuses some, until it has seen that they were.
    assert!(run.all_admitted >= 3 * 98 + 6 * 600 && run.all_admitted <= 3 * 100 + 7 * 600, "{}", run.all_admitted);
}
