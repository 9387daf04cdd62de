//! Visits that take place only with enough people: how many that is, and when it is decided.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::cancellation::NOTICE_MAX_MINUTES;

/// The fewest people for whom a slot of a product takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimum {
    /// How many.
    pub places: u32,
    /// Minutes before the slot starts at which it is decided. With fewer people everybody gets all of
    /// their money back, and nobody can book any more; with enough it takes place, whoever gives up
    /// after.
    pub decided_minutes_before: u32,
}

/// Why a product cannot have such a minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MinimumError {
    /// No slot could ever take place, or none could fail to.
    #[error("a minimum of {places} people is not 1 to the {capacity} places of a slot")]
    Places {
        /// What was asked for.
        places: u32,
        /// Places of a slot.
        capacity: u32,
    },
    /// It would be decided too long before.
    #[error("{minutes} minutes before the slot are not 0 to {NOTICE_MAX_MINUTES}")]
    Decided {
        /// What was asked for.
        minutes: u32,
    },
}

impl MinimumError {
    /// Where the product is at fault, as written in JSON.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Places { .. } => "minimum.places",
            Self::Decided { .. } => "minimum.decided_minutes_before",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::Places { .. } => "write at least 1 and at most the capacity, or null",
            Self::Decided { .. } => "write 0 to 527040 minutes",
        }
    }
}

impl Minimum {
    /// Checks that slots of `capacity` places can have it.
    ///
    /// # Errors
    /// The first part at fault.
    pub fn check(self, capacity: u32) -> Result<(), MinimumError> {
        let (places, minutes) = (self.places, self.decided_minutes_before);
        if !(1..=capacity).contains(&places) {
            return Err(MinimumError::Places { places, capacity });
        }
        if minutes > NOTICE_MAX_MINUTES {
            return Err(MinimumError::Decided { minutes });
        }
        Ok(())
    }

    /// When it is decided whether the slot that starts then takes place.
    #[must_use]
    pub fn decided_at(self, start: Timestamp) -> Timestamp {
        let before = i64::from(self.decided_minutes_before).minutes();
        start.checked_sub(before).unwrap_or(start)
    }
}

/// What is to be done with a slot once its time of decision has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It takes place.
    GoesAhead,
    /// Its visits are called off.
    CalledOff,
}

impl Minimum {
    /// Whether a slot with so many places taken takes place.
    #[must_use]
    pub fn verdict(self, taken: u32) -> Verdict {
        if taken >= self.places { Verdict::GoesAhead } else { Verdict::CalledOff }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_people_at_the_hour_of_decision_are_enough() {
        let minimum = Minimum { places: 8, decided_minutes_before: 24 * 60 };
        assert_eq!(minimum.verdict(8), Verdict::GoesAhead);
        assert_eq!(minimum.verdict(7), Verdict::CalledOff);
        let start = "2026-11-25T10:00:00Z".parse().unwrap();
        assert_eq!(minimum.decided_at(start).to_string(), "2026-11-24T10:00:00Z");
    }

    #[test]
    fn a_minimum_that_no_slot_reaches_is_none() {
        let minimum = |places, decided_minutes_before| Minimum { places, decided_minutes_before };
        assert_eq!(minimum(20, 0).check(20), Ok(()));
        assert_eq!(minimum(21, 0).check(20).unwrap_err().field(), "minimum.places");
        assert_eq!(minimum(0, 0).check(20).unwrap_err().field(), "minimum.places");
        let late = minimum(1, NOTICE_MAX_MINUTES + 1).check(20).unwrap_err();
        assert_eq!(late.field(), "minimum.decided_minutes_before");
    }
}
