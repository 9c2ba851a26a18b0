//! What a request asks for the values that a key has when it gets another.

use std::time::Duration;

use super::fields::{AHEAD, Fields, InvalidRequest, is_ahead};
use super::lifetime::require_lifetime;
use crate::key::{KeyMetadata, Lifetime, Timestamp};

/// What is asked of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// What becomes of the values that the key has.
    pub old_values: OldValues,
    /// The end of the key from then on; `None` leaves the one that it has.
    pub expires_at: Option<Timestamp>,
}

/// What becomes of the values that a key has when it gets another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldValues {
    /// The present value works beside the new one for so long, which may be no time; one before it ends.
    Grace(Duration),
    /// The present value, whose answer was lost, ends at once; the one before it keeps its grace period.
    KeepPrevious,
}

impl OldValues {
    /// The longest grace period.
    pub const LONGEST_GRACE: Duration = Duration::from_hours(7 * 24);

    fn take(fields: &mut Fields) -> Self {
        const GRACE: &str = "gracePeriodSeconds";
        let grace = fields.optional_number(GRACE, 0, Self::LONGEST_GRACE.as_secs());
        if !fields.optional_truth("keepPrevious").unwrap_or(false) {
            return Self::Grace(Duration::from_secs(grace.unwrap_or(0)));
        }
        if grace.is_some() {
            fields.wrong(GRACE, "must be absent with keepPrevious");
        }
        Self::KeepPrevious
    }
}

impl Rotation {
    /// Reads the body of a rotation. Without one, the values that the key has end at once.
    ///
    /// # Errors
    /// [`InvalidRequest`] with every wrong field.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        if body.is_empty() {
            return Ok(Self { old_values: OldValues::Grace(Duration::ZERO), expires_at: None });
        }
        Fields::read(body, |fields| Ok(Self::take(fields)))
    }

    /// Takes `gracePeriodSeconds`, `keepPrevious` and `expiresAt`. It is valid only once the reading has ended.
    pub fn take(fields: &mut Fields) -> Self {
        Self { old_values: OldValues::take(fields), expires_at: fields.optional_time("expiresAt") }
    }

    /// Refuses an end that is not ahead. A repeat of what was carried out may be right all the same, so that is looked at first.
    ///
    /// # Errors
    /// [`InvalidRequest`].
    pub fn require_end_ahead(&self, now: Timestamp) -> Result<(), InvalidRequest> {
        if self.expires_at.is_none_or(|end| is_ahead(end, now)) {
            Ok(())
        } else {
            Err(InvalidRequest::of("expiresAt", AHEAD))
        }
    }

    /// Whether the longest lifetime matters to it: it asks for another end, the key has none, or the present value would live on
    /// for longer than it might have without the rotation.
    #[must_use]
    pub fn needs_lifetime(&self, key: &KeyMetadata, now: Timestamp) -> bool {
        let old_end = key.settings.expires_at;
        let is_free = self.expires_at.is_none() && old_end.is_some_and(|end| now.plus(self.grace()) <= end);
        !key.lifetime_exempt && !is_free
    }

    /// The rotation as the longest lifetime lets it be: a key without an end gets the latest, and the present value does not live
    /// on for longer than it might have without the rotation.
    ///
    /// # Errors
    /// [`InvalidRequest`] when it asks for a later end.
    pub fn within(
        mut self,
        lifetime: Option<Lifetime>,
        key: &KeyMetadata,
        now: Timestamp,
    ) -> Result<Self, InvalidRequest> {
        let Some(lifetime) = lifetime.filter(|_| !key.lifetime_exempt) else { return Ok(self) };
        let (grace, old_end) = (self.grace(), key.settings.expires_at);
        if let Some(wanted) = self.expires_at {
            let mut rotated = key.clone();
            (rotated.value_created_at, rotated.settings.expires_at) = (Some(now), Some(wanted));
            require_lifetime(&rotated, Some(lifetime))?;
        } else if old_end.is_none() {
            self.expires_at = Some(lifetime.end(now));
        }
        // A value without an end is from before the longest lifetime, and lives for the shorter.
        if let Some(end) = old_end.filter(|end| !grace.is_zero() && now.plus(grace) > *end) {
            let latest = end.max(lifetime.end(key.value_created_at()));
            self.old_values = OldValues::Grace(grace.min(now.until(latest)));
        }
        Ok(self)
    }

    /// For how long the present value lives on.
    fn grace(&self) -> Duration {
        match self.old_values {
            OldValues::Grace(grace) => grace,
            OldValues::KeepPrevious => Duration::ZERO,
        }
    }
}
