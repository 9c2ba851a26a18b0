//! Where a sweep goes on.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::key::KeyId;

/// What a cursor begins with that is in the sweep of external id and the account's own limits.
const PLAN: &str = "p";

/// A place in a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepCursor {
    /// Whether it is in the sweep of external id and the account's own limits, which follows that of company and ceiling.
    pub of_plan: bool,
    pub(super) version: u64,
    /// Whether this pass has changed a key: then another one follows.
    pub(super) changed: bool,
    pub(super) after: Option<KeyId>,
}

impl SweepCursor {
    /// Reads what was written into an answer.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (of_plan, rest) = text.strip_prefix(PLAN).map_or((false, text), |rest| (true, rest));
        let (version, rest) = rest.split_once('.')?;
        let (changed, after) = rest.split_once('.')?;
        let cursor =
            Self { of_plan, version: version.parse().ok()?, changed: changed == "1", after: KeyId::parse(after) };
        (cursor.to_string() == text).then_some(cursor)
    }
}

impl fmt::Display for SweepCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = if self.of_plan { PLAN } else { "" };
        let after = self.after.as_ref().map_or("", KeyId::as_str);
        write!(f, "{plan}{}.{}.{after}", self.version, u8::from(self.changed))
    }
}

impl Serialize for SweepCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
