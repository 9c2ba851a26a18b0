//! What a request says of the values that a key has when it gets another.

use std::time::Duration;

use super::fields::{Fields, InvalidRequest};

/// What becomes of the values that a key has when it gets another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The present value works beside the new one for so long, which may be no time; one before it ends.
    Grace(Duration),
    /// The present value, which nobody saw, ends at once; the one before it keeps its grace period.
    KeepPrevious,
}

impl Rotation {
    /// The longest grace period.
    pub const LONGEST_GRACE: Duration = Duration::from_hours(7 * 24);

    /// Reads the body of a rotation. Without one, the values that the key has end at once.
    ///
    /// # Errors
    /// [`InvalidRequest`] with every wrong field.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        const GRACE: &str = "gracePeriodSeconds";
        if body.is_empty() {
            return Ok(Self::Grace(Duration::ZERO));
        }
        Fields::read(body, |fields| {
            let grace = fields.optional_number(GRACE, 0, Self::LONGEST_GRACE.as_secs());
            if !fields.optional_truth("keepPrevious").unwrap_or(false) {
                return Ok(Self::Grace(Duration::from_secs(grace.unwrap_or(0))));
            }
            if grace.is_some() {
                fields.wrong(GRACE, "must be absent with keepPrevious");
            }
            Ok(Self::KeepPrevious)
        })
    }
}
