//! What a request says of the values that a key has when it gets another.

use std::time::Duration;

use super::fields::{AHEAD, Fields, InvalidRequest, is_ahead};
use crate::key::Timestamp;

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
        Fields::read(body, |fields| {
            Ok(Self { old_values: OldValues::take(fields), expires_at: fields.optional_time("expiresAt") })
        })
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
}
