//! A table, a clock, and what is counted of a run.

use std::time::{Duration, SystemTime};

use api_keys::key::{AccountLease, AccountLimits, Claim, Counters, GiveBack, Lease, Limits, Period, Step, Timestamp};
use fastrand::Rng;

pub const MINUTE: u64 = 60_000;
/// A moment at which a minute begins, and no hour.
const START: u64 = 1_795_428_960_000;

/// So many milliseconds after the start.
pub fn at(millis: u64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(START + millis))
}

/// What DynamoDB does with a claim.
pub fn claim(table: &mut Counters, claim: &Claim) -> Result<(), ()> {
    let mut after = *table;
    for part in &claim.parts {
        let counter = table.of(part.period);
        let raised = match part.from {
            Some((low, high)) => counter.filter(|counter| (low..=high).contains(counter)),
            None => Some(part.start).filter(|start| counter.is_none_or(|counter| counter < *start)),
        };
        after = after.with(part.period, raised.ok_or(())? + u64::from(part.requests));
    }
    *table = after;
    Ok(())
}

/// What DynamoDB does with what an environment gives back.
pub fn give_back(table: &mut Counters, back: &GiveBack) -> Result<(), ()> {
    let mut after = *table;
    for part in &back.parts {
        let counter = table.of(part.period).filter(|counter| (part.from.0..=part.from.1).contains(counter));
        after = after.with(part.period, counter.ok_or(())? - u64::from(part.requests));
    }
    if table.given_back != back.after {
        return Err(());
    }
    after.given_back += 1;
    *table = after;
    Ok(())
}

/// One request in an environment, and what it wrote.
#[derive(Debug, Default)]
pub struct Request {
    pub allowed: bool,
    pub writes: u64,
    pub failed: u64,
    /// Of those that failed, the ones by which no new window was met.
    pub failed_in_window: u64,
}

pub fn ask(lease: &mut Lease, limits: Limits, table: &mut Counters, now: Timestamp) -> Request {
    let mut request = Request::default();
    loop {
        let wanted = match lease.step(limits, now) {
            Step::Allow => return Request { allowed: true, ..request },
            Step::Refuse => return request,
            Step::Ask(wanted) => wanted,
        };
        request.writes += 1;
        if claim(table, &wanted).is_ok() {
            lease.granted(&wanted, *table, now);
        } else {
            request.failed += 1;
            request.failed_in_window += u64::from(wanted.parts.iter().all(|part| part.from.is_some()));
            lease.refused(*table, now);
        }
    }
}

/// How requests come: so many in each of some minutes.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    pub minutes: u64,
    pub requests: u64,
    pub bursts: Bursts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bursts {
    /// Evenly, by chance.
    No,
    /// Six in a minute, of a tenth of a second.
    Six,
    /// In the first second of every so many minutes, and none in the others.
    FirstSecond(u64),
}

/// How environments end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    Never,
    /// Lambda signals them to end, and they give back.
    Ordinary,
    Killed,
}

impl Ends {
    pub const ALL: [Self; 3] = [Self::Never, Self::Ordinary, Self::Killed];

    /// In a column of a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Ordinary => "yes",
            Self::Killed => "killed",
        }
    }
}

impl Pattern {
    /// The milliseconds since the start at which they come.
    pub fn arrivals(&self, rng: &mut Rng) -> Vec<u64> {
        let mut times = Vec::new();
        for minute in 0..self.minutes {
            times.extend((0..self.requests).filter_map(|_| {
                let within = match self.bursts {
                    Bursts::No => rng.u64(0..MINUTE),
                    Bursts::Six => rng.u64(0..6) * 10_000 + rng.u64(0..100),
                    Bursts::FirstSecond(every) if minute % every == 0 => rng.u64(0..1000),
                    Bursts::FirstSecond(_) => return None,
                };
                Some(minute * MINUTE + within)
            }));
        }
        times.sort_unstable();
        times
    }
}

/// Some limits, as operators write them.
pub fn limits(list: &str) -> Limits {
    Limits::parse(list).unwrap()
}

/// The place of a period among all.
pub fn index(period: Period) -> usize {
    Period::ALL.into_iter().position(|other| other == period).unwrap()
}

/// Hundredths as a percentage with one decimal, rounded down.
pub fn percent(part: u64, of: u64) -> String {
    let thousandths = part * 1000 / of.max(1);
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

/// A quotient with three decimals, rounded down.
pub fn quotient(part: u64, of: u64) -> String {
    let thousandths = part * 1000 / of.max(1);
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// One request that two leases decide about, and what it wrote.
#[derive(Debug, Default)]
pub struct RequestOfBoth {
    pub allowed: bool,
    pub key_writes: u64,
    pub account_writes: u64,
}

/// A request of a key whose copy of its account's limits is given.
pub fn ask_both(
    (own, limits, own_table): (&mut Lease, Limits, &mut Counters),
    (account, copy, account_table): (&mut AccountLease, AccountLimits, &mut Counters),
    now: Timestamp,
) -> RequestOfBoth {
    let mut request = RequestOfBoth::default();
    account.learn(copy);
    loop {
        let own = (!limits.is_none()).then_some((&mut *own, limits));
        let mut leases: Vec<_> = own.into_iter().chain(account.limited()).collect();
        let (at, step) = Lease::step_of_all(&mut leases, now);
        let wanted = match step {
            Step::Allow => return RequestOfBoth { allowed: true, ..request },
            Step::Refuse => return request,
            Step::Ask(wanted) => wanted,
        };
        let is_of_key = at == 0 && !limits.is_none();
        let (table, writes) = if is_of_key {
            (&mut *own_table, &mut request.key_writes)
        } else {
            (&mut *account_table, &mut request.account_writes)
        };
        *writes += 1;
        let lease = &mut *leases[at].0;
        match claim(table, &wanted) {
            Ok(()) => lease.granted(&wanted, *table, now),
            Err(()) => lease.refused(*table, now),
        }
    }
}
