//! Limits by leases, simulated: many environments, bursts, deaths, clocks that differ. Seeded, so that each run is the same.
//!
//! `GRID=1 cargo test -p tests --test lease_simulation -- --nocapture` prints the table of `docs/limits-and-costs.md`.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use api_keys::{Claim, Counters, Lease, Limit, Limits, Period, Step, Timestamp};
use fastrand::Rng;

const ENVIRONMENTS: [usize; 5] = [1, 3, 5, 9, 50];
const LIMITS: [u32; 6] = [3, 10, 100, 1_000, 3_000, 10_000];
/// Tenths of the limit.
const DEMANDS: [u64; 5] = [9, 10, 12, 20, 100];
const WINDOWS: u64 = 4;
const MINUTE: u64 = 60_000;
/// A moment at which a minute begins, and no hour.
const START: u64 = 1_795_428_960_000;

#[derive(Debug, Clone, Copy)]
struct Setting {
    environments: usize,
    limits: Limits,
    requests: u32,
    demand: u64,
    bursts: bool,
    deaths: bool,
}

#[derive(Debug, Default)]
struct Outcome {
    /// Requests and admitted ones, by the window that each was counted in.
    windows: BTreeMap<u64, (u64, u64)>,
    writes: u64,
    failed: u64,
    /// What died with environments.
    dead: u64,
    /// The most failed conditions that one environment had in one window for requests that it then refused, but for
    /// the one by which it learned that a new window had begun.
    most_refusals: u64,
}

impl Outcome {
    fn admitted(&self) -> u64 {
        self.windows.values().map(|(_, admitted)| admitted).sum()
    }

    /// What could have been admitted.
    fn possible(&self, limit: u32) -> u64 {
        self.windows.values().map(|(wanted, _)| (*wanted).min(u64::from(limit))).sum()
    }
}

struct Environment {
    lease: Lease,
    /// How many milliseconds its clock is ahead of the earliest.
    ahead: u64,
    refusals: BTreeMap<u64, u64>,
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
}

/// What DynamoDB does with a claim.
fn write(table: &mut Counters, claim: &Claim) -> Result<(), ()> {
    let mut after = *table;
    for part in &claim.parts {
        let counter = table.of(part.period);
        let raised = match part.from {
            Some((low, high)) => counter.filter(|counter| (low..=high).contains(counter)),
            None => Some(part.start).filter(|start| counter.is_none_or(|counter| counter < *start)),
        };
        after = after.with(part.period, raised.ok_or(())? + u64::from(claim.requests));
    }
    *table = after;
    Ok(())
}

/// One request in an environment.
fn admit(lease: &mut Lease, limits: Limits, table: &mut Counters, now: Timestamp) -> bool {
    loop {
        match lease.step(limits, now) {
            Step::Allow => return true,
            Step::Refuse => return false,
            Step::Ask(claim) => match write(table, &claim) {
                Ok(()) => lease.granted(&claim, *table, now),
                Err(()) => lease.refused(*table),
            },
        }
    }
}

/// The milliseconds since the start at which requests come.
fn arrivals(setting: &Setting, rng: &mut Rng) -> Vec<u64> {
    let wanted = u64::from(setting.requests) * setting.demand / 10;
    let mut times = Vec::new();
    for window in 0..WINDOWS {
        times.extend((0..wanted).map(|_| {
            window * MINUTE + if setting.bursts { rng.u64(0..6) * 10_000 + rng.u64(0..100) } else { rng.u64(0..MINUTE) }
        }));
    }
    times.sort_unstable();
    times
}

fn run(setting: &Setting, seed: u64) -> Outcome {
    let mut rng = Rng::with_seed(seed);
    let mut table = Counters::default();
    let mut outcome = Outcome::default();
    let new = |rng: &mut Rng| Environment {
        lease: Lease::new(setting.limits, at(START)),
        ahead: rng.u64(0..=50),
        refusals: BTreeMap::new(),
    };
    let mut environments: Vec<_> = (0..setting.environments).map(|_| new(&mut rng)).collect();
    let arrivals = arrivals(setting, &mut rng);
    // About two deaths for each environment.
    let between_deaths = (arrivals.len() / setting.environments / 2).max(1);
    for time in arrivals {
        let which = rng.usize(0..environments.len());
        if setting.deaths && rng.usize(0..between_deaths) == 0 {
            let before = environments[which].lease.clone();
            outcome.dead += u64::from(before.left());
            environments[which] = new(&mut rng);
        }
        let environment = &mut environments[which];
        let now = at(START + time + environment.ahead);
        let mut failed = 0;
        let allowed = loop {
            match environment.lease.step(setting.limits, now) {
                Step::Allow => break true,
                Step::Refuse => break false,
                Step::Ask(claim) => {
                    outcome.writes += 1;
                    if write(&mut table, &claim).is_ok() {
                        environment.lease.granted(&claim, table, now);
                    } else {
                        outcome.failed += 1;
                        failed += u64::from(claim.parts.iter().all(|part| part.from.is_some()));
                        environment.lease.refused(table);
                    }
                }
            }
        };
        let window = environment.lease.window(Period::Minute);
        if !allowed {
            *environment.refusals.entry(window).or_default() += failed;
        }
        let window = outcome.windows.entry(window).or_default();
        window.0 += 1;
        window.1 += u64::from(allowed);
    }
    let refusals = environments.iter().flat_map(|environment| environment.refusals.values());
    outcome.most_refusals = refusals.copied().max().unwrap_or(0);
    outcome
}

fn settings(deaths: bool) -> impl Iterator<Item = Setting> {
    LIMITS.into_iter().flat_map(move |requests| {
        let limits = Limits::NONE.and(Limit { requests, per: Period::Minute }).unwrap();
        ENVIRONMENTS.into_iter().flat_map(move |environments| {
            DEMANDS.into_iter().flat_map(move |demand| {
                [false, true].map(|bursts| Setting { environments, limits, requests, demand, bursts, deaths })
            })
        })
    })
}

#[test]
fn no_window_admits_more_than_the_limit_almost_all_of_it_is_used_and_few_writes_are_needed() {
    let print = std::env::var_os("GRID").is_some();
    for (seed, setting) in (0..).zip([false, true].into_iter().flat_map(settings)) {
        let outcome = run(&setting, seed);
        for (window, (_, admitted)) in &outcome.windows {
            assert!(*admitted <= u64::from(setting.requests), "{setting:?}: {admitted} in {window}");
        }
        let (admitted, possible) = (outcome.admitted(), outcome.possible(setting.requests));
        if print {
            println!("{}", row(&setting, &outcome, admitted, possible));
        }
        // A death costs what was left of its lease, and nothing more.
        assert!((admitted + outcome.dead) * 100 >= possible * 98, "{setting:?}: {admitted} of {possible}");
        assert!(outcome.most_refusals <= 1, "{setting:?}: {} failed conditions for refusals", outcome.most_refusals);
        let most = match (setting.environments, setting.requests) {
            (9, 10_000) => 60,
            (9, 1_000) => 350,
            _ => continue,
        };
        assert!(outcome.writes * 1000 <= admitted * most, "{setting:?}: {} writes for {admitted}", outcome.writes);
    }
}

/// A row of the table: limit, environments, demand, pattern, deaths, admitted, writes for each, of them failed.
fn row(setting: &Setting, outcome: &Outcome, admitted: u64, possible: u64) -> String {
    let thousandths = outcome.writes * 1000 / admitted;
    format!(
        "| {} | {} | {}.{} | {} | {} | {}.{} % | {}.{:03} | {} |",
        setting.requests,
        setting.environments,
        setting.demand / 10,
        setting.demand % 10,
        if setting.bursts { "bursts" } else { "uniform" },
        if setting.deaths { "yes" } else { "no" },
        admitted * 100 / possible,
        admitted * 1000 / possible % 10,
        thousandths / 1000,
        thousandths % 1000,
        outcome.failed,
    )
}

/// The counters of several periods are raised by one write: none admits more than its own limit.
#[test]
fn of_several_limits_each_holds() {
    let minute = Limit { requests: 50, per: Period::Minute };
    let hour = Limit { requests: 120, per: Period::Hour };
    let month = Limit { requests: 170, per: Period::Month };
    let limits = [minute, hour, month].into_iter().fold(Limits::NONE, |limits, limit| limits.and(limit).unwrap());
    for seed in 0..20 {
        let mut rng = Rng::with_seed(seed);
        let mut table = Counters::default();
        let mut leases: Vec<_> = (0..7).map(|_| Lease::new(limits, at(START))).collect();
        let mut admitted = BTreeMap::new();
        // Two hours, in which each minute wants twice its limit.
        for second in 0..7200 {
            for _ in 0..2 {
                let lease = &mut leases[rng.usize(0..7)];
                let now = at(START + second * 1000 + rng.u64(0..50));
                if admit(lease, limits, &mut table, now) {
                    for limit in limits.iter() {
                        *admitted.entry((limit.per.as_str(), lease.window(limit.per))).or_insert(0) += 1;
                    }
                }
            }
        }
        for ((period, window), count) in admitted {
            let limit = limits.of(Period::parse(period).unwrap()).unwrap();
            assert!(count <= limit, "seed {seed}: {count} in {period} {window}");
        }
        assert_eq!(table.of(Period::Month).unwrap() % 1_000_000_000, 170);
    }
}

/// Other limits hold from the next request on: what was leased for the old ones is not spent.
#[test]
fn other_limits_hold_at_once_and_refill_nothing() {
    let of = |requests| Limits::NONE.and(Limit { requests, per: Period::Minute }).unwrap();
    let (mut table, now) = (Counters::default(), at(START));
    let mut lease = Lease::new(of(1_000), now);
    for _ in 0..200 {
        assert!(admit(&mut lease, of(1_000), &mut table, now));
    }
    assert!(lease.left() > 0);
    assert!(!admit(&mut lease, of(100), &mut table, now), "spent beyond the lower limit");
    let taken = table.of(Period::Minute).unwrap() % 1_000_000_000;
    let more = (0..2_000).filter(|_| admit(&mut lease, of(1_000), &mut table, now)).count();
    assert_eq!(u64::try_from(more).unwrap(), 1_000 - taken);
}

/// Whether a claim was written is unknown: it counts as written, and the next one is small.
#[test]
fn what_was_lost_is_never_spent() {
    let limits = Limits::NONE.and(Limit { requests: 1_000, per: Period::Minute }).unwrap();
    let (mut table, now) = (Counters::default(), at(START));
    let mut lease = Lease::new(limits, now);
    let mut admitted = 0;
    let mut lost = 0;
    for round in 0..3_000 {
        match lease.step(limits, now) {
            Step::Allow => admitted += 1,
            Step::Refuse => break,
            // Every second answer is lost, whether or not it was written.
            Step::Ask(claim) if round % 2 == 0 => {
                if round % 4 == 0 && write(&mut table, &claim).is_ok() {
                    lost += claim.requests;
                }
                lease.lost();
                let Step::Ask(next) = lease.step(limits, now) else { panic!("spent what was lost") };
                assert_eq!(next.requests, 1);
            }
            Step::Ask(claim) => match write(&mut table, &claim) {
                Ok(()) => lease.granted(&claim, table, now),
                Err(()) => lease.refused(table),
            },
        }
    }
    assert!(admitted + lost <= 1_000 && admitted > 0 && lost > 0, "{admitted} and {lost}");
}
