//! Which management write left a key as it is: the version that conditional writes name.

use std::fmt;

use serde::{Serialize, Serializer};

use super::id::EventId;

/// The version of a key for writing: the event of its last management write.
///
/// Written `0` for a key of before the first release with events. What no management write changes, such as the status, the
/// last use and the account's ceiling of limits, is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Etag(Option<EventId>);

impl Etag {
    /// Of a key with that last event.
    #[must_use]
    pub fn of(last_event: Option<EventId>) -> Self {
        Self(last_event)
    }

    /// Takes text as [`Display`](fmt::Display) writes it; anything else is no version of a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "0" => Some(Self(None)),
            text => EventId::parse(text).map(|event| Self(Some(event))),
        }
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref().map_or("0", EventId::as_str))
    }
}

impl Serialize for Etag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
