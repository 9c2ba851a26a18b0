//! Limits of an account beside those of its keys: 1 to 1,000 keys, evenly used or one of them busy, evenly or in bursts, in
//! environments that live on, end or are killed.

use std::collections::{BTreeMap, HashMap};

use api_keys::key::{AccountLease, AccountLimits, Counters, Lease, Limits, Period};
use fastrand::Rng;

use crate::grid;
use crate::world::{self, Bursts, Ends, MINUTE, Pattern, ask_both, at, index, limits, percent, quotient};

const ENVIRONMENTS: [usize; 4] = [1, 3, 9, 50];

/// How many keys there are, and which of them requests are made with.
#[derive(Debug, Clone, Copy)]
enum Keys {
    Even(usize),
    /// Every other request is of the first.
    OneBusy(usize),
}

impl Keys {
    fn name(self) -> String {
        match self {
            Self::Even(count) => count.to_string(),
            Self::OneBusy(count) => format!("{count}, one busy"),
        }
    }

    fn pick(self, rng: &mut Rng) -> usize {
        match self {
            Self::OneBusy(_) if rng.bool() => 0,
            Self::Even(count) | Self::OneBusy(count) => rng.usize(0..count),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Setting {
    account: &'static str,
    /// Of each key.
    key: &'static str,
    keys: Keys,
    pattern: Pattern,
    environments: usize,
    ends: Ends,
}

/// A key's or the account's, the period and its window.
type Window = (Option<usize>, usize, u64);

#[derive(Debug, Default)]
struct Outcome {
    admitted: HashMap<Window, u64>,
    /// As counters would have it that are written for each request.
    ideal: HashMap<Window, u64>,
    /// What was granted to environments that were killed.
    dead: HashMap<Window, u64>,
    requests: u64,
    all_admitted: u64,
    all_ideal: u64,
    /// What the account's limits cost, and all.
    account_writes: u64,
    writes: u64,
}

struct Environment {
    keys: BTreeMap<usize, Lease>,
    account: AccountLease,
    /// How many milliseconds its clock is ahead of the earliest.
    ahead: u64,
    end: u64,
}

/// The windows that a request counts in, with their limits.
fn windows<'a>(
    whose: Option<usize>,
    limits: Limits,
    window: impl Fn(Period) -> u64 + 'a,
) -> impl Iterator<Item = (Window, u64)> + 'a {
    limits.iter().map(move |limit| ((whose, index(limit.per), window(limit.per)), limit.requests.into()))
}

fn run(setting: &Setting, seed: u64) -> Outcome {
    let (of_account, of_key) = (AccountLimits { plan: 1, limits: limits(setting.account) }, limits(setting.key));
    let mut rng = Rng::with_seed(seed);
    let mut tables: BTreeMap<Option<usize>, Counters> = BTreeMap::new();
    let mut outcome = Outcome::default();
    let new = |start: u64, rng: &mut Rng| Environment {
        keys: BTreeMap::new(),
        account: AccountLease::new(of_account, at(start)),
        ahead: rng.u64(0..=50),
        end: if setting.ends == Ends::Never { u64::MAX } else { start + rng.u64(5 * MINUTE..=20 * MINUTE) },
    };
    let mut environments: Vec<_> = (0..setting.environments).map(|_| new(0, &mut rng)).collect();
    for time in setting.pattern.arrivals(&mut rng) {
        for environment in environments.iter_mut().filter(|environment| environment.end <= time) {
            end(environment, setting, &mut tables, &mut outcome);
            *environment = new(environment.end, &mut rng);
        }
        let key = setting.keys.pick(&mut rng);
        let which = rng.usize(0..environments.len());
        let environment = &mut environments[which];
        let now = at(time + environment.ahead);
        let of_clock = |whose, limits| windows(whose, limits, move |period| period.window(now));
        let ideal: Vec<_> = of_clock(Some(key), of_key).chain(of_clock(None, of_account.limits)).collect();
        if ideal.iter().all(|(window, most)| outcome.ideal.get(window).is_none_or(|admitted| admitted < most)) {
            outcome.all_ideal += 1;
            for (window, _) in ideal {
                *outcome.ideal.entry(window).or_default() += 1;
            }
        }
        let own = environment.keys.entry(key).or_insert_with(|| Lease::new(of_key, now));
        let account = &mut environment.account;
        let (mut own_table, mut account_table) =
            [Some(key), None].map(|of| tables.get(&of).copied().unwrap_or_default()).into();
        let request = ask_both((own, of_key, &mut own_table), (account, of_account, &mut account_table), now);
        tables.extend([(Some(key), own_table), (None, account_table)]);
        outcome.requests += 1;
        outcome.account_writes += request.account_writes;
        outcome.writes += request.account_writes + request.key_writes;
        if request.allowed {
            outcome.all_admitted += 1;
            let of_key = windows(Some(key), of_key, |period| own.window(period));
            let of_account = windows(None, of_account.limits, |period| account.lease.window(period));
            for (window, most) in of_key.chain(of_account) {
                let admitted = outcome.admitted.entry(window).or_default();
                *admitted += 1;
                assert!(*admitted <= most, "{setting:?}: {admitted} in {window:?}");
            }
        }
    }
    outcome
}

fn end(
    environment: &mut Environment,
    setting: &Setting,
    tables: &mut BTreeMap<Option<usize>, Counters>,
    outcome: &mut Outcome,
) {
    let now = at(environment.end);
    let keys = environment.keys.iter_mut().map(|(key, lease)| (Some(*key), limits(setting.key), lease));
    let account = (None, limits(setting.account), &mut environment.account.lease);
    for (whose, limits, lease) in keys.chain([account]) {
        if setting.ends == Ends::Killed {
            for limit in limits.iter() {
                let window = (whose, index(limit.per), lease.window(limit.per));
                *outcome.dead.entry(window).or_default() += u64::from(lease.left(limit.per));
            }
            continue;
        }
        let table = tables.entry(whose).or_default();
        if let Some(back) = lease.give_back(now).and_then(|back| back.to(*table)) {
            outcome.writes += 1;
            outcome.account_writes += u64::from(whose.is_none());
            world::give_back(table, &back).unwrap();
        }
    }
}

impl Outcome {
    /// Of the account's limits that the demand reaches, and of its keys', the windows of one period together: what was admitted
    /// or died, and what could have been.
    fn reached(&self, whose: &str, limits: Limits) -> Vec<(String, u64, u64, bool)> {
        let sum = |of: &HashMap<Window, u64>, windows: &[&Window]| -> u64 {
            windows.iter().map(|window| of.get(window).copied().unwrap_or(0)).sum()
        };
        let reached = limits.iter().map(|limit| {
            let most = u64::from(limit.requests);
            let is_reached = |((of, per, _), ideal): &(&Window, &u64)| {
                of.is_none() == (whose == "account") && *per == index(limit.per) && **ideal == most
            };
            let windows: Vec<_> = self.ideal.iter().filter(is_reached).map(|(window, _)| window).collect();
            let (admitted, dead) = (sum(&self.admitted, &windows), sum(&self.dead, &windows));
            let possible = windows.len() as u64 * most;
            let used = admitted + dead;
            // All but two in a hundred, or one in each window.
            let is_usable = used * 100 >= possible * 98 || used + windows.len() as u64 >= possible;
            (format!("{whose} {}", limit.per.as_str()), admitted, possible, is_usable)
        });
        reached.filter(|(_, _, possible, _)| *possible > 0).collect()
    }
}

const fn even(minutes: u64, requests: u64) -> Pattern {
    Pattern { minutes, requests, bursts: Bursts::No }
}

const fn bursts(minutes: u64, requests: u64) -> Pattern {
    Pattern { minutes, requests, bursts: Bursts::FirstSecond(1) }
}

fn settings() -> Vec<Setting> {
    let mut shapes = vec![
        ("1000/MINUTE", "", Keys::Even(1_000), even(8, 1_200)),
        ("100/MINUTE", "", Keys::OneBusy(30), even(10, 150)),
        ("3/MINUTE", "", Keys::Even(5), even(30, 6)),
        ("4000/DAY", "", Keys::Even(100), bursts(30, 256)),
        ("1000/MINUTE,6000/DAY", "", Keys::OneBusy(1_000), even(10, 1_000)),
        // Requests that the account refuses take nothing of the key, and the other way round.
        ("100/MINUTE", "1000/DAY", Keys::Even(1), even(12, 300)),
        ("2000/DAY", "100/MINUTE", Keys::Even(3), even(15, 600)),
        ("600/MINUTE,5000/DAY", "300/MINUTE,3000/DAY", Keys::OneBusy(10), even(12, 700)),
        ("2000/HOUR", "20/HOUR", Keys::Even(150), bursts(30, 150)),
        ("40/MINUTE,900/HOUR", "7/MINUTE,200/HOUR", Keys::OneBusy(20), even(40, 60)),
    ];
    if grid::is_wanted() {
        shapes.extend([
            ("1000/MINUTE", "100/MINUTE", Keys::OneBusy(1_000), even(20, 1_500)),
            ("1000/MINUTE,20000/DAY", "", Keys::Even(1_000), even(30, 1_500)),
            ("15000/DAY,200000/MONTH", "1000/DAY", Keys::Even(30), bursts(240, 100)),
            ("10000/MINUTE,30000/DAY", "2000/MINUTE", Keys::OneBusy(50), bursts(40, 1_000)),
        ]);
    }
    let with_ends = |(account, key, keys, pattern)| {
        ENVIRONMENTS.into_iter().flat_map(move |environments| {
            Ends::ALL.map(|ends| Setting { account, key, keys, pattern, environments, ends })
        })
    };
    shapes.into_iter().flat_map(with_ends).collect()
}

#[test]
fn of_an_accounts_limits_all_but_two_in_a_hundred_is_usable_beside_its_keys_and_never_one_request_too_many() {
    let (mut rows, mut unusable) = (Vec::new(), Vec::new());
    for (seed, setting) in (0..).zip(settings()) {
        let outcome = run(&setting, seed);
        let mut reached = outcome.reached("account", limits(setting.account));
        reached.extend(outcome.reached("key", limits(setting.key)));
        assert!(!reached.is_empty(), "{setting:?} reaches no limit");
        // Which of two limits is used up depends on who comes first, so all that is admitted is what counts where both are.
        let is_of_both = reached.iter().any(|(name, ..)| name.starts_with('k')) && reached.len() > 1;
        let dead: u64 = outcome.dead.values().sum();
        let all = (outcome.all_admitted + dead) * 100 >= outcome.all_ideal * 98;
        rows.push(row(&setting, &outcome, &reached));
        if !all || !is_of_both && reached.iter().any(|(_, _, _, is_usable)| !is_usable) {
            unusable.extend(rows.last().cloned());
        }
    }
    assert!(unusable.is_empty(), "{} of {}:\n{}", unusable.len(), rows.len(), unusable.join("\n"));
    let columns = "| account's limits | each key's | keys | requests | environments | they end | admitted | of each limit that is reached | writes each | for the account's |";
    grid::write("Limits of accounts", columns, &rows);
}

/// At 1,000 a minute over nine environments that live five to twenty minutes, with any limits of the keys.
#[test]
fn an_accounts_limits_cost_at_most_a_tenth_of_a_write() {
    let mut rows = Vec::new();
    for (account, most) in [
        ("100000/DAY", 50),
        ("60000/HOUR,1000000/MONTH", 70),
        ("10000/MINUTE", 70),
        ("3000/MINUTE,100000/DAY,1000000/MONTH", 100),
        ("1200/MINUTE", 100),
    ] {
        for (key, keys) in [("", Keys::Even(1)), ("", Keys::Even(1_000)), ("600/MINUTE", Keys::OneBusy(100))] {
            let pattern = even(30, 1_000);
            let setting = Setting { account, key, keys, pattern, environments: 9, ends: Ends::Ordinary };
            let outcome = run(&setting, 7);
            let writes = outcome.account_writes;
            assert!(writes * 1000 <= outcome.requests * most, "{setting:?}: {writes} of {}", outcome.requests);
            let Setting { account, key, .. } = setting;
            let (key, of_requests) = (name_of(key), quotient(writes, outcome.requests));
            rows.push(format!("| {} | {key} | {} | {of_requests} |", account.replace(',', ", "), keys.name()));
        }
    }
    grid::write("What limits of accounts cost", "| account's limits | each key's | keys | writes each |", &rows);
}

fn name_of(limits: &str) -> String {
    if limits.is_empty() { "none".to_owned() } else { limits.replace(',', ", ") }
}

fn row(setting: &Setting, outcome: &Outcome, reached: &[(String, u64, u64, bool)]) -> String {
    let requests = setting.pattern.requests;
    let requests = match setting.pattern.bursts {
        Bursts::No => format!("{requests} a minute, evenly"),
        _ => format!("{requests} in the first second of each minute"),
    };
    let ends = setting.ends.name();
    let keys = setting.keys.name();
    let of_each: Vec<_> = reached
        .iter()
        .map(|(name, admitted, possible, _)| format!("{name} {}", percent(*admitted, *possible)))
        .collect();
    format!(
        "| {} | {} | {keys} | {requests} | {} | {ends} | {} | {} | {} | {} |",
        setting.account.replace(',', ", "),
        name_of(setting.key),
        setting.environments,
        percent(outcome.all_admitted, outcome.all_ideal),
        of_each.join("; "),
        quotient(outcome.writes, outcome.requests),
        quotient(outcome.account_writes, outcome.requests),
    )
}
