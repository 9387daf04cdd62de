//! How the tickets of a product admit: in which window around their slot, whether again after an
//! exit, and to which areas of the venue. The rule is kept with the booking from its hold on and with
//! each of its tickets, so what was sold holds at every gate, also at one that is by itself.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::calendar::SlotTimes;
use crate::holder::HolderRule;
use crate::id::AreaId;
use crate::venue::time_zone;

/// How long before the slot starts a gate lets in, in minutes, unless the product says otherwise.
pub const EARLY_MINUTES: u32 = 30;

/// How long after the slot ended a gate still lets in, in minutes, unless the product says otherwise.
pub const LATE_MINUTES: i64 = 60;

/// Longest time before or after a slot's start that a rule may name, in minutes: a day.
pub const WINDOW_MAX_MINUTES: u32 = 24 * 60;

/// How the tickets of a product admit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdmissionRule {
    /// Minutes before the slot's start from which they admit.
    pub from_minutes_before_start: u32,
    /// Minutes after the slot's start until which they admit; none: until an hour after its end.
    pub until_minutes_after_start: Option<u32>,
    /// Whether they admit again after an exit.
    pub reentry: Reentry,
    /// The areas of the venue that they open; the whole venue where none is named.
    pub areas: Vec<AreaId>,
    /// That they admit only whom they name; none: whoever carries them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_names: Option<HolderRule>,
}

/// Whether a ticket admits again after an exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reentry {
    /// It does not.
    #[default]
    Never,
    /// It does until the end of its slot's day, whatever the window.
    SameDay,
}

impl Default for AdmissionRule {
    /// From half an hour before the slot to an hour after it, once, to the whole venue.
    fn default() -> Self {
        Self {
            from_minutes_before_start: EARLY_MINUTES,
            until_minutes_after_start: None,
            reentry: Reentry::Never,
            areas: Vec::new(),
            holder_names: None,
        }
    }
}

/// The first and the last instant at which a ticket admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first.
    pub from: Timestamp,
    /// The last.
    pub until: Timestamp,
}

impl AdmissionRule {
    /// When tickets of a slot admit for the first time.
    #[must_use]
    pub fn window(&self, slot: &SlotTimes) -> Window {
        let minutes = |minutes: u32| i64::from(minutes).minutes();
        let until = match self.until_minutes_after_start {
            Some(after) => slot.start + minutes(after),
            None => slot.end + LATE_MINUTES.minutes(),
        };
        Window { from: slot.start - minutes(self.from_minutes_before_start), until }
    }

    /// Until when tickets of a slot admit again after an exit; none where they never do.
    #[must_use]
    pub fn reentry_until(&self, slot: &SlotTimes) -> Option<Timestamp> {
        match self.reentry {
            Reentry::Never => None,
            Reentry::SameDay => {
                let next = slot.id.day().saturating_add(1.day()).to_zoned_datetime(time_zone());
                // The calendar ends long after the last slot.
                Some(next.map_or(slot.end, |midnight| midnight.timestamp()))
            }
        }
    }

    /// Whether they open an area.
    #[must_use]
    pub fn opens(&self, area: &AreaId) -> bool {
        self.areas.is_empty() || self.areas.contains(area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::sample;

    #[test]
    fn a_rule_that_says_nothing_is_from_half_an_hour_before_the_slot_to_an_hour_after_it() {
        let rule: AdmissionRule = serde_json::from_str("{}").unwrap();
        assert_eq!(rule, AdmissionRule::default());
        let window = rule.window(&sample::entitlement().slot);
        assert_eq!(window.from, "2026-11-24T08:30:00Z".parse().unwrap());
        assert_eq!(window.until, "2026-11-24T11:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_reentry_ends_with_the_day_at_the_venue() {
        let rule = AdmissionRule { reentry: Reentry::SameDay, ..AdmissionRule::default() };
        let until = rule.reentry_until(&sample::entitlement().slot);
        assert_eq!(until, Some("2026-11-24T23:00:00Z".parse().unwrap()));
    }
}
