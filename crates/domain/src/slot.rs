//! Places of a slot: how many there are, how many are taken, and what that is called.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::SlotTimes;

/// The count kept for a touched slot. `taken` is held plus confirmed, so that confirming does not
/// touch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Places in the slot.
    pub capacity: u32,
    /// Held or confirmed.
    pub taken: u32,
}

/// A slot's or a day's state, in OCTO's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SlotStatus {
    /// Places in plenty.
    Available,
    /// At most a fifth is left.
    Limited,
    /// None is left.
    SoldOut,
    /// Not on sale: over, or not open.
    Closed,
}

impl Places {
    /// An untouched slot.
    #[must_use]
    pub fn untouched(capacity: u32) -> Self {
        Self { capacity, taken: 0 }
    }

    /// Places that can still be held.
    #[must_use]
    pub fn vacancies(self) -> u32 {
        self.capacity.saturating_sub(self.taken)
    }

    /// The state of a slot at `now`. A slot is on sale until it ends: a visitor at the door with a
    /// phone may still book the hour that runs.
    #[must_use]
    pub fn status(self, times: &SlotTimes, now: Timestamp) -> SlotStatus {
        if times.end <= now {
            SlotStatus::Closed
        } else if self.vacancies() == 0 {
            SlotStatus::SoldOut
        } else if self.vacancies() * 5 <= self.capacity {
            SlotStatus::Limited
        } else {
            SlotStatus::Available
        }
    }
}

/// The state of a day from those of its slots: the best that is on offer.
#[must_use]
pub fn day_status(slots: &[SlotStatus]) -> SlotStatus {
    [SlotStatus::Available, SlotStatus::Limited, SlotStatus::SoldOut]
        .into_iter()
        .find(|status| slots.contains(status))
        .unwrap_or(SlotStatus::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_as_good_as_its_best_slot() {
        use SlotStatus::{Available, Closed, Limited, SoldOut};
        assert_eq!(day_status(&[Closed, SoldOut, Limited]), Limited);
        assert_eq!(day_status(&[Closed, SoldOut]), SoldOut);
        assert_eq!(day_status(&[Closed, Available]), Available);
        assert_eq!(day_status(&[Closed]), Closed);
        assert_eq!(day_status(&[]), Closed);
    }
}
