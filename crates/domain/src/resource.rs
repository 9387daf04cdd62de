//! What visits of several products occupy together, for as long as they last: the people a building
//! or a room takes, a guide, the desks of a reading room, one box of papers. A venue says how many
//! of each it has, a product how many a visit needs. Time is counted in quarters of an hour, so that
//! products whose slots are of different lengths meet in one count.

mod check;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub use self::check::{NEEDS_MAX, PIECES_MAX, ResourceError, check_needs_of, check_resources};
use crate::calendar::{Closure, SlotTimes};
use crate::id::{ResourceId, Shelfmark};
use crate::text::Text;

/// Length of the span of time that is counted.
const QUARTER_SECONDS: i64 = 15 * 60;

/// Something a venue has so many of at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Identifies the resource within the venue.
    pub id: ResourceId,
    /// What it is called.
    pub name: Text,
    /// How many there are at one time.
    pub quantity: u32,
    /// Days on which there is none, and why.
    #[serde(default)]
    pub closures: Vec<Closure>,
}

/// By what a need grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Per {
    /// So many for each place: people in a room, headphones.
    Place,
    /// So many for each booking: a guide.
    Booking,
}

/// What each visit of a product occupies of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The resource.
    pub resource_id: ResourceId,
    /// How many.
    pub quantity: u32,
    /// For each what.
    pub per: Per,
}

impl Need {
    /// How many a party of `places` occupies.
    #[must_use]
    pub fn of(&self, places: u32) -> u32 {
        match self.per {
            Per::Place => self.quantity.saturating_mul(places),
            Per::Booking => self.quantity,
        }
    }

    /// The largest party that finds room where `left` of the resource are.
    #[must_use]
    pub fn largest_party(&self, left: u32) -> u32 {
        match self.per {
            Per::Place => left / self.quantity.max(1),
            Per::Booking if self.quantity <= left => u32::MAX,
            Per::Booking => 0,
        }
    }
}

/// What is occupied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceRef {
    /// A resource of the venue.
    Resource(ResourceId),
    /// The one piece that bears a shelfmark.
    Piece(Shelfmark),
}

impl std::fmt::Display for ResourceRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Resource(id) => id.fmt(f),
            Self::Piece(shelfmark) => shelfmark.fmt(f),
        }
    }
}

/// So many of a resource for the time of a booking's slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceUse {
    /// Of what.
    pub resource: ResourceRef,
    /// How many.
    pub quantity: u32,
    /// Of how many, as the venue had it when the places were held.
    pub limit: u32,
}

/// A quarter of an hour, counted from midnight UTC: 0 to 95.
pub type Quarter = u8;

/// The quarters that a slot touches, by day (UTC, so that no clock change moves them).
#[must_use]
pub fn quarters(slot: &SlotTimes) -> BTreeMap<Date, Vec<Quarter>> {
    let mut touched: BTreeMap<Date, Vec<Quarter>> = BTreeMap::new();
    let mut second = slot.start.as_second().div_euclid(QUARTER_SECONDS) * QUARTER_SECONDS;
    while second < slot.end.as_second() {
        let Ok(instant) = Timestamp::from_second(second) else { break };
        let day = instant.to_zoned_datetime(TimeZone::UTC).date();
        let of_day = second.rem_euclid(24 * 3600) / QUARTER_SECONDS;
        touched.entry(day).or_default().push(Quarter::try_from(of_day).unwrap_or(Quarter::MAX));
        second += QUARTER_SECONDS;
    }
    touched
}

/// How much of a resource is occupied, by day and quarter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Occupied(BTreeMap<(Date, Quarter), u32>);

impl Occupied {
    /// Notes what a quarter's count is.
    pub fn note(&mut self, day: Date, quarter: Quarter, count: u32) {
        self.0.insert((day, quarter), count);
    }

    /// The most that is occupied at one time of the slot.
    #[must_use]
    pub fn peak(&self, slot: &SlotTimes) -> u32 {
        let touched = quarters(slot).into_iter();
        let counts = touched.flat_map(|(day, quarters)| {
            quarters.into_iter().filter_map(move |quarter| self.0.get(&(day, quarter)))
        });
        counts.copied().max().unwrap_or(0)
    }
}

impl Resource {
    /// How many there are on a day.
    #[must_use]
    pub fn quantity_on(&self, day: Date) -> u32 {
        if self.closure_on(day).is_some() { 0 } else { self.quantity }
    }

    /// Why there is none on a day, if so.
    #[must_use]
    pub fn closure_on(&self, day: Date) -> Option<&Closure> {
        self.closures.iter().find(|closure| closure.from <= day && day <= closure.to)
    }
}

/// The days, UTC, on which a slot of the local days `from` to `to` may occupy something: local and UTC
/// midnight are less than a day apart, and a slot lasts at most one.
#[must_use]
pub fn days_touched(from: Date, to: Date) -> (Date, Date) {
    (from.saturating_sub(1.day()), to.saturating_add(2.days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SlotId;

    fn slot(start: &str, end: &str) -> SlotTimes {
        let start: Timestamp = start.parse().unwrap();
        let local = start.to_zoned_datetime(TimeZone::UTC).datetime();
        SlotTimes { id: SlotId::starting(local), start, end: end.parse().unwrap() }
    }

    #[test]
    fn a_slot_touches_every_quarter_it_overlaps() {
        let odd = quarters(&slot("2026-11-25T09:10:00Z", "2026-11-25T09:50:00Z"));
        assert_eq!(odd, BTreeMap::from([("2026-11-25".parse().unwrap(), vec![36, 37, 38, 39])]));
        let even = quarters(&slot("2026-11-25T09:00:00Z", "2026-11-25T09:30:00Z"));
        assert_eq!(even.values().next().unwrap(), &[36, 37], "the end is not part of it");
    }

    #[test]
    fn a_night_visit_is_counted_on_both_days() {
        let night = quarters(&slot("2026-07-01T23:45:00Z", "2026-07-02T00:15:00Z"));
        let expected =
            [("2026-07-01".parse().unwrap(), vec![95]), ("2026-07-02".parse().unwrap(), vec![0])];
        assert_eq!(night, BTreeMap::from(expected));
    }

    #[test]
    fn slots_of_different_lengths_meet_in_the_fullest_quarter() {
        let mut occupied = Occupied::default();
        let day: Date = "2026-11-25".parse().unwrap();
        occupied.note(day, 36, 4);
        occupied.note(day, 38, 9);
        assert_eq!(occupied.peak(&slot("2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z")), 9);
        assert_eq!(occupied.peak(&slot("2026-11-25T09:00:00Z", "2026-11-25T09:30:00Z")), 4);
        assert_eq!(occupied.peak(&slot("2026-11-26T09:00:00Z", "2026-11-26T09:30:00Z")), 0);
    }

    #[test]
    fn a_guide_leads_a_whole_party_and_a_room_takes_each() {
        let need =
            |quantity, per| Need { resource_id: ResourceId::new("r").unwrap(), quantity, per };
        assert_eq!(need(1, Per::Booking).of(20), 1);
        assert_eq!(need(2, Per::Place).of(20), 40);
        assert_eq!(need(2, Per::Place).largest_party(5), 2);
        assert_eq!(need(1, Per::Booking).largest_party(1), u32::MAX);
        assert_eq!(need(1, Per::Booking).largest_party(0), 0);
    }
}
