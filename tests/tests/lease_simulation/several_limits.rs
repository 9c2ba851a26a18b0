//! Two and three limits at once, bursts in the first second of a window, and environments that live five to twenty minutes.

use std::collections::BTreeMap;

use api_keys::key::{Counters, Lease, Limits, Period};
use fastrand::Rng;

use crate::grid;
use crate::world::{self, Bursts, Ends, MINUTE, Pattern, ask, at, index, limits, percent, quotient};

const ENVIRONMENTS: [usize; 4] = [1, 3, 9, 50];

#[derive(Debug, Clone, Copy)]
struct Setting {
    limits: &'static str,
    pattern: Pattern,
    environments: usize,
    ends: Ends,
}

impl Setting {
    /// How many milliseconds an environment lives.
    fn life(&self, rng: &mut Rng) -> u64 {
        match (self.ends, self.pattern.bursts) {
            (Ends::Never, _) => u64::MAX,
            // One for each burst.
            (_, Bursts::FirstSecond(every @ 2..)) => every * MINUTE,
            _ => rng.u64(5 * MINUTE..=20 * MINUTE),
        }
    }
}

/// How many requests there are of a window of a period.
type Windows = BTreeMap<(usize, u64), u64>;

#[derive(Debug, Default)]
struct Outcome {
    admitted: Windows,
    /// As one counter that is written for each request would have it.
    ideal: Windows,
    /// What was granted to environments that were killed.
    dead: Windows,
    requests: u64,
    all_admitted: u64,
    all_ideal: u64,
    writes: u64,
    failed: u64,
}

/// A limit where the demand reaches it: what was admitted in such windows, or died, and what could have been.
struct Reached {
    period: Period,
    windows: u64,
    admitted: u64,
    dead: u64,
    possible: u64,
}

impl Reached {
    /// All but two in a hundred, or one in each window.
    fn is_usable(&self) -> bool {
        let used = self.admitted + self.dead;
        used * 100 >= self.possible * 98 || used + self.windows >= self.possible
    }
}

impl Outcome {
    fn reached(&self, limits: Limits) -> Vec<Reached> {
        let of = |window: &(usize, u64), of: &Windows| of.get(window).copied().unwrap_or(0);
        let reached = limits.iter().map(|limit| {
            let (period, most) = (limit.per, u64::from(limit.requests));
            let of_period = self.ideal.iter().filter(|((other, _), ideal)| *other == index(period) && **ideal == most);
            let windows: Vec<_> = of_period.map(|(window, _)| window).collect();
            Reached {
                period,
                windows: windows.len() as u64,
                admitted: windows.iter().map(|window| of(window, &self.admitted)).sum(),
                dead: windows.iter().map(|window| of(window, &self.dead)).sum(),
                possible: windows.len() as u64 * most,
            }
        });
        reached.filter(|reached| reached.windows > 0).collect()
    }
}

struct Environment {
    lease: Lease,
    /// How many milliseconds its clock is ahead of the earliest.
    ahead: u64,
    end: u64,
}

fn run(setting: &Setting, seed: u64) -> Outcome {
    let limits = limits(setting.limits);
    let mut rng = Rng::with_seed(seed);
    let (mut table, mut outcome) = (Counters::default(), Outcome::default());
    let new = |start: u64, rng: &mut Rng| Environment {
        lease: Lease::new(limits, at(start)),
        ahead: rng.u64(0..=50),
        end: start.saturating_add(setting.life(rng)),
    };
    let mut environments: Vec<_> = (0..setting.environments).map(|_| new(0, &mut rng)).collect();
    let mut next_end = 0;
    for time in setting.pattern.arrivals(&mut rng) {
        if next_end <= time {
            for environment in environments.iter_mut().filter(|environment| environment.end <= time) {
                end(environment, setting, &mut table, &mut outcome);
                *environment = new(environment.end, &mut rng);
            }
            next_end = environments.iter().map(|environment| environment.end).min().unwrap();
        }
        let which = rng.usize(0..environments.len());
        let environment = &mut environments[which];
        let now = at(time + environment.ahead);
        let windows: Vec<_> = limits.iter().map(|limit| (index(limit.per), limit.per.window(now))).collect();
        let is_full = |(limit, window): (api_keys::key::Limit, _)| {
            outcome.ideal.get(window).is_some_and(|admitted| *admitted >= u64::from(limit.requests))
        };
        if !limits.iter().zip(&windows).any(is_full) {
            outcome.all_ideal += 1;
            for window in windows {
                *outcome.ideal.entry(window).or_default() += 1;
            }
        }
        let request = ask(&mut environment.lease, limits, &mut table, now);
        outcome.requests += 1;
        outcome.writes += request.writes;
        outcome.failed += request.failed;
        if request.allowed {
            outcome.all_admitted += 1;
            for limit in limits.iter() {
                let window = environment.lease.window(limit.per);
                *outcome.admitted.entry((index(limit.per), window)).or_default() += 1;
            }
        }
    }
    outcome
}

fn end(environment: &mut Environment, setting: &Setting, table: &mut Counters, outcome: &mut Outcome) {
    let lease = &mut environment.lease;
    if setting.ends == Ends::Killed {
        for limit in limits(setting.limits).iter() {
            let window = (index(limit.per), lease.window(limit.per));
            *outcome.dead.entry(window).or_default() += u64::from(lease.left(limit.per));
        }
    } else if let Some(back) = lease.give_back(at(environment.end)).and_then(|back| back.to(*table)) {
        outcome.writes += 1;
        world::give_back(table, &back).unwrap();
    }
}

fn settings() -> Vec<Setting> {
    let even = |minutes, requests| Pattern { minutes, requests, bursts: Bursts::No };
    let bursts = |minutes, requests, every| Pattern { minutes, requests, bursts: Bursts::FirstSecond(every) };
    let mut patterns = vec![
        ("1000/MINUTE,20000/DAY", bursts(780, 34, 1)),
        ("300/MINUTE,4000/DAY", bursts(30, 256, 1)),
        ("10000/MINUTE,30000/DAY", bursts(40, 1_000, 1)),
        ("1000/MINUTE,12000/DAY", even(18, 1_000)),
        ("60/MINUTE,1500/DAY", even(40, 90)),
        ("300/HOUR,700/MONTH", bursts(150, 10, 1)),
        ("3000/HOUR,8000/MONTH", even(150, 60)),
        ("20/MINUTE,500/HOUR,1000/DAY", bursts(120, 25, 1)),
        ("50/HOUR,150/DAY,220/MONTH", even(2_000, 1)),
        // A new environment for each burst.
        ("6000/DAY", bursts(780, 65, 5)),
        ("2200/DAY", bursts(780, 65, 20)),
    ];
    if grid::is_wanted() {
        patterns.extend([
            ("10000/MINUTE,50000/DAY", bursts(240, 256, 1)),
            ("10000/MINUTE,200000/DAY", bursts(240, 1_000, 1)),
            ("1000/MINUTE,20000/DAY", even(30, 1_500)),
            ("100/MINUTE,2000/HOUR,15000/DAY", even(500, 50)),
            ("30/HOUR,1500/MONTH", bursts(4_000, 7, 1)),
        ]);
    }
    let with_ends = |(limits, pattern)| {
        let of = move |environments| Ends::ALL.map(|ends| Setting { limits, pattern, environments, ends });
        ENVIRONMENTS.into_iter().flat_map(of)
    };
    patterns.into_iter().flat_map(with_ends).collect()
}

#[test]
fn of_each_limit_all_but_two_in_a_hundred_is_usable_and_never_one_request_too_many() {
    let (mut rows, mut unusable) = (Vec::new(), Vec::new());
    for (seed, setting) in (0..).zip(settings()) {
        let outcome = run(&setting, seed);
        let limits = limits(setting.limits);
        for ((period, window), admitted) in &outcome.admitted {
            let limit = limits.of(Period::ALL[*period]).unwrap();
            assert!(*admitted <= u64::from(limit), "{setting:?}: {admitted} in {window}");
        }
        let reached = outcome.reached(limits);
        assert!(!reached.is_empty(), "{setting:?} reaches no limit");
        rows.push(row(&setting, &outcome, &reached));
        // Of what could be admitted, nothing else is lost either.
        let all = setting.ends == Ends::Killed || outcome.all_admitted * 100 >= outcome.all_ideal * 98;
        if !all || !reached.iter().all(Reached::is_usable) {
            unusable.extend(rows.last().cloned());
        }
    }
    assert!(unusable.is_empty(), "{} of {}:\n{}", unusable.len(), rows.len(), unusable.join("\n"));
    let columns = "| limits | requests | environments | they end | admitted | of each limit that is reached | writes each | of them failed |";
    grid::write("Several limits", columns, &rows);
}

/// At 1,000 a minute over nine environments that live five to twenty minutes: a tenth of a write for each request, as without a
/// second limit.
#[test]
fn a_second_limit_and_giving_back_cost_next_to_no_writes() {
    for limits in ["1200/MINUTE", "1200/MINUTE,1000000/DAY", "1200/MINUTE,60000/HOUR,1000000/MONTH"] {
        let pattern = Pattern { minutes: 40, requests: 1_000, bursts: Bursts::No };
        let outcome = run(&Setting { limits, pattern, environments: 9, ends: Ends::Ordinary }, 7);
        assert!(outcome.writes * 1000 <= outcome.requests * 110, "{limits}: {} writes", outcome.writes);
    }
}

fn row(setting: &Setting, outcome: &Outcome, reached: &[Reached]) -> String {
    let requests = setting.pattern.requests;
    let requests = match setting.pattern.bursts {
        Bursts::FirstSecond(1) => format!("{requests} in the first second of each minute"),
        Bursts::FirstSecond(every) => format!("{requests} in the first second of every {every} minutes"),
        _ => format!("{requests} a minute, evenly"),
    };
    let ends = setting.ends.name();
    let of_each = reached.iter().map(|reached| {
        let period = reached.period.as_str();
        let dead = percent(reached.dead, reached.possible);
        let dead = if reached.dead > 0 { format!(", {dead} died") } else { String::new() };
        format!("{period} {}{dead}", percent(reached.admitted, reached.possible))
    });
    format!(
        "| {} | {requests} | {} | {ends} | {} | {} | {} | {} |",
        setting.limits.replace(',', ", "),
        setting.environments,
        percent(outcome.all_admitted, outcome.all_ideal),
        of_each.collect::<Vec<_>>().join("; "),
        quotient(outcome.writes, outcome.requests),
        outcome.failed,
    )
}
