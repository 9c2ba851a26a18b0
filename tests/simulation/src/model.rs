//! All promises of one key, in the simplest form.
//!
//! A key is a value in a register: writes change it, and each answer is a look at it. `order` looks for an order of all of them that
//! agrees with when each began and ended, and in which every answer is the one that this page gives.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::check::order::Model;

/// What a key is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Key {
    pub exists: bool,
    enabled: bool,
    /// Its value, and the one before with the time at which it ends, by their numbers.
    value: Option<usize>,
    previous: Option<(usize, u64)>,
    /// Whether others know its value.
    exposed: bool,
    suspended: bool,
    /// Whether its import is not complete.
    held: bool,
    expires: Option<u64>,
    /// Whether it need not have an end.
    is_exempt: bool,
    identity: Identity,
    /// The event of the last write that had one.
    version: Option<Version>,
}

/// What the services behind the gateway receive about a key with every request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    pub operations: BTreeSet<String>,
    pub user_id: String,
    pub username: String,
    pub tags: BTreeMap<String, String>,
    /// Its account's; empty where that has none.
    pub external_id: String,
}

/// What a patch changes; all else stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    pub enabled: Option<bool>,
    pub operations: Option<BTreeSet<String>>,
    pub expires: Option<Option<u64>>,
    pub user_id: Option<String>,
    pub username: Option<String>,
    /// First, all tags are removed.
    pub untags: bool,
    /// Then these are set, or removed.
    pub tags: BTreeMap<String, Option<String>>,
    pub exempts: Option<bool>,
    /// The value before ends, if it has not ended at that time.
    pub ends_previous: Option<u64>,
}

/// An etag.
pub type Version = Rc<str>;

/// A write of a key.
#[derive(Debug, Clone)]
pub struct Change {
    pub effect: Effect,
    /// The versions on which it may be done, by `If-Match`; `None` is any.
    pub on: Option<Vec<Version>>,
    /// The event that it left, if it left one.
    pub event: Option<Version>,
}

/// What a write does to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is made. Perhaps no answer had its value.
    Create {
        value: Option<usize>,
        identity: Identity,
        expires: Option<u64>,
        is_exempt: bool,
    },
    Patch(Patch),
    /// It gets another value, which perhaps no answer had.
    Rotate {
        value: Option<usize>,
        old: Old,
        /// The end that it gets where it has none.
        end: Option<u64>,
    },
    /// It is gone.
    Delete,
    /// It expired long ago, and is removed.
    Lapse,
    /// Its import is complete.
    Release,
    /// Its account is erased: unlike a deletion, also of a key that is gone.
    Erase,
    /// That value is reported as known to others.
    Expose {
        value: usize,
    },
    /// Its account is suspended or resumed.
    Suspend(bool),
    /// Its account is called something else; empty is nothing.
    Call(String),
}

/// What becomes of the values that a key has when it gets another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// They end.
    Ends,
    /// The present one lives until then, and the one before it ends.
    LivesUntil(u64),
    /// The present one ends, and the one before it lives as long as it would have.
    KeepPrevious,
}

/// What an answer shows of a key.
#[derive(Debug, Clone)]
pub enum Look {
    /// To a request with that value, at that time: what services receive about it; `None` is a 401.
    Use { value: usize, now: u64, found: Option<Identity> },
    /// It is of that version.
    Version(Version),
    /// It is of none of these versions: a 412.
    Other(Option<Vec<Version>>),
    /// It has not that value at that time, not even one that others know: a false positive.
    Without { value: usize, now: u64 },
    /// The account has no such key.
    Missing,
}

impl Key {
    /// A key of another system while its import is under way: it is stored at some time, and opens nothing.
    pub fn imported(value: usize, identity: Identity, version: Option<Version>) -> Self {
        let value = Some(value);
        Self { exists: true, enabled: true, held: true, value, identity, version, ..Self::default() }
    }

    fn gone(&self) -> Self {
        let identity = Identity { external_id: self.identity.external_id.clone(), ..Identity::default() };
        Self { suspended: self.suspended, identity, ..Self::default() }
    }

    fn is_on(&self, versions: Option<&[Version]>) -> bool {
        versions.is_none_or(|all| all.iter().any(|version| Some(version) == self.version.as_ref()))
    }

    /// What an effect leaves; `None` where it cannot have been.
    fn with(&self, effect: &Effect) -> Option<Self> {
        let mut key = self.clone();
        match effect {
            Effect::Create { .. } if self.exists => return None,
            Effect::Create { value, identity, expires, is_exempt } => {
                let identity = Identity { external_id: self.identity.external_id.clone(), ..identity.clone() };
                (key.exists, key.enabled, key.value, key.expires, key.identity) =
                    (true, true, *value, *expires, identity);
                key.is_exempt = *is_exempt;
            }
            Effect::Suspend(suspended) => key.suspended = *suspended,
            Effect::Call(external_id) => key.identity.external_id.clone_from(external_id),
            Effect::Expose { .. } | Effect::Release if !self.exists => {}
            Effect::Erase => key = self.gone(),
            _ if !self.exists => return None,
            Effect::Patch(patch) => key.change(patch),
            Effect::Rotate { value, old, end } => {
                key.expires = self.expires.or(end.filter(|_| !self.is_exempt));
                key.previous = match old {
                    // A value that others know has no grace.
                    Old::LivesUntil(end) => self.value.filter(|_| !self.exposed).map(|value| (value, *end)),
                    Old::KeepPrevious => self.previous,
                    Old::Ends => None,
                };
                (key.value, key.exposed) = (*value, false);
            }
            Effect::Release => key.held = false,
            Effect::Lapse if self.expires.is_none() => return None,
            Effect::Delete | Effect::Lapse => key = self.gone(),
            Effect::Expose { value } => {
                key.exposed |= self.value == Some(*value);
                key.previous = self.previous.filter(|(previous, _)| previous != value);
            }
        }
        Some(key)
    }

    fn change(&mut self, patch: &Patch) {
        self.enabled = patch.enabled.unwrap_or(self.enabled);
        self.expires = patch.expires.unwrap_or(self.expires);
        self.is_exempt = patch.exempts.unwrap_or(self.is_exempt);
        self.previous = self.previous.filter(|(_, end)| patch.ends_previous.is_none_or(|now| *end <= now));
        let identity = &mut self.identity;
        set(&mut identity.operations, patch.operations.as_ref());
        set(&mut identity.user_id, patch.user_id.as_ref());
        set(&mut identity.username, patch.username.as_ref());
        identity.tags.retain(|name, _| !patch.untags && !patch.tags.contains_key(name));
        let given = patch.tags.iter().filter_map(|(name, text)| Some((name.clone(), text.clone()?)));
        identity.tags.extend(given);
    }

    fn has(&self, value: usize, now: u64) -> bool {
        let is_previous = self.previous.is_some_and(|(previous, end)| previous == value && now < end);
        self.exists && (self.value == Some(value) || is_previous)
    }

    /// What services receive with this value, at that time; `None` is a 401.
    fn opens(&self, value: usize, now: u64) -> Option<&Identity> {
        let lives =
            self.enabled && !self.exposed && !self.suspended && !self.held && self.expires.is_none_or(|end| now < end);
        (self.has(value, now) && lives).then_some(&self.identity)
    }
}

fn set<T: Clone>(field: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        field.clone_from(given);
    }
}

impl Model for Key {
    type Write = Change;
    type Look = Look;

    fn after(&self, Change { effect, on, event }: &Change) -> Option<Self> {
        let mut key = self.with(effect).filter(|_| self.is_on(on.as_deref()))?;
        if key.exists && event.is_some() {
            key.version.clone_from(event);
        }
        Some(key)
    }

    fn gives(&self, look: &Look) -> bool {
        match look {
            Look::Use { value, now, found } => self.opens(*value, *now) == found.as_ref(),
            Look::Version(version) => self.exists && self.version.as_ref() == Some(version),
            Look::Other(versions) => self.exists && !self.is_on(versions.as_deref()),
            Look::Without { value, now } => !self.has(*value, *now),
            Look::Missing => !self.exists,
        }
    }
}
