//! What is promised of the name that a client gives a request: it is carried out once in a day, and a repeat changes nothing.
//!
//! A name is a register too: what was carried out under it is in it for a day.

use crate::check::order::Model;

/// In milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// What was carried out under a name last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Name(Option<Done>);

/// A request that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Done {
    /// What it asked for.
    pub asked: String,
    /// The key that it made or rotated, and the version that it gave it.
    pub key: String,
    pub version: String,
    /// By the clock of the function.
    pub at: u64,
}

/// What an answer shows of a name, at that time by the clock of the function.
#[derive(Debug)]
pub enum NameLook {
    /// That request was carried out, with that key and version: `REQUEST_DONE`.
    Done { asked: String, key: String, version: String, now: u64 },
    /// Another one than that was: `REQUEST_DIFFERS`.
    Differs { asked: String, now: u64 },
    /// None was: with any other answer.
    Free { now: u64 },
}

impl Name {
    fn known(&self, now: u64) -> Option<&Done> {
        self.0.as_ref().filter(|done| done.at + DAY >= now)
    }
}

impl Model for Name {
    type Write = Done;
    type Look = NameLook;

    fn after(&self, done: &Done) -> Option<Self> {
        self.known(done.at).is_none().then(|| Self(Some(done.clone())))
    }

    fn gives(&self, look: &NameLook) -> bool {
        match look {
            NameLook::Done { asked, key, version, now } => {
                self.known(*now).is_some_and(|done| (&done.asked, &done.key, &done.version) == (asked, key, version))
            }
            NameLook::Differs { asked, now } => self.known(*now).is_some_and(|done| done.asked != *asked),
            NameLook::Free { now } => self.known(*now).is_none(),
        }
    }
}
