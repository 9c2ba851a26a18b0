//! Pages of keys and events, for managers and for operators.

use serde::{Serialize, Serializer};

use crate::key::{EventId, KeyId, KeyRecord, Limits, Timestamp};
use crate::store::{Event, EventPage, KeyPage};

/// A page of the keys.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = KeyPage))]
#[serde(rename_all = "camelCase")]
pub struct KeyPageView {
    /// Newest first.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::key::KeyView<'static>>))]
    api_keys: KeyViews,
    // The id of the page's last key; clients must not rely on that.
    /// What `cursor` takes to get the next page; `null` on the last one. Opaque.
    next_cursor: Option<KeyId>,
}

impl KeyPageView {
    /// The keys as they are at that moment, under the stack's ceiling of limits.
    #[must_use]
    pub fn of(page: KeyPage, now: Timestamp, ceiling: Limits) -> Self {
        Self { api_keys: KeyViews { keys: page.keys, now, ceiling }, next_cursor: page.next }
    }
}

#[derive(Debug)]
struct KeyViews {
    keys: Vec<KeyRecord>,
    now: Timestamp,
    ceiling: Limits,
}

impl Serialize for KeyViews {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.keys.iter().map(|key| key.at(self.now, self.ceiling)))
    }
}

/// A page of the events.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EventPage))]
#[serde(rename_all = "camelCase")]
pub struct EventPageView {
    /// Newest first.
    events: Vec<Event>,
    /// What `cursor` takes to get the next page; `null` on the last one. Opaque.
    next_cursor: Option<EventId>,
}

impl From<EventPage> for EventPageView {
    fn from(page: EventPage) -> Self {
        Self { events: page.events, next_cursor: page.next }
    }
}
