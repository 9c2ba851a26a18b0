//! How much keys are used: what an environment counts until it is written, and the hours that it is counted in.

use std::collections::{BTreeMap, VecDeque};
use std::ops::AddAssign;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::id::{AccountId, KeyId};
use super::timestamp::Timestamp;

/// What is counted is written at most once in this time for each key and environment.
const INTERVAL: Duration = Duration::from_mins(5);

/// What became of a request with a key that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It was let through.
    Allowed,
    /// It was over a limit of the key or its account.
    Limited,
    /// The key did not open it.
    Denied(Denial),
}

/// Why a key did not open a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The key has expired.
    Expired,
    /// The key is disabled.
    Disabled,
    /// The key's account is suspended.
    Suspended,
    /// The key's value is known to others.
    Exposed,
    /// The request came from another address.
    Address,
    /// The key lacks the operation.
    Operation,
}

impl Denial {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Expired, Self::Disabled, Self::Suspended, Self::Exposed, Self::Address, Self::Operation];

    /// Its name, as verdicts have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "EXPIRED",
            Self::Disabled => "DISABLED",
            Self::Suspended => "SUSPENDED",
            Self::Exposed => "EXPOSED",
            Self::Address => "ADDRESS",
            Self::Operation => "OPERATION",
        }
    }
}

/// How many requests were denied for each reason, in the order of [`Denial::ALL`]. In JSON an object of the reasons that there were.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Denials([u64; Denial::ALL.len()]);

impl Denials {
    /// With so many for each reason; `None` where one has no number.
    pub fn of(count: impl Fn(Denial) -> Option<u64>) -> Option<Self> {
        let mut all = Self::default();
        for (denial, into) in Denial::ALL.into_iter().zip(&mut all.0) {
            *into = count(denial)?;
        }
        Some(all)
    }

    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.0.into_iter().fold(0, u64::saturating_add)
    }

    /// The reasons that there were.
    pub fn iter(self) -> impl Iterator<Item = (Denial, u64)> {
        Denial::ALL.into_iter().zip(self.0).filter(|(_, requests)| *requests > 0)
    }

    fn add(&mut self, denial: Denial) {
        for (one, requests) in Denial::ALL.into_iter().zip(&mut self.0) {
            *requests += u64::from(one == denial);
        }
    }
}

impl Serialize for Denials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(denial, requests)| (denial.as_str(), requests)))
    }
}

impl AddAssign for Denials {
    fn add_assign(&mut self, other: Self) {
        for (requests, more) in self.0.iter_mut().zip(other.0) {
            *requests = requests.saturating_add(more);
        }
    }
}

/// How often each became of requests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Uses {
    /// See [`Use::Allowed`].
    pub allowed: u64,
    /// See [`Use::Limited`].
    pub limited: u64,
    /// See [`Use::Denied`].
    pub denied: Denials,
}

/// Who made requests: a key, or all keys of an account together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Consumer {
    /// The account.
    pub account_id: AccountId,
    /// The key; `None` for all.
    pub key_id: Option<KeyId>,
}

/// What one consumer did in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Who.
    pub consumer: Consumer,
    /// The whole hours from 1970 to its beginning, in UTC.
    pub hour: i64,
    /// What became of the requests.
    pub uses: Uses,
}

/// What was counted and is not written yet.
///
/// A count is due five minutes after its first request, or when its hour ends or its place is needed. What is due waits
/// here until it is taken.
#[derive(Debug)]
pub struct Tally {
    /// Of so many keys, and of as many accounts, requests are counted at once.
    most: usize,
    /// So few that looking one up takes less than a hash of it.
    counting: BTreeMap<Consumer, (Timestamp, Count)>,
    due: VecDeque<Count>,
}

impl Tally {
    /// Counts the requests of at most so many keys at once.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, counting: BTreeMap::new(), due: VecDeque::new() }
    }

    /// Counts a request of a key, for it and for its account. What could not be written for long and has no place any more
    /// is lost: how many requests of keys.
    pub fn add(&mut self, account_id: AccountId, key_id: KeyId, r#use: Use, now: Timestamp) -> u64 {
        for key_id in [Some(key_id), None] {
            self.count(Consumer { account_id, key_id }, r#use, now);
        }
        let mut lost = 0;
        while self.due.len() > 4 * self.most {
            lost += self.due.pop_front().map_or(0, |count| count.of_key());
        }
        lost
    }

    fn count(&mut self, consumer: Consumer, r#use: Use, now: Timestamp) {
        let hour = now.unix_hour();
        if let Some((_, count)) = self.counting.get_mut(&consumer) {
            if count.hour == hour {
                count.uses.add(r#use);
                return;
            }
            self.due.push_back(*count);
        } else {
            self.make_room(consumer.key_id.is_some());
        }
        let mut count = Count { consumer, hour, uses: Uses::default() };
        count.uses.add(r#use);
        self.counting.insert(consumer, (now, count));
    }

    /// Lets what was counted longest become due, of the keys or of the accounts.
    fn make_room(&mut self, of_keys: bool) {
        let alike = self.counting.iter().filter(|(consumer, _)| consumer.key_id.is_some() == of_keys);
        if alike.clone().count() >= self.most
            && let Some(oldest) = alike.min_by_key(|(_, (since, _))| *since).map(|(consumer, _)| *consumer)
            && let Some((_, count)) = self.counting.remove(&oldest)
        {
            self.due.push_back(count);
        }
    }

    /// Takes a count that is due.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Count> {
        self.due.pop_front().or_else(|| self.take_if(|since| since.plus(INTERVAL) <= now))
    }

    /// Takes any count, since no other time comes.
    pub fn take_any(&mut self) -> Option<Count> {
        self.due.pop_front().or_else(|| self.take_if(|_| true))
    }

    fn take_if(&mut self, is_due: impl Fn(Timestamp) -> bool) -> Option<Count> {
        let consumer = self.counting.iter().find(|(_, (since, _))| is_due(*since)).map(|(consumer, _)| *consumer)?;
        self.counting.remove(&consumer).map(|(_, count)| count)
    }

    /// Takes back what was not written.
    pub fn give_back(&mut self, unwritten: Count) {
        match self.due.iter_mut().find(|count| (count.consumer, count.hour) == (unwritten.consumer, unwritten.hour)) {
            Some(count) => count.uses += unwritten.uses,
            None => self.due.push_back(unwritten),
        }
    }
}

impl Count {
    /// How many requests it is of, where it is of a key: each is counted for its account once more.
    #[must_use]
    pub fn of_key(&self) -> u64 {
        if self.consumer.key_id.is_some() { self.uses.all() } else { 0 }
    }
}

impl Uses {
    fn add(&mut self, r#use: Use) {
        match r#use {
            Use::Allowed => self.allowed += 1,
            Use::Limited => self.limited += 1,
            Use::Denied(denial) => self.denied.add(denial),
        }
    }

    /// All requests.
    #[must_use]
    pub fn all(self) -> u64 {
        self.allowed + self.limited + self.denied.all()
    }
}

impl AddAssign for Uses {
    fn add_assign(&mut self, other: Self) {
        self.allowed = self.allowed.saturating_add(other.allowed);
        self.limited = self.limited.saturating_add(other.limited);
        self.denied += other.denied;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::parse("2026-11-25T10:00:00Z").unwrap().plus(Duration::from_secs(seconds))
    }

    fn key(number: usize) -> KeyId {
        KeyId::parse(&format!("{number:022}")).unwrap()
    }

    const ACCOUNT: AccountId = AccountId::NONE;

    fn all(take: impl FnMut() -> Option<Count>) -> Vec<Count> {
        std::iter::from_fn(take).collect()
    }

    fn of_keys(counts: &[Count]) -> u64 {
        counts.iter().map(Count::of_key).sum()
    }

    #[test]
    fn a_count_is_due_five_minutes_after_its_first_request() {
        let mut tally = Tally::new(50);
        for second in [0, 1, 299] {
            assert_eq!(tally.add(ACCOUNT, key(1), Use::Allowed, at(second)), 0);
            assert_eq!(tally.take_due(at(second)), None);
        }
        tally.add(ACCOUNT, key(1), Use::Denied(Denial::Address), at(300));
        tally.add(ACCOUNT, key(1), Use::Limited, at(300));
        let due = all(|| tally.take_due(at(300)));
        assert_eq!(due.len(), 2, "of the key and of its account");
        for count in due {
            let Uses { allowed, limited, denied } = count.uses;
            assert_eq!((allowed, limited, denied.all()), (3, 1, 1));
            assert_eq!(denied.iter().collect::<Vec<_>>(), [(Denial::Address, 1)]);
        }
        tally.add(ACCOUNT, key(1), Use::Allowed, at(301));
        assert_eq!(tally.take_due(at(600)), None, "not before five minutes after that");
        assert_eq!(all(|| tally.take_due(at(601))).len(), 2);
    }

    #[test]
    fn another_hour_is_another_count() {
        let mut tally = Tally::new(50);
        tally.add(ACCOUNT, key(1), Use::Allowed, at(3599));
        tally.add(ACCOUNT, key(1), Use::Allowed, at(3600));
        let due = all(|| tally.take_due(at(3600)));
        assert_eq!(due.len(), 2);
        assert_eq!(due[0].hour + 1, at(3600).unix_hour());
        assert_eq!(of_keys(&all(|| tally.take_any())), 1);
    }

    #[test]
    fn counts_of_evicted_keys_are_written() {
        let mut tally = Tally::new(50);
        let mut taken = Vec::new();
        for request in 0..1_000 {
            assert_eq!(tally.add(ACCOUNT, key(request % 70), Use::Allowed, at(0)), 0);
            taken.extend(tally.take_due(at(0)));
            taken.extend(tally.take_due(at(0)));
        }
        assert!(tally.counting.len() <= 51);
        taken.extend(all(|| tally.take_any()));
        assert_eq!(of_keys(&taken), 1_000);
        assert_eq!(taken.iter().map(|count| count.uses.all()).sum::<u64>(), 2_000);
    }

    #[test]
    fn counts_that_are_never_taken_are_dropped_and_reported() {
        let mut tally = Tally::new(2);
        let lost: u64 = (0..100).map(|request| tally.add(ACCOUNT, key(request), Use::Allowed, at(0))).sum();
        assert_eq!(tally.due.len(), 8, "as many as have a place");
        assert_eq!(lost + of_keys(&all(|| tally.take_any())), 100);
    }

    #[test]
    fn what_comes_back_is_counted_with_what_is_due() {
        let mut tally = Tally::new(50);
        tally.add(ACCOUNT, key(1), Use::Allowed, at(0));
        let counts = all(|| tally.take_any());
        for count in counts.iter().chain(&counts) {
            tally.give_back(*count);
        }
        let again = all(|| tally.take_due(at(0)));
        assert_eq!((again.len(), of_keys(&again)), (2, 2));
    }
}
