//! Where a sweep goes on.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::key::KeyId;

/// A place in a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepCursor {
    pub(super) version: u64,
    /// Whether this pass has changed a key: then another one follows.
    pub(super) changed: bool,
    pub(super) after: Option<KeyId>,
}

impl SweepCursor {
    pub(super) fn start(version: u64) -> Self {
        Self { version, changed: false, after: None }
    }

    /// Reads what was written into an answer.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (version, rest) = text.split_once('.')?;
        let (changed, after) = rest.split_once('.')?;
        let cursor = Self { version: version.parse().ok()?, changed: changed == "1", after: KeyId::parse(after) };
        (cursor.to_string() == text).then_some(cursor)
    }
}

impl fmt::Display for SweepCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = self.after.as_ref().map_or("", KeyId::as_str);
        write!(f, "{}.{}.{after}", self.version, u8::from(self.changed))
    }
}

impl Serialize for SweepCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
