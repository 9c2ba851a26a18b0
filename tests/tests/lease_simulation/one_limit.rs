//! One limit: six sizes, five demands, evenly and in bursts, with and without environments that are killed.

use std::collections::BTreeMap;

use api_keys::key::{Counters, Lease, Limit, Limits, Period};
use fastrand::Rng;

use crate::grid;
use crate::world::{Bursts, Pattern, ask, at, percent, quotient};

const ENVIRONMENTS: [usize; 5] = [1, 3, 5, 9, 50];
const LIMITS: [u32; 6] = [3, 10, 100, 1_000, 3_000, 10_000];
/// Tenths of the limit.
const DEMANDS: [u64; 5] = [9, 10, 12, 20, 100];
const WINDOWS: u64 = 4;

#[derive(Debug, Clone, Copy)]
struct Setting {
    environments: usize,
    limits: Limits,
    requests: u32,
    demand: u64,
    bursts: Bursts,
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

fn run(setting: &Setting, seed: u64) -> Outcome {
    let mut rng = Rng::with_seed(seed);
    let mut table = Counters::default();
    let mut outcome = Outcome::default();
    let new = |rng: &mut Rng| Environment {
        lease: Lease::new(setting.limits, at(0)),
        ahead: rng.u64(0..=50),
        refusals: BTreeMap::new(),
    };
    let mut environments: Vec<_> = (0..setting.environments).map(|_| new(&mut rng)).collect();
    let requests = u64::from(setting.requests) * setting.demand / 10;
    let arrivals = Pattern { minutes: WINDOWS, requests, bursts: setting.bursts }.arrivals(&mut rng);
    // About two deaths for each environment.
    let between_deaths = (arrivals.len() / setting.environments / 2).max(1);
    for time in arrivals {
        let which = rng.usize(0..environments.len());
        if setting.deaths && rng.usize(0..between_deaths) == 0 {
            outcome.dead += u64::from(environments[which].lease.left(Period::Minute));
            environments[which] = new(&mut rng);
        }
        let environment = &mut environments[which];
        let request = ask(&mut environment.lease, setting.limits, &mut table, at(time + environment.ahead));
        outcome.writes += request.writes;
        outcome.failed += request.failed;
        let window = environment.lease.window(Period::Minute);
        if !request.allowed {
            *environment.refusals.entry(window).or_default() += request.failed_in_window;
        }
        let window = outcome.windows.entry(window).or_default();
        window.0 += 1;
        window.1 += u64::from(request.allowed);
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
                let of = move |bursts| Setting { environments, limits, requests, demand, bursts, deaths };
                [Bursts::No, Bursts::Six].map(of)
            })
        })
    })
}

#[test]
fn no_window_admits_more_than_the_limit_almost_all_of_it_is_used_and_few_writes_are_needed() {
    let mut rows = Vec::new();
    for (seed, setting) in (0..).zip([false, true].into_iter().flat_map(settings)) {
        let outcome = run(&setting, seed);
        for (window, (_, admitted)) in &outcome.windows {
            assert!(*admitted <= u64::from(setting.requests), "{setting:?}: {admitted} in {window}");
        }
        let (admitted, possible) = (outcome.admitted(), outcome.possible(setting.requests));
        rows.push(row(&setting, &outcome, admitted, possible));
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
    let columns = "| limit a minute | environments | demand ÷ limit | pattern | killed | admitted | writes each | of them failed |";
    grid::write("One limit", columns, &rows);
}

fn row(setting: &Setting, outcome: &Outcome, admitted: u64, possible: u64) -> String {
    format!(
        "| {} | {} | {}.{} | {} | {} | {} | {} | {} |",
        setting.requests,
        setting.environments,
        setting.demand / 10,
        setting.demand % 10,
        if setting.bursts == Bursts::No { "even" } else { "bursts" },
        if setting.deaths { "yes" } else { "no" },
        percent(admitted, possible),
        quotient(outcome.writes, admitted),
        outcome.failed,
    )
}
