//! The whole of what is promised of one key, as simply as it can be said.
//!
//! A key is a value in a register: writes change it, and each request reads it. `life` looks for an order of all of them that
//! agrees with when each began and ended, and in which every answer is the one that this page gives.

use std::collections::BTreeSet;

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
    operations: BTreeSet<String>,
}

/// What a write does to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is made.
    Create {
        value: usize,
        operations: BTreeSet<String>,
        expires: Option<u64>,
        enabled: bool,
    },
    Patch {
        enabled: Option<bool>,
        operations: Option<BTreeSet<String>>,
        expires: Option<Option<u64>>,
    },
    /// It gets another value, which nobody may have been told; the old one lives until then.
    Rotate {
        value: Option<usize>,
        grace_end: Option<u64>,
    },
    /// It is gone. Where answers of the table were lost, nobody can tell whether it was there.
    Delete {
        unclear: bool,
    },
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
    /// Nothing, since the account has no such key.
    Missing,
}

impl Key {
    /// A key of another system while its import is under way: it is stored at some time, and opens nothing.
    pub fn imported(value: usize, operations: BTreeSet<String>) -> Self {
        Self { exists: true, enabled: true, held: true, value: Some(value), operations, ..Self::default() }
    }

    /// What a write leaves; `None` where it could not have been done.
    pub fn after(&self, effect: &Effect) -> Option<Self> {
        let mut key = self.clone();
        match effect {
            Effect::Create { value, operations, expires, enabled } => {
                if self.exists {
                    return None;
                }
                let suspended = self.suspended;
                key = Self { exists: true, value: Some(*value), operations: operations.clone(), ..Self::default() };
                (key.expires, key.enabled, key.suspended) = (*expires, *enabled, suspended);
            }
            Effect::Suspend(suspended) => key.suspended = *suspended,
            Effect::Missing => return (!self.exists).then_some(key),
            Effect::Expose { .. } | Effect::Release | Effect::Delete { unclear: true } if !self.exists => {}
            Effect::Erase => key = Self { suspended: self.suspended, ..Self::default() },
            _ if !self.exists => return None,
            Effect::Patch { enabled, operations, expires } => {
                key.enabled = enabled.unwrap_or(key.enabled);
                key.operations = operations.clone().unwrap_or(key.operations);
                key.expires = expires.unwrap_or(key.expires);
            }
            Effect::Rotate { value, grace_end } => {
                // A value that others know has no grace.
                key.previous = grace_end.filter(|_| !self.exposed).and_then(|end| Some((self.value?, end)));
                (key.value, key.exposed) = (*value, false);
            }
            Effect::Release => key.held = false,
            Effect::Delete { .. } => key = Self { suspended: self.suspended, ..Self::default() },
            Effect::Expose { value } => {
                key.exposed |= self.value == Some(*value);
                key.previous = self.previous.filter(|(previous, _)| previous != value);
            }
        }
        Some(key)
    }

    /// The operations that a request with this value finds, at that time; `None` is a 401.
    pub fn opens(&self, value: usize, now: u64) -> Option<&BTreeSet<String>> {
        let is_current = self.value == Some(value);
        let is_previous = self.previous.is_some_and(|(previous, end)| previous == value && now < end);
        let lives =
            self.enabled && !self.exposed && !self.suspended && !self.held && self.expires.is_none_or(|end| now < end);
        (self.exists && (is_current || is_previous) && lives).then_some(&self.operations)
    }
}
