//! What clients know, asked for and were answered. The checks read it, and the tables, when a run is over.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::account::Fields;
use crate::adapter::PREFIX;
use crate::clients::Filter;
use crate::model::{Effect, Identity, Look, Version};

/// What values of another system begin with here.
pub const LEGACY: &str = "legacy-secret-";

#[derive(Default)]
pub struct History {
    pub accounts: Vec<Account>,
    /// Every value that anybody has, by its number.
    pub values: Vec<KnownValue>,
    pub uses: Vec<ValueUse>,
    pub writes: Vec<Write>,
    pub looks: Vec<KeyLook>,
    pub named: Vec<NamedRequest>,
    /// The versions of each key that an answer had, in that order.
    pub versions: BTreeMap<String, Vec<Version>>,
    /// The requests with `If-Match`, by their ids.
    pub conditional: BTreeSet<String>,
    pub requests: Vec<Request>,
    pub sweeps: Vec<Sweep>,
    pub imports: Vec<Import>,
    pub exposures: Vec<Exposure>,
    pub walks: Vec<Walk>,
    /// What operators made of accounts, and what these were shown to be.
    pub account_writes: Vec<OfAccount>,
    pub account_looks: Vec<OfAccount>,
    /// The account that was shown a key's id, and the id.
    pub shown: Vec<(String, String)>,
    /// How often an authorizer was asked about a value, by its number.
    pub asked: BTreeMap<usize, u64>,
    /// By the id of a request: what the caller's key may do, as the authorizer saw it; `None` for an operator.
    pub callers: BTreeMap<String, Option<String>>,
    /// What must not be.
    pub failures: Vec<String>,
}

/// An account as clients know it.
#[derive(Default)]
pub struct Account {
    pub id: String,
    /// The number of its first key's value.
    pub first: usize,
    /// The keys that an answer had, and the number of the last value that an answer had, if one did.
    pub keys: Vec<KnownKey>,
    /// Whether its erasing has begun.
    pub erasing: bool,
}

pub struct KnownKey {
    pub id: String,
    pub value: Option<usize>,
}

pub struct KnownValue {
    pub text: String,
    pub account: usize,
    /// The key that has or had it; empty for a value of another system that was never imported.
    pub key: String,
}

/// A request with a value to which the authorizer answered, or to which it did not.
pub struct ValueUse {
    pub action: usize,
    pub value: usize,
    pub began: u64,
    pub ended: u64,
    /// The authorizer's clock, in Unix milliseconds.
    pub now: u64,
    /// The environment that answered.
    pub environment: usize,
    pub seen: Seen,
    /// The limits that it was counted in, as far as it is known in which window.
    pub counted: Vec<Counted>,
    /// The limits of the account, as the answer has them; `None` of a request that is counted in none.
    pub account_limits: Option<LimitList>,
}

/// A window of a limit of a key, or of its account.
pub struct Counted {
    pub of_account: bool,
    pub period: String,
    pub window_end: u64,
    pub limit: u64,
}

/// Limits by their periods, in lower case.
pub type LimitList = BTreeMap<String, u64>;

/// What the authorizer made of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// 401.
    Refused,
    /// A key was found that works: its id, account and what services receive, and whether the request was let through.
    Works { key: String, account: String, identity: Identity, allowed: bool, limited: bool },
}

/// Something that was asked to be done to a key.
#[derive(Clone)]
pub struct Write {
    pub action: usize,
    /// The id of the request.
    pub request: String,
    /// Empty where it is a new one, and no answer had it.
    pub key: String,
    pub began: u64,
    /// `u64::MAX` where the outcome is unknown: it may be done at any time, or never.
    pub ended: u64,
    pub effect: Effect,
    /// The versions of the key on which it was to be done, if not on any.
    pub on: Option<Vec<Version>>,
}

/// What an answer has of a key.
pub struct KeyLook {
    pub action: usize,
    pub key: String,
    pub began: u64,
    pub ended: u64,
    pub what: Look,
}

/// A request with an `Idempotency-Key` that reached its function.
pub struct NamedRequest {
    pub action: usize,
    pub account: usize,
    /// The calling key, and the name.
    pub caller: String,
    pub name: String,
    /// The id of the request.
    pub request: String,
    pub asked: String,
    /// The key that it is to rotate; `None` for a create.
    pub key: Option<String>,
    pub began: u64,
    pub ended: u64,
    /// The function's clock, in Unix milliseconds.
    pub now: u64,
    pub status: u16,
    pub body: serde_json::Value,
}

/// Something that was asked to be done to every key of an account.
pub struct Sweep {
    pub action: usize,
    pub account: String,
    pub began: u64,
    pub ended: u64,
    pub effect: Effect,
}

/// A value that was to be imported, and what the report has of it.
pub struct Import {
    pub action: usize,
    pub account: usize,
    pub value: usize,
    /// Whether a value may work again that has ended.
    pub revives: bool,
    pub began: u64,
    pub ended: u64,
    pub key: Option<String>,
    /// `imported`, `present`, the code of a failure, or `unknown` where there was no report.
    pub what: String,
    /// The changes of items from its beginning until it was answered.
    pub changes: Range<usize>,
}

/// A value that was reported as known to others; it has no end where that was not confirmed.
pub struct Exposure {
    pub action: usize,
    /// The id of the request.
    pub request: String,
    pub value: usize,
    pub began: u64,
    pub ended: u64,
    /// Whether the answer to GitHub takes it for a value of this service.
    pub is_reported_as_ours: bool,
}

/// All pages of a list with filters.
pub struct Walk {
    pub action: usize,
    pub account: usize,
    pub filter: Filter,
    /// The virtual milliseconds since the start.
    pub began: u64,
    pub ended: u64,
    /// The function's clock at each page, in Unix milliseconds.
    pub nows: Vec<u64>,
    pub ids: Vec<String>,
    /// Whether the last page was reached.
    pub is_whole: bool,
}

/// Fields of an account that were set or shown; the outcome is unknown without an end (`u64::MAX`).
pub struct OfAccount {
    pub action: usize,
    pub account: usize,
    pub began: u64,
    pub ended: u64,
    pub fields: Fields,
}

/// An answer of a function to a request of a client.
pub struct Request {
    pub action: usize,
    pub id: String,
    pub function: String,
    /// 0 where there was none.
    pub status: u16,
    /// How long the answer took.
    pub took: u64,
    /// Whether faults could strike it.
    pub struck: bool,
}

impl History {
    pub fn fail(&mut self, what: String) {
        self.failures.push(what);
    }

    pub fn value(&mut self, text: &str, account: usize, key: &str) -> usize {
        self.values.push(KnownValue { text: text.to_owned(), account, key: key.to_owned() });
        self.values.len() - 1
    }

    /// Takes note of a key, and of its new value if the answer had one.
    pub fn key(&mut self, account: usize, id: &str, value: Option<usize>) {
        let keys = &mut self.accounts[account].keys;
        match keys.iter_mut().find(|key| key.id == id) {
            Some(key) => key.value = value.or(key.value),
            None => keys.push(KnownKey { id: id.to_owned(), value }),
        }
    }

    /// How often an authorizer may have been asked about a key at most.
    pub fn asked_of(&self, key: &str) -> u64 {
        // Perhaps no answer has shown that it has an imported value.
        let may_be = |of: &Option<String>| of.as_deref().is_none_or(|of| of == key);
        let imported = |value: usize| self.imports.iter().any(|it| it.value == value && may_be(&it.key));
        let has = |value: usize| self.values[value].key == key || imported(value);
        self.asked.iter().filter(|(value, _)| has(**value)).map(|(_, times)| times).sum()
    }

    /// Takes note of a key's version, which an answer showed.
    pub fn version(&mut self, action: usize, key: &str, version: &str, (began, ended): (u64, u64)) {
        let known = self.versions.entry(key.to_owned()).or_default();
        if known.iter().all(|other| **other != *version) {
            known.push(version.into());
        }
        let (key, what) = (key.to_owned(), Look::Version(version.into()));
        self.looks.push(KeyLook { action, key, began, ended, what });
    }

    /// The beginning of a value that is in that text.
    pub fn value_in(text: &[u8]) -> Option<String> {
        let native = format!("{PREFIX}_1");
        for (start, length) in [(native.as_bytes(), native.len() + 44 + 1 + 43), (LEGACY.as_bytes(), LEGACY.len() + 8)]
        {
            for at in 0..text.len().saturating_sub(length) {
                let found = &text[at..at + length];
                if found.starts_with(start)
                    && found.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
                {
                    return Some(String::from_utf8_lossy(&found[..start.len() + 6]).into_owned());
                }
            }
        }
        None
    }
}
